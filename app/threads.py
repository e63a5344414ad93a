"""“I'm stuck”: a question on one cell, with what its learner had on the screen, and the answers to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app import activity, chains, cohorts, drafts, oversight
from app.activity import Kind
from app.chains import Chain
from app.db import now
from app.guard import NotFound, Unusable, clean_text, find_cell, find_lesson, mentor_only, one_at_a_time
from app.lessons import Lesson
from app.models import Attempt, Cohort, Message, Run, Thread, User

MAX_MESSAGE = 10_000  # bytes


def ask(
    session: Session,
    user: User,
    lesson: str,
    cell: str,
    body: str,
    texts: Mapping[str, str] = MappingProxyType({}),
) -> Thread:
    """Open a thread on a cell.

    The texts as they stand and the cell's newest run go with it, and mentors see them.

    The same question twice is one thread. Raises NotFound, TextTooLong, Unusable.
    """
    found = find_lesson(lesson)
    find_cell(found, cell)
    body = _clean_body(body)
    drafts.save_all(session, user, lesson, chains.clean(found, texts))
    for thread in of_lesson(session, user, lesson).get(cell, []):
        if thread.closed_at is None and thread.messages[-1].body == body:
            return thread
    thread = Thread(
        user_id=user.id,
        lesson=lesson,
        cell=cell,
        chain=_on_screen(session, user, found, cell),
        run_id=_newest_run(session, user, lesson, cell),
    )
    session.add(thread)
    session.flush()
    _add(session, thread, user, body)
    activity.log(session, user, Kind.ASKED, lesson, cell, thread=str(thread.id))
    return thread


def reply(session: Session, author: User, thread: Thread, body: str) -> None:
    """Add a message; a thread that was closed is open again. Raises TextTooLong, Unusable."""
    one_at_a_time(session, author)
    _add(session, thread, author, _clean_body(body))
    thread.answered = author.id != thread.user_id
    if author.id == thread.user_id:
        activity.log(session, author, Kind.WROTE, thread.lesson, thread.cell, thread=str(thread.id))
    thread.closed_at = None
    session.flush()


def answer(session: Session, mentor: User, attempt: Attempt, body: str) -> Thread:
    """A mentor's word on an attempt, asked for or not: its learner finds it as a thread at the exercise.

    Raises NotAllowed, TextTooLong, Unusable.
    """
    mentor_only(mentor)
    one_at_a_time(session, mentor)
    known = of_attempt(session, attempt)
    thread = known[-1] if known else _begin(session, attempt)
    if not (thread.messages and thread.messages[-1].body == body.strip()):  # a double click says it once
        reply(session, mentor, thread, body)
    return thread


def _begin(session: Session, attempt: Attempt) -> Thread:
    chain = [{"cell": attempt.exercise, "text": attempt.answer}]
    place = {"user_id": attempt.user_id, "lesson": attempt.lesson, "cell": attempt.exercise}
    thread = Thread(**place, chain=chain, run_id=attempt.run_id, messages=[])
    session.add(thread)
    session.flush()
    return thread


def of_attempt(session: Session, attempt: Attempt) -> list[Thread]:
    """The threads that began at this attempt, oldest first, with their messages."""
    return list(session.scalars(_whole(Thread.run_id == attempt.run_id)))


def close(session: Session, thread: Thread) -> None:
    """Its learner or a mentor says that it is settled."""
    thread.closed_at = thread.closed_at or now()
    session.flush()


def of_lesson(session: Session, user: User, lesson: str) -> dict[str, list[Thread]]:
    """Cell → the learner's threads on it, oldest first, with their messages."""
    found: dict[str, list[Thread]] = {}
    for thread in session.scalars(_whole(Thread.user_id == user.id, Thread.lesson == lesson)):
        found.setdefault(thread.cell, []).append(thread)
    return found


def open_for_mentor(session: Session, mentor: User, cohort: Cohort | None = None) -> list[Thread]:
    """The threads of a mentor's learners that are not closed: those who wait for an answer first, the longest
    wait first; or those of one cohort's.

    An admin finds those of people in no cohort, too: nobody else would answer them.
    """
    mentor_only(mentor)
    asked = (
        Thread.user_id.in_(cohorts.learners(cohort))
        if cohort
        else oversight.answered_by(mentor, Thread.user_id)
    )
    waiting = session.scalars(_whole(Thread.closed_at.is_(None), asked)).all()
    return sorted(waiting, key=lambda thread: (thread.answered, thread.messages[-1].created_at))


def visible(session: Session, viewer: User, thread_id: UUID) -> Thread:
    """The thread with its messages, for its learner and their mentors; raises NotFound for everybody else."""
    thread = session.scalar(_whole(Thread.id == thread_id, oversight.may_see(viewer, Thread.user_id)))
    if thread is None:
        raise NotFound("There is no such thread among yours.")
    oversight.looked(session, viewer, thread.user_id)
    return thread


def _whole(*conditions: ColumnElement[bool]) -> Select[Thread]:
    messages = selectinload(Thread.messages).joinedload(Message.author)
    query = select(Thread).where(*conditions).order_by(Thread.created_at, Thread.id)
    return query.options(messages, joinedload(Thread.user)).execution_options(populate_existing=True)


def _add(session: Session, thread: Thread, author: User, body: str) -> None:
    session.add(Message(thread_id=thread.id, author_id=author.id, body=body))


def _clean_body(body: str) -> str:
    body = clean_text(body, MAX_MESSAGE).strip()
    if not body:
        raise Unusable("Write a word or two about where you are stuck.")
    return body


def _on_screen(session: Session, user: User, lesson: Lesson, cell: str) -> Chain:
    texts = drafts.texts(session, user, lesson)
    above = [one.id for one in lesson.cells()]
    ids = above[: above.index(cell) + 1] if cell in above else [cell]
    return [{"cell": one, "text": texts[one]} for one in ids]


def _newest_run(session: Session, user: User, lesson: str, cell: str) -> UUID | None:
    mine = select(Run.id).where(Run.user_id == user.id, Run.lesson == lesson, Run.cell == cell)
    return session.scalar(mine.order_by(Run.created_at.desc(), Run.id.desc()).limit(1))
