"""A mentor runs a learner's code, and nothing of the learner's is touched, nor the mentor's own lesson."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import Base
from app.guard import NotAllowed, NotFound, Unusable, find_lesson
from app.learning import attempts, desk
from app.lessons import Lesson
from app.mentoring import threads, trials
from app.models import Attempt, Run, RunKind, State, User
from app.running import runs

TEXT = "def double(x):\n    return x * x\n"


@pytest.fixture
def attempt(session: Session, ada: User, lesson: Lesson) -> Attempt:
    made = attempts.hand_in(session, ada, "double", TEXT)
    session.commit()
    return made


def _counts(session: Session) -> dict[str, int]:
    tables = Base.metadata.tables.items()
    return {name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables}


def test_it_adds_a_run_of_the_mentors_own_and_nothing_else(
    session: Session, ada: User, mo: User, attempt: Attempt
) -> None:
    before, seen = _counts(session), desk.of(session, ada, find_lesson("counting"))
    chain = trials.of_attempt(attempts.visible(session, mo, attempt.id))
    run = trials.start(session, mo, attempt.id, "counting", chain, TEXT + "print(double(3))")
    session.commit()
    assert (run.user_id, run.kind) == (mo.id, RunKind.RUN)
    assert run.chain == [{"cell": "double", "text": TEXT + "print(double(3))"}]
    assert _counts(session) == before | {"runs": before["runs"] + 1}
    assert attempts.visible(session, ada, attempt.id).answer == TEXT
    after = desk.of(session, ada, find_lesson("counting"))
    assert {id: (at.text, at.run, at.status) for id, at in after.places.items()} == {
        id: (at.text, at.run, at.status) for id, at in seen.places.items()
    }


def test_the_mentors_own_lesson_shows_nothing_of_it(session: Session, mo: User, attempt: Attempt) -> None:
    chain = trials.of_attempt(attempts.visible(session, mo, attempt.id))
    run = trials.start(session, mo, attempt.id, "counting", chain, TEXT)
    session.commit()
    assert all(place.run is None for place in desk.of(session, mo, find_lesson("counting")).places.values())
    assert runs.latest(session, mo, "counting") == {}
    newest = trials.newest(session, mo, attempt.id)
    assert newest is not None
    assert newest.id == run.id


def test_only_the_mentor_sees_it(session: Session, ada: User, mo: User, boss: User, attempt: Attempt) -> None:
    chain = trials.of_attempt(attempts.visible(session, mo, attempt.id))
    run = trials.start(session, mo, attempt.id, "counting", chain, TEXT)
    session.commit()
    assert runs.visible(session, mo, run.id).id == run.id
    for other in (ada, boss):
        with pytest.raises(NotFound):
            runs.visible(session, other, run.id)
    with pytest.raises(NotAllowed):
        trials.start(session, ada, attempt.id, "counting", chain, TEXT)


def test_the_same_press_twice_is_one_and_another_text_takes_its_place(
    session: Session, mo: User, attempt: Attempt
) -> None:
    chain = trials.of_attempt(attempts.visible(session, mo, attempt.id))
    first = trials.start(session, mo, attempt.id, "counting", chain, TEXT)
    assert trials.start(session, mo, attempt.id, "counting", chain, TEXT).id == first.id
    trials.start(session, mo, attempt.id, "counting", chain, "double = None")
    session.commit()
    states = session.scalars(select(Run.state).where(Run.user_id == mo.id).order_by(Run.created_at)).all()
    assert states == [State.CANCELLED, State.QUEUED]


def test_what_stood_on_the_screen_of_who_is_stuck_can_be_tried(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    made = threads.ask(session, ada, "counting", "two", "Why?", {"one": "x = 5"})
    session.commit()
    thread = threads.visible(session, mo, made.id)
    assert trials.of_thread(session, thread)[0] == {"cell": "one", "text": "x = 5"}
    form = threads.ask(session, ada, "counting", "largest", "Why?")
    with pytest.raises(Unusable, match="no code"):
        trials.of_thread(session, threads.visible(session, mo, form.id))


def test_it_really_runs(
    session: Session, mo: User, attempt: Attempt, machines: None, run_jobs: Callable[[], list[str]]
) -> None:
    chain = trials.of_attempt(attempts.visible(session, mo, attempt.id))
    trials.start(session, mo, attempt.id, "counting", chain, TEXT + "print('three:', double(3))")
    session.commit()
    run_jobs()
    session.expire_all()
    newest = trials.newest(session, mo, attempt.id)
    assert newest is not None
    assert newest.state is State.DONE
    assert "three: 9" in str([output.data for output in newest.outputs])
