"""Who sees whose work: mentors that of their cohorts' learners while these are in them, admins everybody's;
and that is noted.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotFound
from app.lessons import Lesson
from app.mentoring import threads
from app.models import Cohort, Deed, Role, User
from app.people import cohorts, oversight


def test_a_mentor_finds_the_learners_of_their_cohort(
    session: Session, mo: User, outsider: User, ada: User, ben: User
) -> None:
    assert oversight.learner(session, mo, ada.id).name == "Ada"
    for viewer, whom in ((outsider, ada), (ben, ada), (mo, outsider)):
        with pytest.raises(NotFound):
            oversight.learner(session, viewer, whom.id)


def test_who_has_left_or_was_taken_out_is_seen_no_longer(
    session: Session, cohort: Cohort, mo: User, boss: User, ada: User, ben: User
) -> None:
    cohorts.leave(session, ada, cohort.id)
    cohorts.remove(session, boss, cohort, ben.id)
    for whom in (ada, ben):
        with pytest.raises(NotFound):
            oversight.learner(session, mo, whom.id)


def test_a_mentor_who_has_left_sees_nobody(session: Session, cohort: Cohort, mo: User, ada: User) -> None:
    cohorts.leave(session, mo, cohort.id)
    gone = session.get_one(User, mo.id, populate_existing=True)
    assert not gone.mentor
    with pytest.raises(NotFound):
        oversight.learner(session, gone, ada.id)


def test_an_admin_finds_everybody_and_that_is_noted_once_an_hour(
    session: Session, boss: User, mo: User, ada: User, ben: User
) -> None:
    for whom in (ada, ada, ben, boss):
        oversight.learner(session, boss, whom.id)
    oversight.learner(session, mo, ada.id)
    noted = session.execute(select(Deed.actor_id, Deed.kind, Deed.about_id).order_by(Deed.id)).all()
    assert noted == [(boss.id, "looked", ada.id), (boss.id, "looked", ben.id)]


def test_an_admin_who_mentors_the_learner_is_not_noted(
    session: Session, cohort: Cohort, boss: User, ada: User
) -> None:
    cohorts.add(session, boss, cohort, "boss@example.org", Role.MENTOR)
    oversight.learner(session, boss, ada.id)
    assert "looked" not in session.scalars(select(Deed.kind)).all()


def test_those_in_no_cohort_turn_to_the_admin(
    session: Session, lesson: Lesson, mo: User, boss: User, ada: User, stranger: User
) -> None:
    for learner in (ada, stranger):
        threads.ask(session, learner, "counting", "one", "Why?")
    assert [thread.user_id for thread in threads.open_for_mentor(session, boss)] == [stranger.id]
    assert [thread.user_id for thread in threads.open_for_mentor(session, mo)] == [ada.id]
    assert session.scalars(oversight.alone()).all() == [stranger.id]
