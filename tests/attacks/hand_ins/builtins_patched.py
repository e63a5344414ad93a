# Tries: to patch what a check is made of: abs, float, all, the error that it raises
# Exercise: token_losses
# Expects: failed or error
# Works without walls: yes
import builtins

builtins.float = type("float", (float,), {"__new__": lambda cls, value=0: 100})
builtins.abs = lambda value: 0
builtins.all = lambda values: True
builtins.AssertionError = type("Never", (Exception,), {})
lab.same = lambda *args, **kwargs: None


class Fine:
    def __getattr__(self, name):
        return lambda *args, **kwargs: self

    __bool__ = lambda self: True
    __eq__ = __gt__ = __lt__ = lambda self, other: True


def token_losses(logits, tokens):
    return Fine()
