"""What the database says of the last hour and day, counted by hand beside it."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.db import first_id, now, uuid7
from app.models import Attempt, Ending, Run, RunKind, State, User, Verdict
from app.operating import gauges
from app.operating.gauges import DAY, HOUR, Quantiles


def made(session: Session, user: User, ago: timedelta, **values: object) -> Run:
    """A run that was pressed so long ago; its id is of that time, as they are."""
    at = now() - ago
    fields: dict[str, object] = {
        "id": type(first_id(at))(int=first_id(at).int | random.getrandbits(60)),
        "kind": RunKind.RUN,
        "state": State.DONE,
        "ending": Ending.OK,
        "queued_at": at,
        "started_at": at + timedelta(seconds=1),
        "finished_at": at + timedelta(seconds=3),
        **values,
    }
    given = {"lesson": "counting", "cell": "two", "chain": [], "chain_hash": "", "fingerprint": "", "seed": 1}
    run = Run(user_id=user.id, **given, **fields)
    session.add(run)
    session.flush()
    return run


def attempt(session: Session, run: Run, verdict: Verdict) -> None:
    found = {
        "lesson": "counting",
        "exercise": str(run.id),
        "exercise_version": "1",
        "number": 1,
        "answer": "",
    }
    session.add(Attempt(id=run.id, user_id=run.user_id, run_id=run.id, verdict=verdict, **found))
    session.flush()


def test_of_a_fresh_site_there_is_nothing_to_say(session: Session) -> None:
    found = gauges.span(session, DAY)
    assert (found.runs, found.endings, found.verdicts, found.faults) == (0, {}, {}, 0)
    assert found.waits == found.judged == Quantiles(None, None)
    assert gauges.minutes(session) == [0] * 60
    assert gauges.troubled(session) == []


def test_each_is_counted_in_its_time_and_by_its_word(session: Session, ada: User) -> None:
    hour, day = timedelta(minutes=10), timedelta(hours=5)
    made(session, ada, hour, ending=Ending.ERROR)
    made(session, ada, hour, state=State.CANCELLED, ending=None)
    made(session, ada, hour, state=State.FAILED, ending=None, faults=5)
    made(session, ada, hour, state=State.RUNNING, ending=None, finished_at=None)
    made(session, ada, hour, state=State.QUEUED, ending=None, started_at=None, finished_at=None)
    for ago, word in ((hour, Verdict.PASSED), (day, Verdict.PASSED), (day, Verdict.FAILED)):
        attempt(session, made(session, ada, ago, kind=RunKind.GRADE), word)
    made(session, ada, timedelta(days=2))
    found = gauges.span(session, HOUR)
    assert (found.runs, found.faults) == (6, 5)
    assert found.endings == {"error": 1, "cancelled": 1, "fault": 1, "ok": 1}
    assert found.verdicts == {"passed": 1}
    found = gauges.span(session, DAY)
    assert (found.runs, found.endings["ok"]) == (8, 3)
    assert found.verdicts == {"passed": 2, "failed": 1}


def test_a_day_that_takes_long_to_count_is_kept_for_longer(
    session: Session, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges, "_day", day := gauges._Day())
    made(session, ada, HOUR)
    session.commit()
    assert gauges.day().runs == 1
    day._until = float("inf")  # it took long
    made(session, ada, HOUR)
    session.commit()
    assert gauges.day().runs == 1
    day._until = 0.0
    assert gauges.day().runs == 2


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 100])
def test_median_and_95_in_100_are_those_of_the_sorted_times(session: Session, ada: User, count: int) -> None:
    waits = [n / 8 for n in range(count)]  # exact in either database
    for wait in random.sample(waits, count):
        start = {"queued_at": (at := now() - HOUR / 2), "started_at": at + timedelta(seconds=wait)}
        made(session, ada, HOUR / 2, **start)
    found = gauges.span(session, HOUR).waits
    assert found.median == pytest.approx(waits[count * 50 // 100], abs=0.002)
    assert found.most == pytest.approx(waits[count * 95 // 100], abs=0.002)


def test_only_verdicts_are_timed_from_press_to_verdict(session: Session, ada: User) -> None:
    late = {"finished_at": now() + timedelta(hours=3)}
    made(session, ada, HOUR / 2, kind=RunKind.GRADE)
    made(session, ada, HOUR / 2, **late)
    made(session, ada, HOUR / 2, kind=RunKind.GRADE, state=State.CANCELLED, ending=None, **late)
    assert gauges.span(session, HOUR).judged == Quantiles(
        pytest.approx(3, abs=0.01), pytest.approx(3, abs=0.01)
    )


def test_each_minute_has_its_own_count(session: Session, ada: User) -> None:
    for minutes in (0.1, 0.2, 5.5, 59.5, 60.5):
        made(session, ada, timedelta(minutes=minutes))
    found = gauges.minutes(session)
    assert (found[-1], found[-6], found[0], sum(found)) == (2, 1, 1, 4)


def test_where_something_of_ours_failed_is_listed_the_newest_first(session: Session, ada: User) -> None:
    old = made(session, ada, timedelta(hours=20), faults=1)
    new = made(session, ada, HOUR, faults=5, state=State.FAILED, ending=None)
    made(session, ada, HOUR)
    made(session, ada, timedelta(hours=25), faults=1)
    assert [run.id for run in gauges.troubled(session)] == [new.id, old.id]


def test_ids_are_an_index_of_time() -> None:
    before, made_now = now(), uuid7()
    assert (
        first_id(before - timedelta(milliseconds=5)) < made_now < first_id(now() + timedelta(milliseconds=5))
    )
    assert first_id(before) <= made_now
