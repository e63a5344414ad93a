"""Is it orthonormal?

A set of vectors is orthonormal if each has length 1 and any two stand at right angles. Computers round, so
allow every dot product to be off by up to 1e-4.

The vectors are the rows of a table. There may be fewer of them than dimensions. With more, the answer is
always False.
"""

import torch
from jaxtyping import Float
from torch import Tensor

HINTS = [
    "Length 1 means: the dot product with itself is 1. At right angles means: the dot product with each "
    "other one is 0. All these dot products together make a table.",
    "`vectors @ vectors.T` is that table. For an orthonormal set it is the identity matrix, `torch.eye(n)`.",
    "`gram = vectors @ vectors.T`, and then the largest entry of `(gram - torch.eye(len(gram))).abs()` has "
    "to be below 1e-4. Return a `bool`.",
]
PURPOSE = (
    "Before you read coordinates off by dot products, or say that two features don't interfere, you have to "
    "know whether their directions are orthonormal. The same table, the Gram matrix, is the picture with "
    "which superposition is studied."
)
DIFFICULTY = 2
IMPORTANCE = 3
SHAPES = ["gram: n n"]
MINUTES = 5
CONCEPTS = ["orthonormal-basis"]
DETERMINISTIC = True
WHY = """
One table answers both questions. Its diagonal holds the squared lengths, the rest the angles.

- Compare the *largest* deviation, not a sum or a mean: in a large table one bad pair drowns, and deviations
  of opposite sign cancel.
- Never compare computed numbers with `==`. Rounding alone makes 0.99999994 out of 1.
- `vectors @ vectors.T` has rows against rows, n × n; `vectors.T @ vectors` has columns against columns, d ×
  d. Only for square tables do both say the same.
"""
STYLE = {"loop": "Loops over pairs are right. `vectors @ vectors.T` is all pairs at once."}
SEE = {"mistake_columns__is_orthonormal": "cosine_matrix"}


def is_orthonormal(vectors: Float[Tensor, "n d"]) -> bool:
    """Whether the rows have length 1 and are at right angles to each other, to within 1e-4 in each dot
    product.

    >>> is_orthonormal(torch.tensor([[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0]]))
    True
    >>> is_orthonormal(torch.tensor([[1.0, 0.0], [0.6, 0.8]]))
    False
    """
    gram = vectors @ vectors.T
    return bool((gram - torch.eye(len(gram))).abs().max() < 1e-4)


def check_orthonormal(answer):
    """Orthonormal sets are recognised: complete bases, smaller sets, a single vector. Rounding is
    forgiven."""
    for n, d in ((6, 6), (3, 7), (1, 5), (1, 1)):
        vectors = _orthonormal(n, d)
        assert answer.is_orthonormal(vectors), (
            f"These {n} vectors in {d} dimensions are orthonormal: their lengths and dot products are off by "
            f"at most {_deviation(vectors):.0e}, which is rounding. Yours says they are not."
        )


def check_tolerance(answer):
    """One dot product or one length that is off by clearly more than 1e-4 is too much, to either side."""
    for sign in (1, -1):
        vectors = _orthonormal(8, 9)
        vectors[2] += sign * 6e-4 * vectors[5]
        assert not answer.is_orthonormal(vectors), (
            f"Two of these 8 vectors have a dot product of {sign * 6e-4:+.4f}, all else is right. The limit "
            "is 1e-4, for each of them and to either side; yours says that they are orthonormal."
        )
        vectors = _orthonormal(8, 9)
        vectors[4] *= 1 + sign * 3e-4
        assert not answer.is_orthonormal(vectors), (
            f"One of these 8 vectors has the length {1 + sign * 3e-4:.4f}, so that its product with itself "
            "is off by 6e-4. The limit is 1e-4, to either side; yours says that they are orthonormal."
        )


