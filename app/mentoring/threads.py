"""Conversations of learners and mentors: “I'm stuck” on a cell, and words on anything a learner made.

A question takes along what its learner had on the screen. What a mentor writes stands where they work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.db import now
from app.guard import NotFound, Unusable, clean_text, find_cell, find_lesson, mentor_only, one_at_a_time
from app.learning import activity, drafts
from app.learning.activity import Kind
from app.lessons import Lesson
from app.mentoring import anchors, claims, subjects
from app.mentoring.subjects import Subject
from app.models import Attempt, Cohort, Message, Run, Thread, User
from app.people import cohorts, oversight
from app.post import notices
from app.running import chains
from app.running.chains import Chain
from app.teaching import sittings

MAX_MESSAGE = 32_000  # bytes: 8,000 characters of any script
Lines = tuple[int, int]  # the first and the last, counted from 1


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

    The same question twice is one thread. Raises NotFound, TextTooLong, Unusable, and NotAllowed while an
    assessment has closed the exercise.
    """
    found = find_lesson(lesson)
    find_cell(found, cell)
    sittings.check_open(session, user, cell)
    body = _clean_body(body)
    drafts.save_all(session, user, lesson, chains.clean(found, texts))
    for thread in of_lesson(session, user, lesson).get(cell, []):
        if thread.closed_at is None and thread.messages and thread.messages[-1].body == body:
            return thread
    thread = Thread(
        user_id=user.id,
        lesson=lesson,
        cell=cell,
        chain=_on_screen(session, user, found, cell),
        run_id=_newest_run(session, user, lesson, cell),
        waiting_since=now(),
    )
    session.add(thread)
    session.flush()
    _add(session, thread, user, body)
    activity.log(session, user, Kind.ASKED, lesson, cell, thread=str(thread.id))
    return thread


def write_on(
    session: Session,
    author: User,
    about: Subject,
    body: str,
    lines: Lines | None = None,
    *,
    changes: bool = False,
) -> Thread:
    """A word on something a learner made, or on lines of it: a mentor's, or the learner's own question.

    What is said of the same thing is one thread, and a double click says it once. `about` is what
    `subjects.find` gave to this author. Raises TextTooLong, Unusable, Claimed.
    """
    if author.id != about.owner:
        mentor_only(author)
    one_at_a_time(session, author)
    first, last = _checked_lines(about, lines)
    same = (Thread.kind == about.kind, Thread.subject_id == about.id)
    there = (Thread.first_line == first, Thread.last_line == last)
    thread = session.scalars(_whole(*same, *there)).first() or _begin(session, about, first, last)
    if not (thread.messages and thread.messages[-1].body == body.strip()):
        reply(session, author, thread, body, changes=changes)
    return thread


def _checked_lines(about: Subject, lines: Lines | None) -> tuple[int | None, int | None]:
    if lines is None:
        return None, None
    count = len(anchors.lines(about.text)) if about.text is not None else 0
    first, last = min(lines), max(lines)
    if not 1 <= first <= last <= count:
        raise Unusable(f"Choose lines from 1 to {count}." if count else "This has no lines to write on.")
    return first, last


def _begin(session: Session, about: Subject, first: int | None, last: int | None) -> Thread:
    thread = Thread(
        user_id=about.owner,
        lesson=about.lesson,
        cell=about.cell,
        chain=[] if about.text is None else [{"cell": about.cell, "text": about.text}],
        run_id=about.run_id,
        kind=about.kind,
        subject_id=about.id,
        first_line=first,
        last_line=last,
        messages=[],
    )
    session.add(thread)
    session.flush()
    return thread


def reply(session: Session, author: User, thread: Thread, body: str, *, changes: bool = False) -> None:
    """Add a message; a thread that was closed is open again. With `changes`, a mentor asks for some.

    Whoever is to read it is told. Raises TextTooLong, Unusable, Claimed if another mentor is at it, and
    NotAllowed for a learner whose assessment has closed the exercise.
    """
    body = _clean_body(body)
    one_at_a_time(session, author)
    if author.id == thread.user_id:
        sittings.check_open(session, author, thread.cell)
        _wait(thread)
        _tell_mentor(session, author, thread)
        activity.log(session, author, Kind.WROTE, thread.lesson, thread.cell, thread=str(thread.id))
    else:
        claims.refuse_others(author, thread)
        _answered(thread, changes=changes)
        said = "asks for a change to" if changes else "wrote to you about"
        told = f"{author.name} {said} {subjects.words(thread)}."
        notices.tell(session, thread.user_id, "changes" if changes else "answer", told, address(thread))
    _add(session, thread, author, body)
    session.flush()


