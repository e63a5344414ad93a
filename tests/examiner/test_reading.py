"""What an answer returned cannot keep the examiner busy: looking at it has an end, which is a verdict."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator

import pytest

from tests.examiner.conftest import Desk
from workers import values
from workers.examiner import answer, seclusion
from workers.examiner.answer import Child
from workers.examiner.trouble import Ended
from workers.wire import WireError


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    monkeypatch.setattr(answer, "READING_SECONDS", 0.3)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Child(ours)


def calculate(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_calculating_ends_after_its_time_and_the_alarm_is_gone_afterwards() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(TimeoutError), seclusion.at_most(0.1):
        calculate(60)
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    with seclusion.at_most(30):
        calculate(0.01)
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    assert signal.getsignal(signal.SIGPROF) == before


def test_the_time_for_all_values_of_one_grading_counts_together(child: Child) -> None:
    with child.reading():
        calculate(0.2)
    with pytest.raises(Ended, match="takes too long"), child.reading():
        calculate(0.2)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("[enforce] not enough memory: you tried")])
def test_a_value_too_large_to_look_at_is_no_fault_of_ours(child: Child, error: Exception) -> None:
    with pytest.raises(Ended, match="too much memory"), child.reading():
        raise error


def test_other_errors_stay_what_they_are(child: Child) -> None:
    with pytest.raises(RuntimeError, match="ours"), child.reading():
        raise RuntimeError("ours")


def test_a_tensor_is_claimed_once() -> None:
    import torch

    packed, body = values.pack([torch.ones(2), torch.ones(2)])
    assert [tensor.tolist() for tensor in values.unpack(packed, body)] == [[1, 1], [1, 1]]
    with pytest.raises(WireError, match="malformed"):
        values.unpack([{"$tensor": "0"}, {"$tensor": "0"}], body)


COLLIDING = """
import time
from workers import wire

def score(pattern, back):
    pairs = [[number * (2**61 - 1), 0] for number in range(1, 150_000)]
    wire.send(3, {"event": "value", "value": {"$dict": pairs}})
    time.sleep(60)
"""


def test_keys_that_collide_end_in_a_verdict(desk: Desk) -> None:
    found = desk.hand_in("score", COLLIDING)
    assert found["verdict"] == "error"
    assert found["message"].startswith("What your code returned takes too long")


def test_an_object_is_named_though_its_text_differs_each_time(desk: Desk) -> None:
    found = desk.hand_in("score", "def score(pattern, back):\n    return object()")
    assert found["verdict"] == "failed"
    assert "a `object` object, which cannot be handed in" in found["message"]
