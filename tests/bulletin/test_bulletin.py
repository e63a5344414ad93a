"""What a cohort is told, and who looks after whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotFound, Unusable
from app.mentoring import handover
from app.models import Cohort, Deed, Role, User
from app.people import cohorts
from app.post import notices
from app.teaching import bulletin


def test_an_announcement_tells_each_learner_once(
    session: Session, ada: User, ben: User, mo: User, outsider: User, cohort: Cohort
) -> None:
    made = bulletin.announce(session, mo, cohort, "# Hello\n\nOn Monday.", None)
    assert bulletin.announce(session, mo, cohort, "# Hello\n\nOn Monday.", None) is made  # a double click
    session.flush()
    for learner in (ada, ben):
        (told,) = notices.of(session, learner)
        assert told.text == "Mo to Autumn: Hello"
        assert told.href == f"/cohorts/{cohort.id}#a-{made.id}"
    assert notices.of(session, mo) == notices.of(session, outsider) == []
    assert [one.body for one in bulletin.of(session, ada, cohort.id).announcements] == [made.body]


def test_a_notice_of_an_announcement_shows_no_marks(
    session: Session, ada: User, mo: User, cohort: Cohort
) -> None:
    bulletin.announce(session, mo, cohort, "Tuesday at **19:00**, in [room 5](https://example.org).", None)
    assert [one.text for one in notices.of(session, ada)] == ["Mo to Autumn: Tuesday at 19:00, in room 5."]


def test_it_is_pinned_until_its_day_is_over(
    session: Session, ada: User, mo: User, outsider: User, cohort: Cohort
) -> None:
    today = now().date()
    made = bulletin.announce(session, mo, cohort, "Hello", today)
    assert [one.body for one in bulletin.pinned(session, ada)] == ["Hello"]
    assert bulletin.pinned(session, outsider) == []
    made.pinned_until = today - timedelta(days=1)
    assert bulletin.pinned(session, ada) == []
    bulletin.change(session, mo, cohort, made.id, "Hello again", made.pinned_until)  # an old pin may stay
    with pytest.raises(Unusable):
        bulletin.change(session, mo, cohort, made.id, "Hello", today - timedelta(days=3))
    bulletin.change(session, mo, cohort, made.id, "Hello again", today + timedelta(days=3))
    assert [one.body for one in bulletin.pinned(session, ada)] == ["Hello again"]
    assert bulletin.remove(session, mo, cohort, made.id) == "Hello again"
    assert bulletin.pinned(session, ada) == []


def test_who_changes_another_mentors_words_is_in_the_log(
    session: Session, mo: User, boss: User, cohort: Cohort
) -> None:
    made = bulletin.announce(session, mo, cohort, "Hello", None)
    bulletin.change(session, boss, cohort, made.id, "Hello", now().date())  # pinned: the words are the same
    bulletin.change(session, boss, cohort, made.id, "Go away", None)
    session.flush()
    lines = session.scalars(select(Deed).where(Deed.kind == "announcement_changed")).all()
    assert [(line.data["actor"], line.data["of"], line.data["said"]) for line in lines] == [
        ("Boss", "Mo", "Hello")
    ]


def test_another_cohorts_announcement_is_not_found(
    session: Session, mo: User, outsider: User, cohort: Cohort
) -> None:
    made = bulletin.announce(session, mo, cohort, "Hello", None)
    (other,) = (one.cohort for one in cohorts.seen_by(session, outsider))
    with pytest.raises(NotFound):
        bulletin.change(session, outsider, other, made.id, "Mine", None)
    with pytest.raises(NotFound):
        bulletin.of(session, outsider, cohort.id)


def test_office_hours_are_words_and_dates_that_are_still_to_come(
    session: Session, ada: User, mo: User, cohort: Cohort
) -> None:
    bulletin.say_hours(session, mo, cohort, "Mondays, room **5**")
    bulletin.say_hours(session, mo, cohort, "Tuesdays")
    later, soon = (
        bulletin.add_date(session, cohort, now() + timedelta(days=days), "Room 5") for days in (8, 1)
    )
    with pytest.raises(Unusable):
        bulletin.add_date(session, cohort, now() - timedelta(minutes=1), "")
    seen = bulletin.of(session, ada, cohort.id)
    assert seen.office_hours == "Tuesdays"
    assert list(seen.dates) == [soon, later]
    soon.at = now() - timedelta(days=1)
    assert list(bulletin.dates(session, cohort)) == [later]
    bulletin.remove_date(session, cohort, later.id)
    assert list(bulletin.dates(session, cohort)) == []


def test_learners_are_handed_over_with_a_note_and_all_are_told(
    session: Session, ada: User, ben: User, mo: User, outsider: User, boss: User, cohort: Cohort
) -> None:
    cohorts.add(session, boss, cohort, "otto@example.org", Role.MENTOR)
    given = handover.give(session, mo, cohort, [ada.id, ben.id], outsider.id, "Be patient.")
    assert [one.name for one in given] == ["Ada", "Ben"]
    assert {user: row.mentor.name for user, row in handover.of(session, cohort).items()} == {
        ada.id: "Otto",
        ben.id: "Otto",
    }
    looks_after = bulletin.of(session, ada, cohort.id).own_mentor
    assert looks_after is not None
    assert looks_after.name == "Otto"
    assert handover.note_for(session, outsider, ada) == "Be patient."
    assert handover.note_for(session, mo, ada) == ""
    assert "Mo handed over to you in Autumn: Ada, Ben." in [one.text for one in notices.of(session, outsider)]
    assert "Otto looks after you in Autumn now." in [one.text for one in notices.of(session, ada)]
    done = session.scalars(select(Deed.about_id).where(Deed.kind == "handed_over")).all()
    assert set(done) == {ada.id, ben.id}


def test_nobody_is_handed_to_a_stranger_and_no_stranger_is_handed_over(
    session: Session, ada: User, mo: User, outsider: User, zoe: User, cohort: Cohort
) -> None:
    for learners, to in (([ada.id], outsider.id), ([ada.id], ada.id), ([zoe.id], mo.id), ([], mo.id)):
        with pytest.raises(Unusable):
            handover.give(session, mo, cohort, learners, to, "")
    assert handover.of(session, cohort) == {}


def test_a_mentor_who_has_left_looks_after_nobody(
    session: Session, ada: User, mo: User, boss: User, cohort: Cohort
) -> None:
    handover.give(session, mo, cohort, [ada.id], mo.id, "")
    assert bulletin.own_mentor(session, cohort, ada) is not None
    cohorts.remove(session, boss, cohort, mo.id)
    session.flush()
    assert bulletin.own_mentor(session, cohort, ada) is None
    assert handover.of(session, cohort) == {}
