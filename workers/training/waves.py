"""Numbers about a model that adds modulo p: how much of it is waves, and of which frequencies.

The measures are those of Nanda et al., "Progress measures for grokking via mechanistic interpretability"
(2023, 2301.05217). `logits` are always [a, b, c]: of the answer c to a + b.
"""

import math
from typing import TYPE_CHECKING

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Logits = Float[Tensor, "p p p"]
Pairs = Bool[Tensor, "p p"]


def sums(p: int) -> Float[Tensor, "p p"]:
    """(a + b) mod p, for each pair."""
    return (torch.arange(p)[:, None] + torch.arange(p)) % p


@torch.no_grad()
def read(model: "TransformerBridge") -> tuple[Logits, Float[Tensor, "p p d_mlp"]]:
    """The logits and the neurons' outputs at "=", in fp64, for all pairs."""
    p = model.cfg.d_vocab_out
    pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))
    tokens = torch.cat([pairs, torch.full((p * p, 1), p)], dim=1)
    logits, cache = model.run_with_cache(tokens, names_filter=lambda name: name.endswith("mlp.hook_post"))
    post = cache["blocks.0.mlp.hook_post"]
    return logits[:, -1].reshape(p, p, p).double(), post[:, -1].reshape(p, p, -1).double()


def power(table: Float[Tensor, "p n"]) -> Float[Tensor, "half"]:
    """The share of the columns' variation that each frequency from 1 to (p − 1)/2 has."""
    found = torch.fft.rfft(table.double(), dim=0)[1:].abs().pow(2).sum(1)
    return found / found.sum()


def explained(logits: Logits, frequencies: list[int]) -> float:
    """The share of the logits' variation over the answers that waves of a + b − c hold."""
    p = len(logits)
    centred = logits - logits.mean(-1, keepdim=True)
    turn = (sums(p)[..., None] - torch.arange(p)) % p
    mean = torch.zeros(p, dtype=logits.dtype).index_add_(0, turn.flatten(), centred.flatten()) / p**2
    amplitudes = torch.fft.rfft(mean).real * 2 / p
    return (amplitudes[frequencies].pow(2).sum() * p**3 / 2 / centred.pow(2).sum()).item()


def key_part(logits: Logits, frequencies: list[int]) -> Logits:
    """What of the logits goes with cos and sin of 2πk(a + b)/p."""
    p = len(logits)
    angle = torch.stack([2 * math.pi * k * sums(p).flatten().double() / p for k in frequencies])
    waves = torch.cat([angle.cos(), angle.sin()]) * math.sqrt(2) / p
    return (waves.T @ (waves @ logits.flatten(0, 1))).reshape(logits.shape)


def loss(logits: Logits, pairs: Pairs) -> float:
    """Mean −log p of the right answer over these pairs, in nats."""
    return F.cross_entropy(logits[pairs], sums(len(logits))[pairs]).item()


def restricted_loss(logits: Logits, frequencies: list[int], pairs: Pairs) -> float:
    """The loss with nothing left but the constant and the key frequencies."""
    return loss(logits.mean((0, 1)) + key_part(logits, frequencies), pairs)


def excluded_loss(logits: Logits, frequencies: list[int], pairs: Pairs) -> float:
    """The loss without the key frequencies."""
    return loss(logits - key_part(logits, frequencies), pairs)


def accuracy(logits: Logits, pairs: Pairs) -> float:
    """How many of these pairs are answered rightly, 0 to 1."""
    return (logits.argmax(-1) == sums(len(logits)))[pairs].double().mean().item()


def neurons(post: Float[Tensor, "p p d_mlp"]) -> tuple[Tensor, Float[Tensor, "d_mlp"]]:
    """Each neuron's best frequency (0 for one that hardly varies), and the share of its variation that waves
    of a and of b of that frequency and their products hold.
    """
    p = len(post)
    spectrum = torch.fft.fft2(post - post.mean((0, 1)), dim=(0, 1)).abs().pow(2)
    whole = spectrum.sum((0, 1))
    shares = torch.zeros(p // 2 + 1, post.shape[-1], dtype=post.dtype)
    for k in range(1, p // 2 + 1):
        rows = torch.tensor([0, k, p - k])
        shares[k] = spectrum[rows][:, rows].sum((0, 1)) / whole.clamp(min=1e-12)
    best = shares.max(0)
    alive = whole > 1e-3 * whole.max()
    return torch.where(alive, best.indices, 0), torch.where(alive, best.values, 0.0)
