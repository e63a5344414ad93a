"""What site and worker say of themselves: one line an event, as text or as JSON, with ids to follow it by.

`about(run=…)` names the run in all that is said inside, also by libraries; `note(user=…)` adds what has
become known meanwhile. `workers.logs` writes the same lines for runner and examiner, which may not know the
app. Ids are ids: no name, no e-mail, no text of a learner's is ever said here.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from app.config import settings

_MOST, _MOST_FRAMES = 2000, 40  # characters of a message; places that a traceback names
_TALKATIVE = ("celery", "kombu", "amqp", "alembic", "asyncio")  # say a line for each job, and more

_about: ContextVar[dict[str, Any] | None] = ContextVar("about", default=None)


@contextmanager
def about(**ids: Any) -> Iterator[dict[str, Any]]:
    """All that is said inside, in this thread or task, is about these. Yields them, with what is noted."""
    told = (_about.get() or {}) | ids
    before = _about.set(told)
    try:
        yield told
    finally:
        _about.reset(before)


def from_here(**ids: Any) -> None:
    """The same for the rest of this task, so that whoever logs how it ended knows it, too."""
    _about.set((_about.get() or {}) | ids)


def note(**ids: Any) -> None:
    """What is being done here is about these, too; says nothing where nobody listens."""
    told = _about.get()
    if told is not None:
        told.update(ids)


def say(log: logging.Logger, message: str, level: int = logging.INFO, **fields: Any) -> None:
    """One line with fields of its own: ids, counts, durations."""
    log.log(level, message, extra={"about": fields})


def set_up(part: str) -> None:
    """From here on all that this process says, by whatever library, is such lines on standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(part, as_json=settings().log_format == "json"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = lambda kind, error, trace: _uncaught(error)
    threading.excepthook = lambda ended: _uncaught(ended.exc_value)


def ready(log: logging.Logger) -> None:
    """Who watches over this process waits for this line."""
    if settings().log_format == "json":
        say(log, "ready", ready=True)
    else:
        print(json.dumps({"ready": True}), flush=True)


class Lines(logging.Formatter):
    """A record as one line; as text, a traceback follows it."""

    def __init__(self, part: str, *, as_json: bool) -> None:
        super().__init__()
        self.part, self.as_json = part, as_json

    def format(self, record: logging.LogRecord) -> str:
        told = _told((_about.get() or {}) | getattr(record, "about", {}))
        error = record.exc_info[1] if record.exc_info else None
        places = "\n".join(described(error)) if error is not None else ""
        message = one_line(_message(record).strip())
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
        if self.as_json:
            start = {"time": moment, "level": record.levelname.lower(), "part": self.part, "message": message}
            trace = {"traceback": places} if places else {}
            return json.dumps(start | told | {"logger": record.name} | trace, default=str)
        ids = f" [{' '.join(f'{name}={value}' for name, value in told.items())}]" if told else ""
        line = f"{moment} {record.levelname} {self.part} {record.name}: {message}{ids}"
        return f"{line}\n{places}" if places else line


def one_line(text: str, most: int = _MOST) -> str:
    """Nothing in it ends a line or steers a terminal; cut if it is longer."""
    cut = text if len(text) <= most else f"{text[:most]}…"
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


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


def _message(record: logging.LogRecord) -> str:
    """Of exceptions that it tells of, the first line: see `described`."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            _first_line(one) if isinstance(one, BaseException) else one for one in record.args
        )
    return record.getMessage()


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _told(about: dict[str, Any]) -> dict[str, Any]:
    """Numbers as they are, all else as text that stays in its place; what is empty is left out."""
    kept = {name: value for name, value in about.items() if value is not None and value != ""}
    return {
        name: value if isinstance(value, int | float) else one_line(str(value))
        for name, value in kept.items()
    }


def _uncaught(error: BaseException | None) -> None:
    if error is None or isinstance(error, KeyboardInterrupt | SystemExit):
        return
    first = next(iter(str(error).splitlines()), "")
    logging.getLogger("app").critical(
        "%s: %s", type(error).__name__, first, exc_info=(type(error), error, error.__traceback__)
    )