def check_skew(answer):
    """Vectors of length 1 that are not at right angles are no orthonormal set."""
    vectors = _orthonormal(6, 9)
    for one, other, sign in ((0, 3, 1), (1, 5, -1)):  # two slanted pairs, whose dot products cancel in a sum
        vectors[one] = vectors[one] + sign * 0.05 * vectors[other]
        vectors[one] /= vectors[one].norm()
    assert not answer.is_orthonormal(vectors), (
        "All of these 6 vectors have length 1, but two pairs have a dot product of about 0.05 and −0.05. "
        "They are not orthonormal; yours says they are."
    )


def check_lengths(answer):
    """Vectors at right angles are no orthonormal set if one is a little too long and one too short."""
    vectors = _orthonormal(4, 6)
    vectors[0] *= 1.04**0.5
    vectors[2] *= 0.96**0.5
    assert not answer.is_orthonormal(vectors), (
        "These 4 vectors are at right angles, but one has length 1.02 and one 0.98. They are not "
        "orthonormal; yours says they are."
    )


def check_too_many(answer):
    """More vectors than dimensions cannot all be at right angles."""
    vectors = torch.randn(5, 3)
    vectors /= vectors.norm(dim=-1, keepdim=True)
    assert not answer.is_orthonormal(vectors), (
        "Five vectors of length 1 in three dimensions cannot all be at right angles; yours says they are."
    )


def _orthonormal(n: int, d: int) -> Float[Tensor, "n d"]:
    return torch.linalg.qr(torch.randn(d, d)).Q[:n].clone()


def _deviation(vectors: Float[Tensor, "n d"]) -> float:
    return float((vectors @ vectors.T - torch.eye(len(vectors))).abs().max())


def mistake_one_sided__is_orthonormal(vectors):
    """You look at one side only: a dot product can be too small as well as too large. Take the absolute
    values."""
    return bool((vectors @ vectors.T - torch.eye(len(vectors))).max() < 1e-4)


def mistake_on_average__is_orthonormal(vectors):
    """You average the deviations, and in an average one large one disappears. Each of them has to be small:
    take the maximum."""
    return bool((vectors @ vectors.T - torch.eye(len(vectors))).abs().mean() < 1e-4)


def mistake_exact__is_orthonormal(vectors):
    """You ask for equality to the last digit, and computed numbers are rounded. Allow 1e-4: compare the
    largest deviation with it."""
    return torch.equal(vectors @ vectors.T, torch.eye(len(vectors)))


def mistake_columns__is_orthonormal(vectors):
    """You compare columns with columns. The vectors are the rows: `vectors @ vectors.T`, a table of n × n."""
    return bool((vectors.T @ vectors - torch.eye(vectors.shape[1])).abs().max() < 1e-4)


def mistake_only_lengths__is_orthonormal(vectors):
    """You test the lengths and not the angles. Two vectors of length 1 may still point nearly the same
    way."""
    return bool((vectors.norm(dim=-1) - 1).abs().max() < 1e-4)


def mistake_only_angles__is_orthonormal(vectors):
    """You test the angles and not the lengths. The diagonal of the table, each vector with itself, has to be
    1."""
    gram = vectors @ vectors.T
    return bool((gram - gram.diagonal().diag()).abs().max() < 1e-4)


def mistake_total__is_orthonormal(vectors):
    """You add up before you compare, so a deviation upwards and one downwards cancel. Take the largest
    absolute deviation."""
    gram = vectors @ vectors.T
    return bool((gram - torch.eye(len(gram))).sum().abs() < 1e-4)


def also_right_allclose__is_orthonormal(vectors):
    return torch.allclose(torch.einsum("id,jd->ij", vectors, vectors), torch.eye(len(vectors)), atol=1e-4)


def also_right_loop__is_orthonormal(vectors):
    for i, one in enumerate(vectors):
        for j, other in enumerate(vectors):
            if abs(float(one @ other) - (i == j)) > 1e-4:
                return False
    return True


def also_right_singular_values__is_orthonormal(vectors):
    if len(vectors) > vectors.shape[1]:
        return False
    return bool((torch.linalg.svdvals(vectors) - 1).abs().max() < 5e-5)
