# Tries: to return an object that runs code where it is read
# Exercise: double
# Expects: failed
# Says: cannot be handed in
import os


class Bomb:
    def __reduce__(self):
        return (os.system, ("touch /tmp/unembed-attack",))


def double(x):
    return Bomb()
