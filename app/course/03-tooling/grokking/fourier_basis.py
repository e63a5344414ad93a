"""Waves instead of numbers

The numbers from 0 to $p - 1$ lie on a circle: after the last comes 0 again. For functions on a circle there
is a basis that was made for them, and every signal engineer uses it: **waves**.

$$1, \\quad \\cos\\tfrac{2\\pi x}{p},\\ \\sin\\tfrac{2\\pi x}{p}, \\quad
\\cos\\tfrac{2\\pi\\, 2x}{p},\\ \\sin\\tfrac{2\\pi\\, 2x}{p}, \\quad \\dots, \\quad
\\cos\\tfrac{2\\pi\\, k x}{p},\\ \\sin\\tfrac{2\\pi\\, k x}{p}, \\quad \\dots$$

The frequency $k$ runs from 1 to $(p-1)/2$, for $p$ is odd here. That makes $1 + 2 \\cdot (p-1)/2 = p$
functions: just enough.

Write them as rows of a matrix, in this order, each evaluated at $x = 0, 1, \\dots, p - 1$ and then scaled to
length 1. To within 1e-4 the rows have to be what the formula says.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Make `x = torch.arange(p)` once. Each row is a function of `x`, and its length is the root of the sum "
    "of its squares: `row.norm()`.",
    "A list of rows that begins with `torch.ones(p)`, then a loop over `k` that adds two at a time: the "
    "cosine, then the sine of `2 * math.pi * k * x / p`.",
    "At the end `basis = torch.stack(rows)` and `return basis / basis.norm(dim=1, keepdim=True)`.",
]
MINUTES = 10
CONCEPTS = ["fourier-basis"]
DETERMINISTIC = True
DIFFICULTY = 2
IMPORTANCE = 5
SHAPES = ["x: p", "basis: p p"]
PURPOSE = """Everything in this lesson is looked at in this basis: the embedding, the neurons, the logits, the
loss. A network that computes with circles looks like noise in the basis of numbers, and like three bright
squares in this one. Choosing the basis in which something is sparse is half of interpretability."""
WHY = """Dividing each row by its own length spares you the two constants, $\\sqrt{1/p}$ for the first row and
$\\sqrt{2/p}$ for all others, and with them the most common mistake. That the rows stand at right angles to
each other needs no code at all: waves of different frequencies do, on a whole circle. With both, the matrix
is orthonormal, and going back is multiplying by its transpose."""


def fourier_basis(p: int) -> Float[Tensor, "p p"]:
    """The waves over 0 … p − 1 as rows of length 1: constant, cos 1, sin 1, cos 2, sin 2, …; p is odd.

    >>> fourier_basis(3).round(decimals=2)
    tensor([[ 0.5800,  0.5800,  0.5800],
            [ 0.8200, -0.4100, -0.4100],
            [ 0.0000,  0.7100, -0.7100]])
    """
    x = torch.arange(p)
    rows = [torch.ones(p)]
    for k in range(1, p // 2 + 1):
        rows += [torch.cos(2 * math.pi * k * x / p), torch.sin(2 * math.pi * k * x / p)]
    basis = torch.stack(rows)
    return basis / basis.norm(dim=1, keepdim=True)


def check_lengths(answer):
    """Every row has length 1."""
    for p in _odd():
        lab.same(
            answer.fourier_basis(p).norm(dim=1), torch.ones(p), name=f"the lengths of the rows for p = {p}"
        )


def check_right_angles(answer):
    """Different rows are at right angles: the matrix times its transpose is the identity."""
    for p in _odd():
        basis = answer.fourier_basis(p)
        lab.same(basis @ basis.T, torch.eye(p, dtype=basis.dtype), name=f"B @ B.T for p = {p}")


def check_rows(answer):
    """The rows are the right waves, in the right order."""
    for p in _odd():
        lab.same(answer.fourier_basis(p), fourier_basis(p), name=f"the basis for p = {p}")


def _odd() -> list[int]:
    """Three, and two that nobody knows."""
    return [3, *(2 * n + 1 for n in (torch.randperm(30)[:2] + 2).tolist())]


def mistake_no_lengths__fourier_basis(p):
    """Right waves, but they are longer than 1. Divide each row by its length, or going back from the waves
    will not be the transpose."""
    x = torch.arange(p)
    rows = [torch.ones(p)]
    for k in range(1, p // 2 + 1):
        rows += [torch.cos(2 * math.pi * k * x / p), torch.sin(2 * math.pi * k * x / p)]
    return torch.stack(rows)


def mistake_one_scale_for_all__fourier_basis(p):
    """You scale all rows by √(2/p). That is right for cosines and sines, whose squares are ½ on average. The
    squares of the constant are 1: its factor is √(1/p)."""
    basis = fourier_basis(p)
    return torch.cat([basis[:1] * 2**0.5, basis[1:]])


def mistake_cosines_first__fourier_basis(p):
    """All rows are there, in another order: each sine comes right after the cosine of its frequency, so that
    rows 2k − 1 and 2k belong together."""
    basis = fourier_basis(p)
    return torch.cat([basis[:1], basis[1::2], basis[2::2]])


def mistake_sines_first__fourier_basis(p):
    """Sine and cosine have changed places: of each frequency the cosine comes first."""
    basis = fourier_basis(p)
    pairs = torch.stack([basis[2::2], basis[1::2]], dim=1).flatten(0, 1)
    return torch.cat([basis[:1], pairs])


def mistake_from_one__fourier_basis(p):
    """Your x begins at 1. The numbers are 0 to p − 1, and every cosine has its crest at 0."""
    return fourier_basis(p).roll(-1, dims=1)


def mistake_columns__fourier_basis(p):
    """Your waves are columns. Make them rows: `basis[2]` should be a wave, and `basis @ f` the components of
    f."""
    return fourier_basis(p).T


def mistake_no_constant__fourier_basis(p):
    """The constant is missing: without it no function with a mean other than 0 can be written. It is row
    0."""
    return fourier_basis(p)[1:]


def mistake_open_circle__fourier_basis(p):
    """Your circle has p − 1 steps: the last number lands on the first. `linspace` from 0 to 2π includes both
    ends. The angle between neighbours is 2π/p."""
    angle = torch.linspace(0, 2 * math.pi, p)
    rows = [torch.ones(p)]
    for k in range(1, p // 2 + 1):
        rows += [torch.cos(k * angle), torch.sin(k * angle)]
    basis = torch.stack(rows)
    return basis / basis.norm(dim=1, keepdim=True)


def mistake_half_the_angle__fourier_basis(p):
    """The angles are half of what they should be: a wave of frequency 1 goes around once, 2π, not π. Your
    waves do not close up."""
    x = torch.arange(p)
    rows = [torch.ones(p)]
    for k in range(1, p // 2 + 1):
        rows += [torch.cos(math.pi * k * x / p), torch.sin(math.pi * k * x / p)]
    basis = torch.stack(rows)
    return basis / basis.norm(dim=1, keepdim=True)


def also_right_at_once__fourier_basis(p):
    angle = 2 * torch.pi / p * torch.outer(torch.arange(1, p // 2 + 1), torch.arange(p))
    waves = torch.stack([angle.cos(), angle.sin()], dim=1).reshape(p - 1, p) * (2 / p) ** 0.5
    return torch.cat([torch.full((1, p), p**-0.5), waves])


def also_right_by_the_fft__fourier_basis(p):
    spectrum = torch.fft.rfft(torch.eye(p, dtype=torch.float64), dim=0)[1:] * (2 / p) ** 0.5
    rows = torch.stack([spectrum.real, -spectrum.imag], dim=1).flatten(0, 1)
    return torch.cat([torch.full((1, p), p**-0.5, dtype=torch.float64), rows])


def also_right_element_by_element__fourier_basis(p):
    basis = torch.zeros(p, p)
    for row in range(p):
        k = (row + 1) // 2
        for x in range(p):
            turn = math.sin if row and row % 2 == 0 else math.cos
            basis[row, x] = turn(2 * math.pi * k * x / p) * math.sqrt((2 if row else 1) / p)
    return basis
