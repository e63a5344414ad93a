# Tries: a message of ten million characters
# Exercise: double
# Expects: error
def double(x):
    raise ValueError("x" * 10**7)
