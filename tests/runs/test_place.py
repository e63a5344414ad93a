"""The place in the queue, as its learner is told it."""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis
from sqlalchemy.orm import Session

from app.lessons import Lesson
from app.models import User
from app.running import events, leases, line, runs


def test_places_are_counted_in_the_order_of_the_queue(
    session: Session, ada: User, ben: User, stranger: User, lesson: Lesson
) -> None:
    queue = [runs.submit(session, one, "counting", "one", {}) for one in (ada, ben, stranger)]
    assert [line.place(session, run) for run in queue] == [1, 2, 3]


def test_who_runs_has_no_place_and_the_others_move_up(
    session: Session, ada: User, ben: User, lesson: Lesson
) -> None:
    first, second = (runs.submit(session, one, "counting", "one", {}) for one in (ada, ben))
    session.commit()
    leases.claim(session, first.id)
    session.commit()
    session.refresh(first)
    assert (line.place(session, first), line.place(session, second)) == (0, 1)


def test_those_who_wait_hear_that_they_have_moved_up(
    session: Session, ada: User, ben: User, lesson: Lesson, redis: Redis
) -> None:
    first, _ = (runs.submit(session, one, "counting", "one", {}) for one in (ada, ben))
    session.commit()
    leases.claim(session, first.id)
    leases.tell_places(session)
    session.commit()
    heard = [events.decode(fields) for _, fields in redis.xrange(events.key(ben.id, "counting"))]
    assert [event.place for event in heard if isinstance(event, events.Queued)] == [2, 1]
    assert heard[0].seq < heard[1].seq


def test_learners_take_turns_however_often_one_of_them_presses(
    session: Session, ada: User, ben: User, lesson: Lesson, change_settings: Callable[..., None]
) -> None:
    change_settings(runs_per_learner=3)
    first, second = (runs.submit(session, ada, "counting", cell, {}) for cell in ("one", "two"))
    only = runs.submit(session, ben, "counting", "one", {})
    assert [line.place(session, run) for run in (first, only, second)] == [1, 2, 3]
    assert [run.id for run, _ in line.places(session, 2)] == [first.id, only.id]


def test_what_a_learner_has_running_counts_as_turns_taken(
    session: Session, ada: User, ben: User, lesson: Lesson
) -> None:
    running, waiting = (runs.submit(session, ada, "counting", cell, {}) for cell in ("one", "two"))
    later = runs.submit(session, ben, "counting", "one", {})
    claimed = [leases.claim_next(session) for _ in range(4)]
    assert [run.id if run else None for run in claimed] == [running.id, later.id, waiting.id, None]
