"""Rows of length one

Divide every row by its own length, so that it has length 1 and points where it did. The length of a row is
the square root of the sum of its squares. A row of noughts has no direction: it stays as it is.

There may be any number of batch axes before the last two. The values are compared to within 1e-4.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Three steps: the length of each row, something about rows of length 0, a division. Which shape have the "
    "lengths, and how do they align with `x`?",
    "`x.norm(dim=-1)` loses the last axis. With `keepdim=True` it stays, with size 1, and the division "
    "stretches it along each row. Dividing a row of noughts by 1 leaves it alone.",
    "`lengths = x.norm(dim=-1, keepdim=True)`, and then `x / torch.where(lengths > 0, lengths, 1.0)`.",
]
PURPOSE = (
    "To compare directions you first have to take the lengths away. You will do so with embeddings, decoder "
    "weights of sparse autoencoders and steering vectors; and LayerNorm is a close relative."
)
DIFFICULTY = 1
IMPORTANCE = 4
SHAPES = ["lengths: *batch row 1"]
MINUTES = 5
CONCEPTS = ["broadcasting"]
DETERMINISTIC = True
WHY = """
`keepdim=True` is the point. Without it the lengths align with the *columns*, and on a square table nobody
complains.

`torch.where(lengths > 0, lengths, 1.0)` treats rows of noughts without touching the others. Adding a small
number to every length works as well, as long as it is small compared with the lengths that occur: 1e-8 is
harmless here, 1e-3 is not. `torch.nn.functional.normalize(x, dim=-1)` does all of it in one call: it divides
by the length, or by 1e-12 where the length is less.

Write `x / lengths`, not `x /= lengths`. The second one changes the tensor of whoever called you. If that was
a model's embedding, the model is now another one, and the mistake shows up far from here.
"""
STYLE = {"loop": "A loop is right. With `keepdim=True` one division does all rows, of all batches, at once."}


def normalise_rows(x: Float[Tensor, "*batch row column"]) -> Float[Tensor, "*batch row column"]:
    """Each row divided by its own length; rows of noughts unchanged. `x` itself must stay as it was.

    >>> normalise_rows(torch.tensor([[3., 4.], [0., 0.], [0., 2.]]))
    tensor([[0.6000, 0.8000],
            [0.0000, 0.0000],
            [0.0000, 1.0000]])
    """
    lengths = x.norm(dim=-1, keepdim=True)
    return x / torch.where(lengths > 0, lengths, 1.0)


def check_square(answer):
    """Square tables, where a lost axis raises no error (to within 1e-4)."""
    for n in (4, 7):
        x = torch.randn(n, n) * torch.rand(n, 1) * 5
        lab.same(answer.normalise_rows(x), normalise_rows(x), name=f"the rows of a {n} × {n} table")


def check_any_shape(answer):
    """Crooked shapes, axes of size 1, batch axes."""
    for shape in ((3, 5), (1, 4), (4, 1), (2, 3, 6), (3, 3, 3), (2, 1, 4, 5)):
        x = 3 * torch.randn(shape)
        lab.same(answer.normalise_rows(x), normalise_rows(x), name=f"the rows of a tensor {shape}")


def check_rows_of_noughts(answer):
    """A row of noughts stays a row of noughts."""
    x = torch.randn(5, 3)
    x[torch.randperm(5)[:2]] = 0
    lab.same(answer.normalise_rows(x), normalise_rows(x), name="a table with rows of noughts")


def check_leaves_its_input_alone(answer):
    """The tensor that was handed over is as it was."""
    x = 2 * torch.randn(4, 6)
    lab.same(answer.probe_input_after(x), x, name="`x`, after `normalise_rows(x)` was called")


def probe_input_after(x) -> Float[Tensor, "row column"]:
    normalise_rows(x)
    return x


def _lengths(x: Float[Tensor, "*batch row column"]) -> Float[Tensor, "*batch row 1"]:
    lengths = x.norm(dim=-1, keepdim=True)
    return torch.where(lengths > 0, lengths, 1.0)


def mistake_no_keepdim__normalise_rows(x):
    """The lengths have lost their last axis, and align with the columns instead: every *column* gets divided
    by the length of some row. On square tables nobody complains. `keepdim=True` keeps the axis."""
    return x / _lengths(x)[..., 0]


def mistake_columns__normalise_rows(x):
    """Now the *columns* have length 1. A row runs along the last axis: `dim=-1`."""
    lengths = x.norm(dim=-2, keepdim=True)
    return x / torch.where(lengths > 0, lengths, 1.0)


def mistake_sum__normalise_rows(x):
    """You divide by the sum of each row. That makes rows that *sum* to 1, as for probabilities. The length is
    the square root of the sum of squares."""
    return x / x.sum(-1, keepdim=True)


def mistake_no_root__normalise_rows(x):
    """You divide by the sum of squares, which is the length squared. Take its square root."""
    return x / _lengths(x) ** 2


def mistake_whole_table__normalise_rows(x):
    """You divide by the length of the whole tensor. Every row has a length of its own: `dim=-1`."""
    return x / x.norm()


def mistake_nought_by_nought__normalise_rows(x):
    """A row of noughts has length 0, and 0/0 is NaN. One such row is enough to spoil every mean that comes
    later: divide by 1 there."""
    return x / x.norm(dim=-1, keepdim=True)


def mistake_in_place__normalise_rows(x):
    """The values are right, but you have changed the tensor that you were given: `/=`, `x[...] = …` and
    methods that end in `_` write into it. Whoever called you still needs it. Write `x / lengths`."""
    x /= _lengths(x)
    return x


def also_right_functional__normalise_rows(x):
    return torch.nn.functional.normalize(x, dim=-1)


def also_right_einsum__normalise_rows(x):
    squares = torch.einsum("...i,...i->...", x, x)
    return x * squares.clamp(min=1e-24).rsqrt()[..., None]


def also_right_loop__normalise_rows(x):
    rows = x.reshape(-1, x.shape[-1]).clone()
    for n, row in enumerate(rows):
        if row.norm() > 0:
            rows[n] = row / row.norm()
    return rows.reshape(x.shape)
