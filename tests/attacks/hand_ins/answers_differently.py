# Tries: to try another answer each time, in the hope that one counts
# Exercise: double
# Expects: failed
# Says: asked the same twice
count = 0


def double(x):
    global count
    count += 1
    return count
