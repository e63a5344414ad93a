"""Values of a form: what people type, read as what the exercise asks for. No torch here."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from app.lessons import Exercise, Field

LONGEST_TEXT = 4000  # characters
MOST_HEADS = 400
_HEAD = re.compile(r"[(\[]?\s*L?(\d{1,4})\s*[.,:H/]\s*(\d{1,4})\s*[)\]]?", re.IGNORECASE)
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


class Blank(Exception):
    """Nothing was filled in; the message says where."""


class Unusable(Exception):
    """What was filled in cannot be read; the message is a sentence for the learner."""


def read(exercise: Exercise, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of all fields. Raises Blank or Unusable."""
    blank = [field for field in exercise.fields if _blank(given.get(field.name))]
    if blank:
        raise Blank(f"Nothing is filled in yet at: {'; '.join(field.label for field in blank)}")
    return {field.name: _value(field, given[field.name]) for field in exercise.fields}


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str | list) and not value) or value == " "


def _value(field: Field, given: Any) -> Any:
    text = given.strip() if isinstance(given, str) else given
    match field.kind:
        case "choice" if text in field.choices:
            return text
        case "bool" if isinstance(text, bool) or str(text).lower() in _TRUE | _FALSE:
            return text if isinstance(text, bool) else str(text).lower() in _TRUE
        case "int" if (number := _number(text)) is not None and number == int(number):
            return int(number)
        case "float" if (number := _number(text)) is not None:
            return number
        case "text" if isinstance(given, str) and len(given) <= LONGEST_TEXT:
            return given
        case "heads" if (heads := _heads(text)) is not None:
            return heads
    raise Unusable(f"{field.label} {_ADVICE[field.kind]}")


_ADVICE = {
    "choice": "Choose one of the answers.",
    "bool": "Answer yes or no.",
    "int": "Give a whole number, such as 3.",
    "float": "Give a number, such as 0.25.",
    "text": f"Give a text of at most {LONGEST_TEXT} characters.",
    "heads": "Give heads as layer.head, such as 1.0, 1.2.",
}


def _number(given: Any) -> float | None:
    """A finite number from what was typed; a decimal comma is as good as a point."""
    if isinstance(given, bool) or not isinstance(given, int | float | str) or len(str(given)) > 30:
        return None
    try:
        number = float(given.replace(",", ".") if isinstance(given, str) else given)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _heads(given: Any) -> list[tuple[int, int]] | None:
    """Heads from `1.0, 1.2`, `(1, 0) (1, 2)`, `L1H0` or pairs; sorted, each once."""
    if isinstance(given, list) and len(given) <= MOST_HEADS:
        pairs = [tuple(pair) for pair in given if isinstance(pair, list | tuple) and len(pair) == 2]
        if len(pairs) == len(given) and all(type(n) is int and n >= 0 for pair in pairs for n in pair):
            return sorted(set(pairs))
    if isinstance(given, str) and len(given) <= LONGEST_TEXT and not _HEAD.sub("", given).strip(" \n,;[]"):
        found = {(int(layer), int(head)) for layer, head in _HEAD.findall(given)}
        return sorted(found) or None
    return None
