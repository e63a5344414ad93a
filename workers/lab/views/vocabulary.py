"""From text to ids and back, with whatever a cell has at hand: a model, or a list of all tokens."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from workers.lab.views.parts import MOST_TOKENS


def ids_of(tokens: Any, vocabulary: Any, call: str) -> Int[Tensor, "token"]:
    """The ids of a text, or those given. Raises `ValueError` with a sentence if they are none."""
    if isinstance(tokens, str):
        if not hasattr(vocabulary, "to_tokens"):
            raise ValueError(
                f"{call} can read a text only with a model; with logits, give the ids they are of."
            )
        tokens = vocabulary.to_tokens(tokens)
    try:
        ids = torch.as_tensor(tokens).detach().cpu()
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{call} needs a text, or its ids [token]: `model.to_tokens(text)[0]`.") from None
    if ids.ndim == 2 and len(ids) == 1:
        ids = ids[0]
    if ids.ndim != 1 or ids.is_floating_point() or ids.dtype == torch.bool:
        raise ValueError(
            f"{call} needs the ids of one text, [token]; these have shape {list(ids.shape)}, {ids.dtype}."
        )
    if not 2 <= len(ids) <= MOST_TOKENS:
        raise ValueError(f"{call} shows texts of 2 to {MOST_TOKENS} tokens, and this one has {len(ids)}.")
    if int(ids.min()) < 0:
        raise ValueError(f"{call} has been given a negative id, {int(ids.min())}.")
    return ids.long()


def spelled(ids: Int[Tensor, "any"], vocabulary: Any) -> list[str]:
    """What each id spells; without a vocabulary it is only a number."""
    if vocabulary is None:
        return [f"#{token}" for token in ids.tolist()]
    if isinstance(vocabulary, Sequence):
        if ids.numel() and int(ids.max()) >= len(vocabulary):
            raise ValueError(
                f"The vocabulary has {len(vocabulary)} tokens, and one has the id {int(ids.max())}."
            )
        return [str(vocabulary[token]) for token in ids.tolist()]
    if hasattr(vocabulary, "to_str_tokens"):
        distinct, places = ids.unique(return_inverse=True)
        known = [str(word) for word in vocabulary.to_str_tokens(distinct, prepend_bos=False)]
        return [known[place] for place in places.tolist()]
    raise ValueError("`vocabulary` is a model, or the list of all its tokens.")
