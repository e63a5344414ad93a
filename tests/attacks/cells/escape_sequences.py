# Tries: to take over the terminal of whoever reads the log: titles, clipboard, cleared screen, lone surrogates
# Expects: ok
print("\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b[2J\x1b[1;1H\u202e\u2066 \x00 \x9b31m \ud800 \ufeff")
