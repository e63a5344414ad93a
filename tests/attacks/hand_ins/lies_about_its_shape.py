# Tries: a tensor that claims another shape and kind than it has
# Exercise: token_losses
# Expects: failed
import torch


class Liar(torch.Tensor):
    shape = property(lambda self: torch.Size([1 << 40, 1 << 40]))
    dtype = property(lambda self: torch.float32)
    ndim = property(lambda self: 2)
    layout = property(lambda self: torch.strided)
    is_quantized = False

    def numel(self):
        return 0

    def detach(self):
        raise SystemExit


def token_losses(logits, tokens):
    return torch.zeros(1, dtype=torch.int8).as_subclass(Liar)
