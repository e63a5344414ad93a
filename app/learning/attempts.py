"""Attempts: answers handed in, the verdicts on them, and the help that opens on the way: hints, then the
solution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from app import logs
from app.db import now
from app.guard import (
    NotAllowed,
    NotFound,
    clean_text,
    find_exercise,
    find_lesson,
    one_at_a_time,
    storable,
)
from app.learning import activity, drafts, given, standings
from app.learning.activity import Kind
from app.learning.standings import JUDGED
from app.lessons import Exercise, course
from app.mentoring import threads
from app.models import Attempt, Run, RunKind, Sitting, User
from app.models import Verdict as Word
from app.people import oversight
from app.running import chains, runs, watch
from app.teaching import honesty, sittings
from app.teaching.honesty import Words


@dataclass
class Verdict:
    """What the examiner says of an answer."""

    verdict: Word
    message: str
    details: dict[str, Any] = field(default_factory=dict)
    edition: str = ""  # of the course by which it was judged
    version: str = ""  # of the exercise, likewise


def hand_in(
    session: Session,
    user: User,
    exercise: str,
    answer: str | Mapping[str, Any],
    texts: Mapping[str, str] = MappingProxyType({}),
    words: Words = Words(),
    at_end_of: Sitting | None = None,
) -> Attempt:
    """Queue an answer for judging: the text, or the fields of a form. `texts` are other cells not saved yet.

    `words` is what its learner says of AI. An answer given while its learner sits an assessment is bound to
    it; `at_end_of` names the sitting whose texts the site hands in, in its learner's place.

    The same answer twice while it is being judged is one attempt. Raises NotFound, TextTooLong, TooMany,
    Unusable if the exercise builds on one that is neither passed nor looked up or if the cohort wants to hear
    of AI, and NotAllowed if an assessment takes no answers of theirs.
    """
    wanted = find_exercise(exercise)
    text = _answer_text(wanted, answer)
    fresh = chains.clean(find_lesson(wanted.lesson), texts)
    drafts.save_all(session, user, wanted.lesson, fresh | {exercise: text})  # one of a learner's at a time
    sitting = at_end_of or sittings.sat_now(session, user, exercise)
    said = None if at_end_of else honesty.check(session, user, wanted.lesson, exercise, words)
    newest = _newest(session, user, exercise)
    if newest and not newest.run.state.over and not newest.run.cancel_requested and newest.answer == text:
        if sitting is not None:
            sittings.bind(session, sitting, newest)
        return newest
    beneath = () if wanted.is_form else course().beneath(exercise)
    chain = [*given.answers(session, user, beneath), {"cell": exercise, "text": text}]
    run = runs.queue(session, user, RunKind.GRADE, wanted.lesson, exercise, chain)
    number = newest.number + 1 if newest else 1
    attempt = Attempt(
        user_id=user.id,
        lesson=wanted.lesson,
        exercise=exercise,
        exercise_version=wanted.version,
        edition=run.edition,
        number=number,
        answer=text,
        run=run,
    )
    session.add(attempt)
    session.flush()
    logs.note(attempt=attempt.id)
    threads.handed_in(session, attempt)
    if said is not None:
        honesty.keep(session, attempt, said)
    if sitting is not None:
        sittings.bind(session, sitting, attempt, at_end=at_end_of is not None)
    activity.log(
        session, user, Kind.HANDED_IN, wanted.lesson, exercise, attempt=str(attempt.id), number=number
    )
    return attempt


def _answer_text(exercise: Exercise, answer: str | Mapping[str, Any]) -> str:
    """The answer as it is stored: code as it stands, a form as JSON of what is filled in."""
    return drafts.filled(exercise, answer) if exercise.is_form else clean_text(str(answer))


def _newest(session: Session, user: User, exercise: str) -> Attempt | None:
    return session.scalar(
        select(Attempt)
        .where(Attempt.user_id == user.id, Attempt.exercise == exercise)
        .order_by(Attempt.number.desc())
        .limit(1)
        .options(joinedload(Attempt.run))
    )


def record_verdict(session: Session, run: Run, verdict: Verdict) -> Attempt:
    """Write down the verdict on the attempt whose grading `run` was; call where that run is recorded."""
    message, details = sittings.keep_back(
        session, run, verdict.verdict, storable(verdict.message), verdict.details
    )
    said = {"verdict": verdict.verdict, "message": message, "details": details}
    judged_by = {"edition": verdict.edition, "exercise_version": verdict.version}
    said |= {name: value for name, value in judged_by.items() if value}
    of_run = update(Attempt).where(Attempt.run_id == run.id).values(said | {"graded_at": now()})
    fresh = {"populate_existing": True}
    attempt = session.scalars(of_run.returning(Attempt), execution_options=fresh).one()
    standings.refresh(session, attempt.user_id, attempt.exercise)
    watch.judged(session, run, attempt)
    return attempt


def of(session: Session, user: User, exercise: str) -> list[Attempt]:
    """The learner's attempts, newest first, each with its run."""
    query = select(Attempt).where(Attempt.user_id == user.id, Attempt.exercise == exercise)
    return list(session.scalars(query.order_by(Attempt.number.desc()).options(joinedload(Attempt.run))))


