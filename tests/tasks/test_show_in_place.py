"""What changes in place: one row, one entry of the stream, and no more than a page can follow."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from app.lessons import Lesson
from app.models import Ending, Run, State, User
from app.running import events, leases, runs
from app.running.events import Event, Replaced, Shown
from workers import recorder
from workers.recorder import Recorder

Do = Callable[[], list[str]]
CURVE = """
import time
curve = lab.LiveCurve("Loss")
for step in lab.progress(range(60), "training"):
    curve.add(step, loss=1 / (step + 1))
    time.sleep(0.02)
"""


def heard(redis: Redis, user: User) -> list[Event]:
    return [events.decode(fields) for _, fields in redis.xrange(events.key(user.id, "counting"))]


def bytes_of(redis: Redis, user: User) -> int:
    return int(redis.memory_usage(events.key(user.id, "counting")) or 0)


@pytest.fixture
def press(session: Session, ada: User, lesson: Lesson, machines: None, run_jobs: Do) -> Callable[..., Run]:
    """Ada runs a cell to its end."""

    def press(text: str) -> Run:
        run = runs.submit(session, ada, "counting", "one", {"one": text})
        session.commit()
        run_jobs()
        session.expire_all()
        return runs.visible(session, ada, run.id)

    return press


@pytest.fixture
def taken(session: Session, ada: User, lesson: Lesson) -> Run:
    """A run of Ada's that a worker has, whose outputs a test takes itself."""
    run = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    claimed = leases.claim(session, run.id)
    session.commit()
    assert claimed is not None
    return claimed


def result(text: str, key: str = "a") -> dict[str, object]:
    return {"event": "output", "output": {"kind": "result", "text": text, "key": key}}


def test_a_loop_leaves_one_row_each_with_how_it_ended(press: Callable[..., Run]) -> None:
    run = press(CURVE + "print('over')")
    assert [output.kind for output in run.outputs] == ["progress", "figure", "text"]
    bar, figure, _ = (output.data for output in run.outputs)
    assert (bar["done"], bar["total"], bar["state"], bar["title"]) == (60, 60, "done", "training")
    assert figure["figure"]["data"][0]["x"]["shape"] == "60"
    assert "key" not in bar
    assert "key" not in figure


def test_the_stream_keeps_the_first_and_the_newest(
    press: Callable[..., Run], ada: User, redis: Redis
) -> None:
    run = press(CURVE)
    told = heard(redis, ada)
    replaced = [event for event in told if isinstance(event, Replaced)]
    assert sorted(event.kind for event in replaced) == ["figure", "progress"]
    assert all(event.alike for event in replaced)
    newest = {event.id: event.output for event in replaced}
    assert newest == {str(output.id): output.data for output in run.outputs}
    assert [type(event) for event in told].count(Shown) == 2
    numbers = [event.seq for event in told]
    assert numbers == sorted(set(numbers))


def test_a_page_that_listens_hears_a_few_a_second(press: Callable[..., Run], ada: User, redis: Redis) -> None:
    run = press(CURVE)
    before_the_last = max(event.seq for event in heard(redis, ada) if isinstance(event, Replaced))
    assert 4 < before_the_last % events.PER_TRY < 40
    assert run.seconds


def test_a_run_that_is_stopped_in_a_loop_says_where(
    press: Callable[..., Run], change_settings: Callable[..., None]
) -> None:
    change_settings(run_seconds=2)
    run = press("import time\nfor _ in lab.progress(range(1000)): time.sleep(0.05)")
    assert run.ending is Ending.LIMIT
    (bar,) = run.outputs
    assert (bar.data["state"], 10 < bar.data["done"] < 60) == ("stopped", True)


