# Tries: to return a number of a million digits
# Exercise: double
# Expects: error or failed
# Says: digits
def double(x):
    return 10**1_000_000
