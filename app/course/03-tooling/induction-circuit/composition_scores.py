"""Who reads whom?

An early head writes into the residual stream through $W_V W_O$. A later head reads from it three times: for
its queries, its keys and its values. How much of what the one writes does the other read? Elhage et al.
(2021) measure it from the weights alone:

$$\\frac{\\lVert W_A W_B \\rVert}{\\lVert W_A \\rVert \\, \\lVert W_B \\rVert}, \\qquad W_A = W_V W_O
\\text{ of the early head},$$

with Frobenius norms, and $W_B$ of the later one: $W_Q W_K^\\top$ for Q-composition, $W_K W_Q^\\top$ for
K-composition, $W_V W_O$ for V-composition. (Vectors are rows here: what A writes stands on the left of what
B does with it.)

A number alone says nothing. Two matrices that have never met overlap as well, by chance, and how much
depends on their sizes. So draw pairs that have never met: products of random factors of the same sizes as a
head's."""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

PURPOSE = (
    "A search for circuits that needs no text at all, and the lesson that goes with it: no score without the "
    "score of chance beside it."
)
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["W_A: d_model d_model", "W_B: d_model d_model", "scores: early late", "chance: count"]
HINTS = [
    "`matrix.norm()` of torch is the Frobenius norm. The score of two matrices is one line; the rest is to "
    "choose the right two.",
    "For each early head in layer 0, `W_A = model.W_V[0, early] @ model.W_O[0, early]`. For each late head "
    "in layer 1, W_B begins with the matrix that *reads*: W_Q, W_K or W_V. (Take `model.W_V` and its like "
    "out of the loops: each time they are asked for, all layers are stacked anew.)",
    "For chance, each matrix is `torch.randn(d_model, d_head) @ torch.randn(d_head, d_model)`. A full "
    "random matrix would be another game: a head's has only d_head directions.",
]
MINUTES = 20
CONCEPTS = ["composition-scores", "composition"]
WHY = """
The score is 0 where B is blind to all that A writes, and 1 only where the strongest direction of one meets
the strongest of the other. Random heads of this size score about 1/√d_model, whatever their scale; what
their rank decides is how far chance strays from that. It is the spread that turns a difference into a
z-score, and full random matrices stray far less: measured against those, everything would look significant.
"""


def composition_score(W_A: Float[Tensor, "a b"], W_B: Float[Tensor, "b c"]) -> float:
    """|W_A W_B| / (|W_A| |W_B|), by Frobenius norms.

    >>> composition_score(torch.eye(4), torch.eye(4))
    0.5
    """
    return ((W_A @ W_B).norm() / (W_A.norm() * W_B.norm())).item()


def composition_scores(model, kind: str) -> Float[Tensor, "early late"]:
    """The score of every head of layer 0 (row) with every head of layer 1 (column). kind: "Q", "K" or "V"."""
    written = model.W_V[0] @ model.W_O[0]  # head d_model d_model
    W_Q, W_K, W_V, W_O = (weights[1] for weights in (model.W_Q, model.W_K, model.W_V, model.W_O))
    read = {"Q": W_Q @ W_K.mT, "K": W_K @ W_Q.mT, "V": W_V @ W_O}[kind]
    rows = [[composition_score(W_A, W_B) for W_B in read] for W_A in written]
    return torch.tensor(rows)


def scores_of_chance(d_model: int, d_head: int, count: int) -> Float[Tensor, "count"]:
    """The scores of `count` pairs of heads that have never met: each of the two matrices [d_model, d_model]
    is the product of two random factors that meet in d_head dimensions.
    """
    scores = torch.zeros(count)
    for pair in range(count):
        W_A, W_B = (torch.randn(d_model, d_head) @ torch.randn(d_head, d_model) for _ in range(2))
        scores[pair] = composition_score(W_A, W_B)
    return scores


def z_scores(scores: Float[Tensor, "early late"], chance: Float[Tensor, "count"]):
    # How many standard deviations of chance above the mean of chance.
    return (scores - chance.mean()) / chance.std()


def check_random_matrices(answer):
    """Random matrices of any sizes."""
    for a, b, c in ((3, 7, 5), (8, 4, 6), (5, 5, 1)):
        W_A, W_B = 3 * torch.randn(a, b), torch.randn(b, c) / 5
        got = answer.composition_score(W_A, W_B)
        lab.same(got, composition_score(W_A, W_B), tol=1e-3, name="the score of two random matrices")