def test_a_cancelled_run_says_where_it_was(
    session: Session, ada: User, lesson: Lesson, machines: None, run_jobs: Do
) -> None:
    source = "import time\nfor _ in lab.progress(range(1000)): time.sleep(0.05)"
    run = runs.submit(session, ada, "counting", "one", {"one": source})
    session.commit()
    worker = threading.Thread(target=run_jobs)
    worker.start()
    deadline = time.monotonic() + 30
    while run.state is not State.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
        session.rollback()
        session.refresh(run)
    time.sleep(1.5)
    runs.cancel(session, run)
    session.commit()
    worker.join()
    session.expire_all()
    (bar,) = runs.visible(session, ada, run.id).outputs
    assert (bar.data["state"], bar.data["done"] > 0) == ("stopped", True)


def test_whatever_comes_the_stream_gets_few_and_the_last(taken: Run, ada: User, redis: Redis) -> None:
    made = Recorder(taken)
    began = time.monotonic()
    for number in range(2000):
        made.take(result(str(number)))
    seconds = time.monotonic() - began
    made.finish()
    told = heard(redis, ada)
    assert (len(told), made.outputs[0].data) == (3, {"text": "1999"})  # queued, the first, the newest
    assert isinstance(told[-1], Replaced)
    assert told[-1].output == {"text": "1999"}
    assert told[-1].seq % events.PER_TRY <= 4 + seconds / recorder.RENEWAL_PAUSE


def test_large_ones_are_looked_at_seldom(
    taken: Run, monkeypatch: pytest.MonkeyPatch, ada: User, redis: Redis
) -> None:
    looks: list[int] = []
    checked = recorder.checked
    monkeypatch.setattr(recorder, "checked", lambda given: looks.append(1) or checked(given))
    made = Recorder(taken)
    began = time.monotonic()
    for _ in range(100):
        made.take(result("x" * 100_000))
    seconds = time.monotonic() - began
    made.finish()
    assert len(looks) <= 4 + seconds * recorder.RENEWAL_RATE / 100_000
    assert bytes_of(redis, ada) < 1 << 20


def test_what_is_replaced_does_not_count_against_the_page(
    taken: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MOST_SHOWN", 10_000)
    monkeypatch.setattr(recorder, "RENEWAL_PAUSE", 0.0)
    monkeypatch.setattr(recorder, "RENEWAL_RATE", 1 << 40)
    made = Recorder(taken)
    for number in range(100):
        made.take(result(f"{number}{'x' * 1000}"))
    assert [shown.kind for shown in made.outputs] == ["result"]
    made.take(result("x" * 20_000))
    made.take(result("y" * 20_000, key="b"))
    made.take(result("z" * 20_000, key="b"))
    made.finish()
    assert [shown.kind for shown in made.outputs] == ["result", "notice"]
    assert made.outputs[0].data["text"].startswith("99x")


def test_what_turns_into_a_notice_is_no_longer_alike(taken: Run, ada: User, redis: Redis) -> None:
    made = Recorder(taken)
    for output in ({"kind": "result", "text": "1"}, {"kind": "html"}, {"kind": "result", "text": "2"}):
        made.take({"event": "output", "output": {**output, "key": "a"}})
        time.sleep(0.1)
    made.finish()
    (only,) = (event for event in heard(redis, ada) if isinstance(event, Replaced))
    assert (only.kind, only.output, only.alike) == ("result", {"text": "2"}, False)


def test_what_grows_too_large_to_be_streamed_is_recorded(taken: Run, ada: User, redis: Redis) -> None:
    made = Recorder(taken)
    points = [number * 1.001 for number in range(60_000)]
    for y in ([1.0], points):
        figure = {"data": [{"type": "scatter", "y": y}], "layout": {}}
        made.take({"event": "output", "output": {"kind": "figure", "figure": figure, "key": "a"}})
    made.finish()
    (only,) = (event for event in heard(redis, ada) if isinstance(event, Replaced))
    assert (only.output, only.alike) == (None, False)
    assert len(json.dumps(made.outputs[0].data)) > events.LARGEST_OUTPUT
