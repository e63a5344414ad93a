"""What has changed between two texts of code: line by line, readable without colours."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import NamedTuple

from markupsafe import Markup

from app import markdown

CONTEXT = 3  # lines around a change that stay


class Line(NamedTuple):
    """A line of the comparison: `+` was added, `-` taken away, a blank stayed; `…`: some are left out."""

    sign: str
    number: int | None  # in the newer text, of what was taken away in the older; from 1
    text: Markup


def changes(before: str, after: str) -> list[Line]:
    """The changed lines with those around them; nothing where nothing changed."""
    old, new = (text.rstrip("\n").split("\n") for text in (before, after))
    coloured = [markdown.code(text).rstrip("\n").split("\n") for text in (before, after)]
    found: list[Line] = []
    at = 0  # line of the newer text up to which everything is shown
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT):
        if group[0][3] > at:
            found.append(Line("…", None, Markup()))
        for kind, first, last, start, end in group:
            if kind != "equal":
                found += _lines("-", coloured[0], first, last)
            found += _lines(" " if kind == "equal" else "+", coloured[1], start, end)
        at = group[-1][4]
    if found and at < len(new):
        found.append(Line("…", None, Markup()))
    return found


def _lines(sign: str, text: list[Markup], start: int, end: int) -> list[Line]:
    return [Line(sign, number + 1, text[number]) for number in range(start, end)]
