"""Into the waves, in one direction and in two

A basis is for changing into. Write two transforms with your `fourier_basis`:

- `frequency_power`, in one direction. A table has a row for each number $x$, and any number of columns
  (an embedding: one for each direction of the residual stream). Each column is a function of $x$; take its
  components along all waves. The **power** of frequency $k$ is the sum of the squares of all components
  along its cosine and its sine, over all columns. The phase, how much is cosine and how much sine, drops out.
- `transform_2d`, in two. Something that depends on both summands, $f(a, b)$, is a function of $a$ and of $b$,
  and its basis are the products: a wave of $a$ times a wave of $b$. The component $[i, j]$ belongs to wave
  $i$ of $a$ and wave $j$ of $b$:

$$F_{ij} = \\sum_{a, b} B_{ia}\\, B_{jb}\\, f(a, b).$$

Both have to be right to within 1e-3.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "`B = fourier_basis(p)` has a wave in each row, so `B @ table` has a wave in each row, too: its "
    "components in each column.",
    "For the power: square `B @ table`, sum over the columns, leave out row 0 (the constant), and add up "
    "rows in pairs. For two directions: `einsum` can do both sums in one line.",
    "`squares = (B @ table)[1:].pow(2).sum(1)`, then `squares.reshape(-1, 2).sum(1)`; and "
    '`torch.einsum("i a, j b, a b n -> i j n", B, B, values)`.',
]
USES = ["fourier_basis"]
MINUTES = 12
CONCEPTS = ["fourier-basis"]
DETERMINISTIC = True
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["B: wave x", "components: wave n"]
PURPOSE = """The first one finds out in a single picture which frequencies a network uses, the second which
products of waves its neurons are made of. You will point both at the model, at several stages of its
training."""
WHY = """Because the basis is orthonormal, the components' squares add up to the squares of the values: a
transform moves power around and makes none (Parseval's theorem). That is what entitles you to sentences like
“a third of the embedding is frequency 13”. With a basis of any other scale they would be false."""


def frequency_power(table: Float[Tensor, "p n"]) -> Float[Tensor, "p//2"]:
    """The power of the frequencies 1, 2, … (p − 1)/2 in the columns of the table, summed over them.

    >>> x = torch.arange(5)
    >>> frequency_power(torch.cos(2 * torch.pi * 2 * x / 5)[:, None]).round(decimals=2)
    tensor([0.0000, 2.5000])
    """
    squares = (fourier_basis(len(table)) @ table)[1:].pow(2).sum(1)
    return squares.reshape(-1, 2).sum(1)


def transform_2d(values: Float[Tensor, "p p n"]) -> Float[Tensor, "p p n"]:
    """The components of each of n functions of (a, b): first axis the wave of a, second the wave of b.

    >>> transform_2d(torch.ones(3, 3, 1))[..., 0].round(decimals=2).abs()
    tensor([[3., 0., 0.],
            [0., 0., 0.],
            [0., 0., 0.]])
    """
    B = fourier_basis(len(values))
    return torch.einsum("i a, j b, a b n -> i j n", B, B, values)


def check_one_wave(answer):
    """A single wave of any phase and any size puts all power into its frequency."""
    p, k, phase = _odd(), int(torch.randint(1, 4, ())), float(6.28 * torch.rand(()))
    size = 1 + float(torch.rand(()))
    wave = size * torch.cos(2 * torch.pi * k * torch.arange(p) / p + phase)
    got = answer.frequency_power(torch.stack([wave, torch.full((p,), 3.0)], dim=1))
    lab.same(
        got,
        size**2 * p / 2 * torch.eye(p // 2)[k - 1],
        tol=1e-3,
        name=f"the power of a wave of frequency {k}",
    )


def check_random_tables(answer):
    """The powers of random tables, of other numbers of rows than of columns."""
    for n in (1, 4, 9):
        table = torch.randn(_odd(), n)
        lab.same(answer.frequency_power(table), frequency_power(table), tol=1e-3, name="the powers")


def check_random_functions(answer):
    """The components of random functions of a and b, which are not the same with a and b exchanged."""
    for n in (1, 3):
        p = _odd()
        values = torch.randn(p, p, n)
        lab.same(answer.transform_2d(values), transform_2d(values), tol=1e-3, name="the components")


def check_product_of_waves(answer):
    """A wave of a times a wave of b has one component that is not 0."""
    p = _odd()
    i, j = torch.randperm(p)[:2].tolist()
    B = fourier_basis(p)
    expected = torch.zeros(p, p, 1)
    expected[i, j] = 1
    lab.same(
        answer.transform_2d(torch.outer(B[i], B[j])[..., None]), expected, tol=1e-3, name="the components"
    )


def _odd() -> int:
    return 2 * int(torch.randint(4, 20, ())) + 1


def mistake_no_squares__frequency_power(table):
    """You add up components. They have signs and cancel; power is the sum of their *squares*."""
    return (fourier_basis(len(table)) @ table)[1:].sum(1).reshape(-1, 2).sum(1)


def mistake_absolute_values__frequency_power(table):
    """You add up absolute values. That depends on the phase of a wave; the sum of squares does not, because
    cos² + sin² = 1."""
    return (fourier_basis(len(table)) @ table)[1:].abs().sum(1).reshape(-1, 2).sum(1)


def mistake_cosines_only__frequency_power(table):
    """Your powers are those of the cosines. A wave may as well be a sine, or anything between: add both."""
    return (fourier_basis(len(table)) @ table)[1::2].pow(2).sum(1)


def mistake_wrong_pairs__frequency_power(table):
    """The pairs are off by one: row 0 of the basis is the constant, the first frequency is rows 1 and 2."""
    return (fourier_basis(len(table)) @ table)[:-1].pow(2).sum(1).reshape(-1, 2).sum(1)


def mistake_mean_of_columns__frequency_power(table):
    """You average over the columns. The power is their sum: more columns, more power."""
    return (fourier_basis(len(table)) @ table)[1:].pow(2).mean(1).reshape(-1, 2).sum(1)


def mistake_length__frequency_power(table):
    """Those are the roots of the powers. Leave the squares as they are: only they add up to a whole."""
    return frequency_power(table).sqrt()


def mistake_turned_basis__frequency_power(table):
    """Your basis is turned: the waves are its *rows*, so it stands to the left of the table as it is."""
    return (fourier_basis(len(table)).T @ table)[1:].pow(2).sum(1).reshape(-1, 2).sum(1)


def mistake_only_a__transform_2d(values):
    """Only a has been transformed; along b you still have numbers. Multiply by the basis on both sides."""
    return torch.einsum("i a, a b n -> i b n", fourier_basis(len(values)), values)


def mistake_only_b__transform_2d(values):
    """Only b has been transformed. The first axis has to become the waves of a."""
    return torch.einsum("j b, a b n -> a j n", fourier_basis(len(values)), values)


def mistake_exchanged__transform_2d(values):
    """The axes have changed places: the first has to be the wave of a, the second the wave of b."""
    return transform_2d(values).transpose(0, 1)


def mistake_backwards__transform_2d(values):
    """You went the other way, from waves to numbers: the sums have to run along the *columns* of the basis
    (`B[i, a]`, summed over a)."""
    B = fourier_basis(len(values))
    return torch.einsum("a i, b j, a b n -> i j n", B, B, values)


def also_right_fft__frequency_power(table):
    return torch.fft.rfft(table, dim=0)[1:].abs().pow(2).sum(1) * 2 / len(table)


def also_right_slices__frequency_power(table):
    components = torch.einsum("w x, x n -> w n", fourier_basis(table.shape[0]), table)
    return (components[1::2] ** 2 + components[2::2] ** 2).sum(dim=-1)


def also_right_one_after_the_other__transform_2d(values):
    B = fourier_basis(values.shape[0])
    along_a = (B @ values.flatten(1)).reshape(values.shape)
    return (B @ along_a.transpose(0, 1).flatten(1)).reshape(values.shape).transpose(0, 1)


def also_right_each_function__transform_2d(values):
    B = fourier_basis(values.shape[1])
    return torch.stack([B @ f @ B.T for f in values.unbind(-1)], dim=-1)
