"""What runner and examiner say of themselves: one line an event, as text or as JSON.

The lines are those of `app.logs`, which these two may not know. Ids and words come from outside: none of them
can begin a line, give orders to a terminal or fill the disk. Standard library only.
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

FORMATS = ("text", "json")
_MOST, _MOST_FRAMES = 2000, 40  # characters of a message; places that a traceback names
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


class _Speaker:
    """This process: which part it is, how it writes, and what all of its lines are about."""

    part, as_json = "", False
    always: dict[str, Any] = {}  # noqa: RUF012  (there is one speaker)


def begin(part: str, form: str, *, catch_all: bool = True) -> None:
    """From here on; with `catch_all` what nobody catches is a line, too."""
    _Speaker.part, _Speaker.as_json = part, form == "json"
    if catch_all:
        sys.excepthook = _uncaught


def form() -> str:
    """How this process writes: `begin` another one with it."""
    return FORMATS[_Speaker.as_json]


def always(**about: Any) -> None:
    """All that this process says from now on is about these: a fork that has one run to see to."""
    _Speaker.always = _Speaker.always | about


def known_id(given: Any) -> str:
    """An id that came from outside, if it is one; else nothing."""
    return given if isinstance(given, str) and _ID.fullmatch(given) else ""


def say(message: str, level: str = "info", **about: Any) -> None:
    """One line. What is empty in `about` is left out."""
    _write(_line(message, level, about))


def fault(message: str, **about: Any) -> None:
    """One line on the exception that is being handled, with the places where it came from."""
    error = sys.exc_info()[1]
    _write(_line(message, "error", about, error))


def refuse(why: str) -> None:
    """Why this process does not start: for whoever started it, who may be a person."""
    if _Speaker.as_json:
        say(why, "error")
    else:
        print(f"{_Speaker.part}: {why}", file=sys.stderr, flush=True)


def ready(**greeting: Any) -> None:
    """The one line on stdout: it is warm. Who watches over this process waits for it."""
    about = _beginning("ready", "info") if _Speaker.as_json else {}
    print(json.dumps({"ready": True, **greeting, **about}), flush=True)


def one_line(text: str, most: int = _MOST) -> str:
    """Nothing in it ends a line or steers a terminal; cut if it is longer."""
    cut = text if len(text) <= most else f"{text[:most]}…"
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def _line(message: str, level: str, about: dict[str, Any], error: BaseException | None = None) -> str:
    told = {name: value for name, value in (_Speaker.always | about).items() if value not in ("", None)}
    told = {name: one_line(value) if isinstance(value, str) else value for name, value in told.items()}
    places = "\n".join(described(error)) if error is not None else ""
    if _Speaker.as_json:
        trace = {"traceback": places} if places else {}
        return json.dumps(_beginning(message, level) | told | trace, default=str)
    beginning = f"{_now()} {level.upper()} {_Speaker.part}: {one_line(message)}"
    ids = f" [{' '.join(f'{name}={value}' for name, value in told.items())}]" if told else ""
    return beginning + ids + (f"\n{places}" if places else "")


def described(error: BaseException) -> Iterator[str]:
    """Where it came from, and what it says, lines of a traceback, causes first.

    Of what an exception says only its first line: databases quote whole rows in the others.
    """
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from described(before)
    for frame in traceback.format_tb(error.__traceback__, -_MOST_FRAMES):
        yield from frame.rstrip("\n").split("\n")
    first = next(iter(str(error).strip().splitlines()), "")
    yield f"{type(error).__qualname__}: {one_line(first)}"
    for inner in getattr(error, "exceptions", ()):
        yield from described(inner)


def _beginning(message: str, level: str) -> dict[str, Any]:
    return {"time": _now(), "level": level, "part": _Speaker.part, "message": one_line(message)}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write(line: str) -> None:
    """At once and whole: processes that are forked write into the same file."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return sys.__excepthook__(kind, error, trace)
    first = next(iter(str(error).splitlines()), "")
    return _write(_line(f"this process ends: {kind.__name__}: {first}", "error", {}, error))
