"""Cancel works at every stage, and does nothing to what is over."""

from __future__ import annotations

from redis import Redis
from sqlalchemy.orm import Session

from app.lessons import Lesson
from app.models import State, User
from app.running import events, leases, runs
from app.running.leases import Result


def test_a_waiting_run_is_cancelled_at_once_and_the_page_hears_it(
    session: Session, ada: User, lesson: Lesson, redis: Redis
) -> None:
    run = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    runs.cancel(session, run)
    session.commit()
    assert run.state is State.CANCELLED
    assert leases.claim(session, run.id) is None
    last = [events.decode(fields) for _, fields in redis.xrange(events.key(ada.id, "counting"))][-1]
    assert isinstance(last, events.Finished)
    assert last.state == "cancelled"


def test_a_running_one_is_cancelled_through_its_heartbeat(
    session: Session, ada: User, lesson: Lesson
) -> None:
    run = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    held = leases.claim(session, run.id)
    assert held
    assert leases.beat(session, run.id, held.nonce) is False
    runs.cancel(session, run)
    session.commit()
    assert run.state is State.RUNNING
    assert leases.beat(session, run.id, held.nonce) is True


def test_what_is_over_stays_as_it_is(session: Session, ada: User, lesson: Lesson) -> None:
    run = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    held = leases.claim(session, run.id)
    assert held
    leases.record(session, run.id, held.nonce, Result())
    runs.cancel(session, run)
    assert run.state is State.DONE
    assert not run.cancel_requested


def test_a_run_that_ended_before_its_worker_heard_of_the_cancel_is_done(
    session: Session, ada: User, lesson: Lesson
) -> None:
    run = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    held = leases.claim(session, run.id)
    assert held
    runs.cancel(session, run)
    leases.record(session, run.id, held.nonce, Result())
    session.refresh(run)
    assert run.state is State.DONE
