"""Where a remark on a line stands once the text is another one."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from app.models import Thread


@dataclass(frozen=True)
class Anchor:
    """The lines of a text that a remark is about, counted from 1; `here` is None if they are gone."""

    here: tuple[int, int] | None
    old: str  # the lines as they stood when the remark was made
    first: int  # and where they stood
    last: int

    @property
    def words(self) -> str:
        """Where it is, or was."""
        if self.here is None:
            lines, have = ("a line", "has") if self.first == self.last else ("lines", "have")
            return f"was on {lines} that {have} changed"
        first, last = self.here
        return f"on line {first}" if first == last else f"on lines {first} to {last}"


def of(thread: Thread, text: str | None = None) -> Anchor | None:
    """Where the thread's lines are in `text`, or in its own text; None if it is about no lines."""
    if thread.first_line is None or thread.last_line is None or not thread.chain:
        return None
    old, span = thread.chain[-1]["text"], (thread.first_line, thread.last_line)
    return Anchor(span if text is None else carry(old, text, *span), quote(old, *span), *span)


def quote(text: str, first: int, last: int) -> str:
    """These lines of the text."""
    return "\n".join(lines(text)[first - 1 : last])


def lines(text: str) -> list[str]:
    """The text's lines as pages number them: an end of line at its end begins no other."""
    return text.rstrip("\n").split("\n")


@lru_cache(maxsize=512)
def carry(old: str, new: str, first: int, last: int) -> tuple[int, int] | None:
    """Where the lines `first` to `last` of `old` are in `new`; of several, from the first to the last left.

    Empty lines alone hold nothing.
    """
    if old == new:
        return first, last
    before, after = ([line.rstrip() for line in lines(text)] for text in (old, new))
    left: list[int] = []
    for a, b, size in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        left += [b + i - a + 1 for i in range(a, a + size) if first <= i + 1 <= last and before[i]]
    return (min(left), max(left)) if left else None
