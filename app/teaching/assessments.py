"""Assessments: made by a cohort's mentors, sat by its learners, settled by the server's clock, and looked at.

What an assessment closes meanwhile is in `sittings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotAllowed, NotFound, Refused, TooMany, Unusable, clean_text, one_at_a_time
from app.learning import attempts, drafts, standings
from app.lessons import Exercise, course, reading
from app.models import (
    Allowance,
    Assessment,
    Attempt,
    Cohort,
    Membership,
    Role,
    Sitting,
    SittingAttempt,
    User,
)
from app.people import cohorts, deeds
from app.people.deeds import Kind
from app.post import notices
from app.teaching import editions, sittings
from app.teaching.sittings import GRACE, Closed, ends_at, in_words

MOST_EXERCISES, MOST_MINUTES, MOST_EXTRA = 40, 24 * 60, 24 * 60
_LONGEST_ABOUT = 8 * 1024  # bytes
_LONGEST_WINDOW = timedelta(days=60)


@dataclass(frozen=True)
class Sheet:
    """What a mentor says of an assessment."""

    title: str
    exercises: tuple[str, ...]
    opens_at: datetime
    closes_at: datetime
    minutes: int | None = None
    about: str = ""


# ---- making and changing


def make(session: Session, mentor: User, cohort: Cohort, sheet: Sheet) -> Assessment:
    """A new one; its learners are told. Raises Unusable."""
    told = _checked(session, cohort, sheet)
    if sheet.closes_at <= now():
        raise Unusable("It would have closed already: choose a later end.")
    made = Assessment(cohort_id=cohort.id, last_at=sheet.closes_at, **told)
    session.add(made)
    session.flush()
    deeds.note(session, mentor, Kind.ASSESSMENT_MADE, cohort=cohort, title=made.title)
    when = f"from {in_words(made.opens_at, cohort)} to {in_words(made.closes_at, cohort)}"
    for learner in session.scalars(cohorts.learners(cohort)).all():
        said = f"Assessment “{made.title}” in {cohort.name}, {when}."
        notices.tell(session, learner, "assessment", said, f"/assessments/{made.id}")
    return made


def change(session: Session, mentor: User, cohort: Cohort, assessment: Assessment, sheet: Sheet) -> None:
    """Say something else of it; once somebody has begun, only its end, its minutes and its words can change.

    Raises Unusable.
    """
    told = _checked(session, cohort, sheet, assessment)
    if assessment.released_at is not None:
        raise Unusable("It has closed, and its verdicts are out: make a new one.")
    fixed = ("exercises", "opens_at")
    if _begun(session, assessment) and any(told[name] != getattr(assessment, name) for name in fixed):
        raise Unusable("Somebody has begun: its exercises and its beginning stay as they are.")
    changed = {name: str(value) for name, value in told.items() if getattr(assessment, name) != value}
    for name, value in told.items():
        setattr(assessment, name, value)
    _set_last(session, assessment)
    if changed:
        kind, title = Kind.ASSESSMENT_CHANGED, assessment.title
        deeds.note(session, mentor, kind, cohort=cohort, title=title, changed=changed)
    session.flush()


def remove(session: Session, mentor: User, cohort: Cohort, assessment: Assessment) -> None:
    """Away with it, unless somebody has begun. Raises Unusable."""
    if _begun(session, assessment):
        raise Unusable("Somebody has begun it, so it stays. To end it, let it close earlier.")
    deeds.note(session, mentor, Kind.ASSESSMENT_REMOVED, cohort=cohort, title=assessment.title)
    session.delete(assessment)
    session.flush()


def _begun(session: Session, assessment: Assessment) -> bool:
    return (
        session.scalar(select(Sitting.id).where(Sitting.assessment_id == assessment.id).limit(1)) is not None
    )


def _checked(
    session: Session, cohort: Cohort, sheet: Sheet, known: Assessment | None = None
) -> dict[str, object]:
    title = " ".join(clean_text(sheet.title).split())
    if not 1 <= len(title) <= 80:
        raise Unusable("Give it a title of 1 to 80 characters.")
    exercises = list(dict.fromkeys(sheet.exercises))
    if not 1 <= len(exercises) <= MOST_EXERCISES:
        raise Unusable(f"Choose 1 to {MOST_EXERCISES} exercises.")
    if unknown := [one for one in exercises if one not in course().exercises]:
        raise Unusable(f"The course has no exercise {unknown[0]!r}.")
    if not timedelta() < sheet.closes_at - sheet.opens_at <= _LONGEST_WINDOW:
        raise Unusable(f"It closes after it opens, and at most {_LONGEST_WINDOW.days} days later.")
    if sheet.minutes is not None and not 1 <= sheet.minutes <= MOST_MINUTES:
        raise Unusable(f"Give 1 to {MOST_MINUTES} minutes, or none for the whole window.")
    _alone(session, cohort, sheet, exercises, known)
    return {
        "title": title,
        "about": clean_text(sheet.about, _LONGEST_ABOUT).strip(),
        "exercises": exercises,
        "opens_at": sheet.opens_at,
        "closes_at": sheet.closes_at,
        "minutes": sheet.minutes,
    }


def _alone(
    session: Session, cohort: Cohort, sheet: Sheet, exercises: list[str], known: Assessment | None
) -> None:
    """An exercise is in one assessment of a cohort at a time: what one tells, the other would keep back."""
    query = select(Assessment).where(
        Assessment.cohort_id == cohort.id,
        Assessment.opens_at < sheet.closes_at,
        Assessment.last_at > sheet.opens_at,
    )
    for other in session.scalars(query):
        shared = [one for one in exercises if one in other.exercises]
        if shared and (known is None or other.id != known.id):
            title = course().exercises[shared[0]].title
            raise Unusable(f"“{title}” is in “{other.title}” at the same time. Choose other hours for one.")


def builds_on(assessment: Assessment) -> list[tuple[Exercise, list[Exercise]]]:
    """Its exercises that build on others, which then have to be passed first or looked up before it opens."""
    known = course().exercises
    found = ((known[one], [known[each] for each in course().beneath(one)]) for one in _known(assessment))
    return [(one, beneath) for one, beneath in found if beneath]


def _known(assessment: Assessment) -> list[str]:
    return [one for one in assessment.exercises if one in course().exercises]


# ---- extra time


def allow(
    session: Session, mentor: User, cohort: Cohort, assessment: Assessment, learner_id: UUID, minutes: int
) -> None:
    """So many extra minutes for one learner (0 takes them back), who is told. A sitting whose time has run
    out goes on, if it has time again. Raises Unusable, NotFound.
    """
    if assessment.released_at is not None:
        raise Unusable("It has closed, and its verdicts are out.")
    if not 0 <= minutes <= MOST_EXTRA:
        raise Unusable(f"Give 0 to {MOST_EXTRA} minutes.")
    learner = session.scalar(select(User).where(User.id == learner_id, User.id.in_(cohorts.learners(cohort))))
    if learner is None:
        raise NotFound("They do not learn in this cohort (any more).")
    cohorts.hold(session, cohort)
    of_theirs = (Allowance.assessment_id == assessment.id, Allowance.user_id == learner_id)
    row = session.scalar(select(Allowance).where(*of_theirs))
    row = row or Allowance(assessment_id=assessment.id, user_id=learner_id)
    row.minutes = minutes
    session.add(row)
    session.flush()
    _set_last(session, assessment)
    sitting = _sitting(session, assessment, learner)
    if sitting and sitting.ended_at and ends_at(assessment, sitting, minutes) > now():
        sitting.ended_at, sitting.texts = None, {}
    title = assessment.title
    deeds.note(session, mentor, Kind.EXTRA_TIME, about=learner, cohort=cohort, title=title, minutes=minutes)
    said = f"You have {minutes} minutes of extra time in “{assessment.title}”."
    notices.tell(session, learner.id, "assessment", said, f"/assessments/{assessment.id}")
    session.flush()


def _set_last(session: Session, assessment: Assessment) -> None:
    most = select(func.max(Allowance.minutes)).where(Allowance.assessment_id == assessment.id)
    extra = timedelta(minutes=session.scalar(most) or 0)
    assessment.last_at = assessment.closes_at + extra


# ---- finding


def of_cohort(session: Session, cohort: Cohort) -> list[Assessment]:
    """The cohort's, the newest first."""
    here = select(Assessment).where(Assessment.cohort_id == cohort.id)
    return list(session.scalars(here.order_by(Assessment.opens_at.desc(), Assessment.id)))