def _wait(thread: Thread) -> None:
    """The learner has the last word: it waits, from the first word that had no answer."""
    thread.waiting_since = thread.waiting_since or now()
    thread.answered, thread.closed_at = False, None


def _answered(thread: Thread, *, changes: bool) -> None:
    thread.answered, thread.closed_at, thread.waiting_since = True, None, None
    thread.claimed_by_id = thread.claimed_until = None
    if changes:
        thread.changes_at = now()


def _tell_mentor(session: Session, learner: User, thread: Thread) -> None:
    """Whoever answered last hears that there is more to say, if they still accompany this learner."""
    theirs = select(Message.author_id).where(Message.thread_id == thread.id, Message.author_id != learner.id)
    mentor = session.scalar(theirs.order_by(Message.created_at.desc()).limit(1))
    if mentor is not None and oversight.still(session, mentor, learner.id):
        told = f"{learner.name or 'A guest'} wrote again about {subjects.words(thread)}."
        notices.tell(session, mentor, "reply", told, address(thread))


def answer(session: Session, mentor: User, attempt: Attempt, body: str, *, changes: bool = False) -> Thread:
    """A mentor's word on an attempt, asked for or not: its learner finds it as a thread at the exercise.

    Raises NotAllowed, TextTooLong, Unusable, Claimed.
    """
    mentor_only(mentor)
    one_at_a_time(session, mentor)
    known = [one for one in of_attempt(session, attempt) if one.first_line is None and one.kind != "output"]
    about = subjects.find(session, mentor, subjects.ATTEMPT, attempt.id)
    thread = known[-1] if known else _begin(session, about, None, None)
    if not (thread.messages and thread.messages[-1].body == body.strip()):  # a double click says it once
        reply(session, mentor, thread, body, changes=changes)
    return thread


def handed_in(session: Session, attempt: Attempt) -> None:
    """An attempt has been handed in: that answers whoever asked for changes at this exercise."""
    asked = (Thread.user_id == attempt.user_id, Thread.cell == attempt.exercise)
    for thread in session.scalars(_whole(*asked, Thread.changes_at.is_not(None))).all():
        thread.changes_at = None
        _wait(thread)
        _tell_mentor(session, thread.user, thread)
        session.add(Message(thread_id=thread.id, author_id=attempt.user_id, body="", attempt_id=attempt.id))


def of_attempt(session: Session, attempt: Attempt) -> list[Thread]:
    """What is said of this attempt, oldest first, with the messages.

    That is what began at it, what it was handed in to answer, and, of the newest one, what its learner has
    asked at the exercise and waits for.
    """
    answers = exists().where(Message.thread_id == Thread.id, Message.attempt_id == attempt.id)
    theirs = (Attempt.user_id == attempt.user_id, Attempt.exercise == attempt.exercise)
    newest = select(func.max(Attempt.number)).where(*theirs).scalar_subquery()
    asked = and_(
        Thread.cell == attempt.exercise,
        Thread.kind == subjects.CELL,
        Thread.waiting_since.is_not(None),
        newest == attempt.number,
    )
    here = or_(Thread.run_id == attempt.run_id, answers, asked)
    return list(session.scalars(_whole(Thread.user_id == attempt.user_id, here)))


def answered_with(session: Session, attempt: Attempt) -> list[Thread]:
    """All that is said at the exercise, if this attempt answers some of it; otherwise nothing."""
    here = (Thread.user_id == attempt.user_id, Thread.lesson == attempt.lesson)
    found = session.scalars(_whole(*here, Thread.cell == attempt.exercise)).all()
    said = (message.attempt_id for thread in found for message in thread.messages)
    return list(found) if attempt.id in said else []


def on_outputs(session: Session, run: Run) -> dict[UUID | None, list[Thread]]:
    """What is said of what a run showed: output → its threads, oldest first."""
    about = _whole(Thread.run_id == run.id, Thread.kind == subjects.OUTPUT)
    found: dict[UUID | None, list[Thread]] = {}
    for thread in session.scalars(about):
        found.setdefault(thread.subject_id, []).append(thread)
    return found


@dataclass(frozen=True)
class Remark:
    """A thread on lines, and where these are in a later attempt; None if they have changed."""

    thread: Thread
    anchor: anchors.Anchor


def on_lines(session: Session, attempt: Attempt) -> list[Remark]:
    """What has been said on lines of this attempt and of those before it, carried to this one."""
    earlier = select(Attempt.id).where(
        Attempt.user_id == attempt.user_id,
        Attempt.exercise == attempt.exercise,
        Attempt.number <= attempt.number,
    )
    about = (Thread.user_id == attempt.user_id, Thread.subject_id.in_(earlier))
    found = session.scalars(_whole(*about, Thread.first_line.is_not(None))).all()
    placed = ((thread, anchors.of(thread, attempt.answer)) for thread in found)
    return [Remark(thread, anchor) for thread, anchor in placed if anchor]


