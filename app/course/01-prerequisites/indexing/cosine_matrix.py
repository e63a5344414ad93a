"""Every cosine

The cosine between two vectors is their dot product, divided by both their lengths. Write it for every row of
`a` with every row of `b` at once. Your `normalise_rows` is there to be called.

A row of noughts has cosine 0 with everything. The values are compared to within 1e-4.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Once every row has length 1, the cosine is only a dot product. So: two calls of `normalise_rows`, and "
    "one product that meets each row of `a` with each row of `b`.",
    "All dot products of rows with rows: as an einsum, `a_row d, b_row d -> a_row b_row`. As a product of "
    "matrices the second one has to be transposed.",
    "`normalise_rows(a) @ normalise_rows(b).T`",
]
PURPOSE = (
    "“Do these directions point the same way?” is asked everywhere: is this neuron that feature, does this "
    "head write the word, did two runs find the same dictionary? The answer is a matrix of cosines."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["a, normalised: n d", "b, turned over: d m"]
USES = ["normalise_rows"]
MINUTES = 6
CONCEPTS = ["broadcasting", "einops-and-einsum"]
DETERMINISTIC = True
WHY = """
First lengths, then one product. `normalise_rows(b).T` turns rows into columns, so that rows meet rows.

`.T` and `reshape` give the same *shape* and not the same matrix: a transpose moves numbers, `reshape` only
breaks the line elsewhere. And keep an eye on the direction of normalising. The vectors here are rows; with
`dim=0` you would scale each coordinate instead, and get a plausible table that means nothing.

`torch.cosine_similarity(a, b, dim=-1)` compares row 0 with row 0, row 1 with row 1. To let everybody meet
everybody with it, give it `a[:, None]` and `b[None]`: the same broadcast as at the start of this lesson.
"""
STYLE = {"loop": "Two loops are right. One product of matrices does all pairs at once: `… @ ….T`."}
SEE = {
    "mistake_view_for_transpose__cosine_matrix": "einops_eight",
    "mistake_dot_products__cosine_matrix": "normalise_rows",
    "mistake_columns__cosine_matrix": "normalise_rows",
}


def cosine_matrix(a: Float[Tensor, "n d"], b: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """Entry (i, j) is the cosine between row i of `a` and row j of `b`; 0 where one of them is all noughts.

    >>> cosine_matrix(torch.tensor([[2., 0.], [3., 3.]]), torch.tensor([[1., 0.], [0., 5.], [-1., 0.]]))
    tensor([[ 1.0000,  0.0000, -1.0000],
            [ 0.7071,  0.7071, -0.7071]])
    """
    return normalise_rows(a) @ normalise_rows(b).T


def check_random_rows(answer):
    """Random rows, as many in one table as in the other and not (to within 1e-4)."""
    for n, m, d in ((3, 5, 4), (4, 4, 4), (1, 6, 3), (5, 2, 1)):
        a, b = 3 * torch.randn(n, d), torch.randn(m, d)
        got, want = answer.cosine_matrix(a, b), _cosines(a, b)
        lab.same(got, want, name=f"the cosines of {n} rows with {m} rows, {d} numbers each")


def check_length_does_not_count(answer):
    """Rows made longer or shorter point where they did: the cosines stay."""
    a, b = torch.randn(4, 6), torch.randn(5, 6)
    got = answer.cosine_matrix(a * (0.1 + 9 * torch.rand(4, 1)), b * (0.1 + 9 * torch.rand(5, 1)))
    lab.same(got, _cosines(a, b), name="the cosines, after stretching the rows")


def check_noughts(answer):
    """A row of noughts has cosine 0 with everything."""
    a, b = torch.randn(4, 3), torch.randn(3, 3)
    a[2], b[0] = 0, 0
    lab.same(answer.cosine_matrix(a, b), _cosines(a, b), name="the cosines where some rows are noughts")


def _cosines(a: Float[Tensor, "n d"], b: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """With no help from `normalise_rows`, which is the learner's."""
    return torch.cosine_similarity(a[:, None], b[None], dim=-1)


def mistake_dot_products__cosine_matrix(a, b):
    """These are the dot products. Long rows get large numbers in them, wherever they point: divide each row
    by its length first."""
    return a @ b.T


def mistake_one_side__cosine_matrix(a, b):
    """You have normalised `a` only. The lengths of `b` are still in there."""
    return normalise_rows(a) @ b.T


def mistake_columns__cosine_matrix(a, b):
    """You have given the *columns* length 1. The vectors are the rows: normalise along the last axis."""
    return normalise_rows(a.T).T @ normalise_rows(b.T)


def mistake_view_for_transpose__cosine_matrix(a, b):
    """`reshape` and `view` give the shape of a transposed matrix, but not its numbers: they only break the
    line elsewhere. Use `.T`."""
    return normalise_rows(a) @ normalise_rows(b).reshape(b.shape[1], b.shape[0])


def mistake_squared_lengths__cosine_matrix(a, b):
    """You divide by the squared lengths. It is the dot product over both lengths: take the square roots."""
    return (a @ b.T) / (a.square().sum(-1)[:, None] * b.square().sum(-1)).clamp(min=1e-12)


def mistake_row_by_row__cosine_matrix(a, b):
    """This meets row 0 with row 0, row 1 with row 1, and fails where there are not as many. Every row of `a`
    should meet every row of `b`: n × m numbers."""
    return torch.cosine_similarity(a, b, dim=-1)


def also_right_torch__cosine_matrix(a, b):
    return torch.cosine_similarity(a[:, None, :], b[None, :, :], dim=-1)


def also_right_einsum__cosine_matrix(a, b):
    lengths = torch.einsum("i,j->ij", a.norm(dim=-1), b.norm(dim=-1))
    return torch.einsum("id,jd->ij", a, b) / lengths.clamp(min=1e-12)


def also_right_loop__cosine_matrix(a, b):
    cosines = torch.zeros(len(a), len(b))
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            if x.norm() > 0 and y.norm() > 0:
                cosines[i, j] = x @ y / (x.norm() * y.norm())
    return cosines
