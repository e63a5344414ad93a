"""What is due for whom, in words; what is late; and who has longer."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotFound, Unusable
from app.learning import attempts
from app.lessons import Lesson
from app.models import Attempt, Cohort, Deed, Extension, Membership, Notice, Part, Role, User
from app.models import Verdict as Word
from app.people import cohorts
from app.teaching import deadlines, plan
from app.teaching.plan import Item


@pytest.fixture
def here(session: Session, cohort: Cohort, lesson: Lesson) -> Cohort:
    return session.get_one(Cohort, cohort.id)


def planned(session: Session, mentor: User, cohort: Cohort, days: int, key: str = "exercise:double") -> Item:
    part, ref = plan.parse_key(key)
    item = Item(part, ref, now().date() + timedelta(days))
    plan.put(session, mentor, cohort, [item])
    return item


def passed(session: Session, learner: User, exercise: str, at: datetime | None = None) -> None:
    attempt = attempts.hand_in(session, learner, exercise, "{}")
    said = {"verdict": Word.PASSED, "created_at": at or now()}
    session.execute(update(Attempt).where(Attempt.id == attempt.id).values(**said))


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-2, "was due 2 days ago"),
        (-1, "was due yesterday"),
        (0, "due today"),
        (1, "due tomorrow"),
        (3, "due in 3 days"),
    ],
)
def test_it_is_said_in_words(
    session: Session, here: Cohort, ada: User, mo: User, days: int, words: str
) -> None:
    planned(session, mo, here, days)
    (one,) = deadlines.of_learner(session, ada)
    assert one.words == words


def test_what_is_far_away_has_a_date(session: Session, here: Cohort, ada: User, mo: User) -> None:
    planned(session, mo, here, 40)
    day = now().date() + timedelta(40)
    assert deadlines.of_learner(session, ada)[0].words == f"due on {day.day} {day:%B}"


def test_a_time_of_the_day_is_said(session: Session, here: Cohort, ada: User, mo: User) -> None:
    tomorrow = now().date() + timedelta(1)
    plan.put(session, mo, here, [Item(Part.LESSON, "counting", tomorrow, time(18, 30))])
    assert deadlines.of_learner(session, ada)[0].words == "due tomorrow at 18:30"


def test_who_has_no_cohort_has_no_plan(session: Session, here: Cohort, zoe: User, mo: User) -> None:
    planned(session, mo, here, 3)
    assert deadlines.of_learner(session, zoe) == []
    assert deadlines.of_learner(session, mo) == []  # mentors learn elsewhere
    assert deadlines.of_learner(session, None) == []


def test_who_left_is_not_bound_any_more(session: Session, here: Cohort, ada: User, mo: User) -> None:
    planned(session, mo, here, 3)
    cohorts.leave(session, ada, here.id)
    session.flush()
    assert deadlines.of_learner(session, ada) == []


def test_a_learner_of_several_cohorts_sees_each(session: Session, here: Cohort, ada: User, mo: User) -> None:
    other = Cohort(name="Evening")
    session.add(other)
    session.flush()
    session.add(Membership(cohort_id=other.id, user_id=ada.id, role=Role.LEARNER))
    planned(session, mo, here, 5)
    planned(session, mo, other, 3)
    found = deadlines.of_learner(session, ada)
    assert [one.cohort.name for one in found] == ["Evening", "Autumn"]


def test_an_exercise_is_done_once_it_is_passed(session: Session, here: Cohort, ada: User, mo: User) -> None:
    planned(session, mo, here, -2)
    passed(session, ada, "double")
    (one,) = deadlines.of_learner(session, ada)
    assert (one.state, one.words, one.late) == ("done", "done", True)


def test_what_was_passed_in_time_is_not_late_however_long_it_took_to_be_judged(
    session: Session, here: Cohort, ada: User, mo: User
) -> None:
    planned(session, mo, here, -2)
    passed(session, ada, "double", now() - timedelta(3))
    session.execute(update(Attempt).values(graded_at=now()))
    assert not deadlines.of_learner(session, ada)[0].late


def test_a_lesson_is_done_when_its_proof_is(session: Session, here: Cohort, ada: User, mo: User) -> None:
    planned(session, mo, here, 3, "lesson:counting")
    passed(session, ada, "double")
    assert deadlines.of_learner(session, ada)[0].state == "later"
    passed(session, ada, "quadruple")
    assert deadlines.of_learner(session, ada)[0].state == "done"


def test_a_node_is_done_when_its_milestone_is(session: Session, here: Cohort, ada: User, mo: User) -> None:
    planned(session, mo, here, 3, "node:start")
    assert deadlines.of_learner(session, ada)[0].state == "later"
    passed(session, ada, "largest")
    assert deadlines.of_learner(session, ada)[0].state == "done"


def test_mentors_see_who_is_late_and_who_is_still_to_come(
    session: Session, here: Cohort, ada: User, ben: User, mo: User
) -> None:
    planned(session, mo, here, -2)
    passed(session, ada, "double")
    (one,) = deadlines.of_cohort(session, here).items
    assert (one.done, one.done_late, one.missing) == (1, [ada.id], [ben.id])
    assert one.of[ada.id].late_by == "1 day"


def test_grades_ask_for_the_nearest_date(session: Session, here: Cohort, ada: User, mo: User) -> None:
    planned(session, mo, here, 9, "node:start")
    planned(session, mo, here, 5, "lesson:counting")
    planned(session, mo, here, 1, "exercise:double")
    dues = deadlines.of_cohort(session, here)
    today = now().date()
    found = {name: dues.due(ada.id, name) for name in ("double", "quadruple")}
    assert {name: due and (due.date() - today).days for name, due in found.items()} == {
        "double": 1,
        "quadruple": 5,
    }
    assert dues.late(ada.id, "double", now() + timedelta(3))
    assert not dues.late(ada.id, "quadruple", now() + timedelta(3))
    assert dues.due(mo.id, "double") is None


# ---- extensions


def test_an_extension_moves_the_date_for_one_learner_who_is_told(
    session: Session, here: Cohort, ada: User, ben: User, mo: User
) -> None:
    item = planned(session, mo, here, -2)
    later = Item(item.part, item.ref, now().date() + timedelta(3))
    assert deadlines.extend(session, mo, here, later, [ada.id], "was ill") == 1
    assert deadlines.of_learner(session, ada)[0].words == "due in 3 days"
    assert deadlines.of_learner(session, ada)[0].extended
    assert deadlines.of_learner(session, ben)[0].words == "was due 2 days ago"
    told = session.scalars(select(Notice).where(Notice.user_id == ada.id)).one()
    assert "Twice as much" in told.text
    assert "ill" not in told.text
    deed = session.scalars(select(Deed).where(Deed.kind == "extended")).one()
    assert (deed.about_id, "ill" in str(deed.data)) == (ada.id, False)


def test_several_have_longer_at_once_and_a_second_one_replaces_the_first(
    session: Session, here: Cohort, ada: User, ben: User, mo: User
) -> None:
    item = planned(session, mo, here, 1)
    for days in (3, 5):
        later = Item(item.part, item.ref, now().date() + timedelta(days))
        assert deadlines.extend(session, mo, here, later, [ada.id, ben.id]) == 2
    assert len(deadlines.extensions(session, here)) == 2
    assert deadlines.of_learner(session, ben)[0].words == "due in 5 days"


def test_an_extension_outlives_undo(session: Session, here: Cohort, ada: User, mo: User) -> None:
    item = planned(session, mo, here, 1)
    later = Item(item.part, item.ref, now().date() + timedelta(4))
    deadlines.extend(session, mo, here, later, [ada.id])
    plan.remove(session, mo, here, item.key)
    assert deadlines.of_learner(session, ada) == []
    plan.undo(session, mo, here)
    assert deadlines.of_learner(session, ada)[0].words == "due in 4 days"


def test_it_can_be_taken_back(session: Session, here: Cohort, ada: User, mo: User) -> None:
    item = planned(session, mo, here, 1)
    deadlines.extend(session, mo, here, Item(item.part, item.ref, date(2032, 1, 1)), [ada.id])
    (one,) = deadlines.extensions(session, here)
    deadlines.withdraw(session, mo, here, one.id)
    assert deadlines.of_learner(session, ada)[0].words == "due tomorrow"
    with pytest.raises(NotFound):
        deadlines.withdraw(session, mo, here, one.id)


def test_extensions_that_make_no_sense_are_refused(
    session: Session, here: Cohort, ada: User, zoe: User, mo: User
) -> None:
    item = planned(session, mo, here, 1)
    later = Item(item.part, item.ref, now().date() + timedelta(4))
    with pytest.raises(Unusable, match="after the date"):
        deadlines.extend(session, mo, here, item, [ada.id])
    with pytest.raises(Unusable, match="for whom"):
        deadlines.extend(session, mo, here, later, [])
    with pytest.raises(NotFound):
        deadlines.extend(session, mo, here, later, [ada.id, zoe.id])
    with pytest.raises(Unusable, match="in the plan"):
        deadlines.extend(session, mo, here, Item(Part.NODE, "start", later.day), [ada.id])
    assert session.scalars(select(Extension)).all() == []


def test_a_date_is_the_same_moment_everywhere(session: Session, here: Cohort, ada: User, mo: User) -> None:
    here.time_zone = "Asia/Tokyo"
    plan.put(session, mo, here, [Item(Part.LESSON, "counting", date(2032, 7, 1), time(9))])
    assert deadlines.of_learner(session, ada)[0].due.astimezone(UTC) == datetime(2032, 7, 1, 0, tzinfo=UTC)
