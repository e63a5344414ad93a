"""Words on a figure."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.guard import NotFound
from app.learning import attempts, shares
from app.lessons import Lesson
from app.mentoring import subjects, threads
from app.models import Ending, User
from app.running import leases, runs


def _shown(session: Session, run_id: UUID) -> UUID:
    """The run is over, and showed something; its id."""
    run = leases.claim(session, run_id)
    assert run is not None
    session.commit()
    shown = leases.Shown("text", {"stream": "stdout", "text": "1"})
    leases.record(session, run_id, run.nonce, leases.Result(Ending.OK, outputs=[shown]))
    session.commit()
    return shown.id


def test_a_mentor_writes_on_what_an_answer_showed(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    attempt = attempts.hand_in(session, ada, "double", "def double(x): return x")
    session.commit()
    output = _shown(session, attempt.run_id)
    threads.write_on(session, mo, subjects.find(session, mo, subjects.OUTPUT, output), "Label the axes.")
    session.commit()
    (thread,) = threads.of_lesson(session, ada, "counting")["double"]
    assert (thread.kind, thread.subject_id, thread.run_id) == ("output", output, attempt.run_id)


def test_a_scratch_runs_figure_is_its_learners_until_they_ask(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    run = runs.submit(session, ada, "counting", "two", {})
    session.commit()
    output = _shown(session, run.id)
    with pytest.raises(NotFound):
        subjects.find(session, mo, subjects.OUTPUT, output)
    threads.write_on(session, ada, subjects.find(session, ada, subjects.OUTPUT, output), "Is this right?")
    session.commit()
    assert subjects.find(session, mo, subjects.OUTPUT, output).owner == ada.id


def test_nothing_is_of_a_kind_that_nobody_registered(session: Session, ada: User, lesson: Lesson) -> None:
    with pytest.raises(NotFound, match="of that kind"):
        subjects.find(session, ada, "poem", ada.id)


def test_a_shared_run_can_be_written_on_and_shows_the_code_of_its_cell_alone(
    session: Session, ada: User, mo: User, outsider: User, lesson: Lesson
) -> None:
    run = runs.submit(session, ada, "counting", "two", {})
    session.commit()
    output = _shown(session, run.id)
    shares.share(session, ada, run.id, "Ada")
    session.commit()
    about = subjects.find(session, mo, subjects.OUTPUT, output)
    threads.write_on(session, mo, about, "Label the axes.")
    session.commit()
    seen = runs.visible(session, mo, run.id)
    assert [one.messages[0].body for one in threads.on_outputs(session, seen)[output]] == ["Label the axes."]
    assert [link["cell"] for link in runs.code(session, mo, seen)] == ["two"]
    assert runs.code(session, ada, seen) == seen.chain
    with pytest.raises(NotFound):
        runs.visible(session, outsider, run.id)
