"""Whatever comes back for a question: a verdict, or an error that says whose it is; the next is graded."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examiner.conftest import Desk, Started
from tests.runner.test_any_bytes import source_that_writes
from tests.wire import hostile
from workers import wire
from workers.examiner.client import VERDICTS, ExaminerGone
from workers.examiner.hand_in import Sockets
from workers.runner.client import RunnerGone

EXERCISES = {
    "score": "score(pattern, back)",
    "highest": "highest(pattern)",
    "picture": "picture(scores)",
    "draw": "draw(length, low, high)",
}
PLAIN = [
    wire.encode({"event": "value", "value": value}) for value in (0.5, [1, 2], {"$float": "nan"}, "text")
]


class Forger:
    """Speaks as a runner does, until a question comes: then any bytes, and not a word more."""

    def __init__(self, path: Path) -> None:
        self.path, self.answers = path, list[bytes]()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, contextlib.suppress(OSError, wire.WireError):
                    self._forge(connection, list(self.answers))

    def _forge(self, connection: socket.socket, answers: list[bytes]) -> None:
        while (frame := wire.receive(connection)) is not None:
            match frame[0]["op"]:
                case "open":
                    wire.send(connection, {"event": "started"})
                case "cell":
                    wire.send(connection, {"event": "done", "cell": frame[0]["id"], "error": None})
                case "call" | "probe":
                    connection.sendall(b"".join(answers))
                    return connection.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="session")
def forger() -> Iterator[Forger]:
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as folder:
        made = Forger(Path(folder) / "runner.sock")
        try:
            yield made
        finally:
            made.stop()


@settings(max_examples=25)
@given(
    exercise=st.sampled_from(list(EXERCISES)),
    sent=st.one_of(hostile.frames, hostile.answers, hostile.answers, hostile.bent(PLAIN)),
    then=st.sampled_from(["return None", "os._exit(0)"]),
)
def test_a_hostile_child_gets_a_verdict_and_is_never_our_fault(
    exercise: str, sent: bytes, then: str, desk: Desk
) -> None:
    body = source_that_writes(sent, then).replace("\n", "\n    ")
    found = desk.hand_in(exercise, f"def {EXERCISES[exercise]}:\n    {body}\n", wall=10, cpu=10)
    assert found["verdict"] in ("failed", "error"), found
    assert found["message"]
    wire.encode(found)


@settings(max_examples=25)
@given(
    exercise=st.sampled_from(list(EXERCISES)),
    sent=st.lists(st.one_of(hostile.frames, hostile.answers, st.binary(), hostile.bent(PLAIN)), max_size=4),
)
def test_any_bytes_in_place_of_a_runner_are_a_verdict_or_our_fault(
    exercise: str, sent: list[bytes], desk: Desk, forger: Forger
) -> None:
    forger.answers = sent
    forged = Desk(Sockets(forger.path, desk.sockets.examiner), desk.course)
    with contextlib.suppress(RunnerGone, ExaminerGone):
        found = forged.hand_in(exercise, f"def {EXERCISES[exercise]}:\n    return 0\n")
        assert found["verdict"] in VERDICTS
        wire.encode(found)


def test_after_all_that_the_next_is_graded_as_ever(desk: Desk, examiner: Started) -> None:
    found = desk.hand_in("score", desk.course.exercises["score"].solution)
    assert found["verdict"] == "passed"
    assert examiner.process.poll() is None
