"""Text as one may look at it: what a terminal would obey is taken out, what nobody sees is made to be seen.

A learner's code and output come from anywhere. Characters that turn the direction of writing can make code
read as another code (CVE-2021-42574), and escape sequences are orders to a terminal, not text.
"""

from __future__ import annotations

import re

# colours and cursors, titles and links of a terminal, and whatever else begins with an escape
_ORDERS = re.compile(
    r"\x1b\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-Z\\^-~]"
)
# signs that steer and that are nothing to look at; joiners of emoji and of Persian stay
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def visible(text: object) -> str:
    """Without orders to a terminal; control characters as ␛, what turns or hides text as ⟨U+202E⟩."""
    text = str(text)
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(_shown, _ORDERS.sub("", text))


def terminal(text: str) -> str:
    """What a terminal would show: a carriage return starts the line anew (progress bars)."""
    text = visible(text)
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)


def _shown(match: re.Match[str]) -> str:
    place = ord(match[0])
    if place < 0x20:
        return chr(0x2400 + place)
    return "␡" if place == 0x7F else f"⟨U+{place:04X}⟩"
