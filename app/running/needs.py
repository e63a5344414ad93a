"""What a run needs: memory, time, and whether it is better off on a GPU. Read from its texts; nothing runs.

A model counts as needed where its name stands between quotes, also in a comment: to keep some memory too much
free is better than to run out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.config import settings
from app.lessons import Runnable, course
from app.lessons.parts import CELL_SECONDS
from app.running import catalogue
from app.running.catalogue import Model
from app.running.chains import Chain

LARGE_MB = 256  # a model that takes so much is large …
LONG_SECONDS = CELL_SECONDS  # … and a cell that may take longer than most is long
_QUOTED = re.compile(r"""(?<=["'])[A-Za-z0-9][\w./-]{0,95}(?=["'])""", re.ASCII)


@dataclass(frozen=True)
class Needs:
    """Of one run. `memory_mb` is what it may add to the warm process."""

    memory_mb: int = 0
    seconds: int = 0  # how long its longest cell may take
    models: tuple[Model, ...] = ()  # that it names and that did not come with the site
    gpu: bool = False  # an author says so, or a large model works for long


def of_chain(lesson: str, chain: Chain) -> Needs:
    """Of a run of these texts. One that runs no code (a form handed in) needs nothing."""
    cells = [cell for link in chain if (cell := _cell(lesson, link["cell"])) is not None]
    if cells and getattr(cells[-1], "is_form", False):
        return Needs()
    models = tuple(_named("\n".join(link["text"] for link in chain)))
    seconds = max((cell.seconds for cell in cells), default=CELL_SECONDS)
    large = any((model.memory_mb or 0) >= LARGE_MB for model in models)
    return Needs(
        memory_mb=settings().memory_mb + sum(model.run_mb or 0 for model in models),
        seconds=seconds,
        models=models,
        gpu=any(cell.device == "gpu" for cell in cells) or (large and seconds > LONG_SECONDS),
    )


def _named(text: str) -> Iterator[Model]:
    """The models between quotes, each once; not the shipped ones, which are next to nothing."""
    quoted = set(_QUOTED.findall(text))
    return (model for model in catalogue.models() if model.name in quoted and not model.shipped)


def _cell(lesson: str, name: str) -> Runnable | None:
    """A cell or exercise of this lesson, or an exercise of another that this one builds on."""
    known = course()
    try:
        return known.lessons[lesson].cell(name)
    except KeyError:
        return known.exercises.get(name)
