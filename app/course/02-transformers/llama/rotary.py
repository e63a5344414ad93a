"""Second change: positions as angles

GPT-2 adds a position vector to the stream. Llama adds nothing. It *turns* queries and keys by an angle that
grows with the position, so that their dot product depends on how far apart the two are.

The vector of a head is cut into pairs. In Llama the partners lie half a head apart: entry $i$ and entry
$i + d/2$. At position $t$ the $i$-th pair turns by the angle $t \\cdot \\theta^{-2i/d}$: the first pair fast,
later ones more and more slowly.

$$\\begin{aligned} x_i' &= x_i \\cos\\alpha - x_{i+d/2} \\sin\\alpha \\\\
x_{i+d/2}' &= x_{i+d/2} \\cos\\alpha + x_i \\sin\\alpha
\\end{aligned} \\qquad \\alpha = t\\, \\theta^{-2i/d}$$

To within 1e-4. The first position is 0.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "First the angles: a table with a row for each position and a column for each pair. Then two lines, as "
    "in the formula, on the two halves of x.",
    "`theta ** (-torch.arange(half) / half)` are the speeds (2i/d is i over half of d). The table of "
    "angles has to fit to batch × pos × head × half: it needs an axis of size 1 where the heads are.",
    "`angle = (torch.arange(pos)[:, None] * speed)[:, None]`, `a, b = x.chunk(2, -1)`, `torch.cat([a * "
    "angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)`.",
]
MINUTES = 15
CONCEPTS = ["llama", "rotary-positions"]
DETERMINISTIC = True
PURPOSE = """How positions are told in nearly all models of today. There is no position vector in the stream
to read: if you look for “the position” in a Llama, you have to look at queries and keys."""
DIFFICULTY = 3
IMPORTANCE = 3
SHAPES = ["speed: half", "angle: pos 1 half", "first: batch pos head half", "second: batch pos head half"]
WHY = """A query turned by $t\\alpha$ and a key turned by $s\\alpha$ have the dot product of a query turned by
$(t - s)\\alpha$ and a key left alone. So scores depend on the *distance*, and a previous-token head needs to
learn one distance and not a thousand places. The idea is Su et al.'s (2021).

There are two conventions for the partners, *half a head apart* (Llama on Hugging Face) and *side by side*
(the original). Weights made for one are nonsense in the other, and nothing crashes."""
STYLE = {"loop": "All positions, heads and pairs turn at once with two tables, cos and sin."}
SEE = {"mistake_heads_for_positions__rotary": "normalise_rows"}


def rotary(x: Float[Tensor, "batch pos head d_head"], theta: float) -> Float[Tensor, "batch pos head d_head"]:
    """Every head's vector at position t, its pairs (i, i + d_head/2) turned by t · theta^(−2i/d_head).

    >>> rotary(torch.tensor([1.0, 0.0]).expand(1, 3, 1, 2), 10000.0)[0, :, 0].round(decimals=2)
    tensor([[ 1.0000,  0.0000],
            [ 0.5400,  0.8400],
            [-0.4200,  0.9100]])
    """
    half = x.shape[-1] // 2
    speed = theta ** (-torch.arange(half) / half)
    angle = (torch.arange(x.shape[1])[:, None] * speed)[:, None]
    first, second = x.chunk(2, -1)
    turned = first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()
    return torch.cat(turned, -1)


def check_first_position(answer):
    """At position 0 nothing turns."""
    x = torch.randn(2, 1, 3, 8)
    lab.same(answer.rotary(x, 10_000.0), x, name="x at position 0")


def check_random(answer):
    """Random vectors, any number of positions and heads, several thetas."""
    for shape, theta in (((1, 5, 1, 2), 10_000.0), ((2, 3, 4, 6), 100.0), ((3, 9, 3, 10), 5000.0)):
        x = torch.randn(shape)
        lab.same(answer.rotary(x, theta), rotary(x, theta), name=f"the turned vectors (theta = {theta:.0f})")


def check_distance(answer):
    """Dot products depend on the distance alone."""
    query, key = (torch.randn(8).expand(1, 12, 1, 8).contiguous() for _ in range(2))
    turned = answer.rotary(query, 100.0)[0, :, 0] @ answer.rotary(key, 100.0)[0, :, 0].T
    lab.same(
        turned[4:, 4:], turned[:-4, :-4], tol=1e-3, name="the dot products of equal distance, four places on"
    )


def mistake_neighbours__rotary(x, theta):
    """You pair neighbours, entries 0 and 1, 2 and 3, … That is the other convention. In Llama the partners
    are half a head apart."""
    half = x.shape[-1] // 2
    speed = theta ** (-torch.arange(half) / half)
    angle = (torch.arange(x.shape[1])[:, None] * speed)[:, None]
    first, second = x[..., ::2], x[..., 1::2]
    turned = first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()
    return torch.stack(turned, -1).flatten(-2)


def mistake_other_way__rotary(x, theta):
    """You turn the other way round: the signs of the two sines are exchanged."""
    half = x.shape[-1] // 2
    speed = theta ** (-torch.arange(half) / half)
    angle = -(torch.arange(x.shape[1])[:, None] * speed)[:, None]
    first, second = x.chunk(2, -1)
    turned = first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()
    return torch.cat(turned, -1)


def mistake_from_one__rotary(x, theta):
    """You count positions from 1. The first is 0, and does not turn."""
    return rotary(torch.cat([x[:, :1], x], dim=1), theta)[:, 1:]


def mistake_half_speed__rotary(x, theta):
    """The speeds fall only half as far as they should: the exponent is −2i/d, and i runs over *half* the
    entries."""
    return rotary(x, theta**0.5)


def mistake_heads_for_positions__rotary(x, theta):
    """You turn by the number of the head. The axes are batch, pos, head, d_head: positions come second."""
    return rotary(x.transpose(1, 2), theta).transpose(1, 2)


def also_right_rotate_half__rotary(x, theta):
    d_head = x.shape[-1]
    inverse = 1.0 / theta ** (torch.arange(0, d_head, 2).float() / d_head)
    angle = torch.outer(torch.arange(x.shape[1]).float(), inverse).repeat(1, 2)
    halves = torch.cat([-x[..., d_head // 2 :], x[..., : d_head // 2]], -1)
    return x * angle.cos()[None, :, None] + halves * angle.sin()[None, :, None]


def also_right_complex__rotary(x, theta):
    half = x.shape[-1] // 2
    speed = theta ** (-torch.arange(half) / half)
    turn = torch.exp(1j * torch.arange(x.shape[1])[:, None] * speed)[:, None]
    turned = torch.complex(*x.chunk(2, -1)) * turn
    return torch.cat([turned.real, turned.imag], -1)
