# Tries: to be taken for the starter, which costs nothing
# Exercise: double
# Expects: not_attempted
def double(x):
    raise NotImplementedError("double is not written yet")
