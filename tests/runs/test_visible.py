"""Who may see a run: its learner; a mentor only what was handed in or asked about; nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotFound
from app.learning import attempts
from app.lessons import Lesson
from app.mentoring import threads
from app.models import Output, Run, User
from app.running import leases, runs
from app.running.leases import Result, Shown


def finished(session: Session, user: User) -> Run:
    run = runs.submit(session, user, "counting", "one", {})
    session.commit()
    held = leases.claim(session, run.id)
    assert held
    leases.record(session, run.id, held.nonce, Result(outputs=[Shown("result", {"text": "1"})]))
    session.commit()
    return run


def test_its_learner_sees_it_with_its_outputs(session: Session, ada: User, lesson: Lesson) -> None:
    run = runs.visible(session, ada, finished(session, ada).id)
    assert [output.kind for output in run.outputs] == ["result"]
    assert runs.output(session, ada, run.outputs[0].id).data == {"text": "1"}


def test_others_are_told_that_there_is_no_such_run(
    session: Session, ada: User, ben: User, stranger: User, mo: User, lesson: Lesson
) -> None:
    run = finished(session, ada)
    output = session.scalars(select(Output.id)).one()
    for other in (ben, stranger, mo):
        with pytest.raises(NotFound):
            runs.visible(session, other, run.id)
        with pytest.raises(NotFound):
            runs.output(session, other, output)


def test_a_mentor_sees_what_was_handed_in(session: Session, ada: User, mo: User, lesson: Lesson) -> None:
    attempt = attempts.hand_in(session, ada, "double", "def double(x): return x")
    session.commit()
    assert runs.visible(session, mo, attempt.run_id).id == attempt.run_id


def test_a_mentor_sees_the_run_that_help_was_asked_for(
    session: Session, ada: User, ben: User, mo: User, lesson: Lesson
) -> None:
    run = finished(session, ada)
    threads.ask(session, ada, "counting", "one", "Why is it one?")
    session.commit()
    assert runs.visible(session, mo, run.id).outputs
    assert runs.output(session, mo, session.scalars(select(Output.id)).one())
    with pytest.raises(NotFound):
        runs.visible(session, ben, run.id)
