# Tries: to put itself in the place of the modules that answer for it
# Exercise: double
# Expects: failed or error
import sys, types

fake = types.ModuleType("fake")
fake.__getattr__ = lambda name: (lambda *args, **kwargs: True)
for name in ("torch", "numpy", "json", "struct", "workers.wire", "workers.values", "workers.lab.compare"):
    sys.modules[name] = fake


def double(x):
    return 0
