"""Mentor and learner from one 1:1 to the next: visits, check-ins, goals, and the mentor's private notes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session, joinedload

from app.db import now
from app.guard import NotAllowed, NotFound, Unusable, clean_text, one_at_a_time
from app.models import CheckIn, Goal, Membership, Note, Role, User, Visit
from app.people import deeds
from app.people.deeds import Kind
from app.post import notices

MAX_LINE = 8_000  # bytes of a line of a check-in: 2,000 characters of any script
MAX_NOTE = 10 * 1024  # bytes
MAX_GOAL = 200  # characters
MOST_GOALS = 50  # not done, of one learner
SHOWN = 52  # check-ins, the newest
_ONE_VISIT = timedelta(hours=1)  # who looks again within it is still at the same visit
FIRST_LOOK = timedelta(days=7)  # so far back goes who has never visited before


# ---- visits


def last_visit(session: Session, mentor: User, learner: User) -> Visit | None:
    """When this mentor was here before, if they have been."""
    return session.scalar(select(Visit).where(Visit.mentor_id == mentor.id, Visit.learner_id == learner.id))


def since(visit: Visit | None) -> datetime:
    """From when on things are new to whoever visits."""
    return visit.seen_at if visit and visit.seen_at else now() - FIRST_LOOK


def see(session: Session, mentor: User, learner: User) -> None:
    """What there is by now is seen; check-ins can't be changed any more, others begin."""
    one_at_a_time(session, mentor)
    visit = last_visit(session, mentor, learner)
    if visit is None:
        visit = Visit(mentor_id=mentor.id, learner_id=learner.id)
        session.add(visit)
    if visit.seen_at is None or now() - visit.seen_at > _ONE_VISIT:
        visit.before = visit.seen_at
    visit.seen_at = now()
    unseen = update(CheckIn).where(CheckIn.user_id == learner.id, CheckIn.seen_at.is_(None))
    session.execute(unseen.values(seen_at=visit.seen_at))
    session.flush()


def unsee(session: Session, mentor: User, learner: User) -> None:
    """Take the last visit back: what was new then is new again. Raises NotFound.

    A check-in that was seen stays as it was read.
    """
    visit = last_visit(session, mentor, learner)
    if visit is None or visit.seen_at is None:
        raise NotFound("There is no visit to take back.")
    visit.seen_at, visit.before = visit.before, None
    session.flush()


# ---- check-ins


def check_ins(session: Session, learner: User) -> list[CheckIn]:
    """The newest, newest first."""
    mine = (
        select(CheckIn)
        .where(CheckIn.user_id == learner.id)
        .order_by(CheckIn.created_at.desc(), CheckIn.id.desc())
    )
    return list(session.scalars(mine.limit(SHOWN)))


def monday(day: date) -> date:
    """Of that day's week."""
    return day - timedelta(days=day.weekday())


def open_check_in(session: Session, learner: User) -> CheckIn | None:
    """This week's, as long as no mentor has seen it."""
    newest = next(iter(check_ins(session, learner)), None)
    this_week = newest is not None and newest.week == monday(now().date())
    return newest if newest and this_week and newest.seen_at is None else None


def check_in(session: Session, learner: User, did: str, stuck: str, coming: str) -> CheckIn:
    """Write this week's, or change it while nobody has seen it; else the next begins.

    Raises Unusable, TextTooLong.
    """
    lines = [clean_text(line, MAX_LINE).strip() for line in (did, stuck, coming)]
    if not any(lines):
        raise Unusable("Write at least one of the three lines.")
    one_at_a_time(session, learner)
    found = open_check_in(session, learner)
    if found is None:
        found = CheckIn(user_id=learner.id, week=monday(now().date()))
        session.add(found)
    found.did, found.stuck, found.next = lines
    found.updated_at = now()
    session.flush()
    return found


# ---- goals


def goals(session: Session, learner: User) -> list[Goal]:
    """All of a learner's: those that are not done first, then the newest done."""
    mine = select(Goal).where(Goal.user_id == learner.id).options(joinedload(Goal.author))
    found = session.scalars(mine.order_by(Goal.created_at, Goal.id)).all()
    done = sorted((goal for goal in found if goal.done_at), key=_done_at, reverse=True)
    return [*(goal for goal in found if not goal.done_at), *done]


def _done_at(goal: Goal) -> datetime:
    return goal.done_at or goal.created_at


def set_goal(session: Session, author: User, learner: User, text: str) -> Goal:
    """One more, by the learner or by a mentor (whom `oversight` has let see them). Raises Unusable."""
    text = " ".join(clean_text(text).split())
    if not text or len(text) > MAX_GOAL:
        raise Unusable(f"Say the goal in one line of 1 to {MAX_GOAL} characters.")
    one_at_a_time(session, learner)
    open_ones = [goal for goal in goals(session, learner) if not goal.done_at]
    for same in open_ones:
        if same.text == text:  # a double click
            return same
    if len(open_ones) >= MOST_GOALS:
        raise Unusable(f"There are {MOST_GOALS} goals open already: finish or remove one first.")
    made = Goal(user_id=learner.id, author_id=author.id, text=text)
    session.add(made)
    session.flush()
    if author.id != learner.id:
        notices.tell(session, learner.id, "goal", f"{author.name} noted a goal with you: {text}", "/check-in")
        deeds.note(session, author, Kind.GOAL_SET, about=learner)
    return made