def address(thread: Thread) -> str:
    """Where it can be read by all who may."""
    return f"/threads/{thread.id}"


def close(session: Session, thread: Thread) -> None:
    """Its learner or a mentor says that it is settled."""
    thread.closed_at = thread.closed_at or now()
    thread.waiting_since = thread.changes_at = thread.claimed_by_id = thread.claimed_until = None
    session.flush()


def of_lesson(session: Session, user: User, lesson: str) -> dict[str, list[Thread]]:
    """Cell → the learner's threads on it, oldest first, with their messages."""
    found: dict[str, list[Thread]] = {}
    for thread in session.scalars(_whole(Thread.user_id == user.id, Thread.lesson == lesson)):
        found.setdefault(thread.cell, []).append(thread)
    return found


def of_learner(session: Session, user: User) -> list[Thread]:
    """Everything that somebody asked, or was told, in the order of the last word: the newest first."""
    mine = session.scalars(_whole(Thread.user_id == user.id)).all()
    said = [thread for thread in mine if thread.messages]  # once, a mentor’s went with their account
    return sorted(said, key=lambda thread: thread.messages[-1].created_at, reverse=True)


def queue(session: Session, mentor: User, wanted: claims.Filter | None = None) -> list[Thread]:
    """Who waits for this mentor, the longest wait first."""
    here = claims.waiting(mentor, wanted).order_by(None)
    found = session.scalars(_whole(Thread.id.in_(here))).all()
    return sorted(found, key=lambda thread: (thread.waiting_since or thread.created_at, thread.id))


def open_for_mentor(session: Session, mentor: User, cohort: Cohort | None = None) -> list[Thread]:
    """The threads of a mentor's learners that are not closed: those who wait for an answer first, the longest
    wait first; or those of one cohort's.

    An admin finds those of people who have no mentor, too: nobody else would answer them.
    """
    mentor_only(mentor)
    asked = (
        Thread.user_id.in_(cohorts.learners(cohort))
        if cohort
        else oversight.answered_by(mentor, Thread.user_id)
    )
    waiting = session.scalars(_whole(Thread.closed_at.is_(None), asked)).all()
    waiting = [thread for thread in waiting if thread.messages]
    return sorted(waiting, key=lambda thread: (thread.answered, thread.messages[-1].created_at))


def newest_of(
    session: Session, learner: User, conditions: Sequence[ColumnElement[bool]], count: int
) -> Sequence[Thread]:
    """A learner's newest threads that meet these conditions, with their messages."""
    mine = _whole(Thread.user_id == learner.id, *conditions).order_by(None)
    return session.scalars(mine.order_by(Thread.id.desc()).limit(count)).all()


def part(session: Session, learner: User, after: UUID | None, count: int) -> Sequence[Thread]:
    """Some of a learner's own threads: the newest, or those that are older than `after`."""
    return newest_of(session, learner, [] if after is None else [Thread.id < after], count)


def own(session: Session, learner: User, thread_id: UUID) -> Thread:
    """The thread as `visible` gives it, for its learner alone. Raises NotFound."""
    thread = visible(session, learner, thread_id)
    if thread.user_id != learner.id:
        raise NotFound("There is no such thread among yours.")
    return thread


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
    people = (joinedload(Thread.user), joinedload(Thread.claimed_by))
    return query.options(messages, *people).execution_options(populate_existing=True)


def _add(session: Session, thread: Thread, author: User, body: str) -> None:
    session.add(Message(thread_id=thread.id, author_id=author.id, body=body))


def _clean_body(body: str) -> str:
    body = clean_text(body, MAX_MESSAGE).strip()
    if not body:
        raise Unusable("There are no words in this yet. Write one or two, then send it.")
    return body


def _on_screen(session: Session, user: User, lesson: Lesson, cell: str) -> Chain:
    texts = drafts.texts(session, user, lesson)
    above = [one.id for one in lesson.cells()]
    ids = above[: above.index(cell) + 1] if cell in above else [cell]
    return [{"cell": one, "text": texts[one]} for one in ids]


def _newest_run(session: Session, user: User, lesson: str, cell: str) -> UUID | None:
    mine = select(Run.id).where(Run.user_id == user.id, Run.lesson == lesson, Run.cell == cell)
    return session.scalar(mine.order_by(Run.created_at.desc(), Run.id.desc()).limit(1))
