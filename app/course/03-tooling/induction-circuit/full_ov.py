"""A table too large to write down

A head's full **OV circuit** $W_E W_V W_O W_U$ has a row for every token that can be read and a column for
every token that can be predicted: a million entries here, and 2.5 thousand million in a model with 50,000
tokens. But it is made of two thin matrices, and everything worth asking can be asked of those. A
`FactoredMatrix` of TransformerLens holds the two, `A` and `B`, and never multiplies them out unless it is
told to.

Build it, with the head's width (`d_head`) as its inner dimension, and ask two questions that sound alike.
*Does each token raise itself most?* That is a share of rows. *Does the table, as a map, keep directions, or
turn them round?* Elhage et al. (2021) take its eigenvalues $\\lambda$ and sum up how positive they are:

$$\\text{copying score} = \\frac{\\sum_i \\operatorname{Re} \\lambda_i}{\\sum_i |\\lambda_i|},$$

1 if the head copies along every direction, −1 if it suppresses what it reads, about 0 if it mixes."""

import random

import torch
from jaxtyping import Float
from torch import Tensor
from transformer_lens import FactoredMatrix

from workers import lab

PURPOSE = (
    "What a head does with what it reads, without running the model on any text. The same two thin factors "
    "scale to every model there is."
)
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["A: d_vocab d_head", "B: d_head d_vocab", "BA: d_head d_head", "eigenvalues: d_head"]
HINTS = [
    "Cut the product of four in the middle of the head: `W_E @ W_V` is d_vocab × d_head, `W_O @ W_U` is "
    "d_head × d_vocab.",
    "For the accuracy: in how many rows is the largest entry on the diagonal? Rows can be taken a few "
    "hundred at a time: `circuit.A[start:end] @ circuit.B`.",
    "`AB` has the same eigenvalues as the small `BA`, apart from zeros: "
    "`values = torch.linalg.eigvals(circuit.B @ circuit.A)`, and then `values.real.sum() / "
    "values.abs().sum()`.",
]
MINUTES = 20
CONCEPTS = ["copying-head", "qk-and-ov-circuits"]
DETERMINISTIC = True
WHY = """
If $AB\\,v = \\lambda v$, then $BA\\,(Bv) = \\lambda (Bv)$: the small product has the eigenvalues of the
large one, and the rest of them are zero. So a matrix of sixteen rows answers for one of a thousand. The two
questions are not the same. Eigenvalues are about directions, and a few strong ones decide; the accuracy is
about single tokens, and a head can copy every direction and still confuse each token with its neighbour.
"""


def full_ov(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
) -> FactoredMatrix:
    """W_E W_V W_O W_U as a factored matrix [d_vocab, d_vocab] whose inner dimension is d_head.

    >>> circuit = full_ov(torch.eye(3), torch.ones(3, 1), torch.ones(1, 3), torch.eye(3))
    >>> circuit.A.shape, circuit.B.shape
    (torch.Size([3, 1]), torch.Size([1, 3]))
    """
    return FactoredMatrix(W_E @ W_V, W_O @ W_U)


def top_1_accuracy(circuit: FactoredMatrix) -> float:
    """The share of rows whose largest entry stands on the diagonal."""
    right = 0
    for start in range(0, circuit.A.shape[0], 256):
        rows = circuit.A[start : start + 256] @ circuit.B
        right += (rows.argmax(-1) == torch.arange(start, start + len(rows))).sum().item()
    return right / circuit.A.shape[0]


def copying_score(circuit: FactoredMatrix) -> float:
    """The sum of the eigenvalues' real parts over the sum of their absolute values."""
    eigenvalues = torch.linalg.eigvals(circuit.B @ circuit.A)
    return (eigenvalues.real.sum() / eigenvalues.abs().sum()).item()


def check_factors(answer):
    """Random heads: the right product, factored through the head."""
    for d_vocab, d_model, d_head in ((11, 6, 2), (5, 9, 4), (14, 8, 1)):
        weights = _head(d_vocab, d_model, d_head)
        got, want = answer.full_ov(*weights), full_ov(*weights)
        lab.same(got, want, tol=1e-3, name="the product of the factors")
        inner = got.A.shape[-1]
        assert inner == d_head, (
            f"The product is right, but the factors meet in {inner} dimensions instead of d_head = {d_head}. "
            "Cut the product of four in the middle of the head: W_E W_V on the left, W_O W_U on the right."
        )


def check_accuracy(answer):
    """Circuits planted to copy some tokens and not others."""
    for size in (9, random.randint(300, 400)):
        favourites = 1.5 * torch.rand(size)  # tokens that every row raises: columns would not notice
        raises = torch.tensor([1.0, 1.0, -0.5, -3.0])[torch.randint(4, (size,))]  # itself, or the contrary
        table = raises.diag() + favourites + 0.3 * torch.rand(size, size)
        circuit = FactoredMatrix(table, torch.eye(size))
        got, want = answer.top_1_accuracy(circuit), top_1_accuracy(circuit)
        lab.same(got, want, tol=1e-3, name="the top-1 accuracy")
    _compare(answer, "top_1_accuracy", FactoredMatrix(*_thin(23, 4)))