def find_goal(session: Session, learner: User, goal_id: UUID) -> Goal:
    """One of this learner's. Raises NotFound."""
    goal = session.get(Goal, goal_id)
    if goal is None or goal.user_id != learner.id:
        raise NotFound("There is no such goal (any more).")
    return goal


def mark_goal(session: Session, goal: Goal, *, done: bool) -> None:
    """It is done; or it is not after all."""
    goal.done_at = (goal.done_at or now()) if done else None
    session.flush()


def drop_goal(session: Session, by: User, goal: Goal) -> None:
    """It was no goal. What a learner set themselves, they alone remove. Raises NotAllowed."""
    if goal.author_id == goal.user_id != by.id:
        raise NotAllowed("This goal is the learner’s own: they remove it. You can mark it as done.")
    session.delete(goal)
    session.flush()


# ---- the mentor's private notes


def notes(session: Session, mentor: User, learner: User) -> list[Note]:
    """Those that this mentor may read: their own, and what others of a cohort left for its mentors."""
    mine = select(Note).where(Note.about_id == learner.id, _readable(mentor, learner))
    return list(
        session.scalars(
            mine.options(joinedload(Note.mentor)).order_by(Note.created_at.desc(), Note.id.desc())
        )
    )


def _readable(mentor: User, learner: User) -> ColumnElement[bool]:
    """Nobody reads what is about themselves, whoever wrote it."""
    shared = and_(Note.shared, Note.cohort_id.in_(_shared_cohorts(mentor, learner)))
    return and_(Note.about_id != mentor.id, or_(Note.mentor_id == mentor.id, shared))


def _shared_cohorts(mentor: User, learner: User) -> Select[UUID]:
    """In which the one is a mentor and the other a learner."""
    return _cohorts_of(mentor, Role.MENTOR).where(
        Membership.cohort_id.in_(_cohorts_of(learner, Role.LEARNER))
    )


def _cohorts_of(user: User, role: Role) -> Select[UUID]:
    return select(Membership.cohort_id).where(
        Membership.user_id == user.id, Membership.role == role, Membership.left_at.is_(None)
    )


def write_note(
    session: Session, mentor: User, learner: User, body: str, *, shared: bool, note_id: UUID | None = None
) -> Note:
    """Write one, or change one's own. `shared` with the mentors of the cohort that both are in.

    The same twice in a row is one. Raises Unusable, TextTooLong, NotFound.
    """
    body = clean_text(body, MAX_NOTE).strip()
    if not body:
        raise Unusable("Write a word or two, or remove the note.")
    if mentor.id == learner.id:
        raise Unusable("Notes are about other people. For yourself there is the check-in.")
    cohort = session.scalar(_shared_cohorts(mentor, learner).order_by(Membership.id.desc()).limit(1))
    one_at_a_time(session, mentor)
    note = (
        own_note(session, mentor, learner, note_id)
        if note_id
        else _just_written(session, mentor, learner, body)
    )
    if note is None:
        note = Note(mentor_id=mentor.id, about_id=learner.id)
        session.add(note)
    note.body, note.shared, note.updated_at = body, shared, now()
    note.cohort_id = note.cohort_id or cohort
    session.flush()
    return note


def _just_written(session: Session, mentor: User, learner: User, body: str) -> Note | None:
    """Their newest note, if it says the same: a double click."""
    mine = select(Note).where(Note.mentor_id == mentor.id, Note.about_id == learner.id)
    newest = session.scalars(mine.order_by(Note.id.desc()).limit(1)).first()
    return newest if newest is not None and newest.body == body else None


def own_note(session: Session, mentor: User, learner: User, note_id: UUID) -> Note:
    """Only who wrote a note changes or removes it. Raises NotFound."""
    note = session.get(Note, note_id)
    if note is None or note.mentor_id != mentor.id or note.about_id != learner.id:
        raise NotFound("There is no such note among yours.")
    return note


def drop_note(session: Session, mentor: User, learner: User, note_id: UUID) -> None:
    """Raises NotFound."""
    session.delete(own_note(session, mentor, learner, note_id))
    session.flush()


def in_a_cohort(session: Session, user: User) -> bool:
    """Whether somebody learns in one: who is alone has nobody to check in with."""
    here = exists(_cohorts_of(user, Role.LEARNER))
    return bool(session.scalar(select(here)))


def newest(check_ins: Sequence[CheckIn]) -> CheckIn | None:
    """The first, if there is one."""
    return check_ins[0] if check_ins else None
