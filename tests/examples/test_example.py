"""The front page is already a model: it shows a run of the house until its reader has one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.learning import desk, drafts, examples
from app.lessons import Lesson
from app.models import User
from app.running import runs


def _example(session: Session, reader: User | None, lesson: Lesson) -> object:
    cell = examples.first_cell(lesson)
    assert cell
    return examples.beside(session, desk.of(session, reader, lesson).places[cell.id]).example


def test_there_is_none_before_the_first_run(session: Session, lesson: Lesson) -> None:
    assert _example(session, None, lesson) is None


@pytest.mark.usefixtures("machines")
def test_a_newcomer_sees_what_the_house_has_run(
    session: Session, lesson: Lesson, ada: User, run_jobs: Callable[[], list[str]]
) -> None:
    run = examples.ensure(session, lesson)
    session.commit()
    assert run
    assert run_jobs() == ["run"]
    session.expire_all()
    assert getattr(_example(session, None, lesson), "id", None) == run.id
    assert getattr(_example(session, ada, lesson), "id", None) == run.id
    runs.submit(session, ada, lesson.slug, run.cell, {})
    assert _example(session, ada, lesson) is None  # she has her own now


@pytest.mark.usefixtures("machines")
def test_it_is_run_again_only_when_the_cell_has_changed(
    session: Session, lesson: Lesson, run_jobs: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    examples.ensure(session, lesson)
    session.commit()
    run_jobs()
    session.expire_all()
    examples.ensure(session, lesson)
    session.commit()
    assert run_jobs() == []
    written = drafts.initial
    monkeypatch.setattr(drafts, "initial", lambda block: written(block) + "\n# changed")
    examples.ensure(session, lesson)
    session.commit()
    assert run_jobs() == ["run"]


def test_two_sites_that_start_at_once_have_one_house(
    session: Session, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one made it after this one had looked."""
    with Session(session.bind) as other:
        made = examples.ensure(other, lesson)
        assert made
        first = made.id
        other.commit()
    looks = iter([None])
    get = session.get
    monkeypatch.setattr(session, "get", lambda *which, **how: next(looks, get(*which, **how)))
    second = examples.ensure(session, lesson)
    assert second
    assert second.id == first