def part(session: Session, learner: User, exercise: str, after: UUID | None, count: int) -> Sequence[Attempt]:
    """Some of a learner's attempts, of one exercise if it is named, each with its run: the newest, or those
    that are older than `after`.
    """
    query = select(Attempt).where(Attempt.user_id == learner.id).order_by(Attempt.id.desc()).limit(count)
    if exercise:
        query = query.where(Attempt.exercise == exercise)
    if after is not None:
        query = query.where(Attempt.id < after)
    return session.scalars(query.options(joinedload(Attempt.run))).all()


def newest(session: Session, user: User, lesson: str, only: str | None = None) -> dict[str, Attempt]:
    """Exercise → the learner's newest attempt, with its run; `only` for one exercise."""
    if only is not None:
        found = _newest(session, user, only)
        return {only: found} if found and found.lesson == lesson else {}
    mine = select(Attempt).where(Attempt.user_id == user.id, Attempt.lesson == lesson)
    query = mine.order_by(Attempt.number).options(joinedload(Attempt.run))
    return {attempt.exercise: attempt for attempt in session.scalars(query)}


def visible(session: Session, viewer: User, attempt_id: UUID) -> Attempt:
    """The attempt with its learner, run and outputs, for the learner and their mentors; raises NotFound for
    others.
    """
    query = select(Attempt).where(Attempt.id == attempt_id, oversight.may_see(viewer, Attempt.user_id))
    whole = query.options(joinedload(Attempt.user), joinedload(Attempt.run).selectinload(Run.outputs))
    attempt = session.scalar(whole)
    if attempt is None:
        raise NotFound("There is no such attempt among yours.")
    oversight.looked(session, viewer, attempt.user_id)
    return attempt


def restore(session: Session, user: User, attempt: Attempt) -> None:
    """Put an attempt's answer back into the editor; what stands there is set aside."""
    drafts.set_aside(session, user, attempt.lesson, attempt.exercise)
    drafts.save(session, user, attempt.lesson, attempt.exercise, attempt.answer)


# ---- help


def hints_opened(session: Session, user: User, lesson: str) -> dict[str, int]:
    """Exercise → how many of its hints the learner has opened."""
    opened: dict[str, int] = {}
    for entry in activity.of_kind(session, user, Kind.HINT, lesson):
        opened[entry.cell] = max(opened.get(entry.cell, 0), entry.data["rung"])
    return opened


def open_hint(session: Session, user: User, exercise: str) -> list[str]:
    """Open the next hint, and return all that are open now. They never count against anyone.

    Raises NotAllowed while an assessment has closed them.
    """
    wanted = find_exercise(exercise)
    one_at_a_time(session, user)
    sittings.check_open(session, user, exercise)
    opened = hints_opened(session, user, wanted.lesson).get(exercise, 0)
    rung = min(opened + 1, len(wanted.hints))
    if rung > opened:
        activity.log(session, user, Kind.HINT, wanted.lesson, exercise, rung=rung)
        session.flush()
    return list(wanted.hints[:rung])


def hints(session: Session, user: User, exercise: str) -> list[str]:
    """Those that are open. Raises NotFound, and NotAllowed while an assessment has closed them."""
    wanted = find_exercise(exercise)
    sittings.check_open(session, user, exercise)
    return list(wanted.hints[: hints_opened(session, user, wanted.lesson).get(exercise, 0)])


def may_see_solution(session: Session, user: User, exercise: str) -> bool:
    """After one judged attempt, or once the stated minutes have passed since the lesson was opened.

    Never while an assessment has closed it.
    """
    wanted = find_exercise(exercise)
    if exercise in sittings.closed_to(session, user):
        return False
    if exercise in given.looked_up(session, user) or _judged(session, user, exercise):
        return True
    opened = activity.opened_at(session, user, wanted.lesson)
    return opened is not None and now() - opened >= timedelta(minutes=wanted.minutes)


def solution(session: Session, user: User, exercise: str) -> str:
    """Our own answer; from then on, exercises that build on this one may use it.

    Raises NotAllowed before its time, and while an assessment has closed it.
    """
    wanted = find_exercise(exercise)
    sittings.check_open(session, user, exercise)
    if not may_see_solution(session, user, exercise):
        raise NotAllowed(
            f"Try it first: its solution opens after an attempt, or {wanted.minutes} minutes into the lesson."
        )
    activity.log(session, user, Kind.SOLUTION, wanted.lesson, exercise)
    session.flush()
    return wanted.solution


def tried(session: Session, user: User) -> set[str]:
    """The exercises of which the learner has handed in an answer that was judged."""
    judged = select(Attempt.exercise).where(Attempt.user_id == user.id, Attempt.verdict.in_(JUDGED))
    return set(session.scalars(judged.distinct()))


def _judged(session: Session, user: User, exercise: str) -> bool:
    query = select(Attempt.id).where(Attempt.user_id == user.id, Attempt.exercise == exercise)
    return session.scalar(query.where(Attempt.verdict.in_(JUDGED)).limit(1)) is not None
