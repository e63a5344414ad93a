# Tries: to return a list that holds itself
# Exercise: double
# Expects: error or failed
# Says: nested
def double(x):
    endless = []
    endless.append(endless)
    return endless
