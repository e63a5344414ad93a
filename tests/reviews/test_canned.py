"""Canned replies: one's own, and those of one's cohorts."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.guard import NotAllowed, NotFound, Unusable
from app.mentoring import canned
from app.models import CannedReply, Cohort, User


def _titles(session: Session, mentor: User, search: str = "") -> list[str]:
    return [reply.title for reply in canned.of(session, mentor, search)]


def test_one_finds_ones_own_by_any_of_its_words(session: Session, mo: User) -> None:
    canned.save(session, mo, "  Shapes ", "Print `x.shape` first.", None)
    canned.save(session, mo, "Seeds", "100 % of runs: set a seed.", None)
    assert _titles(session, mo, "SHAPE print") == ["Shapes"]
    assert _titles(session, mo, "100 %") == ["Seeds"]
    assert _titles(session, mo, "nothing") == []
    assert sorted(_titles(session, mo)) == ["Seeds", "Shapes"]


def test_what_is_kept_twice_is_there_once(session: Session, mo: User, boss: User, cohort: Cohort) -> None:
    kept = canned.save(session, mo, "Shapes", "Print them.", None)
    assert canned.save(session, mo, "Shapes", "Print them.", cohort.id).id == kept.id
    assert canned.save(session, mo, "Shapes", "Print them.", None).cohort_id == cohort.id
    assert canned.save(session, boss, "Shapes", "Print them.", None).id != kept.id
    canned.save(session, mo, "Shapes", "Print theirs.", None)
    assert _titles(session, mo) == ["Shapes", "Shapes"]


def test_one_that_is_shared_is_for_the_mentors_of_that_cohort(
    session: Session, mo: User, cohort: Cohort, outsider: User, boss: User, ada: User
) -> None:
    shared = canned.save(session, mo, "Shapes", "Print them.", cohort.id)
    canned.save(session, mo, "Mine", "Only mine.", None)
    session.commit()
    assert _titles(session, boss) == ["Shapes"]
    assert _titles(session, outsider) == []
    for other in (boss, outsider):
        with pytest.raises(NotFound):
            canned.delete(session, other, shared.id)
        with pytest.raises(NotFound):
            canned.save(session, other, "Taken", "Over.", None, shared.id)
    with pytest.raises(NotFound):
        canned.insert(session, outsider, shared.id, "")
    with pytest.raises(NotFound):
        canned.save(session, outsider, "Shapes", "Print them.", cohort.id)
    with pytest.raises(NotAllowed):
        canned.of(session, ada)


def test_inserting_keeps_what_was_written_and_counts(session: Session, mo: User) -> None:
    rare = canned.save(session, mo, "A", "Print it.", None)
    often = canned.save(session, mo, "B", "Plot it.", None)
    assert canned.insert(session, mo, often.id, "Hello Ada.\n") == "Hello Ada.\n\nPlot it."
    assert canned.insert(session, mo, often.id, " ") == "Plot it."
    session.commit()
    session.expire_all()
    assert [(one.id, one.uses) for one in canned.of(session, mo)] == [(often.id, 2), (rare.id, 0)]


def test_it_can_be_changed_and_deleted(session: Session, mo: User, cohort: Cohort) -> None:
    made = canned.save(session, mo, "A", "Print it.", cohort.id)
    canned.save(session, mo, "B", "Plot it.", None, made.id)
    (kept,) = canned.of(session, mo)
    assert (kept.id, kept.title, kept.body, kept.cohort_id) == (made.id, "B", "Plot it.", None)
    canned.delete(session, mo, made.id)
    assert session.query(CannedReply).count() == 0


def test_without_title_or_text_it_is_refused(session: Session, mo: User) -> None:
    for title, body in (("", "x"), ("x", " "), ("x" * 81, "x")):
        with pytest.raises(Unusable):
            canned.save(session, mo, title, body, None)
