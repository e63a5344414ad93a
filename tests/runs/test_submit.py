"""Pressing Run: what is frozen, what is saved, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotFound, TextTooLong, TooMany, Unusable
from app.learning import drafts
from app.lessons import Lesson
from app.models import Activity, Draft, Run, State, User
from app.running import runs

Jobs = Callable[[], list[tuple[str, dict[str, str]]]]


def test_the_texts_of_all_cells_down_to_the_pressed_one_are_frozen(
    session: Session, ada: User, lesson: Lesson
) -> None:
    run = runs.submit(session, ada, "counting", "two", {"two": "y = x + 2"})
    session.commit()
    drafts.save(session, ada, "counting", "two", "y = 'something else'")
    session.commit()
    assert [link["cell"] for link in run.chain] == ["one", "two"]
    assert run.chain[0]["text"] == lesson.cell("one").source
    assert session.get_one(Run, run.id).chain[1]["text"] == "y = x + 2"
    assert run.state is State.QUEUED
    assert len(run.fingerprint) == 64


def test_drafts_above_are_part_of_the_chain(session: Session, ada: User, lesson: Lesson) -> None:
    drafts.save(session, ada, "counting", "one", "x = 7")
    run = runs.submit(session, ada, "counting", "two", {})
    assert run.chain[0]["text"] == "x = 7"


def test_unsaved_texts_are_saved_with_line_ends_of_one_kind(
    session: Session, ada: User, lesson: Lesson
) -> None:
    runs.submit(session, ada, "counting", "two", {"one": "x = 5\r\n", "two": "y = 6\r\nz = 7"})
    assert drafts.of(session, ada, "counting") == {"one": "x = 5\n", "two": "y = 6\nz = 7"}


def test_the_job_leaves_after_the_commit_and_not_before(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    run = runs.submit(session, ada, "counting", "one", {})
    assert sent_jobs() == []
    session.commit()
    assert sent_jobs() == [("run", {"run_id": str(run.id)})]


def test_no_job_leaves_when_the_transaction_is_rolled_back(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    runs.submit(session, ada, "counting", "one", {})
    session.rollback()
    session.commit()
    assert sent_jobs() == []


def test_the_same_press_twice_is_one_run(session: Session, ada: User, lesson: Lesson) -> None:
    first = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    assert runs.submit(session, ada, "counting", "one", {}).id == first.id


def test_a_changed_text_takes_the_place_of_the_run_that_waits(
    session: Session, ada: User, lesson: Lesson
) -> None:
    first = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    second = runs.submit(session, ada, "counting", "one", {"one": "x = 2"})
    session.commit()
    assert (first.state, second.state) == (State.CANCELLED, State.QUEUED)


def test_a_learner_has_only_so_many_runs_going(
    session: Session, ada: User, ben: User, lesson: Lesson, change_settings: Callable[..., None]
) -> None:
    change_settings(runs_per_learner=1, course_dir=lesson.path.parents[2])
    runs.submit(session, ada, "counting", "one", {})
    with pytest.raises(TooMany) as refused:
        runs.submit(session, ada, "counting", "two", {"two": "y = 9"})
    assert refused.value.status == 429
    assert drafts.of(session, ada, "counting")["two"] == "y = 9"
    runs.submit(session, ben, "counting", "one", {})


def test_a_text_over_64_kb_is_refused(session: Session, ada: User, lesson: Lesson) -> None:
    with pytest.raises(TextTooLong) as refused:
        runs.submit(session, ada, "counting", "one", {"one": "x = 1  # " + "ü" * 33_000})
    assert refused.value.status == 413
    assert "64 KB" in refused.value.message
    assert session.scalars(select(Run)).all() == []


def test_exactly_64_kb_are_taken(session: Session, ada: User, lesson: Lesson) -> None:
    runs.submit(session, ada, "counting", "one", {"one": "#" * 65_536})


def test_unknown_lessons_and_cells_are_not_found(session: Session, ada: User, lesson: Lesson) -> None:
    for slug, cell in (("nowhere", "one"), ("counting", "nothing")):
        with pytest.raises(NotFound):
            runs.submit(session, ada, slug, cell, {})


def test_a_form_cannot_be_run(session: Session, ada: User, lesson: Lesson) -> None:
    with pytest.raises(Unusable):
        runs.submit(session, ada, "counting", "largest", {})


def test_texts_of_cells_that_the_lesson_lost_are_dropped(session: Session, ada: User, lesson: Lesson) -> None:
    runs.submit(session, ada, "counting", "one", {"gone": "z"})
    assert session.scalars(select(Draft)).all() == []


def test_nul_and_lone_surrogates_are_left_out(session: Session, ada: User, lesson: Lesson) -> None:
    run = runs.submit(session, ada, "counting", "one", {"one": "x = '\x00\ud800'"})
    session.commit()
    assert run.chain[0]["text"] == "x = '?'"


def test_running_is_noted_in_the_activity_log(session: Session, ada: User, lesson: Lesson) -> None:
    run = runs.submit(session, ada, "counting", "one", {})
    session.flush()
    entry = session.scalars(select(Activity)).one()
    assert (entry.kind, entry.cell, entry.data) == ("ran", "one", {"run": str(run.id)})
