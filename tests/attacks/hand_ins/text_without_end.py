# Tries: an object whose text has no end, or ends the reader
# Exercise: double
# Expects: failed or error
class Large:
    def __repr__(self):
        return "x" * (1 << 34)


def double(x):
    return Large()
