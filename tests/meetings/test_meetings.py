"""From one 1:1 to the next: visits, check-ins, goals and private notes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotAllowed, NotFound, Unusable
from app.mentoring import meetings
from app.models import CheckIn, Cohort, Deed, Role, User, Visit
from app.people import cohorts
from app.post import notices


def test_a_check_in_can_be_changed_until_a_mentor_has_seen_it_and_then_the_next_begins(
    session: Session, ada: User, mo: User
) -> None:
    meetings.check_in(session, ada, "Step 1", "", "Step 2")
    meetings.check_in(session, ada, "Step 1", "Shapes", "Step 2")
    (only,) = meetings.check_ins(session, ada)
    assert (only.did, only.stuck, only.next) == ("Step 1", "Shapes", "Step 2")
    meetings.see(session, mo, ada)
    session.refresh(only)
    assert only.seen_at is not None
    assert meetings.open_check_in(session, ada) is None
    meetings.check_in(session, ada, "Step 2", "", "")
    assert [one.did for one in meetings.check_ins(session, ada)] == ["Step 2", "Step 1"]


def test_last_weeks_check_in_stays_as_it_is(session: Session, ada: User) -> None:
    meetings.check_in(session, ada, "Step 1", "", "")
    week = meetings.monday(now().date()) - timedelta(days=7)
    session.execute(update(CheckIn).values(week=week), execution_options={"synchronize_session": "fetch"})
    meetings.check_in(session, ada, "Step 2", "", "")
    assert [one.did for one in meetings.check_ins(session, ada)] == ["Step 2", "Step 1"]


def test_an_empty_check_in_is_refused(session: Session, ada: User) -> None:
    with pytest.raises(Unusable):
        meetings.check_in(session, ada, " ", "\n", "")
    assert meetings.check_ins(session, ada) == []


def test_a_visit_can_be_taken_back_as_a_whole_even_if_it_was_noted_twice(
    session: Session, ada: User, mo: User
) -> None:
    assert meetings.since(None) < now() - timedelta(days=6)
    earlier = now() - timedelta(days=7)
    session.add(Visit(mentor_id=mo.id, learner_id=ada.id, seen_at=earlier))
    session.flush()
    meetings.see(session, mo, ada)  # the page was open for a minute
    meetings.see(session, mo, ada)  # and then the button was pressed
    visit = meetings.last_visit(session, mo, ada)
    assert visit is not None
    assert meetings.since(visit) > earlier
    meetings.unsee(session, mo, ada)
    assert meetings.since(visit) == earlier


def test_a_visit_is_a_mentors_own(session: Session, ada: User, mo: User, boss: User) -> None:
    meetings.see(session, mo, ada)
    assert meetings.last_visit(session, boss, ada) is None
    with pytest.raises(NotFound):
        meetings.unsee(session, boss, ada)


def test_goals_are_set_and_marked_by_both_and_the_learner_is_told(
    session: Session, ada: User, mo: User
) -> None:
    own = meetings.set_goal(session, ada, ada, "  Finish   step 1 ")
    assert meetings.set_goal(session, ada, ada, "Finish step 1") is own  # a double click
    agreed = meetings.set_goal(session, mo, ada, "Read the paper")
    session.flush()
    assert [one.text for one in notices.of(session, ada)] == ["Mo noted a goal with you: Read the paper"]
    assert session.scalar(select(Deed.kind).where(Deed.about_id == ada.id)) == "goal_set"
    meetings.mark_goal(session, own, done=True)
    assert meetings.goals(session, ada) == [agreed, own]
    meetings.mark_goal(session, own, done=False)
    assert meetings.goals(session, ada) == [own, agreed]
    with pytest.raises(NotAllowed, match="the learner’s own"):
        meetings.drop_goal(session, mo, own)
    meetings.drop_goal(session, ada, own)
    assert meetings.goals(session, ada) == [agreed]
    meetings.drop_goal(session, mo, agreed)
    assert meetings.goals(session, ada) == []


def test_a_goal_is_one_line_and_another_learners_is_not_found(session: Session, ada: User, ben: User) -> None:
    for text in ("", " ", "x" * 201):
        with pytest.raises(Unusable):
            meetings.set_goal(session, ada, ada, text)
    goal = meetings.set_goal(session, ada, ada, "Step 1")
    with pytest.raises(NotFound):
        meetings.find_goal(session, ben, goal.id)


def test_notes_are_their_mentors_alone_unless_marked_for_the_cohorts_mentors(
    session: Session, ada: User, mo: User, outsider: User, boss: User, cohort: Cohort
) -> None:
    private = meetings.write_note(session, mo, ada, "Shy.", shared=False)
    shared = meetings.write_note(session, mo, ada, "Likes plots.", shared=True)
    assert meetings.notes(session, mo, ada) == [shared, private]
    for other in (outsider, boss, ada):
        assert meetings.notes(session, other, ada) == []
    cohorts.add(session, boss, cohort, "otto@example.org", Role.MENTOR)  # comes later
    assert meetings.notes(session, outsider, ada) == [shared]
    cohorts.remove(session, boss, cohort, outsider.id)
    session.flush()
    assert meetings.notes(session, outsider, ada) == []


def test_nobody_reads_what_is_about_themselves_even_as_a_mentor_of_the_same_cohort(
    session: Session, ada: User, mo: User, boss: User, cohort: Cohort
) -> None:
    meetings.write_note(session, mo, ada, "Likes plots.", shared=True)
    cohorts.add(session, boss, cohort, "ada@example.org", Role.MENTOR)
    assert meetings.notes(session, ada, ada) == []
    with pytest.raises(Unusable):
        meetings.write_note(session, ada, ada, "I am good.", shared=False)


def test_a_double_click_writes_one_note(session: Session, ada: User, ben: User, mo: User, boss: User) -> None:
    note = meetings.write_note(session, mo, ada, "Shy.", shared=False)
    assert meetings.write_note(session, mo, ada, " Shy. ", shared=False).id == note.id
    for mentor, learner in ((mo, ben), (boss, ada)):
        assert meetings.write_note(session, mentor, learner, "Shy.", shared=False).id != note.id
    meetings.write_note(session, mo, ada, "Likes plots.", shared=False)
    meetings.write_note(session, mo, ada, "Shy.", shared=False)  # still
    assert [one.body for one in meetings.notes(session, mo, ada)] == ["Shy.", "Likes plots.", "Shy."]


def test_only_who_wrote_a_note_changes_it(session: Session, ada: User, mo: User, boss: User) -> None:
    note = meetings.write_note(session, mo, ada, "Shy.", shared=True)
    for do in (
        lambda: meetings.write_note(session, boss, ada, "No.", shared=True, note_id=note.id),
        lambda: meetings.drop_note(session, boss, ada, note.id),
    ):
        with pytest.raises(NotFound):
            do()
    meetings.write_note(session, mo, ada, "Not shy.", shared=False, note_id=note.id)
    assert (note.body, note.shared) == ("Not shy.", False)
    meetings.drop_note(session, mo, ada, note.id)
    assert meetings.notes(session, mo, ada) == []
