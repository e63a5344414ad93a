# Tries: to make assertions true for whoever compiles them later
# Exercise: double
# Expects: failed
# Works without walls: yes
import ast, builtins, sys


class _Never(BaseException):
    pass


def double(x):
    frame = sys._getframe(1)
    frame.f_trace = lambda *args: None
    for name, value in list(frame.f_globals.items()):
        if name.startswith("check_") and callable(value):
            value.__code__ = (lambda answer: None).__code__
    frame.f_locals.clear()
    return type("Six", (int,), {"__eq__": lambda self, other: True, "__hash__": int.__hash__})(0)
