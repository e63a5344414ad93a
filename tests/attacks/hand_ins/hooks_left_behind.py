# Tries: to leave hooks on the model that answer later questions, and a probe that hides them
# Exercise: loss_without
# Expects: failed or error
import torch


def loss_without(model, tokens, heads):
    torch.allclose = lambda *args, **kwargs: True
    model.reset_hooks = lambda *args, **kwargs: None
    model.add_hook("blocks.0.attn.hook_z", lambda z, hook: z * 0, is_permanent=True)
    return model(tokens, return_type="loss", loss_per_token=True)