def in_cohort(session: Session, cohort: Cohort, assessment_id: UUID) -> Assessment:
    """One of the cohort's. Raises NotFound."""
    found = session.get(Assessment, assessment_id)
    if found is None or found.cohort_id != cohort.id:
        raise NotFound("There is no such assessment in this cohort.")
    return found


def for_learner(session: Session, user: User, assessment_id: UUID) -> Closed:
    """The assessment as a learner of its cohort, or one who has begun it, meets it. Raises NotFound."""
    query = (
        select(Assessment, Cohort)
        .join(Cohort, Cohort.id == Assessment.cohort_id)
        .where(Assessment.id == assessment_id)
        .where(or_(_has_begun(user), Assessment.cohort_id.in_(_learns(user))))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("There is no such assessment among yours.")
    assessment, cohort = found
    sitting = _sitting(session, assessment, user)
    return Closed(
        assessment, cohort, sitting, ends_at(assessment, sitting, extra_of(session, assessment, user))
    )


def upcoming(session: Session, user: User | None) -> list[Closed]:
    """A learner's assessments that have not closed, the next first."""
    if user is None or user.guest:
        return []
    query = select(Assessment.id).where(
        Assessment.last_at > now(), or_(_has_begun(user), Assessment.cohort_id.in_(_learns(user)))
    )
    ids = session.scalars(query.order_by(Assessment.opens_at, Assessment.id)).all()
    return [for_learner(session, user, one) for one in ids]


def _has_begun(user: User) -> ColumnElement[bool]:
    return Assessment.id.in_(select(Sitting.assessment_id).where(Sitting.user_id == user.id))


def _learns(user: User) -> Select[UUID]:
    return select(Membership.cohort_id).where(
        Membership.user_id == user.id, Membership.role == Role.LEARNER, Membership.left_at.is_(None)
    )


def _sitting(session: Session, assessment: Assessment, user: User) -> Sitting | None:
    mine = select(Sitting).where(Sitting.assessment_id == assessment.id, Sitting.user_id == user.id)
    return session.scalar(mine)


def extra_of(session: Session, assessment: Assessment, user: User) -> int:
    """A learner's extra time, in minutes."""
    mine = select(Allowance.minutes).where(
        Allowance.assessment_id == assessment.id, Allowance.user_id == user.id
    )
    return session.scalar(mine) or 0


# ---- sitting it


def start(session: Session, user: User, assessment_id: UUID, hand_in_rest: bool) -> Sitting:
    """Begin; from now on one's minutes count. Who has begun goes on. Raises NotFound, NotAllowed."""
    one_at_a_time(session, user)
    found = for_learner(session, user, assessment_id)
    if found.sitting is not None:
        return found.sitting
    if now() < found.assessment.opens_at:
        raise NotAllowed(f"It opens on {in_words(found.assessment.opens_at, found.cohort)}.")
    if now() >= found.ends_at:
        raise NotAllowed("It has closed. If you could not come, tell your mentor.")
    sitting = Sitting(
        assessment_id=assessment_id, user_id=user.id, started_at=now(), hand_in_rest=hand_in_rest
    )
    session.add(sitting)
    session.flush()
    return sitting


def finish(session: Session, user: User, assessment_id: UUID) -> None:
    """End one's sitting before its time. Raises NotFound, NotAllowed, TooMany."""
    one_at_a_time(session, user)
    found = for_learner(session, user, assessment_id)
    if found.sitting is None:
        raise NotAllowed("You have not begun this assessment.")
    if found.sitting.ended_at is None:
        settle(session, found.sitting, found.assessment, user)


def settle(session: Session, sitting: Sitting, assessment: Assessment, user: User) -> None:
    """End it: hand in what stands in the editors, if its learner chose that at the start. Raises TooMany."""
    if sitting.hand_in_rest:
        left = {}
        sitting.texts = _texts(session, user, assessment) | sitting.texts
        for exercise in _known(assessment):
            if why := _hand_in_rest(session, sitting, user, course().exercises[exercise]):
                left[exercise] = why
        sitting.left = left
    sitting.ended_at = now()
    session.flush()


def _hand_in_rest(session: Session, sitting: Sitting, user: User, exercise: Exercise) -> str:
    """Returns why the text could not be handed in; empty if it was, or if there was nothing new."""
    text = sitting.texts[exercise.id]
    bound = select(Attempt.answer).join(SittingAttempt, SittingAttempt.attempt_id == Attempt.id)
    handed_in = bound.where(SittingAttempt.sitting_id == sitting.id, Attempt.exercise == exercise.id)
    if text == drafts.initial(exercise) or text in session.scalars(handed_in).all():
        return ""
    later = drafts.texts(session, user, course().lessons[exercise.lesson])[exercise.id]
    try:
        attempts.hand_in(session, user, exercise.id, text, at_end_of=sitting)
    except TooMany:  # next time; the texts are kept as they stand now
        raise
    except Refused as error:
        return error.message
    if later != text:  # what has been written since stays in the editor
        drafts.save_all(session, user, exercise.lesson, {exercise.id: later})
    return ""


def _texts(session: Session, user: User, assessment: Assessment) -> dict[str, str]:
    """Exercise → what stands in its editor now."""
    known = course()
    lessons = {known.exercises[one].lesson for one in _known(assessment)}
    texts = {slug: drafts.texts(session, user, known.lessons[slug]) for slug in lessons}
    return {one: texts[known.exercises[one].lesson][one] for one in _known(assessment)}


def sweep(session: Session) -> int:
    """End sittings whose time is over, and release the verdicts of assessments that all are done with.

    Returns how many. Who has too many runs waiting is settled at the next sweep, with the texts of the end.
    """
    done = 0
    for sitting, assessment, user, extra in session.execute(_unsettled()).all():
        if now() < ends_at(assessment, sitting, extra or 0) + GRACE:
            continue
        one_at_a_time(session, user)
        session.refresh(sitting)
        try:
            if sitting.ended_at is None:
                with reading():
                    editions.read_as(session, user)
                    settle(session, sitting, assessment, user)
                done += 1
        except TooMany:
            continue
    return done + _release(session)


def _unsettled() -> Select[Sitting, Assessment, User, int]:
    of_theirs = and_(Allowance.assessment_id == Sitting.assessment_id, Allowance.user_id == Sitting.user_id)
    return (
        select(Sitting, Assessment, User, Allowance.minutes)
        .join(Assessment, Assessment.id == Sitting.assessment_id)
        .join(User, User.id == Sitting.user_id)
        .outerjoin(Allowance, of_theirs)
        .where(Sitting.ended_at.is_(None))
    )


def _release(session: Session) -> int:
    going = select(Sitting.assessment_id).where(Sitting.ended_at.is_(None))
    over = select(Assessment).where(
        Assessment.released_at.is_(None), Assessment.last_at < now() - GRACE, Assessment.id.not_in(going)
    )
    closed = session.scalars(over).all()
    for assessment in closed:
        for user_id, exercise in sittings.release(session, assessment):
            standings.refresh(session, user_id, exercise)
    return len(closed)
