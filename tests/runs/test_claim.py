"""One run, one owner: whatever the queue delivers, and however often."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now, transaction
from app.lessons import Lesson
from app.models import Ending, Output, Run, State, User
from app.running import leases, runs
from app.running.leases import Result, Shown


def queued(session: Session, user: User) -> Run:
    run = runs.submit(session, user, "counting", "two", {})
    session.commit()
    return run


def test_a_claimed_run_has_a_lease_a_nonce_and_one_more_try(
    session: Session, ada: User, lesson: Lesson
) -> None:
    held = leases.claim(session, queued(session, ada).id)
    assert held
    assert (held.state, held.tries, len(held.nonce)) == (State.RUNNING, 1, 32)
    assert held.lease_until
    assert held.lease_until > now()


def test_a_message_that_comes_twice_does_nothing(session: Session, ada: User, lesson: Lesson) -> None:
    run = queued(session, ada)
    assert leases.claim(session, run.id)
    assert leases.claim(session, run.id) is None


def test_a_message_about_a_run_that_is_gone_does_nothing(session: Session) -> None:
    assert leases.claim(session, UUID(int=7)) is None


def test_the_heartbeat_renews_the_lease(session: Session, ada: User, lesson: Lesson) -> None:
    held = leases.claim(session, queued(session, ada).id)
    assert held
    nonce, until = held.nonce, held.lease_until
    assert leases.beat(session, held.id, nonce) is False
    session.refresh(held)
    assert until
    assert held.lease_until
    assert held.lease_until > until


def test_everything_of_a_result_is_recorded_at_once(session: Session, ada: User, lesson: Lesson) -> None:
    held = leases.claim(session, queued(session, ada).id)
    assert held
    shown = [Shown("text", {"stream": "stdout", "text": "one is 1\n"}), Shown("result", {"text": "2"})]
    result = Result(cell_seconds={"one": 0.5, "two": 0.25}, outputs=shown)
    recorded = leases.record(session, held.id, held.nonce, result)
    session.commit()
    assert recorded
    assert (recorded.state, recorded.ending, recorded.seconds) == (State.DONE, Ending.OK, 0.75)
    assert recorded.finished_at
    assert [(one.seq, one.kind, one.id) for one in session.scalars(select(Output).order_by(Output.seq))] == [
        (0, "text", shown[0].id),
        (1, "result", shown[1].id),
    ]


def test_a_late_result_is_dropped(session: Session, ada: User, lesson: Lesson) -> None:
    run = queued(session, ada)
    first = leases.claim(session, run.id)
    assert first
    nonce = first.nonce
    leases.give_back(session, run.id, nonce, fault=True)
    second = leases.claim(session, run.id)
    assert second
    assert leases.record(session, run.id, nonce, Result(message="late")) is None
    assert leases.beat(session, run.id, nonce) is None
    assert leases.give_back(session, run.id, nonce, fault=True) is None
    assert session.scalars(select(Output)).all() == []
    assert leases.record(session, run.id, second.nonce, Result(message="in time"))


def test_eight_workers_and_eight_learners_at_once_do_everything_exactly_once(
    database: object, lesson: Lesson, redis: object, change_settings: Callable[..., None]
) -> None:
    """Each thread submits its own runs and tries to claim and record everybody's."""
    change_settings(runs_per_learner=5)  # another worker may still hold the runs that one pressed before
    with transaction() as session:
        people = [User(name=f"Learner {n}") for n in range(8)]
        session.add_all(people)
    done: Counter[UUID] = Counter()
    errors: list[BaseException] = []
    gate = threading.Barrier(8)

    def learn_and_work(me: User) -> None:
        try:
            gate.wait()
            for press in range(5):
                with transaction() as session:
                    runs.submit(session, me, "counting", "one", {"one": f"x = {press}"})
                _work_on_all(done)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=learn_and_work, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    _work_on_all(done)
    with transaction() as session:
        ended = session.scalars(select(Run)).all()
    assert len(ended) == 40
    assert all(run.state.over for run in ended)
    assert set(done.values()) == {1}
    assert sum(run.state is State.DONE for run in ended) == len(done)


def _work_on_all(done: Counter[UUID]) -> None:
    with transaction() as session:
        waiting = session.scalars(select(Run.id).where(Run.state == State.QUEUED)).all()
    for run_id in waiting:
        with transaction() as session:
            held = leases.claim(session, run_id)
        if held is None:
            continue
        with transaction() as session:
            if leases.record(session, held.id, held.nonce, Result()):
                done[held.id] += 1


def test_a_lease_lasts_as_long_as_the_settings_say(session: Session, ada: User, lesson: Lesson) -> None:
    held = leases.claim(session, queued(session, ada).id)
    assert held
    assert held.lease_until
    assert held.started_at
    assert timedelta(seconds=14) < held.lease_until - held.started_at < timedelta(seconds=16)
