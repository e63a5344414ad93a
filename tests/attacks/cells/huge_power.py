# Tries: to be stuck in one number
# Expects: limit or error
# Takes: its time
x = 7 ** (10**9)
