"""Cohorts are made, changed, joined and left."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from app.guard import NotAllowed, NotFound, Unusable
from app.models import Cohort, Role, User
from app.people import accounts, cohorts
from app.people.cohorts import Plan
from app.post import notices

PASSWORD = "long enough"


def test_an_admin_makes_a_cohort_and_a_mentor_does_not(session: Session, boss: User, mo: User) -> None:
    made = cohorts.make(session, boss, Plan("  Winter   school ", "Bring tea.", date(2027, 1, 4)))
    assert (made.name, made.about, made.open) == ("Winter school", "Bring tea.", False)
    assert [one.cohort.name for one in cohorts.seen_by(session, boss)] == ["Winter school", "Autumn"]
    assert [one.cohort.name for one in cohorts.seen_by(session, mo)] == ["Autumn"]
    with pytest.raises(NotAllowed):
        cohorts.make(session, mo, Plan("Mine"))


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        (Plan(""), "a name of 1 to 80"),
        (Plan("x" * 81), "a name of 1 to 80"),
        (Plan("AUTUMN"), "called “AUTUMN” already"),
        (Plan("Winter", starts_on=date(2027, 2, 1), ends_on=date(2027, 1, 1)), "end before it begins"),
    ],
)
def test_what_cannot_be_is_said(session: Session, cohort: Cohort, boss: User, plan: Plan, word: str) -> None:
    with pytest.raises(Unusable, match=word):
        cohorts.make(session, boss, plan)


def test_it_keeps_its_own_name_when_it_is_changed(session: Session, cohort: Cohort, boss: User) -> None:
    known = session.get_one(Cohort, cohort.id)
    cohorts.change(session, boss, known, Plan("autumn", open=True))
    assert (known.name, known.open) == ("autumn", True)


def test_only_its_mentors_and_admins_find_it(
    session: Session, cohort: Cohort, mo: User, outsider: User, ada: User, boss: User
) -> None:
    assert cohorts.find(session, mo, cohort.id).id == cohorts.find(session, boss, cohort.id).id
    for viewer in (outsider, ada):
        with pytest.raises(NotFound):
            cohorts.find(session, viewer, cohort.id)


def test_somebody_is_put_in_told_and_made_a_mentor(
    session: Session, cohort: Cohort, boss: User, zoe: User
) -> None:
    cohorts.add(session, boss, cohort, " Zoe@Example.org", Role.LEARNER)
    assert [notice.text for notice in notices.of(session, zoe)] == ["You are in the cohort “Autumn” now."]
    cohorts.add(session, boss, cohort, "zoe@example.org", Role.MENTOR)
    names = [(one.user.name, one.role.value) for one in cohorts.members(session, cohort)]
    assert names == [("Zoe", "mentor"), ("Ada", "learner"), ("Ben", "learner")]
    with pytest.raises(Unusable, match="Nobody has an account"):
        cohorts.add(session, boss, cohort, "nobody@example.org", Role.LEARNER)


def test_who_comes_back_is_in_it_again(session: Session, cohort: Cohort, boss: User, ada: User) -> None:
    cohorts.leave(session, ada, cohort.id)
    assert cohorts.of(session, ada) == []
    with pytest.raises(NotFound):
        cohorts.leave(session, ada, cohort.id)
    cohorts.add(session, boss, cohort, "ada@example.org", Role.LEARNER)
    assert [one.cohort.name for one in cohorts.of(session, ada)] == ["Autumn"]


def test_new_accounts_come_into_open_cohorts_that_are_not_over(session: Session, boss: User) -> None:
    for name, ends in (("Open", None), ("Over", date(2020, 1, 1))):
        cohorts.make(session, boss, Plan(name, ends_on=ends, open=True))
    cohorts.make(session, boss, Plan("Closed"))
    zoe = accounts.sign_up(session, None, "Zoe", "zoe@example.org", PASSWORD)
    assert [(one.cohort.name, one.role) for one in cohorts.of(session, zoe)] == [("Open", Role.LEARNER)]
