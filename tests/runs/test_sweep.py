"""The sweeper: nothing is lost when a worker dies or a message does, and nobody pays for our faults."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

from redis import Redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from app import jobs
from app.db import now
from app.lessons import Lesson
from app.models import Run, State, User
from app.running import events, leases, runs

Jobs = Callable[[], list[tuple[str, dict[str, str]]]]
AGO = timedelta(seconds=100)


def submitted(session: Session, user: User, sent_jobs: Jobs) -> Run:
    run = runs.submit(session, user, "counting", "one", {})
    session.commit()
    sent_jobs()
    return run


def abandoned(session: Session, run: Run) -> None:
    """A worker claims the run and dies; its lease is over."""
    assert leases.claim(session, run.id)
    session.execute(update(Run).where(Run.id == run.id).values(lease_until=now() - AGO))
    session.commit()


def sweep(session: Session, *, empty: Collection[str] = jobs.QUEUES) -> int:
    touched = leases.sweep(session, empty=empty)
    session.commit()
    return touched


def test_a_run_whose_worker_died_goes_back_to_the_queue(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    run = submitted(session, ada, sent_jobs)
    abandoned(session, run)
    assert sweep(session) == 1
    session.refresh(run)
    assert (run.state, run.tries, run.faults, run.nonce) == (State.QUEUED, 1, 1, "")
    assert sent_jobs() == [("run", {"run_id": str(run.id)})]
    assert leases.claim(session, run.id)


def test_a_living_worker_keeps_its_run(session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs) -> None:
    run = submitted(session, ada, sent_jobs)
    leases.claim(session, run.id)
    session.commit()
    assert sweep(session) == 0
    assert sent_jobs() == []


def test_after_too_many_faults_of_ours_it_fails_and_says_whose_fault_it_was(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs, redis: Redis
) -> None:
    run = submitted(session, ada, sent_jobs)
    for _ in range(leases.MAX_FAULTS):
        abandoned(session, run)
        sweep(session)
    session.refresh(run)
    assert (run.state, run.faults, run.ending) == (State.FAILED, leases.MAX_FAULTS, None)
    assert "not your code's fault" in run.message
    assert sweep(session) == 0
    last = [events.decode(fields) for _, fields in redis.xrange(events.key(ada.id, "counting"))][-1]
    assert isinstance(last, events.Finished)
    assert last.state == "failed"


def test_an_abandoned_run_that_was_to_be_cancelled_is_cancelled(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    run = submitted(session, ada, sent_jobs)
    abandoned(session, run)
    runs.cancel(session, run)
    session.commit()
    sweep(session)
    session.refresh(run)
    assert run.state is State.CANCELLED
    assert sent_jobs() == []


def test_a_lost_message_is_sent_again_once_the_queue_is_empty(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    run = submitted(session, ada, sent_jobs)
    assert sweep(session) == 0
    session.execute(update(Run).values(lease_until=now() - timedelta(seconds=1)))
    session.commit()
    assert sweep(session, empty=()) == 0
    assert sweep(session) == 1
    assert sent_jobs() == [("run", {"run_id": str(run.id)})]
    assert sweep(session) == 0


def test_who_waits_very_long_gets_another_message_even_if_the_queue_is_full(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    submitted(session, ada, sent_jobs)
    session.execute(update(Run).values(lease_until=now() - AGO))
    session.commit()
    assert sweep(session, empty=()) == 1


def test_a_run_given_back_by_a_worker_that_ends_counts_as_no_fault(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    run = submitted(session, ada, sent_jobs)
    held = leases.claim(session, run.id)
    assert held
    leases.give_back(session, run.id, held.nonce)
    session.commit()
    session.refresh(run)
    assert (run.state, run.faults) == (State.QUEUED, 0)
    assert leases.claim_next(session)


def test_a_run_given_back_after_a_fault_comes_back_a_moment_later(
    session: Session, ada: User, ben: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    """So that it is not taken by the next message, again and again, while others wait."""
    run = submitted(session, ada, sent_jobs)
    held = leases.claim(session, run.id)
    assert held
    leases.give_back(session, run.id, held.nonce, fault=True)
    other = runs.submit(session, ben, "counting", "one", {})
    taken = leases.claim_next(session)
    assert taken
    assert taken.id == other.id
    assert leases.claim_next(session) is None
    session.execute(update(Run).values(ready_at=now() - AGO))
    assert leases.claim_next(session)


def test_a_cancelled_run_that_its_worker_gives_back_is_over(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    run = submitted(session, ada, sent_jobs)
    held = leases.claim(session, run.id)
    assert held
    nonce = held.nonce
    runs.cancel(session, run)
    back = leases.give_back(session, run.id, nonce, fault=True)
    assert back
    assert (back.state, back.faults) == (State.CANCELLED, 0)


def test_events_of_a_second_try_come_after_those_of_the_first(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs, redis: Redis
) -> None:
    run = submitted(session, ada, sent_jobs)
    held = leases.claim(session, run.id)
    assert held
    first_try = events.Started(str(run.id), "one", held.tries * events.PER_TRY + 1)
    abandoned_at = run.id
    session.execute(update(Run).where(Run.id == abandoned_at).values(lease_until=now() - AGO))
    session.commit()
    sweep(session)
    back = [events.decode(fields) for _, fields in redis.xrange(events.key(ada.id, "counting"))][-1]
    assert isinstance(back, events.Queued)
    assert back.seq > first_try.seq
    again = leases.claim(session, run.id)
    assert again
    assert again.tries * events.PER_TRY > back.seq
