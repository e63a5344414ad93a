"""What a cohort is told: announcements, and when its mentors have time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from app.db import now
from app.guard import NotFound, Unusable, clean_text, one_at_a_time
from app.markdown import opening
from app.models import Announcement, Cohort, Membership, OfficeHour, OfficeHours, OwnMentor, Role, User
from app.people import cohorts, deeds
from app.people.deeds import Kind
from app.post import notices

MAX_ANNOUNCEMENT = 10 * 1024  # bytes
MAX_HOURS = 4 * 1024  # bytes
MAX_NOTE = 200  # characters
_GOES_ON = timedelta(hours=3)
MOST_DATES = 100  # that are still to come
SHOWN = 50  # announcements, the newest


@dataclass(frozen=True)
class Bulletin:
    """A cohort as its learners find it."""

    cohort: Cohort
    mentors: list[User]
    own_mentor: User | None
    announcements: Sequence[Announcement]
    office_hours: str
    dates: Sequence[OfficeHour]
    mentored: bool  # whoever looks is one of those who write here

    @property
    def over(self) -> bool:
        """Whether the cohort's last day has gone by."""
        return self.cohort.ends_on is not None and self.cohort.ends_on < now().date()


def of(session: Session, viewer: User, cohort_id: UUID) -> Bulletin:
    """The cohort, for those who are in it and for admins. Raises NotFound for everybody else."""
    cohort = find(session, viewer, cohort_id)
    mentors = [one.user for one in cohorts.members(session, cohort) if one.role is Role.MENTOR]
    return Bulletin(
        cohort,
        mentors,
        own_mentor(session, cohort, viewer),
        announcements(session, cohort),
        hours(session, cohort),
        dates(session, cohort),
        viewer.admin or viewer.id in {mentor.id for mentor in mentors},
    )


def find(session: Session, viewer: User, cohort_id: UUID) -> Cohort:
    """The cohort, for those who are in it and for admins. Raises NotFound for everybody else."""
    query = select(Cohort).where(Cohort.id == cohort_id)
    if not viewer.admin:
        query = query.where(Cohort.id.in_(_mine(viewer)))
    cohort = session.scalar(query)
    if cohort is None:
        raise NotFound("There is no such cohort among yours.")
    return cohort


def _mine(user: User) -> Select[UUID]:
    return select(Membership.cohort_id).where(Membership.user_id == user.id, Membership.left_at.is_(None))


def own_mentor(session: Session, cohort: Cohort, learner: User) -> User | None:
    """Who looks after this learner there, while they are still one of its mentors."""
    still = select(Membership.user_id).where(
        Membership.cohort_id == cohort.id, Membership.role == Role.MENTOR, Membership.left_at.is_(None)
    )
    row = select(OwnMentor).where(OwnMentor.cohort_id == cohort.id, OwnMentor.learner_id == learner.id)
    found = session.scalar(row.where(OwnMentor.mentor_id.in_(still)).options(joinedload(OwnMentor.mentor)))
    return found.mentor if found else None


# ---- announcements


def announcements(session: Session, cohort: Cohort) -> Sequence[Announcement]:
    """The newest first."""
    query = select(Announcement).where(Announcement.cohort_id == cohort.id)
    return session.scalars(
        query.order_by(Announcement.created_at.desc(), Announcement.id.desc()).limit(SHOWN)
    ).all()


def pinned(session: Session, user: User) -> Sequence[Announcement]:
    """What is pinned today in the cohorts that somebody is in, with the cohorts; the newest first."""
    query = select(Announcement).where(
        Announcement.cohort_id.in_(_mine(user)), Announcement.pinned_until >= now().date()
    )
    return session.scalars(
        query.options(joinedload(Announcement.cohort)).order_by(
            Announcement.created_at.desc(), Announcement.id.desc()
        )
    ).all()


def announce(
    session: Session, mentor: User, cohort: Cohort, body: str, pin_until: date | None
) -> Announcement:
    """Tell all its learners, each by a notice. Call with a cohort that `cohorts.find` has let the mentor see.

    The same twice is said once. Raises Unusable, TextTooLong.
    """
    body = _checked(body, pin_until)
    one_at_a_time(session, mentor)
    newest = next(iter(announcements(session, cohort)), None)
    if newest is not None and newest.author_id == mentor.id and newest.body == body:
        return newest
    made = Announcement(
        cohort_id=cohort.id,
        author_id=mentor.id,
        author_name=mentor.name,
        body=body,
        pinned_until=pin_until,
    )
    session.add(made)
    session.flush()
    for learner in session.scalars(cohorts.learners(cohort)).all():
        if learner != mentor.id:
            text = f"{mentor.name} to {cohort.name}: {opening(body)}"
            notices.tell(session, learner, "announcement", text, f"/cohorts/{cohort.id}#a-{made.id}")
    deeds.note(session, mentor, Kind.ANNOUNCED, cohort=cohort)
    return made


