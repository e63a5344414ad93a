"""Sums of time that are kept for cohorts: right, and made anew when there is something new."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import now
from app.learning import activity, desk, drafts, worktime
from app.learning.activity import Kind
from app.learning.worktime import Place, Spent, Times
from app.lessons import Lesson
from app.models import Activity, Cohort, Draft, User, WorkTime
from app.people import moving
from workers.worker import Sweeper


def _did(session: Session, user: User, *kinds: Kind) -> None:
    """One minute apart, at `double`."""
    for minute, kind in enumerate(kinds):
        moment = now() + timedelta(minutes=minute)
        session.add(Activity(user_id=user.id, kind=kind, lesson="counting", cell="double", created_at=moment))
    session.commit()


def kept(session: Session) -> dict[UUID, Times]:
    """Everybody's sums, as rows hold them."""
    found: dict[UUID, dict[Place, Spent]] = {}
    for row in session.scalars(select(WorkTime)):
        found.setdefault(row.user_id, {})[Place(row.lesson, row.cell)] = Spent(row.code, row.reading)
    return {user: Times(spent) for user, spent in found.items()}


def test_what_is_kept_is_what_is_measured(
    session: Session, ada: User, ben: User, cohort: Cohort, lesson: Lesson
) -> None:
    _did(session, ada, Kind.OPENED, Kind.EDITED, Kind.RAN, Kind.HANDED_IN)
    assert kept(session) == {}
    worktime.count(session, ada.id)
    assert kept(session) == {ada.id: worktime.of(session, ada)}
    spent = worktime.of(session, ada).at("double")
    assert (round(spent.code), round(spent.reading)) == (120, 60)


def test_whoever_has_done_something_since_is_behind_until_counted(
    session: Session, ada: User, ben: User, zoe: User, cohort: Cohort, lesson: Lesson
) -> None:
    for user in (ada, zoe):  # Zoe is in no cohort: nobody asks for sums of hers
        _did(session, user, Kind.OPENED, Kind.RAN)
    assert worktime.behind(session) == [ada.id]
    worktime.count(session, ada.id)
    assert worktime.behind(session) == []
    activity.log(session, ada, Kind.RAN, "counting", "double")
    session.flush()
    assert worktime.behind(session) == [ada.id]
    worktime.count(session, ada.id)
    worktime.count(session, ada.id)
    assert kept(session) == {ada.id: worktime.of(session, ada)}


def test_the_worker_counts_as_it_sweeps(session: Session, ada: User, cohort: Cohort, lesson: Lesson) -> None:
    _did(session, ada, Kind.OPENED, Kind.RAN)
    Sweeper("somebody").sweep()
    assert kept(session) == {ada.id: worktime.of(session, ada)}


def test_typing_is_noted_once_in_half_a_minute_for_each_cell(
    session: Session, ada: User, lesson: Lesson
) -> None:
    def noted() -> list[str]:
        return [one.cell for one in activity.of_kind(session, ada, Kind.EDITED, "counting")]

    drafts.save(session, ada, "counting", "two", "y = 1")
    drafts.save(session, ada, "counting", "two", "y = 1")  # nothing was typed
    session.flush()
    assert noted() == ["two"]
    moved = now() - timedelta(seconds=activity.OFTEN)
    session.execute(
        update(Draft).values(updated_at=moved), execution_options={"synchronize_session": "fetch"}
    )
    drafts.save(session, ada, "counting", "two", "y = 12")
    session.flush()
    assert noted() == ["two", "two"]


def test_each_visit_of_a_lesson_is_noted_but_the_first_is_the_one_that_opened_it(
    session: Session, ada: User, lesson: Lesson
) -> None:
    desk.opened(session, ada, lesson)
    desk.opened(session, ada, lesson)  # reloaded at once
    session.flush()
    assert len(activity.of_kind(session, ada, Kind.OPENED, "counting")) == 1
    first = now() - timedelta(hours=1)
    session.execute(
        update(Activity).values(created_at=first), execution_options={"synchronize_session": "fetch"}
    )
    desk.opened(session, ada, lesson)
    session.flush()
    assert len(activity.of_kind(session, ada, Kind.OPENED, "counting")) == 2
    assert activity.opened_at(session, ada, "counting") == first


def test_a_guests_events_that_become_an_accounts_are_counted(
    session: Session, ada: User, stranger: User, cohort: Cohort, lesson: Lesson
) -> None:
    _did(session, stranger, Kind.OPENED, Kind.RAN)
    _did(session, ada, Kind.OPENED)
    worktime.count(session, ada.id)
    guest = session.get_one(User, stranger.id)
    moving.move_work(session, guest, session.get_one(User, ada.id))
    assert worktime.behind(session) == [ada.id]
    assert session.scalars(select(Activity.user_id).distinct()).all() == [ada.id]


def test_somebody_who_is_gone_is_no_matter(session: Session, stranger: User) -> None:
    session.delete(session.get_one(User, stranger.id))
    session.commit()
    worktime.count(session, stranger.id)
    assert Spent() == worktime.of(session, stranger).total
