"""A run through the real runner: what the page hears, what is recorded, how each ending reads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.lessons import Lesson
from app.models import Ending, Output, Run, State, User
from app.running import events, leases, runs
from app.running.events import Event, Finished, Queued, Shown, Started, Text
from workers import recorder, tasks

Do = Callable[[], list[str]]
Press = Callable[..., Run]


@pytest.fixture
def press(session: Session, ada: User, lesson: Lesson, machines: None, run_jobs: Do) -> Callable[..., Run]:
    """Ada writes texts into cells, presses Run on the last of them, and waits until it is over."""

    def press(**texts: str) -> Run:
        run = runs.submit(session, ada, "counting", list(texts)[-1], texts)
        session.commit()
        run_jobs()
        session.expire_all()
        return runs.visible(session, ada, run.id)

    return press


def heard(redis: Redis, user: User) -> list[Event]:
    return [events.decode(fields) for _, fields in redis.xrange(events.key(user.id, "counting"))]


def shown(run: Run) -> list[tuple[str, object]]:
    return [(output.kind, output.data.get("text", output.data.get("message"))) for output in run.outputs]


def test_the_cell_runs_on_top_of_those_above_and_only_its_own_outputs_are_kept(press: Press) -> None:
    run = press(one="x = 20\nprint('above')", two="print('below')\nx + 1")
    assert (run.state, run.ending, run.message) == (State.DONE, Ending.OK, "")
    assert shown(run) == [("text", "below\n"), ("result", "21")]
    assert set(run.cell_seconds) == {"one", "two"}
    assert run.seconds
    assert run.finished_at
    assert run.started_at
    assert run.finished_at > run.started_at


def test_the_page_hears_everything_in_order_and_the_end_last(press: Press, ada: User, redis: Redis) -> None:
    run = press(two="print('a')\nx")
    told = heard(redis, ada)
    assert [type(event) for event in told] == [Queued, Started, Text, Shown, Finished]
    assert [event.seq for event in told] == sorted({event.seq for event in told})
    assert {(event.run, event.cell) for event in told} == {(str(run.id), "two")}
    (result,) = (event for event in told if isinstance(event, Shown))
    assert (result.id, result.output) == (str(run.outputs[1].id), {"text": "1"})
    assert isinstance(told[-1], Finished)
    assert (told[-1].state, told[-1].ending) == ("done", "ok")


def test_the_last_event_comes_after_the_commit(
    press: Press, ada: User, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, states = events.publish, []

    def look_first(redis: Redis, user_id: object, lesson: str, event: Event, instead: str = "") -> str:
        if isinstance(event, Finished):
            with transaction() as other:
                states.append(other.scalars(select(Run.state)).one())
        return publish(redis, user_id, lesson, event, instead)  # type: ignore[arg-type]

    monkeypatch.setattr(events, "publish", look_first)
    press(one="x = 1")
    assert states == [State.DONE]


def test_text_printed_line_by_line_travels_in_few_events_and_is_one_output(
    press: Press, ada: User, redis: Redis
) -> None:
    run = press(one="for i in range(2000): print(i)")
    (output,) = run.outputs
    assert output.data == {"stream": "stdout", "text": "".join(f"{i}\n" for i in range(2000))}
    texts = [event.text for event in heard(redis, ada) if isinstance(event, Text)]
    assert "".join(texts) == output.data["text"]
    assert len(texts) < 200


def test_text_is_told_while_the_cell_still_runs(press: Press, ada: User, redis: Redis) -> None:
    press(one="import time\nprint('now')\nprint('and now')\ntime.sleep(1.5)\nprint('later')")
    entries = redis.xrange(events.key(ada.id, "counting"))
    times = {
        event.text: int(entry.split("-")[0])
        for entry, fields in entries
        if isinstance(event := events.decode(fields), Text)
    }
    first, *_, last = sorted(times.values())
    assert last - first > 1000
    assert "and now" in "".join(text for text, at in times.items() if at < last)


def test_an_error_is_shown_with_its_line(press: Press) -> None:
    run = press(one="x = 1\ny = x / 0")
    assert (run.state, run.ending, run.message) == (State.DONE, Ending.ERROR, "")
    (output,) = run.outputs
    assert (output.kind, output.data["type"], output.data["line"]) == ("error", "ZeroDivisionError", 2)
    assert "workers" not in output.data["traceback"]


def test_a_syntax_error_names_its_line(press: Press) -> None:
    run = press(one="x = 1\nif x\n    y")
    assert run.outputs[0].data["type"] == "SyntaxError"
    assert run.outputs[0].data["line"] == 2


def test_a_cell_above_that_fails_is_named(press: Press) -> None:
    run = press(one="x = 1\nundefined", two="x")
    assert run.ending is Ending.ERROR
    assert run.message.startswith(
        "The cell “one” above stopped in line 2 (NameError: name 'undefined' is not defined"
    )
    assert run.outputs[-1].data["cell"] == "one"


def test_an_endless_loop_ends_at_its_limit_with_a_sentence(
    press: Press, change_settings: Callable[..., None]
) -> None:
    change_settings(run_seconds=2)
    run = press(one="print('before')\nwhile True: pass")
    assert (run.state, run.ending) == (State.DONE, Ending.LIMIT)
    assert run.message.startswith("Stopped after 2 seconds")
    assert shown(run) == [("text", "before\n")]


def test_a_limit_reached_in_a_cell_above_names_that_cell(
    press: Press, change_settings: Callable[..., None]
) -> None:
    change_settings(run_seconds=2)
    run = press(one="while True: pass", two="1")
    assert run.message.startswith("The cell “one” above did not end: Stopped after 2 seconds")


def test_code_that_ends_its_own_process_is_told_so(press: Press) -> None:
    run = press(one="import os\nprint('before', flush=True)\nos._exit(3)")
    assert (run.state, run.ending) == (State.DONE, Ending.DIED)
    assert "ended its own process" in run.message


def test_a_figure_comes_through(press: Press, ada: User, redis: Redis) -> None:
    run = press(one="lab.line([1.0, 2.0, 3.0])")
    (output,) = run.outputs
    assert output.kind == "figure"
    assert output.data["figure"]["data"]
    told = [event for event in heard(redis, ada) if isinstance(event, Shown)]
    assert told[0].output == output.data


def test_a_large_output_is_recorded_but_too_large_for_the_stream(
    press: Press, ada: User, redis: Redis
) -> None:
    run = press(
        one="import plotly.graph_objects as go\ngo.Figure(go.Scatter(y=[i * 1.001 for i in range(60_000)]))"
    )
    assert run.outputs[0].kind == "figure"
    told = [event for event in heard(redis, ada) if isinstance(event, Shown)]
    assert [event.output for event in told] == [None]
    assert told[0].id == str(run.outputs[0].id)


def test_a_run_that_shows_too_much_is_told_so_once_and_still_shows_its_error(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MOST_SHOWN", 20_000)
    run = press(one="for i in range(9): lab.show(lab.line([float(x) for x in range(200)]))\n1 / 0")
    kinds = [output.kind for output in run.outputs]
    assert kinds[-2:] == ["notice", "error"]
    assert set(kinds[:-2]) == {"figure"}


def test_what_cannot_be_stored_as_text_is_replaced(press: Press) -> None:
    run = press(one="print('a\\x00b\\ud800')")
    assert "\x00" not in run.outputs[0].data["text"]


def test_a_cancelled_run_keeps_what_it_has_shown(
    session: Session, ada: User, lesson: Lesson, machines: None, run_jobs: Do
) -> None:
    run = runs.submit(session, ada, "counting", "one", {"one": "print('before')\nwhile True: pass"})
    session.commit()
    worker = threading.Thread(target=run_jobs)
    worker.start()
    for _ in until(session, run, State.RUNNING):
        pass
    time.sleep(1)
    runs.cancel(session, run)
    session.commit()
    asked = time.monotonic()
    worker.join()
    assert time.monotonic() - asked < 5
    session.expire_all()
    over = runs.visible(session, ada, run.id)
    assert (over.state, over.ending, over.message) == (State.CANCELLED, None, "Cancelled.")
    assert shown(over) == [("text", "before\n")]


def until(session: Session, run: Run, state: State) -> Iterator[None]:
    deadline = time.monotonic() + 30
    while True:
        session.rollback()
        session.refresh(run)
        if run.state is state:
            return
        assert time.monotonic() < deadline
        time.sleep(0.05)
        yield


def test_a_worker_that_ends_gives_its_run_back_for_the_next_one(
    session: Session, ada: User, lesson: Lesson, machines: None, run_jobs: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.submit(session, ada, "counting", "one", {"one": "import time; time.sleep(2)"})
    session.commit()
    shutdown = threading.Event()
    monkeypatch.setattr(tasks, "SHUTDOWN", shutdown)
    worker = threading.Thread(target=tasks.run, kwargs={"run_id": str(run.id)})
    worker.start()
    for _ in until(session, run, State.RUNNING):
        pass
    shutdown.set()
    worker.join()
    session.refresh(run)
    assert (run.state, run.faults) == (State.QUEUED, 0)
    shutdown.clear()
    assert "run" in run_jobs()
    session.rollback()
    session.refresh(run)
    assert (run.state, run.tries) == (State.DONE, 2)


def test_a_run_whose_claim_was_lost_records_nothing(
    session: Session, ada: User, lesson: Lesson, machines: None
) -> None:
    run = runs.submit(session, ada, "counting", "one", {"one": "import time; time.sleep(3); print('late')"})
    session.commit()
    worker = threading.Thread(target=tasks.run, kwargs={"run_id": str(run.id)})
    worker.start()
    for _ in until(session, run, State.RUNNING):
        pass
    leases.give_back(session, run.id, run.nonce, fault=True)
    session.commit()
    worker.join()
    session.expire_all()
    assert session.get_one(Run, run.id).state is State.QUEUED
    assert session.scalars(select(Output)).all() == []
