# Tries: to print without end where nobody sees it
# Exercise: double
# Expects: error
# Says: Stopped after
# Takes: its time
def double(x):
    while True:
        print("x" * 10_000)
