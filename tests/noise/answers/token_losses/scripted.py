# Noise: a scripted function, a mapped one, einops, star imports, a match statement and a cache.
import functools
from math import *  # noqa: F403

import torch
from einops import rearrange


@torch.jit.script
def chosen(log_probs: torch.Tensor, came: torch.Tensor) -> torch.Tensor:
    return log_probs.gather(-1, came.unsqueeze(-1)).squeeze(-1)


@functools.cache
def sign(kind: str) -> int:
    match kind:
        case "surprise":
            return -1
        case _:
            return 1


def token_losses(logits, tokens):
    flat = rearrange(logits[:, :-1], "text pos vocab -> (text pos) vocab")
    log_probs = torch.vmap(lambda row: row - row.logsumexp(0))(flat)
    losses = sign("surprise") * chosen(log_probs, tokens[:, 1:].flatten())
    return rearrange(losses, "(text pos) -> text pos", text=len(tokens))
