"""How the worker speaks to the examiner: one connection is one grading. No torch here.

>>> with RunnerClient(…) as child:
...     for event in child.cell("induction_score", text): …
...     child.hide()
...     found = grade(examiner_socket, "induction_score", text, child)
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workers.runner.client import ChildEnded, RunnerClient
from workers.wire import Frame, WireError, encode, receive

SECONDS = 150  # without a word from the examiner; it has a shorter limit of its own
VERDICTS = ("passed", "failed", "error", "not_attempted")


class ExaminerGone(Exception):
    """The examiner is not there, went away, or one of our checks broke: our fault, never the learner's."""


def grade(
    path: Path | str,
    exercise: str,
    answer: str | Mapping[str, Any],
    child: RunnerClient | None,
    seed: int | None = None,
) -> dict[str, Any]:
    """The examiner's verdict on an answer that `child` has already run (None for a form).

    Returns {"verdict", "message", "details", "seconds"}. Raises ExaminerGone and RunnerGone, which are our
    faults, and ChildEnded if the run was cancelled.
    """
    request: dict[str, Any] = {"op": "grade", "exercise": exercise, "answer": answer}
    if seed is not None:
        request["seed"] = seed
    with _connected(path, SECONDS) as connection:
        _send(connection, request)
        while True:
            reply, body = _receive(connection)
            if "ask" in reply:
                _send(connection, *_asked(child, reply["ask"], body))
            elif reply.get("verdict") in VERDICTS:
                return reply
            else:
                raise ExaminerGone(f"our check failed: {reply.get('fault', 'no verdict came')}")


def status(path: Path | str, seconds: float = 5) -> dict[str, Any]:
    """Whether the examiner is warm, what it can grade, and why not the rest. Raises ExaminerGone."""
    with _connected(path, seconds) as connection:
        _send(connection, {"op": "status"})
        return _receive(connection)[0]


def variants(path: Path | str, exercise: str) -> dict[str, dict[str, Any]]:
    """What each mistake and each other right answer of a form fills in. Raises ExaminerGone."""
    with _connected(path, SECONDS) as connection:
        _send(connection, {"op": "variants", "exercise": exercise})
        return _receive(connection)[0].get("variants", {})


def _asked(child: RunnerClient | None, question: dict[str, Any], body: bytes) -> Frame:
    """What the child says to a question of the examiner's, as it came: nothing here looks into it."""
    if child is None:
        raise ExaminerGone("our check failed: it asked for code, and there is none")
    try:
        return child.ask(question, body)
    except ChildEnded as end:
        if end.reason == "cancelled":
            raise
        return {"ended": {"reason": end.reason, "message": end.message}}, b""


@contextlib.contextmanager
def _connected(path: Path | str, seconds: float) -> Iterator[socket.socket]:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(seconds)
    try:
        connection.connect(str(path))
    except OSError as error:
        connection.close()
        raise ExaminerGone(f"no examiner answers at {path}: {error}") from error
    with connection:
        yield connection


def _send(connection: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    try:
        connection.sendall(encode(header, body))
    except (OSError, WireError) as error:
        raise ExaminerGone(f"the examiner went away: {error}") from error


def _receive(connection: socket.socket) -> Frame:
    try:
        frame = receive(connection)
    except (OSError, WireError) as error:
        raise ExaminerGone(f"the examiner went away: {error}") from error
    if frame is None:
        raise ExaminerGone("the examiner went away")
    return frame
