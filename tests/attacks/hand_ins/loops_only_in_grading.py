# Tries: to loop for ever, but only where it is asked
# Exercise: double
# Expects: error
# Says: Stopped after
# Takes: its time
def double(x):
    while True:
        pass
