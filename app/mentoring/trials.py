"""A mentor tries a learner's code, or a changed copy of it, without touching the learner's record.

It is a run of the mentor's own, of a cell that no lesson has: it shows up in nobody's lesson, attempts or
activity, and only the mentor can see it.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.guard import Unusable, clean_text, find_lesson, mentor_only, one_at_a_time
from app.learning import given
from app.lessons import course
from app.models import Attempt, Run, RunKind, Thread, User
from app.running import runs
from app.running.chains import Chain


def of_attempt(attempt: Attempt) -> Chain:
    """What was judged, with what it stood on, the answer last. Raises Unusable for a form."""
    exercise = course().exercises.get(attempt.exercise)
    if exercise and exercise.is_form:
        raise Unusable("This one is answered by filling it in: there is nothing to run.")
    return [*attempt.run.chain[:-1], {"cell": attempt.exercise, "text": attempt.answer}]


def of_thread(session: Session, thread: Thread) -> Chain:
    """The cells as they stood when help was asked, on what they stood on. Raises NotFound, Unusable."""
    lesson = find_lesson(thread.lesson)
    exercise = course().exercises.get(thread.cell)
    if not thread.chain or (exercise and exercise.is_form):
        raise Unusable("There is no code here to run.")
    beneath = course().foundation(lesson, thread.cell)
    return [*given.Given.of(session, thread.user).under(beneath), *thread.chain]


def start(session: Session, mentor: User, subject: UUID, lesson: str, chain: Chain, text: str) -> Run:
    """Run it with `text` as its last cell, in the mentor's own name.

    Raises NotAllowed, TextTooLong, TooMany.
    """
    mentor_only(mentor)
    changed = [*chain[:-1], {"cell": chain[-1]["cell"], "text": clean_text(text)}]
    one_at_a_time(session, mentor)
    for run in _runs(session, mentor, subject):
        if not run.state.over:
            if run.chain == changed:
                return run
            runs.cancel(session, run)
    return runs.queue(session, mentor, RunKind.RUN, lesson, cell(subject), changed)


def newest(session: Session, mentor: User, subject: UUID) -> Run | None:
    """The mentor's last trial of this, with what it showed."""
    return next(iter(_runs(session, mentor, subject)), None)


def cell(subject: UUID) -> str:
    """The name of the cell that a trial of this runs as."""
    return runs.trial_of(subject)


def _runs(session: Session, mentor: User, subject: UUID) -> list[Run]:
    mine = select(Run).where(Run.user_id == mentor.id, Run.cell == cell(subject))
    whole = mine.options(selectinload(Run.outputs), selectinload(Run.attempt))
    return list(session.scalars(whole.order_by(Run.created_at.desc(), Run.id.desc()).limit(5)))
