"""Which heads look where: scores for the four habits that have a name."""

from typing import TYPE_CHECKING, Literal, TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workers.lab.techniques.places import head_hook, layers_of
from workers.lab.techniques.prompts import Prompts, tokens_of
from workers.lab.techniques.runs import recorded

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Habit: TypeAlias = Literal["current", "previous", "duplicate", "induction"]


def head_scores(
    model: "TransformerBridge", prompts: Prompts, habit: Habit = "induction", *, everywhere: bool = False
) -> Float[Tensor, "layer head"]:
    """Which share of its attention each head pays where the habit would, 0 to 1; the mean over prompts.

    "current": to the token itself. "previous": to the one before. "duplicate": to earlier copies of the same
    token. "induction": to the tokens that came after earlier copies.

    The mean is over those positions that have such a place; with `everywhere` over all positions, as
    TransformerLens's `detect_head` counts, so that a text's first half dilutes what happens in its second.
    A score says where a head looks. It does not say what it reads there, nor whether anything needs it.
    Raises `ValueError` with a sentence if no position of the prompts has such a place.
    """
    tokens = tokens_of(model, prompts)
    wanted = looked_for(tokens.cpu(), habit).to(tokens.device)  # [batch query key]
    queries = wanted.any(-1)
    if not queries.any():
        raise ValueError(
            f"Nowhere in these prompts is there a place for a head of the habit {habit!r}: "
            "no token comes twice. Say something twice, like random tokens and the same again."
        )
    if everywhere:
        queries = torch.ones_like(queries)
    names = [head_hook(layer, "pattern") for layer in layers_of(model)]
    found = recorded(model, tokens, names)
    paid = torch.stack(
        [(found[name] * wanted[:, None]).sum(-1) for name in names]
    )  # [layer batch head query]
    return (paid * queries[:, None]).sum((1, 3)).div(queries.sum()).cpu()


def looked_for(tokens: Int[Tensor, "batch pos"], habit: str) -> Bool[Tensor, "batch query key"]:
    """Where a head of that habit looks: true at [query, key]."""
    length = tokens.shape[1]
    same = torch.eye(length, dtype=torch.bool).expand(len(tokens), -1, -1)
    earlier = (tokens[:, :, None] == tokens[:, None, :]).tril(-1)
    if habit == "current":
        return same
    if habit == "previous":
        return same.roll(-1, dims=-1).tril(-1)
    if habit == "duplicate":
        return earlier
    if habit == "induction":  # one to the right of an earlier copy
        after = earlier.roll(1, dims=-1)
        after[..., 0] = False
        return after.tril(0)
    raise ValueError(f"A habit is current, previous, duplicate or induction; {habit!r} is none of them.")
