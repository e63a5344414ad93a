"""The whole circuit, from token to token

Here is the circuit of induction in one product. A token stands somewhere and asks, through the query of an
induction head. At another place an early head has written what stood *before* it, and the key reads that:

$$\\underbrace{E\\, W_Q}_{\\text{I am this token}} \\cdot \\big( \\underbrace{E\\, W_V W_O}_{\\text{what the
early head wrote}} W_K \\big)^\\top$$

The result has a row for each token that looks and a column for each token that *stood before* the place
looked at. If the head matches tokens, the largest entry of each row is on the diagonal: I look for the place
before which I stood.

$E$ is the embedding as the first layer's norm hands it on (`normalise` is given). The norm of the second
layer centres what the early head wrote; do that too. The scale it divides by depends on all the rest of the
stream, and is left out: this is the one liberty we take. Write the product as a `FactoredMatrix`, with
d_head as its inner dimension."""

import random

import torch
from jaxtyping import Float
from torch import Tensor
from transformer_lens import FactoredMatrix

from workers import lab

PURPOSE = (
    "A million questions (does this token look for that one?) answered by two heads' weights. If the story "
    "of induction is true, it has to show here, and no text can make it look better than it is."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = [
    "E: d_vocab d_model",
    "queries: d_vocab d_head",
    "written: d_vocab d_model",
    "keys: d_vocab d_head",
]
HINTS = [
    "Two thin matrices, each with a row for every token: queries, and keys. The circuit is `queries @ "
    "keys.T`.",
    "Queries come from E directly: they are about the token that looks. Keys come from what the early head "
    "writes when it has read a token: `E @ W_V @ W_O`, centred over d_model.",
    "`written = E @ W_V @ W_O`, `written = written - written.mean(-1, keepdim=True)`, and then "
    "`FactoredMatrix(E @ W_Q, (written @ W_K).T)`.",
]
MINUTES = 15
CONCEPTS = ["composition", "qk-and-ov-circuits"]
DETERMINISTIC = True
WHY = """
The two sides are about different places. The query is made of the token that looks; the key, at the place
looked at, is made of the token *before* that place, carried there by the early head. That the table is
largest on its diagonal is what “matches tokens” means. The scale that we left out multiplies whole columns,
each place by its own factor, so it could change which entry of a row is largest: the price of asking weights
what only a run can know.
"""


def normalise(W_E: Float[Tensor, "d_vocab d_model"]) -> Float[Tensor, "d_vocab d_model"]:
    # Each token's embedding, centred and divided by its size: as LNPre hands it on.
    centred = W_E - W_E.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()


def k_composition_circuit(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_Q: Float[Tensor, "d_model d_head"],
    W_K: Float[Tensor, "d_model d_head"],
) -> FactoredMatrix:
    """How much each token (row) looks for a place before which each token (column) stood; before the
    division by √d_head.

    W_E: the embedding, not yet normalised; W_V, W_O: of the early head; W_Q, W_K: of the late one. The inner
    dimension is d_head.

    >>> circuit = k_composition_circuit(torch.randn(9, 6), *(torch.randn(*size) for size in
    ...                                 [(6, 2), (2, 6), (6, 2), (6, 2)]))
    >>> circuit.A.shape, circuit.B.shape
    (torch.Size([9, 2]), torch.Size([2, 9]))
    """
    E = normalise(W_E)
    written = E @ W_V @ W_O
    written = written - written.mean(-1, keepdim=True)
    return FactoredMatrix(E @ W_Q, (written @ W_K).T)


def check_random_heads(answer):
    """Random heads of any size give our circuit."""
    for d_vocab, d_model, d_head in ((11, 6, 2), (7, 9, 4), (13, 8, 1)):
        _compare(answer, _weights(d_vocab, d_model, d_head), "random heads")


def check_planted_circuit(answer):
    """Heads planted to match tokens match them all."""
    d_vocab = 10
    W_E = torch.randn(d_vocab, 40)
    W_V, W_O = torch.randn(40, 20), torch.randn(20, 40)
    E = normalise(W_E)
    written = E @ W_V @ W_O
    W_K = torch.linalg.pinv(written - written.mean(-1, keepdim=True)) @ torch.eye(d_vocab)
    W_Q = torch.linalg.pinv(E) @ torch.eye(d_vocab)
    circuit = answer.k_composition_circuit(W_E, W_V, W_O, W_Q, W_K)
    hits = (circuit.AB.argmax(-1) == torch.arange(d_vocab)).float().mean().item()
    assert hits == 1, f"These heads were planted so that every token finds itself; in yours {hits:.0%} do."


def check_shipped_model(answer):
    """Heads of the shipped model."""
    model = lab.load("attn-only-2l")
    for early, late in ((0, random.choice([3, 5, 6])), (random.randrange(8), 4)):
        early_head = (model.W_V[0, early], model.W_O[0, early])
        late_head = (model.W_Q[1, late], model.W_K[1, late])
        _compare(answer, (model.W_E, *early_head, *late_head), f"heads 0.{early} and 1.{late}")


def _compare(answer, weights: tuple[Tensor, ...], name: str) -> None:
    got, want = answer.k_composition_circuit(*weights), k_composition_circuit(*weights)
    lab.same(got, want, tol=3e-3, name=f"the circuit of {name}")
    inner, d_head = got.A.shape[-1], weights[3].shape[-1]
    assert inner == d_head, (
        f"The product is right, but the factors meet in {inner} dimensions instead of d_head = {d_head}. "
        "Cut it between the query and the key."
    )


def _weights(d_vocab: int, d_model: int, d_head: int) -> tuple[Tensor, ...]:
    sizes = ((d_model, d_head), (d_head, d_model), (d_model, d_head), (d_model, d_head))
    return (1 + torch.randn(d_vocab, d_model), *(torch.randn(*size) / size[0] ** 0.5 for size in sizes))


def mistake_turned__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    """Your circuit is turned: rows are the tokens that look (queries), columns those that stood before."""
    turned = k_composition_circuit(W_E, W_V, W_O, W_Q, W_K)
    return FactoredMatrix(turned.B.T, turned.A.T)


def mistake_early_head_asks__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    """You have put the early head into the query: that would be Q-composition. The token that looks speaks
    for itself; it is the *key* that reads what the early head wrote."""
    E = normalise(W_E)
    written = E @ W_V @ W_O
    return FactoredMatrix((written - written.mean(-1, keepdim=True)) @ W_Q, (E @ W_K).T)


def mistake_no_early_head__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    """The early head is missing: this is the late head's QK circuit alone, which compares the two tokens
    themselves."""
    E = normalise(W_E)
    return FactoredMatrix(E @ W_Q, (E @ W_K).T)


def mistake_both_sides__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    """The early head is on both sides. Only the key reads it."""
    E = normalise(W_E)
    written = E @ W_V @ W_O
    written = written - written.mean(-1, keepdim=True)
    return FactoredMatrix(written @ W_Q, (written @ W_K).T)


def mistake_not_normalised__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    """You use W_E as it is. The layers read it through a norm: `E = normalise(W_E)`, on both sides."""
    written = W_E @ W_V @ W_O
    return FactoredMatrix(W_E @ W_Q, ((written - written.mean(-1, keepdim=True)) @ W_K).T)


def mistake_not_centred__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    """What the early head wrote is not centred. The second layer's norm subtracts its mean over d_model
    before the key reads it."""
    E = normalise(W_E)
    return FactoredMatrix(E @ W_Q, (E @ W_V @ W_O @ W_K).T)


def mistake_normalised_twice__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    """You divide what the early head wrote by its own size. The scale of the second norm belongs to the whole
    stream; here it is left out. Only subtract the mean."""
    E = normalise(W_E)
    return FactoredMatrix(E @ W_Q, (normalise(E @ W_V @ W_O) @ W_K).T)


def mistake_q_and_k_exchanged__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    """W_Q and W_K have changed places: queries are made with W_Q, keys with W_K."""
    return k_composition_circuit(W_E, W_V, W_O, W_K, W_Q)


def also_right_matmul__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    E = torch.nn.functional.layer_norm(W_E, W_E.shape[1:], eps=1e-5)
    d_model = W_E.shape[1]
    centre = torch.eye(d_model) - torch.ones(d_model, d_model) / d_model
    keys = E @ (W_V @ W_O @ centre @ W_K)
    return FactoredMatrix(E @ W_Q, keys.T)


def also_right_factors__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    E = normalise(W_E)
    W_O = W_O - W_O.mean(-1, keepdim=True)  # centring what is written is centring the weights that write
    return FactoredMatrix(E @ W_Q, W_K.T @ W_O.T @ W_V.T @ E.T)


def also_right_weight_on_the_left__k_composition_circuit(W_E, W_V, W_O, W_Q, W_K):
    E = normalise(W_E)
    return FactoredMatrix(E @ (W_Q @ (W_K - W_K.mean(0)).T @ W_O.T), W_V.T @ E.T)
