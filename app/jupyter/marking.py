"""A Python program in cells (`# %%`) that somebody sends: the same lesson as a notebook, as a text."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r"^# ?%%[ \t]*(.*)$", re.M)
_OF = re.compile(r"\]\([^)\s]*/lessons/([\w-]+)\)")


@dataclass(frozen=True)
class Marked:
    """One cell: what stands behind its mark, and what stands below it."""

    name: str
    text: str

    @property
    def prose(self) -> bool:
        return self.name.startswith("[")


def cells(content: bytes) -> list[Marked] | None:
    """The cells of a program; None for what is no text or has no marks."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    marks = list(_MARK.finditer(text))
    if not marks:
        return None
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    bodies = (text[mark.end() + 1 : end] for mark, end in zip(marks, ends, strict=True))
    # a line ends each cell, and an empty one stands between two
    return [
        Marked(mark[1].strip(), body.removesuffix("\n").removesuffix("\n"))
        for mark, body in zip(marks, bodies, strict=True)
    ]


def lesson_of(marked: list[Marked]) -> str:
    """The lesson that its first words name; empty if they name none."""
    found = _OF.search(marked[0].text) if marked and marked[0].prose else None
    return found[1] if found else ""
