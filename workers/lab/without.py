"""What stands behind each of the lab's calls: the same in plain TransformerLens, torch and Plotly.

Beside this file lies `equivalents/NAME.txt` for each public function: what is given, the call, and the same
without it. Who adds a function adds its file; a test runs every one and compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("equivalents")
_PARTS = ("# given\n", "# with the lab\n", "# without it\n")


@dataclass(frozen=True)
class Equivalent:
    """One call, and what it stands for. As the last line of a cell it shows its code."""

    name: str
    given: str
    ours: str
    plain: str

    def __repr__(self) -> str:
        both = f"# with the lab\n{self.ours}\n\n# without it\n{self.plain}"
        return re.sub(r"\b(?:ours|theirs)\b", "result", both)  # the test's names for what both give


def without(call: Callable[..., Any] | str) -> Equivalent:
    """How to do without one of the lab's functions: `lab.without(lab.heatmap)`.

    Raises `LookupError` with a sentence if it is none of them.
    """
    name = call if isinstance(call, str) else getattr(call, "__name__", "")
    name = name.removeprefix("lab.")
    if not name.isidentifier() or not (FOLDER / f"{name}.txt").is_file():
        known = sorted(file.stem for file in FOLDER.glob("*.txt"))
        close = get_close_matches(name, known, n=2)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"There are {', '.join(known)}."
        raise LookupError(f"lab.without wants a function of the lab; {name or call!r} is none. {hint}")
    return _read(name)


@cache
def _read(name: str) -> Equivalent:
    rest = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").removeprefix(_PARTS[0])
    given, _, rest = rest.partition(_PARTS[1])
    ours, _, plain = rest.partition(_PARTS[2])
    return Equivalent(name, given.strip(), ours.strip(), plain.strip())