def check_planted_heads(answer):
    """A reader of just what is written scores high, a reader of all else 0."""
    basis, _ = torch.linalg.qr(torch.randn(9, 9))
    W_A = torch.randn(9, 2) @ basis[:2]
    reads, blind = basis[:2].T @ torch.randn(2, 9), basis[2:].T @ torch.randn(7, 9)
    for W_B in (reads, blind):
        got = answer.composition_score(W_A, W_B)
        lab.same(got, composition_score(W_A, W_B), tol=1e-3, name="the score of a planted pair")


def check_models(answer):
    """All pairs of heads of a shipped model, in all three ways of reading."""
    name = random.choice(["attn-only-2l", "fixed-period-impostor"])
    model = lab.load(name)
    for kind in ("K", "V", "Q"):
        got, want = answer.composition_scores(model, kind), composition_scores(model, kind)
        lab.same(got, want, tol=1e-3, name=f"`composition_scores({name}, {kind!r})`")


def check_chance(answer):
    """Chance has the right mean and the right spread, for heads of several sizes."""
    for d_model, d_head in ((40, 3), (24, 6), (9, 6)):
        count = 400
        got = answer.scores_of_chance(d_model, d_head, count)
        ours = scores_of_chance(d_model, d_head, 800)
        assert got.unique().numel() > count // 2, "Draw pairs one by one: many scores are the same."
        away = abs(got.mean() - ours.mean()) / (ours.std() / count**0.5)
        assert away < 7, (
            f"For d_model {d_model} and d_head {d_head} your mean is {got.mean():.4f}; pairs of heads that "
            f"have never met have {ours.mean():.4f}. Both matrices are [d_model, d_model], each a product of "
            "two factors."
        )
        ratio = (got.std() / ours.std()).item()
        assert 0.7 < ratio < 1.43, (
            f"For d_model {d_model} and d_head {d_head} your scores spread by {got.std():.4f}, those of "
            f"heads that have never met by {ours.std():.4f}. A head's matrix has only d_head directions: "
            "multiply [d_model, d_head] by [d_head, d_model]."
        )


def mistake_square_root_missing__composition_score(W_A, W_B):
    """You compare squared norms. `norm()` has taken the root already; leave it like that above and below."""
    return ((W_A @ W_B).pow(2).sum() / (W_A.pow(2).sum() * W_B.pow(2).sum())).item()


def mistake_spectral__composition_score(W_A, W_B):
    """That is the spectral norm, the largest singular value. The Frobenius norm is the root of the sum of all
    squared entries: `matrix.norm()`."""
    norms = (torch.linalg.matrix_norm(each, 2) for each in (W_A @ W_B, W_A, W_B))
    above, left, right = norms
    return (above / (left * right)).item()


def mistake_turned_product__composition_score(W_A, W_B):
    """Your product is turned round. What A writes (its columns) meets what B reads (its rows):
    `W_A @ W_B`."""
    return ((W_B @ W_A).norm() / (W_A.norm() * W_B.norm())).item()


def mistake_not_divided__composition_score(W_A, W_B):
    """That is the norm of the product alone. Divide by both norms, or large weights will look like
    composition."""
    return (W_A @ W_B).norm().item()


def mistake_q_and_k_exchanged__composition_scores(model, kind):
    """Q- and K-composition have changed places: W_B begins with the matrix that reads. For K-composition that
    is W_K."""
    return composition_scores(model, {"Q": "K", "K": "Q", "V": "V"}[kind])


def mistake_turned__composition_scores(model, kind):
    """Your table is turned: rows are the early heads, columns the late ones."""
    return composition_scores(model, kind).T


def mistake_query_writes__composition_scores(model, kind):
    """Your early heads write through W_Q W_Kᵀ. What a head writes into the stream goes through its values:
    W_V W_O."""
    W_Q, W_K, W_V, W_O = (weights[1] for weights in (model.W_Q, model.W_K, model.W_V, model.W_O))
    read = {"Q": W_Q @ W_K.mT, "K": W_K @ W_Q.mT, "V": W_V @ W_O}[kind]
    written = model.W_Q[0] @ model.W_K[0].mT
    return torch.tensor([[composition_score(W_A, W_B) for W_B in read] for W_A in written])


def mistake_always_k__composition_scores(model, kind):
    """All three kinds give the same table. Does your code look at `kind`?"""
    return composition_scores(model, "K")


