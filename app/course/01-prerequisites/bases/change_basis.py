"""There and back

The rows of `basis` are the basis vectors. They point in different directions, but need not be orthonormal.

`from_basis` turns coordinates into the vectors that they describe. `to_basis` is the way back: it finds the
coordinates of given vectors. The values are compared to within 1e-3.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Begin with `from_basis`: a vector is its first coordinate times the first basis vector, plus the second "
    "times the second, and so on. For a whole table of coordinates that is one product of matrices.",
    "`to_basis` has to undo it: find the X with `X @ basis = vectors`. Dot products would do only for an "
    "orthonormal basis. Think of the inverse of a matrix, or of `torch.linalg.solve`.",
    "`coordinates @ basis`, and `torch.linalg.solve(basis, vectors, left=False)` (or "
    "`vectors @ torch.linalg.inv(basis)`).",
]
PURPOSE = (
    "The same activation can be written in the model's own coordinates, in those of a head, of its neurons, "
    "or of a dictionary of features. Reading a model is to a large part choosing the basis in which it is "
    "simple: networks that learned to add modulo a prime were understood once their weights were written in "
    "a Fourier basis."
)
DIFFICULTY = 3
IMPORTANCE = 4
MINUTES = 8
CONCEPTS = ["change-of-basis"]
DETERMINISTIC = True
WHY = """
With basis vectors as rows, *from* coordinates is a product from the right, and *to* coordinates undoes it.

- `vectors @ basis.T` is all dot products of vectors with basis vectors. It is the inverse only if `basis @
  basis.T` is the identity, that is, if the basis is orthonormal. Then it is the best way: no inverse needed.
- `solve` and `inv` give the same here. `solve` is steadier when basis vectors are nearly parallel, and never
  builds the inverse.
- Whether basis vectors are rows or columns is a convention, and the usual trap. Papers prefer columns and
  vectors to the right, PyTorch code prefers rows. Say which you mean, and try it with one example that is
  *not symmetric*.
"""
STYLE = {"loop": "A loop is right. A table of vectors is one product: `coordinates @ basis`."}
SEE = {"mistake_basis_in_columns__from_basis": "einsum_six"}


def from_basis(coordinates: Float[Tensor, "n d"], basis: Float[Tensor, "d d"]) -> Float[Tensor, "n d"]:
    """The vectors that have these coordinates. Each row of `basis` is a basis vector.

    >>> from_basis(torch.tensor([[1., 1.], [0., 2.]]), torch.tensor([[2., 0.], [1., 1.]]))
    tensor([[3., 1.],
            [2., 2.]])
    """
    return coordinates @ basis


def to_basis(vectors: Float[Tensor, "n d"], basis: Float[Tensor, "d d"]) -> Float[Tensor, "n d"]:
    """The coordinates of these vectors. Each row of `basis` is a basis vector.

    >>> to_basis(torch.tensor([[3., 1.], [2., 2.]]), torch.tensor([[2., 0.], [1., 1.]]))
    tensor([[1., 1.],
            [0., 2.]])
    """
    return torch.linalg.solve(basis, vectors, left=False)


def check_from_basis(answer):
    """From coordinates to vectors, in skew bases of 1 to 5 dimensions (to within 1e-3)."""
    for n, d in ((4, 4), (5, 3), (1, 5), (3, 1)):
        coordinates, basis = torch.randn(n, d), _skew(d)
        got, want = answer.from_basis(coordinates, basis), coordinates @ basis
        lab.same(got, want, tol=1e-3, name=f"{n} vectors from a skew basis of {d}")


def check_to_basis(answer):
    """From vectors to coordinates, in skew bases."""
    for n, d in ((4, 4), (5, 3), (1, 5), (3, 1)):
        coordinates, basis = torch.randn(n, d), _skew(d)
        got = answer.to_basis(coordinates @ basis, basis)
        lab.same(got, coordinates, tol=1e-3, name=f"the coordinates of {n} vectors in a skew basis of {d}")


def check_own_basis_vectors(answer):
    """In its own basis the first basis vector is (1, 0, …), the second (0, 1, …)."""
    d = 4
    basis = _skew(d)
    got = answer.to_basis(basis, basis)
    lab.same(got, torch.eye(d), tol=1e-3, name="the basis vectors in their own basis")


def check_orthonormal(answer):
    """In an orthonormal basis coordinates are as long as the vectors."""
    basis, vectors = torch.linalg.qr(torch.randn(5, 5)).Q, torch.randn(3, 5)
    got = answer.to_basis(vectors, basis).norm(dim=-1)
    lab.same(got, vectors.norm(dim=-1), tol=1e-3, name="the lengths in an orthonormal basis")


def _skew(d: int) -> Float[Tensor, "d d"]:
    """A random basis that is neither orthonormal nor nearly flat."""
    while True:
        basis = torch.randn(d, d)
        stretch = torch.linalg.svdvals(basis)
        if stretch[-1] > 0.3 and (d == 1 or stretch[0] > 1.5 * stretch[-1]):
            return basis


def mistake_basis_in_columns__from_basis(coordinates, basis):
    """You take the basis vectors from the columns. Here they are the rows: coordinate 0 multiplies
    `basis[0]`."""
    return coordinates @ basis.T


def mistake_inverse__from_basis(coordinates, basis):
    """That is the other direction: you undo a change of basis that nobody has made. From coordinates to the
    vector is a plain product."""
    return torch.linalg.solve(basis, coordinates, left=False)


def mistake_dot_products__to_basis(vectors, basis):
    """These are the dot products with the basis vectors. They are coordinates only if the basis is
    orthonormal, and this one is skew: solve `X @ basis = vectors` instead."""
    return vectors @ basis.T


def mistake_projections__to_basis(vectors, basis):
    """You project onto each basis vector by itself. That takes care of their lengths but not of their angles:
    in a skew basis, what you walk along one direction counts along the others, too."""
    return vectors @ basis.T / basis.square().sum(-1)


def mistake_wrong_way__to_basis(vectors, basis):
    """You go the same way as `from_basis` once more. The way back needs the inverse: `torch.linalg.solve` or
    `torch.linalg.inv`."""
    return vectors @ basis


def mistake_basis_in_columns__to_basis(vectors, basis):
    """You have inverted the transposed basis: as if the basis vectors were its columns. With rows it is the X
    in `X @ basis = vectors`; `solve` needs `left=False` for that."""
    return torch.linalg.solve(basis, vectors.T).T


def also_right_loop__from_basis(coordinates, basis):
    vectors = torch.zeros_like(coordinates)
    for n in range(len(basis)):
        vectors += coordinates[:, n, None] * basis[n]
    return vectors


def also_right_einsum__from_basis(coordinates, basis):
    return torch.einsum("nb,bd->nd", coordinates, basis)


def also_right_inverse__to_basis(vectors, basis):
    return vectors @ torch.linalg.inv(basis)


def also_right_least_squares__to_basis(vectors, basis):
    return torch.linalg.lstsq(basis.T, vectors.T).solution.T
