"""What a shipped model was on its way: its weights after some steps of its training, in one file a model.

`NAME.checkpoints.safetensors` beside `NAME.safetensors` holds tensors called `STEP/…`, and after the slash
the name that TransformerLens gives them; in fp16, which become fp32 when loaded.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from workers.lab.models.registry import ModelInfo, ModelUnavailable, UnknownModel

if TYPE_CHECKING:
    from torch import Tensor

ENDING = ".checkpoints.safetensors"


def known(entry: ModelInfo, folder: Path) -> list[int]:
    """The training steps of which there are weights, ascending; none if it has no such file.

    Raises `ModelUnavailable` if it is damaged.
    """
    file = folder / f"{entry.name}{ENDING}"
    if entry.folder is not None or not file.exists():
        return []
    try:
        with safe_open(file, "pt") as stored:
            return sorted({int(key.split("/")[0]) for key in stored.keys()})  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelUnavailable(damaged(entry)) from error


def at(entry: ModelInfo, step: int, folder: Path) -> dict[str, Tensor]:
    """The weights after this step, in fp32, by TransformerLens' names.

    Raises `UnknownModel` if there are none of it, `ModelUnavailable` if their file is damaged.
    """
    there = known(entry, folder)
    if step not in there:
        raise UnknownModel(_unknown(entry, step, there))
    start = f"{step}/"
    try:
        with safe_open(folder / f"{entry.name}{ENDING}", "pt") as stored:
            names = [key for key in stored.keys() if key.startswith(start)]  # noqa: SIM118
            return {key.removeprefix(start): stored.get_tensor(key).float() for key in names}
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelUnavailable(damaged(entry)) from error


def whole(step: object) -> int:
    """The step as the whole number that it is. Raises `UnknownModel` on anything else."""
    try:
        return operator.index(step)  # type: ignore[arg-type]  # it raises
    except TypeError:
        raise UnknownModel(f"A step of training is a whole number, such as 800, not {step!r}.") from None


def save(by_step: Mapping[int, Mapping[str, Tensor]], file: Path) -> None:
    """Write the weights of these steps as one such file, in fp16."""
    every = {
        f"{step}/{name}": weight for step, weights in by_step.items() for name, weight in weights.items()
    }
    fresh = file.with_suffix(".new")  # renamed in the end: a process that has the old file mapped keeps it
    save_file({key: weight.detach().half().contiguous().clone() for key, weight in every.items()}, fresh)
    fresh.replace(file)


def _unknown(entry: ModelInfo, step: int, there: list[int]) -> str:
    if not there:
        return f"{entry.name} has no checkpoints of its training: lab.load({entry.name!r}) gives it, trained."
    nearest = sorted(sorted(there, key=lambda one: abs(one - step))[:2])
    return (
        f"{entry.name} has no checkpoint at step {step}. The nearest: {' and '.join(map(str, nearest))}; "
        f"lab.checkpoints({entry.name!r}) lists all."
    )


def damaged(entry: ModelInfo) -> str:
    """The sentence about a file that holds something else."""
    """The sentence about a file that holds something else."""
    return (
        f"The checkpoints of {entry.name} are damaged. Reinstall Unembed, or make them again with "
        f"`python -m workers.training {entry.name}`."
    )
