"""Six products

Write each as one einsum (einops' or PyTorch's own). No `@`, no `.T`, no counting of axes is needed; whatever
gives the right numbers passes, to within 1e-4.

The last one is the one you will meet again: how well does this vector fit that one, as judged by a matrix in
between? An attention score is exactly that.
"""

import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Give each axis a name. Axes that run together get the same name; whatever should be summed over does "
    "not appear on the right. The result of an inner product has no axes: nothing stands right of the arrow.",
    'In einops: `einsum(a, b, "row inner, inner column -> row column")`. In PyTorch: '
    '`torch.einsum("ij,jk->ik", a, b)`. One tensor may have a name twice: `"i i ->"` walks '
    "along the diagonal.",
    'The last one: `einsum(left, matrix, right, "batch i, i j, batch j -> batch")`. Both vectors carry the '
    "same `batch`, which stays; i and j are summed over.",
]
PURPOSE = (
    "einsum is the notation in which attention, unembedding and every decomposition of the residual stream "
    "can be written as they are thought. The batched bilinear form is an attention score: the token that "
    "looks, the matrix $W_Q W_K^\\top$ in between, the token looked at."
)
DIFFICULTY = 2
IMPORTANCE = 5
MINUTES = 8
CONCEPTS = ["einops-and-einsum"]
DETERMINISTIC = True
WHY = """
One rule made all six: multiply, then add up over every name that is missing on the right.

- A name that stands **twice in one tensor** takes the diagonal; a name in **two tensors** pairs them; a name
  on the right **stays**.
- The usual trap is a *new* name where an old one was meant. `"i, j ->"` is not an inner product but the
  product of two sums, and nothing complains. When a number looks too large, read the names again.
- In `bilinear`, `left @ matrix @ right.T` compares every left vector with every right one, and what you
  wanted stands on the diagonal. That is wasteful here, and exactly right for attention, where every query
  does meet every key: `"query i, i j, key j -> query key"`.
"""
STYLE = {
    "loop": "A loop is right. One einsum says it in a line and runs in one go: "
    '`einsum(left, matrix, right, "batch i, i j, batch j -> batch")`.',
}