def check_planted_copying(answer):
    """A head that copies scores 1, one that suppresses −1, one that turns by an angle its cosine."""
    basis, _ = torch.linalg.qr(torch.randn(13, 4))
    angle = 0.3 + torch.rand(())
    turn = torch.block_diag(*[_rotation(angle)] * 2)
    mixed = torch.block_diag(_rotation(angle), torch.tensor([[-0.5]]), torch.tensor([[2.0]]))
    for middle in (mixed, torch.eye(4), -torch.eye(4), turn):
        _compare(answer, "copying_score", FactoredMatrix(basis @ middle, basis.T))


def check_copying_of_random_heads(answer):
    """Random heads, and a head of a shipped model on some of its tokens."""
    for size, inner in ((9, 3), (20, 6)):
        _compare(answer, "copying_score", FactoredMatrix(*_thin(size, inner)))
    model = lab.load("attn-only-2l")
    chosen, (layer, head) = torch.randperm(1024)[:90], (random.randrange(2), random.randrange(8))
    left, right = model.W_E[chosen] @ model.W_V[layer, head], model.W_O[layer, head] @ model.W_U[:, chosen]
    _compare(answer, "copying_score", FactoredMatrix(left, right))


def _compare(answer, name: str, circuit: FactoredMatrix) -> None:
    want = {"top_1_accuracy": top_1_accuracy, "copying_score": copying_score}[name](circuit)
    size = list(circuit.shape)
    lab.same(getattr(answer, name)(circuit), want, tol=3e-3, name=f"`{name}` of a circuit {size}")


def _thin(size: int, inner: int) -> tuple[Tensor, Tensor]:
    return torch.randn(size, inner), torch.randn(inner, size)


def _rotation(angle: Tensor) -> Float[Tensor, "2 2"]:
    return torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])


def _head(d_vocab: int, d_model: int, d_head: int) -> tuple[Tensor, ...]:
    sizes = ((d_vocab, d_model), (d_model, d_head), (d_head, d_model), (d_model, d_vocab))
    return tuple(torch.randn(*size) for size in sizes)


def mistake_not_thin__full_ov(W_E, W_V, W_O, W_U):
    """The right table, but not in two thin factors: it is multiplied out, or its factors meet in d_model. Cut
    the product in the middle of the head: `FactoredMatrix(W_E @ W_V, W_O @ W_U)`."""
    return FactoredMatrix(W_E, W_V @ W_O @ W_U)


def mistake_no_unembedding__full_ov(W_E, W_V, W_O, W_U):
    """The unembedding is missing: your table ends in the residual stream, not in tokens."""
    return FactoredMatrix(W_E @ W_V, W_O)


def mistake_turned__full_ov(W_E, W_V, W_O, W_U):
    """Your table is turned: rows should be the tokens that are read, columns those that are predicted."""
    return FactoredMatrix((W_O @ W_U).T, (W_E @ W_V).T)


def mistake_columns__top_1_accuracy(circuit):
    """You look down the columns: for each predicted token, who raises it most. Ask each *row*, a token that
    is read, what it raises most."""
    return (circuit.AB.argmax(0) == torch.arange(circuit.shape[0])).float().mean().item()


def mistake_a_count__top_1_accuracy(circuit):
    """That is a number of rows. Divide by how many there are."""
    return float((circuit.AB.argmax(-1) == torch.arange(circuit.shape[0])).sum())


def mistake_positive_diagonal__top_1_accuracy(circuit):
    """You count rows with a positive entry on the diagonal. It has to be the *largest* of its row."""
    return (circuit.AB.diagonal() > 0).float().mean().item()


def mistake_of_absolute_values__top_1_accuracy(circuit):
    """You compare absolute values: a token that a head suppresses strongly counts as copied. Take the largest
    entry with its sign."""
    return (circuit.AB.abs().argmax(-1) == torch.arange(circuit.shape[0])).float().mean().item()


def mistake_singular_values__copying_score(circuit):
    """Those are singular values, which are never negative: every head would score 1. Eigenvalues have signs,
    and that is what the score is about."""
    return 1.0


def mistake_absolute_real_parts__copying_score(circuit):
    """You took the absolute value above the line as well. The numerator keeps its signs: negative eigenvalues
    count against copying."""
    values = torch.linalg.eigvals(circuit.BA)
    return (values.real.abs().sum() / values.abs().sum()).item()


def mistake_real_below__copying_score(circuit):
    """Below the line stands the absolute value of the complex number, √(a² + b²), not of its real part."""
    values = torch.linalg.eigvals(circuit.BA)
    return (values.real.sum() / values.real.abs().sum()).item()


def mistake_share_of_positive__copying_score(circuit):
    """You count how many eigenvalues are positive. The score weighs each by its size."""
    return (torch.linalg.eigvals(circuit.BA).real > 0).float().mean().item()


def also_right_matmul__full_ov(W_E, W_V, W_O, W_U):
    return (
        W_E @ FactoredMatrix(W_V, W_O) @ W_U
        if W_E.shape[0] > W_V.shape[1]
        else FactoredMatrix(W_E @ W_V, W_O @ W_U)
    )


def also_right_at_once__top_1_accuracy(circuit):
    table = circuit.A @ circuit.B
    return (table.argmax(dim=1) == torch.arange(len(table))).float().mean().item()


def also_right_property__copying_score(circuit):
    values = circuit.eigenvalues
    return (values.sum().real / values.abs().sum()).item()


def also_right_multiplied_out__copying_score(circuit):
    values = torch.linalg.eigvals(circuit.AB.double())
    return float(values.real.sum() / values.abs().sum())
