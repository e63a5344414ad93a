# Tries: a whole number, by its type, that equals every other
# Exercise: double
# Expects: failed
# Works without walls: yes
class Yes(int):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = int.__hash__


def double(x):
    return Yes(0)
