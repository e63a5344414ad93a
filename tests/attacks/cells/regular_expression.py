# Tries: to be stuck inside one call of C that looks at no signal
# Expects: limit
# Takes: its time
import re

re.fullmatch(r"(a|aa|a?)+b", "a" * 60)
