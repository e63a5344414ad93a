# Tries: an object that claims to be a whole number, and an answer that is never read twice alike
# Exercise: double
# Expects: failed or error
class Liar:
    __class__ = property(lambda self: int)
    count = 0

    def __int__(self):
        Liar.count += 1
        return Liar.count

    __index__ = __int__


def double(x):
    return Liar()
