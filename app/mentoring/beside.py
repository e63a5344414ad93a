"""Two texts of code side by side, with what differs between them."""

from __future__ import annotations

from difflib import SequenceMatcher

from markupsafe import Markup

from app import markdown

Lines = list[tuple[Markup, bool]]


def beside(mine: str, ours: str) -> tuple[Lines, Lines]:
    """Both texts as coloured lines, each with whether it differs from the other text's."""
    a_lines, b_lines = (text.rstrip("\n").split("\n") for text in (mine, ours))
    same: tuple[set[int], set[int]] = (set(), set())
    for a, b, size in SequenceMatcher(None, a_lines, b_lines, autojunk=False).get_matching_blocks():
        same[0].update(range(a, a + size))
        same[1].update(range(b, b + size))
    coloured = [markdown.code(text).rstrip("\n").split("\n") for text in (mine, ours)]
    marked = [[(line, i not in same[n]) for i, line in enumerate(coloured[n])] for n in (0, 1)]
    return marked[0], marked[1]
