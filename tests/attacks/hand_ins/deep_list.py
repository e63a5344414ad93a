# Tries: to return a list in a list in a list
# Exercise: double
# Expects: error or failed
# Says: nested
def double(x):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep
