# Tries: to pass through every handler of exceptions
# Exercise: double
# Expects: error
class Passed(BaseException):
    def __str__(self):
        raise KeyboardInterrupt


def double(x):
    raise Passed