def mistake_layers_exchanged__composition_scores(model, kind):
    """You took what heads of layer 1 write and heads of layer 0 read. It flows the other way only."""
    W_Q, W_K, W_V, W_O = (weights[0] for weights in (model.W_Q, model.W_K, model.W_V, model.W_O))
    read = {"Q": W_Q @ W_K.mT, "K": W_K @ W_Q.mT, "V": W_V @ W_O}[kind]
    written = model.W_V[1] @ model.W_O[1]
    return torch.tensor([[composition_score(W_A, W_B) for W_B in read] for W_A in written])


def mistake_full_matrices__scores_of_chance(d_model, d_head, count):
    """Your random matrices are full. A head's has only d_head directions, and chance strays further with
    few: draw two thin factors and multiply them."""
    pairs = (torch.randn(2, d_model, d_model) for _ in range(count))
    return torch.tensor([composition_score(*pair) for pair in pairs])


def mistake_one_pair__scores_of_chance(d_model, d_head, count):
    """That is one pair, repeated. Draw a new pair for each score."""
    return scores_of_chance(d_model, d_head, 1).repeat(count)


def mistake_thin_pair__scores_of_chance(d_model, d_head, count):
    """You multiply a thin matrix by a thin one. Both W_A and W_B are [d_model, d_model], each a product of
    two factors."""
    return torch.tensor(
        [composition_score(torch.randn(d_model, d_head), torch.randn(d_head, d_model)) for _ in range(count)]
    )


def mistake_thin_pair_turned__scores_of_chance(d_model, d_head, count):
    """You draw one factor for each head. W_A and W_B are [d_model, d_model], each a product of two factors:
    the spread is smaller without the second."""
    return torch.tensor(
        [composition_score(torch.randn(d_head, d_model), torch.randn(d_model, d_head)) for _ in range(count)]
    )


def mistake_positive_entries__scores_of_chance(d_model, d_head, count):
    """`torch.rand` draws positive numbers only: all your heads share a direction, so chance looks like
    composition. Take `torch.randn`."""
    scores = torch.zeros(count)
    for pair in range(count):
        W_A, W_B = (torch.rand(d_model, d_head) @ torch.rand(d_head, d_model) for _ in range(2))
        scores[pair] = composition_score(W_A, W_B)
    return scores


def also_right_singular_values__composition_score(W_A, W_B):
    def size(matrix):
        return torch.linalg.svdvals(matrix).square().sum().sqrt()

    return float(size(W_A @ W_B) / size(W_A) / size(W_B))


def also_right_batched__composition_scores(model, kind):
    written = model.W_V[0] @ model.W_O[0]
    reading = {
        "Q": model.W_Q[1] @ model.W_K[1].mT,
        "K": model.W_K[1] @ model.W_Q[1].mT,
        "V": model.W_V[1] @ model.W_O[1],
    }[kind]
    product = torch.einsum("eab,lbc->elac", written, reading)
    sizes = written.flatten(1).norm(dim=-1)[:, None] * reading.flatten(1).norm(dim=-1)[None]
    return product.flatten(2).norm(dim=-1) / sizes


def also_right_factored__composition_scores(model, kind):
    from transformer_lens import FactoredMatrix

    scores = torch.zeros(model.cfg.n_heads, model.cfg.n_heads)
    for early in range(model.cfg.n_heads):
        A = FactoredMatrix(model.W_V[0, early], model.W_O[0, early])
        for late in range(model.cfg.n_heads):
            W_Q, W_K = model.W_Q[1, late], model.W_K[1, late]
            if kind == "Q":
                B = FactoredMatrix(W_Q, W_K.T)
            elif kind == "K":
                B = FactoredMatrix(W_K, W_Q.T)
            else:
                B = FactoredMatrix(model.W_V[1, late], model.W_O[1, late])
            scores[early, late] = (A @ B).norm() / (A.norm() * B.norm())
    return scores


def also_right_batched__scores_of_chance(d_model, d_head, count):
    A = torch.randn(count, d_model, d_head) @ torch.randn(count, d_head, d_model)
    B = torch.randn(count, d_model, d_head) @ torch.randn(count, d_head, d_model)
    return torch.linalg.matrix_norm(A @ B) / torch.linalg.matrix_norm(A) / torch.linalg.matrix_norm(B)


def also_right_uniform__scores_of_chance(d_model, d_head, count):
    def weight(rows, columns):
        return (torch.rand(rows, columns) - 0.5) / columns**0.5

    scores = []
    for _ in range(count):
        W_A = weight(d_model, d_head) @ weight(d_head, d_model)
        W_B = weight(d_model, d_head) @ weight(d_head, d_model)
        scores.append(composition_score(W_A, W_B))
    return torch.tensor(scores)
