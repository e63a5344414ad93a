# Tries: an object that equals everything
# Exercise: double
# Expects: failed
# Works without walls: yes
class Yes:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __bool__(self):
        return True

    def __getattr__(self, name):
        return lambda *args, **kwargs: self


def double(x):
    return Yes()
