"""What a mentor reads before a 1:1: what is new with one learner since they last looked. Read only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.learning import worktime
from app.learning.activity import Kind
from app.learning.attempts import JUDGED
from app.learning.worktime import Spent
from app.lessons import Exercise, course
from app.mentoring import attention, meetings
from app.models import Activity, Attempt, CheckIn, Goal, Message, Note, Share, Thread, User, Verdict, Visit

SEVERAL = 3  # failures one after the other: then somebody is stuck


@dataclass(frozen=True)
class Passed:
    """An exercise that was passed for the first time."""

    exercise: str
    attempts: int
    at: datetime
    attempt_id: UUID


@dataclass(frozen=True)
class Stuck:
    """An exercise that does not come right, and how one can tell."""

    exercise: str
    reason: str
    attempt_id: UUID | None


@dataclass(frozen=True)
class Help:
    """What of our own help was used at an exercise. It counts against nobody."""

    exercise: str
    hints: int
    solution: bool


@dataclass(frozen=True)
class Brief:
    """A minute to read."""

    learner: User
    visit: Visit | None
    since: datetime
    passed: list[Passed]
    stuck: list[Stuck]
    figures: list[Share]
    threads: list[Thread]  # begun or gone on since, with their messages
    help: list[Help]
    check_in: CheckIn | None
    goals: list[Goal]  # those open, and those done since
    notes: list[Note]
    spent: Spent  # since
    spent_in_all: Spent
    last_active: datetime | None

    @property
    def asked(self) -> list[Thread]:
        """The confusions: what the learner began to ask."""
        return [thread for thread in self.threads if _begun_by_learner(thread)]

    @property
    def told(self) -> list[Thread]:
        """What a mentor began."""
        return [thread for thread in self.threads if not _begun_by_learner(thread)]

    @property
    def quiet(self) -> bool:
        """Whether nothing at all has happened."""
        return not (self.passed or self.stuck or self.figures or self.threads or self.help)


def of(session: Session, mentor: User, learner: User) -> Brief:
    """For a mentor whom `oversight` has let see this learner. About ten queries, each of one learner."""
    visit = meetings.last_visit(session, mentor, learner)
    since = meetings.since(visit)
    tries = _attempts(session, learner)
    threads = _threads(session, learner)
    times, lately = _times(session, learner, since)
    check_ins = meetings.check_ins(session, learner)
    return Brief(
        learner=learner,
        visit=visit,
        since=since,
        passed=_passed(tries, since),
        stuck=_stuck(tries, threads, since),
        figures=_figures(session, learner, since),
        threads=[one for one in threads if one.messages and one.messages[-1].created_at > since],
        help=_help(session, learner, since),
        check_in=meetings.newest(check_ins),
        goals=[one for one in meetings.goals(session, learner) if one.done_at is None or one.done_at > since],
        notes=meetings.notes(session, mentor, learner),
        spent=lately,
        spent_in_all=times,
        last_active=_last_active(session, learner),
    )


def title(exercise: str) -> str:
    """What an exercise is called; its name where the course has it no longer."""
    found: Exercise | None = course().exercises.get(exercise)
    return found.title if found else exercise


def _attempts(session: Session, learner: User) -> dict[str, list[Any]]:
    """Exercise → its judged attempts, oldest first; without answers, which can be long."""
    columns = (Attempt.id, Attempt.exercise, Attempt.created_at, Attempt.counts_as, Attempt.details)
    query = select(*(column.label(name) for column, name in zip(columns, _NAMES, strict=True)))
    judged = query.where(Attempt.user_id == learner.id, Attempt.counts_as.in_(JUDGED))
    found: dict[str, list[Any]] = {}
    for row in session.execute(judged.order_by(Attempt.exercise, Attempt.number)):
        found.setdefault(row.exercise, []).append(row)
    return found


_NAMES = ("id", "exercise", "at", "verdict", "details")


def _passed(tries: Mapping[str, list[Any]], since: datetime) -> list[Passed]:
    found = []
    for exercise, rows in tries.items():
        number, first = next(
            ((i, row) for i, row in enumerate(rows, 1) if row.verdict == Verdict.PASSED), (0, None)
        )
        if first is not None and first.at > since:
            found.append(Passed(exercise, number, first.at, first.id))
    return sorted(found, key=lambda one: one.at)


def _stuck(tries: Mapping[str, list[Any]], threads: list[Thread], since: datetime) -> list[Stuck]:
    """Several failures, of which the last came since; or a question that waits since then."""
    found = {}
    for exercise, rows in tries.items():
        failed = list(takewhile(lambda row: row.verdict != Verdict.PASSED, rows))
        if len(failed) == len(rows) >= SEVERAL and rows[-1].at > since:
            found[exercise] = Stuck(exercise, _reason(exercise, failed), rows[-1].id)
    for cell in dict.fromkeys(thread.cell for thread in threads if _waits(thread, since)):
        known = found.get(cell)
        reason = f"{known.reason}, and asks about it" if known else "asks, and waits for an answer"
        found[cell] = Stuck(cell, reason, known.attempt_id if known else None)
    return list(found.values())


def _begun_by_learner(thread: Thread) -> bool:
    return bool(thread.messages) and thread.messages[0].author_id == thread.user_id


def _waits(thread: Thread, since: datetime) -> bool:
    """A question does. What was handed in again waits for a look, too, but nobody is stuck."""
    asked = bool(thread.messages) and thread.messages[-1].created_at > since
    in_words = asked and bool(thread.messages[-1].body)
    return in_words and not thread.answered and thread.closed_at is None


def _reason(exercise: str, failed: list[Any]) -> str:
    """How often, and what is said of it most."""
    mistakes = Counter(row.details.get("mistake") for row in failed if row.details.get("mistake"))
    times = f"{len(failed)} attempts, none passed"
    if not mistakes:
        same = len({str(row.verdict) for row in failed[-SEVERAL:]}) == 1
        word = {"failed": "wrong values", "error": "an error"}.get(str(failed[-1].verdict), "")
        return f"{times}; the last {SEVERAL} with {word}" if same and word else times
    name, count = mistakes.most_common(1)[0]
    often = {1: "once", 2: "twice"}.get(count, f"{count} times")
    return f"{times}; {often} it looked like {attention.named(exercise, name)}"


def _threads(session: Session, learner: User) -> list[Thread]:
    messages = selectinload(Thread.messages).joinedload(Message.author)
    mine = (
        select(Thread)
        .where(Thread.user_id == learner.id)
        .options(messages, joinedload(Thread.user), joinedload(Thread.claimed_by))
    )
    return list(session.scalars(mine.order_by(Thread.created_at, Thread.id)))


def _figures(session: Session, learner: User, since: datetime) -> list[Share]:
    mine = select(Share).where(Share.user_id == learner.id, Share.created_at > since)
    return list(session.scalars(mine.order_by(Share.created_at.desc(), Share.id.desc())))


def _help(session: Session, learner: User, since: datetime) -> list[Help]:
    used = select(Activity.cell, Activity.kind).where(
        Activity.user_id == learner.id,
        Activity.created_at > since,
        or_(Activity.kind == Kind.HINT, Activity.kind == Kind.SOLUTION),
    )
    hints: Counter[str] = Counter()
    solutions: dict[str, bool] = {}
    for cell, kind in session.execute(used.order_by(Activity.id)):
        hints[cell] += kind == Kind.HINT
        solutions[cell] = solutions.get(cell, False) or kind == Kind.SOLUTION
    return [Help(cell, hints[cell], solutions[cell]) for cell in solutions]


def _times(session: Session, learner: User, since: datetime) -> tuple[Spent, Spent]:
    """In all, and since then."""
    events = worktime.events(session, learner.id)
    later = [event for event in events if event.at > since]
    return worktime.measure(events).total, worktime.measure(later).total


def _last_active(session: Session, learner: User) -> datetime | None:
    newest = select(Activity.created_at).where(Activity.user_id == learner.id)
    return session.scalar(newest.order_by(Activity.id.desc()).limit(1))
