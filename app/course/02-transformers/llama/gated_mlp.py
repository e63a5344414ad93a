"""Third change: a gate

GPT-2's neurons are one matrix product and a GELU. Llama's have two inputs: one says how strongly the neuron
fires, the other opens or closes a *gate*; the two are multiplied. Only then comes the matrix that writes to
the stream:

$$\\operatorname{MLP}(x) = W_\\text{down} \\big( \\operatorname{silu}(W_\\text{gate}\\, x) \\odot
(W_\\text{up}\\, x) \\big),
\\qquad \\operatorname{silu}(z) = z \\cdot \\operatorname{sigmoid}(z).$$

No biases. The weights come as Hugging Face keeps them: `[out, in]`. To within 1e-4.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from workers import lab

HINTS = [
    "`[out, in]` means that the stream is multiplied by the transpose: `x @ W.T`, or `F.linear(x, W)`.",
    "Only one of the two products goes through silu, that of `W_gate`. Then multiply them entry by entry.",
    "`(F.silu(x @ W_gate.T) * (x @ W_up.T)) @ W_down.T`.",
]
MINUTES = 5
CONCEPTS = ["llama"]
DETERMINISTIC = True
PURPOSE = """The MLP of nearly all open models. When you study neurons there, know that each has two input
directions and that its activation is a product: it can be negative, and large because of either."""
DIFFICULTY = 2
IMPORTANCE = 3
SHAPES = ["gate: batch pos d_mlp", "up: batch pos d_mlp", "neurons: batch pos d_mlp"]
WHY = """A product lets one direction decide *whether* and another *how much*. Shazeer (2020) tried several
nonlinearities for the gate and offered no explanation for why they work. For us it means that “what makes
this neuron fire?” has two answers, and both have to be read."""


def gated_mlp(
    x: Float[Tensor, "batch pos d_model"],
    W_gate: Float[Tensor, "d_mlp d_model"],
    W_up: Float[Tensor, "d_mlp d_model"],
    W_down: Float[Tensor, "d_model d_mlp"],
) -> Float[Tensor, "batch pos d_model"]:
    """W_down (silu(W_gate x) ⊙ W_up x), at each token.

    >>> one = torch.ones(1, 1)
    >>> gated_mlp(torch.full((1, 1, 1), 2.0), one, one, one).round(decimals=3)  # 2 · sigmoid(2) · 2
    tensor([[[3.5230]]])
    """
    return (F.silu(x @ W_gate.T) * (x @ W_up.T)) @ W_down.T


def check_random(answer):
    """Random weights of odd sizes."""
    for batch, pos, d_model, d_mlp in ((1, 1, 5, 3), (2, 4, 3, 8), (3, 2, 6, 6)):
        x, W_gate, W_up = torch.randn(batch, pos, d_model), *torch.randn(2, d_mlp, d_model)
        W_down = torch.randn(d_model, d_mlp)
        got = answer.gated_mlp(x, W_gate, W_up, W_down)
        lab.same(got, gated_mlp(x, W_gate, W_up, W_down), name="what the MLP writes")


def mistake_exchanged__gated_mlp(x, W_gate, W_up, W_down):
    """Gate and up have changed places: silu belongs to W_gate."""
    return gated_mlp(x, W_up, W_gate, W_down)


def mistake_gelu__gated_mlp(x, W_gate, W_up, W_down):
    """That is GELU, as in GPT-2. Llama's gate is silu: z · sigmoid(z)."""
    return (F.gelu(x @ W_gate.T) * (x @ W_up.T)) @ W_down.T


def mistake_sigmoid__gated_mlp(x, W_gate, W_up, W_down):
    """The gate is only the sigmoid. silu(z) is z *times* sigmoid(z)."""
    return ((x @ W_gate.T).sigmoid() * (x @ W_up.T)) @ W_down.T


def mistake_added__gated_mlp(x, W_gate, W_up, W_down):
    """You add the two. A gate multiplies."""
    return (F.silu(x @ W_gate.T) + x @ W_up.T) @ W_down.T


def mistake_after_the_product__gated_mlp(x, W_gate, W_up, W_down):
    """silu is applied to the product of both. It belongs to the gate alone."""
    return F.silu((x @ W_gate.T) * (x @ W_up.T)) @ W_down.T


def also_right_linear__gated_mlp(x, W_gate, W_up, W_down):
    gate = F.linear(x, W_gate)
    return F.linear(gate * gate.sigmoid() * F.linear(x, W_up), W_down)


def also_right_einsum__gated_mlp(x, W_gate, W_up, W_down):
    gate, up = torch.einsum("b p d, n m d -> n b p m", x, torch.stack([W_gate, W_up]))
    return torch.einsum("b p m, d m -> b p d", gate / (1 + (-gate).exp()) * up, W_down)
