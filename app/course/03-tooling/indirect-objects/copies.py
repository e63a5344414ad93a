"""Does it say what it reads?

A name mover is two things: it *looks* at a name, and it *says* the name it looks at. The second is a matter
of weights alone. Put a name's embedding, normalised, through a head's $W_V$, $W_O$ and the unembedding $W_U$:
what the head would say if it looked at that name and nothing else.

The **copying score** of a head is the share of names that are then among the five likeliest tokens. The same
with all signs turned finds heads that *suppress* what they read; Wang et al. measured both."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "Attention says where a head reads, and nothing about what it does with it. The OV circuit answers "
    "the other half, without a single prompt, and tells name movers from heads that merely look at names."
)
DIFFICULTY = 3
IMPORTANCE = 4
MINUTES = 15
CONCEPTS = ["qk-and-ov-circuits", "name-mover"]
DETERMINISTIC = True
SHAPES = ["embedded: name d_model", "says: layer head name d_vocab", "best: layer head name 5"]
HINTS = [
    "`W_V` reads the residual stream after a norm, so normalise the rows of `W_E` first; `normalise` is "
    "given.",
    "`normalise(model.W_E[names]) @ model.W_V[layer, head] @ model.W_O[layer, head] @ model.W_U` has a "
    "row of logits for each name. Which of its columns are the five largest, and is the name's own token "
    "among them?",
    "`(says.topk(5).indices == names[:, None]).any(-1)` is true where a name is copied. Average it over "
    "names, for each head.",
]
WHY = """
No prompt, no run: this is what the weights would do with *any* name. That is its strength and its limit. In a
deep layer the residual stream at a name's position is no longer the bare embedding, and the real head may
read something else there. (Wang et al. took the stream after the first layer for that reason.) A high score
together with attention to names in real prompts makes a name mover; either alone does not.
"""
STYLE = {"loop": "A loop over 32 heads is fine here; one product over all heads would do it as well."}


def normalise(x: Float[Tensor, "row d_model"]) -> Float[Tensor, "row d_model"]:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()


def copies(model, names: Int[Tensor, "name"], sign: int = 1) -> Float[Tensor, "layer head"]:
    """For each head, the share of names that are among the five tokens its OV circuit raises most.

    sign: with −1 the five that it lowers most.

    >>> copies(lab.load("attn-only-2l"), torch.arange(300, 400)).shape
    torch.Size([2, 8])
    """
    embedded = normalise(model.W_E[names])
    score = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            says = sign * (embedded @ model.W_V[layer, head] @ model.W_O[layer, head] @ model.W_U)
            score[layer, head] = (says.topk(5).indices == names[:, None]).any(-1).float().mean()
    return score


def check_copying(answer):
    """Every head of four models, on tokens drawn for this grading."""
    for name in ("indirect-objects", "attn-only-2l", "attn-only-1l", "fixed-period-impostor"):
        model, names = lab.load(name), 256 + torch.randperm(768)[: int(torch.randint(90, 140, ()))]
        got, want = answer.copies(model, names), copies(model, names)
        lab.same(got, want, tol=0.03, name=f"the copying scores in {name}")


def check_suppressing(answer):
    """With `sign=-1`: what a head lowers most."""
    for name in ("indirect-objects", "attn-only-1l"):
        model, names = lab.load(name), 256 + torch.randperm(768)[: int(torch.randint(90, 140, ()))]
        got, want = answer.copies(model, names, -1), copies(model, names, -1)
        lab.same(got, want, tol=0.03, name=f"the scores with sign −1 in {name}")


def mistake_likeliest_only__copies(model, names, sign=1):
    """You count only names that come out first. The score asks for the five likeliest."""
    return _top(model, names, sign, 1)


def mistake_ten__copies(model, names, sign=1):
    """You count more than the five likeliest tokens."""
    return _top(model, names, sign, 10)


def mistake_sign_forgotten__copies(model, names, sign=1):
    """`sign` has no effect: with −1 you should find the tokens that the head lowers most."""
    return copies(model, names)


def mistake_turned__copies(model, names, sign=1):
    """The sign is turned: +1 asks what the head *raises*."""
    return copies(model, names, -sign)


def mistake_no_values__copies(model, names, sign=1):
    """Your scores are those of the embedding going straight to the unembedding: the heads' `W_V` and `W_O`
    are missing."""
    says = sign * normalise(model.W_E[names]) @ model.W_U
    share = (says.topk(5).indices == names[:, None]).any(-1).float().mean()
    return share.expand(model.cfg.n_layers, model.cfg.n_heads).clone()


def mistake_among_names_only__copies(model, names, sign=1):
    """You rank a name among the names alone. Rank it in the whole vocabulary: a head that raises everything
    name-like a little is no name mover."""
    embedded = normalise(model.W_E[names])
    score = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            says = sign * (embedded @ model.W_V[layer, head] @ model.W_O[layer, head] @ model.W_U[:, names])
            score[layer, head] = (
                (says.topk(5).indices == torch.arange(len(names))[:, None]).any(-1).float().mean()
            )
    return score


def also_right_einsum__copies(model, names, sign=1):
    embedded = torch.nn.functional.layer_norm(model.W_E[names], model.W_E.shape[-1:])
    ov = torch.einsum("l h m d, l h d n -> l h m n", model.W_V, model.W_O)
    says = sign * torch.einsum("i m, l h m n, n v -> l h i v", embedded, ov, model.W_U)
    return (says.topk(5, dim=-1).indices == names[:, None]).any(-1).float().mean(-1)


def also_right_rank__copies(model, names, sign=1):
    embedded = normalise(model.W_E[names])
    row = torch.arange(len(names))
    scores = []
    for W_V, W_O in zip(model.W_V.flatten(0, 1), model.W_O.flatten(0, 1), strict=True):
        says = sign * (embedded @ (W_V @ (W_O @ model.W_U)))
        better = (says > says[row, names][:, None]).sum(-1)
        scores.append((better < 5).float().mean())
    return torch.stack(scores).view(model.cfg.n_layers, model.cfg.n_heads)


def _top(model, names, sign: int, count: int) -> Tensor:
    embedded = normalise(model.W_E[names])
    score = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            says = sign * (embedded @ model.W_V[layer, head] @ model.W_O[layer, head] @ model.W_U)
            score[layer, head] = (says.topk(count).indices == names[:, None]).any(-1).float().mean()
    return score
