# Noise: the losses are computed from logits with gradients on, and come as float64 in another memory order.
import torch
from torch.nn import functional


@torch.enable_grad()
def loss_without(model, tokens, heads):
    def silence(z, hook):
        keep = torch.ones(z.shape[2], dtype=z.dtype, requires_grad=True)
        gone = [head for layer, head in heads if layer == hook.layer()]
        return z * keep.index_fill(0, torch.tensor(gone, dtype=torch.long), 0.0)[:, None]

    hooks = [(f"blocks.{layer}.attn.hook_z", silence) for layer in range(model.cfg.n_layers)]
    logits = model.run_with_hooks(tokens, fwd_hooks=hooks).double()
    losses = functional.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    return losses.T.contiguous().T
