# Tries: to use up the memory, but only where it is asked
# Exercise: double
# Expects: error
# Says: memory
def double(x):
    held = []
    while True:
        held.append(bytearray(1 << 24))
