"""How the worker speaks to the examiner: one connection is one grading. No torch here.

>>> with Grading(examiner_socket, "induction_score", text) as grading, RunnerClient(…) as child:
...     for event in child.cell("induction_score", text): …
...     child.hide()
...     found = grading.verdict(child)
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workers.runner.client import RunnerClient
from workers.wire import Frame, WireError, encode, receive

SECONDS = 150  # without a word from the examiner; it has a shorter limit of its own
VERDICTS = ("passed", "failed", "error", "not_attempted")


class ExaminerGone(Exception):
    """The examiner is not there, went away, or one of our checks broke: our fault, never the learner's."""


class Grading:
    """One answer to be judged. The examiner prepares its first question while the answer still runs."""

    def __init__(
        self,
        path: Path | str,
        exercise: str,
        answer: str | Mapping[str, Any],
        seed: int | None = None,
        run: str = "",
        edition: str = "",
    ) -> None:
        """The answer is a text, or the values of a form; the inputs follow from the seed. `run` is what the
        examiner's log calls it, `edition` the course that judges it, where that is not the newest.
        """
        self._path = path
        self._request: dict[str, Any] = {"op": "grade", "exercise": exercise, "answer": answer, "run": run}
        if seed is not None:
            self._request["seed"] = seed
        if edition:
            self._request["edition"] = edition

    def __enter__(self) -> Grading:
        """Announce it. Raises ExaminerGone."""
        self._connection = _connect(self._path, SECONDS)
        try:
            _send(self._connection, self._request)
        except ExaminerGone:
            self._connection.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def verdict(self, child: RunnerClient | None) -> dict[str, Any]:
        """The examiner's verdict, once `child` has run the answer (None for a form).

        The examiner speaks with the child itself: from here on we only end it.

        Returns {"verdict", "message", "details", "seconds", "edition", "version"}. Raises
        ExaminerGone, which is our fault, also where it was the runner that went away.
        """
        if child is not None:
            child.lend(self._connection)
        reply, _ = _receive(self._connection)
        if reply.get("verdict") in VERDICTS:
            return reply
        raise ExaminerGone(f"our check failed: {reply.get('fault', 'no verdict came')}")


def grade(
    path: Path | str,
    exercise: str,
    answer: str | Mapping[str, Any],
    child: RunnerClient | None,
    seed: int | None = None,
) -> dict[str, Any]:
    """The verdict on an answer that `child` has already run. Returns and raises as `Grading` does."""
    with Grading(path, exercise, answer, seed) as grading:
        return grading.verdict(child)


def status(path: Path | str, seconds: float = 5) -> dict[str, Any]:
    """Whether the examiner is warm, what it can grade, and why not the rest. Raises ExaminerGone."""
    with _connect(path, seconds) as connection:
        _send(connection, {"op": "status"})
        return _receive(connection)[0]


def variants(path: Path | str, exercise: str) -> dict[str, dict[str, Any]]:
    """What each mistake and each other right answer of a form fills in. Raises ExaminerGone."""
    with _connect(path, SECONDS) as connection:
        _send(connection, {"op": "variants", "exercise": exercise})
        return _receive(connection)[0].get("variants", {})


def _connect(path: Path | str, seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(seconds)
    try:
        connection.connect(str(path))
    except OSError as error:
        connection.close()
        raise ExaminerGone(f"no examiner answers at {path}: {error}") from error
    return connection


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
