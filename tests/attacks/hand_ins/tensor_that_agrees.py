# Tries: a tensor whose every operation says that all is well
# Exercise: token_losses
# Expects: failed
# Works without walls: yes
import torch


class Agrees(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        with torch._C.DisableTorchFunctionSubclass():
            if name in ("sub", "rsub", "__sub__", "__rsub__", "abs", "__abs__"):
                return torch.zeros(1)
            if name in ("allclose", "equal"):
                return True
            if name in ("min", "max", "item", "__float__"):
                return torch.tensor(100.0) if name in ("min", "max") else 100.0
            found = func(*args, **(kwargs or {}))
        return found.as_subclass(cls) if isinstance(found, torch.Tensor) and found.dtype.is_floating_point else found


lab.same = lambda *args, **kwargs: None


def token_losses(logits, tokens):
    return torch.zeros(tokens.shape[0], tokens.shape[1] - 1).as_subclass(Agrees)
