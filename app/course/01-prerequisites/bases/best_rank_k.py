"""The best of rank k

Among all matrices of rank k, which one is closest to the given one? Keep the k strongest channels of its SVD
and close the others.

`torch.linalg.svd(matrix, full_matrices=False)` returns U, S and V already transposed, so that `matrix` is
`U @ S.diag() @ Vt`. The values are compared to within 1e-3.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "The singular values come in falling order, so the k strongest channels are the first k: k columns of U, "
    "k numbers of S, k rows of Vt.",
    "Multiply the columns of U by their singular values (a broadcast does it: `U * S`), then by Vt.",
    "`(U[:, :k] * S[:k]) @ Vt[:k]`",
]
PURPOSE = (
    "Weight matrices of heads are narrow, gradients and updates often nearly so. The SVD finds the few "
    "directions that a matrix really reads and writes, and says how much is lost by looking only at those."
)
DIFFICULTY = 2
IMPORTANCE = 3
SHAPES = ["U: m min(m,n)", "S: min(m,n)", "Vt: min(m,n) n"]
MINUTES = 7
CONCEPTS = ["singular-values"]
DETERMINISTIC = True
WHY = """
`U[:, :k] * S[:k]` scales each column by its strength: S aligns with the last axis, which counts the columns.
There is no need to build a diagonal matrix.

- torch gives $V^\\top$, so it is the *rows* of `Vt` that are kept. (`torch.svd`, an older function, gives V.)
- The error needs no second computation: $\\lVert M - M_k \\rVert^2 = \\sum_{i > k} s_i^2$. Draw the singular
  values before you choose k; a cliff tells you where to cut, and a gentle slope tells you that no cut is
  natural.
- Signs are arbitrary: −u and −v make the same channel as u and v. Never read meaning into the
  sign of one of them alone.
"""
STYLE = {"loop": "A sum of k outer products is right, and is what the formula says. One product does it."}


def best_rank_k(matrix: Float[Tensor, "m n"], k: int) -> Float[Tensor, "m n"]:
    """The matrix of rank at most k that is closest to this one. k = 0 gives noughts.

    >>> best_rank_k(torch.tensor([[3., 0., 0.], [0., 2., 0.]]), 1)
    tensor([[3., 0., 0.],
            [0., 0., 0.]])
    """
    U, S, Vt = torch.linalg.svd(matrix, full_matrices=False)
    return (U[:, :k] * S[:k]) @ Vt[:k]


def check_against_ours(answer):
    """Square, wide and tall matrices (to within 1e-3)."""
    for m, n, k in ((6, 6, 2), (4, 7, 2), (7, 4, 3), (1, 5, 1), (5, 1, 1)):
        matrix = torch.randn(m, n)
        got, want = answer.best_rank_k(matrix, k), best_rank_k(matrix, k)
        lab.same(got, want, tol=1e-3, name=f"the best matrix of rank {k} for one of {m} × {n}")


def check_error_is_the_tail(answer):
    """The squared error is the sum of the squared singular values that were dropped."""
    matrix = torch.randn(5, 8)
    strengths = torch.linalg.svdvals(matrix)
    for k in (1, 3):
        error, tail = (matrix - answer.best_rank_k(matrix, k)).square().sum(), strengths[k:].square().sum()
        assert abs(error - tail) < 1e-3 * (1 + tail), (
            f"With k = {k} the squared error is {error:.3f}. The squares of the dropped singular values sum "
            f"to {tail:.3f}, so a better matrix of rank {k} exists, or yours has more than rank {k}."
        )


def check_ends(answer):
    """k = 0 gives noughts, and a k as large as the matrix gives the matrix."""
    matrix = torch.randn(4, 6)
    lab.same(answer.best_rank_k(matrix, 0), torch.zeros(4, 6), tol=1e-3, name="the best matrix of rank 0")
    lab.same(answer.best_rank_k(matrix, 4), matrix, tol=1e-3, name="the best matrix of full rank")


def mistake_v_not_transposed__best_rank_k(matrix, k):
    """You transposed V once too often: `torch.linalg.svd` returns it transposed already. Keep its first k
    *rows*."""
    U, S, Vt = torch.linalg.svd(matrix, full_matrices=False)
    return (U[:, :k] * S[:k]) @ Vt.T[:k]


def mistake_weakest__best_rank_k(matrix, k):
    """You keep the k *weakest* channels. Singular values come in falling order: the strong ones are first."""
    U, S, Vt = torch.linalg.svd(matrix, full_matrices=False)
    weakest = slice(len(S) - k, None)
    return (U[:, weakest] * S[weakest]) @ Vt[weakest]


def mistake_one_more__best_rank_k(matrix, k):
    """You keep k + 1 channels. `[:k]` are the first k."""
    return best_rank_k(matrix, k + 1)


def mistake_one_fewer__best_rank_k(matrix, k):
    """You keep k − 1 channels. `[:k]` leaves out number k, and has the k before it."""
    return best_rank_k(matrix, max(k - 1, 0))


def mistake_no_strengths__best_rank_k(matrix, k):
    """The singular values are missing: all channels come out equally strong. Multiply the columns of U by
    S."""
    U, _, Vt = torch.linalg.svd(matrix, full_matrices=False)
    return U[:, :k] @ Vt[:k]


def mistake_first_columns__best_rank_k(matrix, k):
    """You keep the first k columns of the matrix. That has rank k, but it is not the closest such matrix:
    choose by singular values."""
    kept = matrix.clone()
    kept[:, k:] = 0
    return kept


def mistake_what_is_left__best_rank_k(matrix, k):
    """That is what is left over when the best matrix of rank k is taken away."""
    return matrix - best_rank_k(matrix, k)


def also_right_outer_products__best_rank_k(matrix, k):
    U, S, Vt = torch.linalg.svd(matrix, full_matrices=False)
    kept = torch.zeros_like(matrix)
    for n in range(min(k, len(S))):
        kept += S[n] * torch.outer(U[:, n], Vt[n])
    return kept


def also_right_switched_off__best_rank_k(matrix, k):
    U, S, Vt = torch.linalg.svd(matrix, full_matrices=False)
    return U @ torch.where(torch.arange(len(S)) < k, S, 0.0).diag() @ Vt


def also_right_eigenvectors__best_rank_k(matrix, k):
    _, vectors = torch.linalg.eigh(matrix.T @ matrix)  # in rising order
    strongest = vectors[:, max(matrix.shape[1] - k, 0) :]
    return matrix @ strongest @ strongest.T
