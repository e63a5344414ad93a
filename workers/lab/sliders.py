"""One thing seen at many moments: outputs for each step of a training, and a slider that moves all of
them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workers.lab.bars import progress
from workers.lab.display import describe

MOST_STEPS = 60
MOST_THINGS = 6  # at one step
KINDS = ("figure", "attention", "tokens", "leaderboard", "top_tokens", "samples", "result")


@dataclass(frozen=True, eq=False)
class Slider:
    """What was to be seen at each step. As the last line of a cell it shows itself."""

    labels: list[str]
    frames: list[list[dict[str, Any]]]  # described outputs, alike at every step
    name: str
    title: str

    def __repr__(self) -> str:
        return f"Slider({len(self.labels)} steps, {len(self.frames[0])} things at each)"

    def describe_output(self) -> dict[str, Any]:
        """JSON for the page."""
        return {
            "kind": "slider",
            "title": self.title,
            "name": self.name,
            "labels": self.labels,
            "frames": self.frames,
        }


def slider(steps: Sequence[Any], at: Callable[[Any], Any], title: str = "", name: str = "step") -> Slider:
    """What `at(step)` returns for each step, and a slider that moves through it.

    `at` returns one thing that a cell can show (a figure, an attention view, coloured tokens, a number), or
    a list of up to six; at every step the same kinds in the same order. All of it is made beforehand, so
    moving the slider asks nobody. `name` is what a step is called: "step", "layer", "strength".

    Raises `ValueError` with a sentence if there are no steps, too many, or other things at one than at the
    first.
    """
    places = list(steps)
    if not 0 < len(places) <= MOST_STEPS:
        raise ValueError(f"A slider moves through 1 to {MOST_STEPS} steps; these are {len(places)}.")
    frames = [_described(at(place), place) for place in progress(places, f"every {name}")]
    for place, frame in zip(places, frames, strict=True):
        if [one["kind"] for one in frame] != [one["kind"] for one in frames[0]]:
            raise ValueError(
                f"At {name} {place} there are other things to see than at {name} {places[0]}: `at` has to "
                f"return the same kinds in the same order at every step."
            )
    return Slider([_label(place) for place in places], frames, str(name), str(title))


def _described(things: Any, place: Any) -> list[dict[str, Any]]:
    listed = things if isinstance(things, list | tuple) else [things]
    if not 0 < len(listed) <= MOST_THINGS:
        count = len(listed)
        raise ValueError(f"`at` returns 1 to {MOST_THINGS} things for a step; for {place} it gave {count}.")
    found = [describe(thing) for thing in listed]
    if any(one is None or one["kind"] not in KINDS for one in found):
        raise ValueError(
            f"For {place}, `at` returned something that a slider cannot show: it takes figures, views and "
            f"values."
        )
    return [one for one in found if one is not None]


def _label(place: Any) -> str:
    return f"{place:g}" if isinstance(place, float) else str(place)