def _checked(body: str, pin_until: date | None) -> str:
    body = clean_text(body, MAX_ANNOUNCEMENT).strip()
    if not body:
        raise Unusable("Write what the cohort should know.")
    if pin_until is not None and pin_until < now().date():
        raise Unusable("The day until which it is pinned is over already: choose a later one, or none.")
    return body


def change(
    session: Session,
    mentor: User,
    cohort: Cohort,
    announcement_id: UUID,
    body: str,
    pin_until: date | None,
) -> None:
    """Mend it, or pin it for longer; nobody is told again. What it said is noted, as it stands under the name
    of whoever wrote it. Raises NotFound, Unusable, TextTooLong.
    """
    found = _one(session, cohort, announcement_id)
    kept = found.pinned_until == pin_until  # a pin that is over may stay over
    before, body = found.body, _checked(body, None if kept else pin_until)
    found.body, found.pinned_until = body, pin_until
    if body != before:
        deeds.note(
            session, mentor, Kind.ANNOUNCEMENT_CHANGED, cohort=cohort, of=found.author_name, said=before[:300]
        )
    session.flush()


def remove(session: Session, mentor: User, cohort: Cohort, announcement_id: UUID) -> str:
    """Take it away, and return what it said, so that it can be said again. Raises NotFound."""
    found = _one(session, cohort, announcement_id)
    session.delete(found)
    deeds.note(session, mentor, Kind.ANNOUNCEMENT_REMOVED, cohort=cohort, said=found.body[:300])
    session.flush()
    return found.body


def _one(session: Session, cohort: Cohort, announcement_id: UUID) -> Announcement:
    found = session.get(Announcement, announcement_id)
    if found is None or found.cohort_id != cohort.id:
        raise NotFound("There is no such announcement (any more).")
    return found


# ---- office hours


def hours(session: Session, cohort: Cohort) -> str:
    """What its mentors say of them, in Markdown; empty if nothing."""
    said = select(OfficeHours.text).where(OfficeHours.cohort_id == cohort.id)
    return session.scalar(said) or ""


def say_hours(session: Session, mentor: User, cohort: Cohort, text: str) -> None:
    """Say something else of them. Raises TextTooLong."""
    cohorts.hold(session, cohort)
    text = clean_text(text, MAX_HOURS).strip()
    found = session.scalar(select(OfficeHours).where(OfficeHours.cohort_id == cohort.id))
    if found is None:
        found = OfficeHours(cohort_id=cohort.id)
        session.add(found)
    found.text = text
    deeds.note(session, mentor, Kind.OFFICE_HOURS, cohort=cohort)
    session.flush()


def dates(session: Session, cohort: Cohort) -> Sequence[OfficeHour]:
    """Those that are still to come, the next first; the last one for some hours more, while it goes on."""
    query = select(OfficeHour).where(OfficeHour.cohort_id == cohort.id, OfficeHour.at >= now() - _GOES_ON)
    return session.scalars(query.order_by(OfficeHour.at, OfficeHour.id)).all()


def add_date(session: Session, cohort: Cohort, at: datetime, note: str) -> OfficeHour:
    """One more. Raises Unusable."""
    note = " ".join(clean_text(note).split())
    if len(note) > MAX_NOTE:
        raise Unusable(f"Say where in at most {MAX_NOTE} characters.")
    if at <= now():
        raise Unusable(f"This moment is over already: times are those of {cohort.time_zone}.")
    known = dates(session, cohort)
    if len(known) >= MOST_DATES:
        raise Unusable(f"{MOST_DATES} dates are still to come: remove some first.")
    for one in known:
        if one.at == at and one.note == note:  # a double click
            return one
    made = OfficeHour(cohort_id=cohort.id, at=at, note=note)
    session.add(made)
    session.flush()
    return made


def remove_date(session: Session, cohort: Cohort, date_id: UUID) -> None:
    """Raises NotFound."""
    found = session.get(OfficeHour, date_id)
    if found is None or found.cohort_id != cohort.id:
        raise NotFound("There is no such date (any more).")
    session.delete(found)
    session.flush()
