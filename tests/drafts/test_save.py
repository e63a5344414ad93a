"""Drafts: kept as they are typed, never lost when something takes their place."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.guard import NotFound, TextTooLong
from app.learning import drafts
from app.lessons import Lesson
from app.models import Draft, User


def test_the_newest_text_is_kept_per_learner(session: Session, ada: User, ben: User, lesson: Lesson) -> None:
    drafts.save(session, ada, "counting", "one", "x = 2")
    drafts.save(session, ada, "counting", "one", "x = 3")
    assert drafts.of(session, ada, "counting") == {"one": "x = 3"}
    assert drafts.of(session, ben, "counting") == {}


def test_the_lessons_own_text_is_not_stored_so_that_a_mended_lesson_is_seen(
    session: Session, ada: User, lesson: Lesson
) -> None:
    drafts.save(session, ada, "counting", "one", "x = 2")
    drafts.save(session, ada, "counting", "one", lesson.cell("one").source)
    assert session.scalars(select(Draft)).all() == []


def test_a_form_is_a_draft_too(session: Session, ada: User, lesson: Lesson) -> None:
    drafts.save(session, ada, "counting", "largest", '{"largest": "two"}')
    assert drafts.texts(session, ada, lesson)["largest"] == '{"largest": "two"}'


def test_a_reset_gives_back_the_lessons_text_and_sets_the_learners_aside(
    session: Session, ada: User, lesson: Lesson
) -> None:
    drafts.save(session, ada, "counting", "one", "x = 2")
    assert drafts.reset(session, ada, "counting", "one") == lesson.cell("one").source
    session.flush()
    assert drafts.of(session, ada, "counting") == {}
    assert [text for _, text in drafts.earlier(session, ada, "counting", "one")] == ["x = 2"]


def test_what_cannot_be_a_draft_is_refused(session: Session, ada: User, lesson: Lesson) -> None:
    with pytest.raises(NotFound):
        drafts.save(session, ada, "counting", "nothing", "x")
    with pytest.raises(NotFound):
        drafts.save(session, ada, "nowhere", "one", "x")
    with pytest.raises(TextTooLong):
        drafts.save(session, ada, "counting", "one", "x" * 70_000)


def test_two_tabs_saving_the_same_cell_at_once_end_with_one_draft(
    ada: User, lesson: Lesson, database: object
) -> None:
    errors: list[BaseException] = []

    def type_in(tab: int) -> None:
        try:
            for key in range(10):
                with transaction() as session:
                    drafts.save(session, ada, "counting", "one", f"x = {tab}{key}")
        except BaseException as error:
            errors.append(error)

    tabs = [threading.Thread(target=type_in, args=(tab,)) for tab in range(4)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert errors == []
    with transaction() as session:
        assert len(session.scalars(select(Draft)).all()) == 1
