"""What all checks of a learner's outputs share: text that can be stored, and the sentence where one fails."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

MAX_TEXT = 200_000  # characters of one result or notice
MAX_QUOTED = 600


class Unshowable(Exception):
    """The message is a sentence for the learner: what is wrong, and what to do."""


def clean_text(text: Any, most: int = MAX_TEXT) -> str:
    """Text that every database and page can hold: no lone surrogates, no NUL, not too long."""
    if not isinstance(text, str):
        return ""
    if len(text) > most:
        text = f"{text[:most]}… (cut)"
    return storable(text)


def quoted(text: str) -> str:
    """What a learner's code says, within a sentence of ours in Markdown: one line, and nothing but text."""
    line = " ".join(text.split())
    line = f"{line[:MAX_QUOTED]}…" if len(line) > MAX_QUOTED else line
    longest = max(map(len, re.findall("`+", line)), default=0)
    room = " " if longest else ""  # a backtick at an end would lengthen the fence
    return f"{'`' * (longest + 1)}{room}{line}{room}{'`' * (longest + 1)}"


def storable(text: str) -> str:
    """Without what databases refuse."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\x00", "\ufffd")


def decoded(text: Any, most: int) -> bytes:
    """The bytes of base64, at most so many. Raises `Unshowable`."""
    if not isinstance(text, str) or len(text) > most * 4 // 3 + 4:
        raise Unshowable(f"This is larger than {most >> 20} MB, the most a page can show.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unshowable("This cannot be shown: its data is malformed.") from None
