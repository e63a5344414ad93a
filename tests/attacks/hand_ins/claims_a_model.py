# Tries: to claim that it returned one of our models
# Exercise: double
# Expects: failed
def double(x):
    return lab.load("attn-only-2l")