def trace(matrix: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """The sum of the diagonal.

    >>> trace(torch.tensor([[1., 2.], [3., 4.]]))
    tensor(5.)
    """
    return torch.einsum("ii->", matrix)


def matrix_vector(
    matrix: Float[Tensor, "row column"], vector: Float[Tensor, "column"]
) -> Float[Tensor, "row"]:
    """The matrix times the vector."""
    return einsum(matrix, vector, "row column, column -> row")


def matrix_matrix(
    a: Float[Tensor, "row inner"], b: Float[Tensor, "inner column"]
) -> Float[Tensor, "row column"]:
    """The product of two matrices."""
    return einsum(a, b, "row inner, inner column -> row column")


def inner(a: Float[Tensor, "n"], b: Float[Tensor, "n"]) -> Float[Tensor, ""]:
    """The inner product (dot product) of two vectors.

    >>> inner(torch.tensor([1., 2., 3.]), torch.tensor([4., 5., 6.]))
    tensor(32.)
    """
    return einsum(a, b, "n, n ->")


def outer(a: Float[Tensor, "row"], b: Float[Tensor, "column"]) -> Float[Tensor, "row column"]:
    """Every product of a number of `a` with a number of `b`; `a` counts the rows.

    >>> outer(torch.tensor([1., 2.]), torch.tensor([3., 4., 5.]))
    tensor([[ 3.,  4.,  5.],
            [ 6.,  8., 10.]])
    """
    return einsum(a, b, "row, column -> row column")


def bilinear(
    left: Float[Tensor, "batch i"], matrix: Float[Tensor, "i j"], right: Float[Tensor, "batch j"]
) -> Float[Tensor, "batch"]:
    """For each entry of the batch: its left vector, times the matrix, times its right vector.

    >>> left, right = torch.tensor([[1., 0.], [0., 1.]]), torch.tensor([[1., 1., 1.], [1., 0., 0.]])
    >>> bilinear(left, torch.tensor([[1., 2., 3.], [4., 5., 6.]]), right)
    tensor([6., 4.])
    """
    return einsum(left, matrix, right, "batch i, i j, batch j -> batch")


def check_trace(answer):
    """The trace of square matrices, one by one up to seven by seven (to within 1e-4)."""
    for n in (5, 1, 7):
        matrix = torch.randn(n, n)
        lab.same(answer.trace(matrix), trace(matrix), name=f"the trace of a {n} × {n} matrix")


def check_matrix_vector(answer):
    """A matrix times a vector; square ones too, where a transposed matrix would go unnoticed by its shape."""
    for rows, columns in ((4, 4), (3, 5), (1, 4), (6, 1)):
        matrix, vector = torch.randn(rows, columns), torch.randn(columns)
        got, want = answer.matrix_vector(matrix, vector), matrix_vector(matrix, vector)
        lab.same(got, want, name=f"a {rows} × {columns} matrix times a vector")


def check_matrix_matrix(answer):
    """Products of matrices, square and not."""
    for rows, between, columns in ((4, 4, 4), (2, 5, 3), (1, 3, 1), (3, 1, 2)):
        a, b = torch.randn(rows, between), torch.randn(between, columns)
        got, want = answer.matrix_matrix(a, b), matrix_matrix(a, b)
        lab.same(got, want, name=f"{rows} × {between} times {between} × {columns}")


def check_inner(answer):
    """Inner products of vectors with 1 to 6 numbers."""
    for n in (6, 3, 1):
        a, b = torch.randn(n), torch.randn(n)
        lab.same(answer.inner(a, b), inner(a, b), name=f"the inner product of {n} numbers")


def check_outer(answer):
    """Outer products, the first vector counting the rows."""
    for rows, columns in ((4, 4), (3, 5), (1, 4), (5, 1)):
        a, b = torch.randn(rows), torch.randn(columns)
        lab.same(answer.outer(a, b), outer(a, b), name=f"the outer product of {rows} and {columns} numbers")


def check_bilinear(answer):
    """One number for each entry of the batch, from its own two vectors."""
    for batch, i, j in ((4, 3, 5), (3, 3, 3), (1, 2, 6), (5, 1, 2)):
        left, matrix, right = torch.randn(batch, i), torch.randn(i, j), torch.randn(batch, j)
        got, want = answer.bilinear(left, matrix, right), bilinear(left, matrix, right)
        lab.same(got, want, name=f"`bilinear` of a batch of {batch}, {i} by {j}")


def mistake_all_entries__trace(matrix):
    """You add up the whole matrix. With *one* name for both axes, `"i i ->"`, only the diagonal is left."""
    return matrix.sum()


def mistake_transposed__matrix_vector(matrix, vector):
    """You sum over the rows: that is the transposed matrix times the vector. The name that the vector shares
    is the matrix's *second* axis: `row column, column -> row`."""
    return torch.einsum("ji,j->i", matrix, vector)


def mistake_element_by_element__matrix_matrix(a, b):
    """`*` multiplies entry by entry. A product of matrices multiplies rows with columns, and sums over the
    name in between: `row inner, inner column -> row column`."""
    return a * b


def mistake_second_transposed__matrix_matrix(a, b):
    """You take rows of the second matrix where its columns are meant (or sum over its last axis). The shared
    name is the *last* axis of the first and the *first* axis of the second."""
    return torch.einsum("ik,jk->ij", a, b)


def mistake_two_names__inner(a, b):
    """Two different names mean every pair: you get the sum of `a` times the sum of `b`. In an inner product
    the first meets the first, the second the second: give both axes the same name."""
    return einsum(a, b, "i, j ->")


def mistake_rows_and_columns__outer(a, b):
    """Rows and columns have changed places: `a` should count the rows."""
    return einsum(a, b, "row, column -> column row")


def mistake_two_batches__bilinear(left, matrix, right):
    """You gave the two batches different names, so each left vector meets *all* right ones, and their scores
    are added up. Entry 0 goes with entry 0: use `batch` for both."""
    return torch.einsum("bi,ij,cj->b", left, matrix, right)


def mistake_sums_apart__bilinear(left, matrix, right):
    """The sums are taken apart here: i with the matrix's total over j. Give `right` and the matrix's second
    axis the same name, so that they are summed together."""
    return torch.einsum("bi,ij,bk->b", left, matrix, right)


def mistake_whole_batch__bilinear(left, matrix, right):
    """You have added up the whole batch too. `batch` has to stay: one number for each entry."""
    return torch.einsum("bi,ij,bj->", left, matrix, right)


def also_right_torch__trace(matrix):
    return matrix.diagonal().sum()


def also_right_at__matrix_vector(matrix, vector):
    return matrix @ vector


def also_right_broadcast__matrix_matrix(a, b):
    return (a[:, :, None] * b[None]).sum(1)


def also_right_loop__inner(a, b):
    total = torch.zeros(())
    for x, y in zip(a, b, strict=True):
        total += x * y
    return total


def also_right_broadcast__outer(a, b):
    return a[:, None] * b


def also_right_diagonal__bilinear(left, matrix, right):
    return (left @ matrix @ right.T).diagonal()


def also_right_loop__bilinear(left, matrix, right):
    return torch.stack([x @ matrix @ y for x, y in zip(left, right, strict=True)])
