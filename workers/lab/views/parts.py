"""What all views share: their tokens, their numbers, and the sentences where these do not fit."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

MOST_TOKENS = 1024
MOST_NUMBERS = 1 << 19  # of one view: 2 MB


@dataclass(frozen=True)
class Axis:
    """What a reader chooses from: `Axis("layer", ["0", "1"])`."""

    name: str
    labels: list[str]

    def described(self) -> dict[str, Any]:
        """JSON for the page."""
        return {"name": self.name, "labels": self.labels}


def counted(name: str, size: int) -> Axis:
    """An axis whose entries have numbers for names."""
    return Axis(name, [str(entry) for entry in range(size)])


def words(tokens: Any, call: str) -> list[str]:
    """The tokens as text. Raises `ValueError` where they are ids, none, or too many."""
    if isinstance(tokens, Tensor):
        raise ValueError(
            f"{call} needs tokens as text, and these are ids: give it `model.to_str_tokens(tokens)`."
        )
    found = [str(token) for token in tokens]
    if not 0 < len(found) <= MOST_TOKENS:
        raise ValueError(
            f"{call} shows 1 to {MOST_TOKENS} tokens, and these are {len(found)}: choose a part."
        )
    return found


def numbers(values: Any, call: str, what: str = "values") -> Float[Tensor, "*shape"]:
    """Finite numbers, few enough to be shown, detached and on the processor. Raises `ValueError`."""
    try:
        found = torch.as_tensor(values).detach().to("cpu", torch.float32)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{call} needs {what} as a tensor, or as lists of equal length.") from None
    if found.numel() > MOST_NUMBERS:
        size = " × ".join(str(side) for side in found.shape)
        raise ValueError(
            f"{size} {what} do not fit into one view ({MOST_NUMBERS:,} do): "
            "choose fewer layers, neurons or tokens."
        )
    if found.numel() == 0:
        raise ValueError(f"{call} has got no {what} at all: their shape is {list(found.shape)}.")
    if not torch.isfinite(found).all():
        raise ValueError(f"The {what} have numbers that are not finite (NaN or infinity).")
    return found


def fitting(count: int, tokens: Sequence[str], call: str) -> None:
    """Raises `ValueError` unless there is one value a token."""
    if count == len(tokens):
        return
    advice = (
        " Losses and predictions belong to the token that comes next: give it tokens[1:]."
        if count == len(tokens) - 1
        else ""
    )
    raise ValueError(
        f"{call} needs a value for each token: {len(tokens)} tokens, but {count} values.{advice}"
    )


def columns(values: Any, names: Sequence[str] | None, call: str) -> tuple[list[str], Float[Tensor, "..."]]:
    """Several values by name, stacked along a first dimension; one without a name is a single column."""
    if isinstance(values, Mapping):
        if names is not None:
            raise ValueError(f"{call} has the names of its columns from the dictionary: leave `names` out.")
        found = {str(name): numbers(column, call, f"values of “{name}”") for name, column in values.items()}
        shapes = {tuple(column.shape) for column in found.values()}
        if len(shapes) != 1:
            raise ValueError(f"{call} needs columns of one shape, and these have {sorted(shapes)}.")
        return list(found), torch.stack(list(found.values()))
    return list(names or [""]), numbers(values, call)[None]


def packed(values: Float[Tensor, "*shape"]) -> str:
    """The numbers as the page reads them: float32, little end first, in base64."""
    return base64.b64encode(values.contiguous().numpy().astype("<f4").tobytes()).decode()
