"""Ablate a head

With a hook, on a model.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

HINTS = ["Hook z.", "Zero a slice.", "`z[:, :, head] = 0`"]


def silence(
    z: Float[Tensor, "batch pos head d_head"], hook, head: int
) -> Float[Tensor, "batch pos head d_head"]:
    """`z` with one head silenced."""
    z = z.clone()
    z[:, :, head] = 0
    return z


def check_hooked(answer):
    """In a real model, as a hook."""
    tokens = torch.randint(300, 1000, (1, 12))
    got = answer.probe_loss(lab.load("attn-only-1l"), tokens, 3)
    lab.same(got, _loss(tokens, 3), name="the loss with head 3 silenced")


def check_model_argument(answer):
    """Without a hook."""
    lab.same(answer.probe_shape(), [2, 3, 4, 5])


def _loss(tokens, head):
    hook = ("blocks.0.attn.hook_z", lambda z, hook: silence(z, hook, head))
    return lab.load("attn-only-1l").run_with_hooks(tokens, return_type="loss", fwd_hooks=[hook])


def probe_loss(model, tokens: Int[Tensor, "batch pos"], head: int) -> Float[Tensor, ""]:
    hook = ("blocks.0.attn.hook_z", lambda z, hook: silence(z, hook, head))
    return model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[hook])


def probe_shape() -> list[int]:
    return list(silence(torch.ones(2, 3, 4, 5), None, 1).shape)


def mistake_position__silence(z, hook, head):
    """The second axis is the position."""
    z = z.clone()
    z[:, head] = 0
    return z


def mistake_nothing__silence(z, hook, head):
    """Nothing is silenced."""
    return z


def mistake_everybody__silence(z, hook, head):
    """All heads are silenced."""
    return z * 0


def also_right_mask__silence(z, hook, head):
    return z * (torch.arange(z.shape[2]) != head)[:, None]


def also_right_in_place__silence(z, hook, head):
    z[:, :, head] = 0
    return z
