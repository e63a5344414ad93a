"""A lesson as its learner finds it: each cell and exercise with its text, its newest run, and its help.

Read only, and of many nouns at once, so that a page makes one call and a fixed number of queries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from redis import RedisError
from sqlalchemy.orm import Session

from app.db import now
from app.learning import activity, attempts, drafts, progress
from app.learning.activity import Kind
from app.learning.given import Foundation, Given
from app.learning.lab_calls import LabCall, used
from app.learning.progress import Status
from app.lessons import Cell, Exercise, Lesson, Prose, course
from app.mentoring import signoffs, threads
from app.models import Attempt, Run, RunKind, SignOff, State, Thread, User
from app.redis import client
from app.running import events, line, runs
from app.teaching import explaining, honesty, sittings
from app.teaching.explaining import Milestone
from app.teaching.honesty import Asks
from app.teaching.sittings import Closed


@dataclass(frozen=True)
class Place:
    """One cell or exercise, as its learner finds it."""

    block: Cell | Exercise
    lesson: Lesson
    text: str
    number: int = 0  # of an exercise: 1 is the lesson's first
    run: Run | None = None  # the newest, with outputs and attempt
    example: Run | None = None  # somebody else's, to look at until there is one
    stale: bool = False
    modified: bool = False
    replay_seconds: float = 0.0
    waiting: int = 0  # place in the queue
    guess: dict[str, Any] | None = None  # what was bet before anything was shown
    status: Status = progress.NOTHING
    attempt: Attempt | None = None  # the newest
    hints: tuple[str, ...] = ()  # those opened
    solution_open: bool = False
    threads: tuple[Thread, ...] = ()
    signed: SignOff | None = None  # a mentor's, of what was done here
    builds_on: tuple[Foundation, ...] = ()
    since: str = ""  # the run's events come after this one; mostly the run's age is as good
    closed: Closed | None = None  # to help, by an assessment
    asks: Asks = Asks()  # noqa: RUF009 (it is frozen): what is asked of AI
    milestone: Milestone | None = None  # passed, and to be explained or explained already

    @property
    def id(self) -> str:
        return self.block.id

    @property
    def is_exercise(self) -> bool:
        return isinstance(self.block, Exercise)

    @property
    def is_form(self) -> bool:
        return isinstance(self.block, Exercise) and self.block.is_form

    @property
    def bet_first(self) -> bool:
        """Whether a guess is asked for before anything may be shown."""
        return self.block.predict is not None and self.guess is None

    @property
    def long_replay(self) -> bool:
        """What is handed in is judged on its own: nothing above runs again."""
        handed_in = self.run is not None and self.run.kind is RunKind.GRADE
        return not handed_in and self.replay_seconds > runs.LONG_REPLAY

    @property
    def lab_calls(self) -> tuple[LabCall, ...]:
        """The lab's functions that the lesson's own text of this place calls."""
        return used(self.block.starter if isinstance(self.block, Exercise) else self.block.source)

    @property
    def values(self) -> dict[str, str]:
        """What stands in a form: filled in since, or handed in last."""
        handed_in = self.attempt.answer if self.attempt else "{}"
        return json.loads(self.text if self.text != drafts.initial(self.block) else handed_in)


@dataclass(frozen=True)
class Desk:
    """The whole lesson. `places` holds its cells and exercises by id, in reading order."""

    lesson: Lesson
    places: dict[str, Place]
    since: str = "0-0"  # the stream's newest event before any of this was read
    foundations: tuple[Foundation, ...] = ()  # what its live cells stand on

    def __iter__(self) -> Iterator[Prose | Place]:
        for block in self.lesson.blocks:
            yield block if isinstance(block, Prose) else self.places[block.id]

    @property
    def exercises(self) -> list[Place]:
        return [place for place in self.places.values() if place.is_exercise]

    @property
    def passed(self) -> int:
        return sum(place.status.mark is progress.Mark.PASSED for place in self.exercises)


def of(session: Session, learner: User | None, lesson: Lesson) -> Desk:
    """The lesson for this learner; for nobody, as it was written."""
    blocks, numbers = _blocks(lesson), _numbers(lesson)
    if learner is None:
        bare = {b.id: Place(b, lesson, drafts.initial(b), numbers.get(b.id, 0)) for b in blocks.values()}
        return Desk(lesson, bare, foundations=_foundations(lesson, Given()))
    since = newest_event(learner, lesson)
    known = _Known.of(session, learner, lesson)
    places = {b.id: known.place(session, b, lesson, numbers.get(b.id, 0)) for b in blocks.values()}
    return Desk(lesson, places, since, _foundations(lesson, known.given))


def _foundations(lesson: Lesson, known: Given) -> tuple[Foundation, ...]:
    """What the lesson names; what single exercises build on stands with them."""
    return tuple(known.foundations(course().closed(lesson.uses)))


def _beneath(block: Cell | Exercise) -> tuple[str, ...]:
    return course().beneath(block.id) if isinstance(block, Exercise) else ()


def _blocks(lesson: Lesson) -> dict[str, Cell | Exercise]:
    return {block.id: block for block in lesson.blocks if not isinstance(block, Prose)}


def _has_forms(lesson: Lesson) -> bool:
    return any(exercise.is_form for exercise in lesson.exercises())


def _numbers(lesson: Lesson) -> dict[str, int]:
    """Exercise → its number in the lesson."""
    return {block.id: i for i, block in enumerate(lesson.exercises(), 1)}


def newest_event(learner: User, lesson: Lesson) -> str:
    """The id of what the learner's pages were told last: who asks before they read misses nothing after."""
    try:
        return events.latest_id(client(), events.key(learner.id, lesson.slug))
    except RedisError:
        return "0-0"


@dataclass(frozen=True)
class _Known:
    """Everything about one learner in one lesson, each by cell."""

    standings: dict[str, runs.Standing]
    latest: dict[str, Run]
    guesses: dict[str, dict[str, Any]]
    statuses: dict[str, Status]
    attempts: dict[str, Attempt]
    hints: dict[str, int]
    given: Given
    opened_at: datetime | None
    threads: dict[str, list[Thread]] = field(default_factory=dict)
    signed: dict[str, SignOff] = field(default_factory=dict)
    closed: dict[str, Closed] = field(default_factory=dict)
    filled: dict[str, str] = field(default_factory=dict)  # what stands in forms
    milestones: dict[str, Milestone] = field(default_factory=dict)
    asks: Asks = Asks()  # noqa: RUF009 (it is frozen)

    @classmethod
    def of(cls, session: Session, learner: User, lesson: Lesson, only: str | None = None) -> _Known:
        """Of all cells; or of one, whose page waits for it: then the others' outputs are not even read."""
        latest = runs.latest(session, learner, lesson.slug, only)
        statuses = progress.of_lesson(session, learner, lesson.slug)
        return cls(
            standings=runs.standings(session, learner, lesson, latest, only),
            latest=latest,
            guesses=activity.predictions(session, learner, lesson.slug),
            statuses=statuses,
            attempts=attempts.newest(session, learner, lesson.slug, only),
            hints=attempts.hints_opened(session, learner, lesson.slug),
            given=Given.of(session, learner),
            opened_at=activity.opened_at(session, learner, lesson.slug),
            threads=threads.of_lesson(session, learner, lesson.slug),
            signed=signoffs.by_cell(session, learner.id),
            closed=sittings.closed_to(session, learner),
            milestones={one.exercise.id: one for one in explaining.of(session, learner, statuses).values()},
            filled=drafts.of(session, learner, lesson.slug) if _has_forms(lesson) else {},
            asks=honesty.asks(session, learner, lesson.slug),
        )

    def place(self, session: Session, block: Cell | Exercise, lesson: Lesson, number: int) -> Place:
        standing = self.standings.get(block.id)
        run = standing.run if standing else self.latest.get(block.id)
        opened = self.hints.get(block.id, 0) if block.id not in self.closed else 0
        return Place(
            block=block,
            lesson=lesson,
            text=standing.text if standing else self.filled.get(block.id, drafts.initial(block)),
            number=number,
            run=run,
            stale=bool(standing and standing.stale),
            modified=bool(standing and standing.modified),
            replay_seconds=standing.replay_seconds if standing else 0.0,
            waiting=line.place(session, run) if run else 0,
            guess=self.guesses.get(block.id),
            status=self.statuses.get(block.id, progress.NOTHING),
            attempt=self.attempts.get(block.id),
            hints=block.hints[:opened] if isinstance(block, Exercise) else (),
            solution_open=isinstance(block, Exercise) and self._solution_open(block),
            threads=tuple(self.threads.get(block.id, ())),
            signed=self.signed.get(block.id),
            builds_on=tuple(self.given.foundations(_beneath(block))),
            closed=self.closed.get(block.id),
            asks=self.asks,
            milestone=self.milestones.get(block.id),
        )

    def _solution_open(self, exercise: Exercise) -> bool:
        """As `attempts.may_see_solution` says for one, from what is known of all."""
        if exercise.id in self.closed:
            return False
        tried = self.statuses.get(exercise.id, progress.NOTHING).attempts > 0
        waited = self.opened_at is not None and now() - self.opened_at >= timedelta(minutes=exercise.minutes)
        return tried or waited or exercise.id in self.given.ours


def place(session: Session, learner: User, lesson: Lesson, cell: str) -> Place:
    """One cell or exercise of the lesson. Raises KeyError."""
    known = _Known.of(session, learner, lesson, only=cell)
    return known.place(session, _blocks(lesson)[cell], lesson, _numbers(lesson).get(cell, 0))


def just_queued(session: Session, learner: User, lesson: Lesson, run: Run, since: str) -> Place:
    """The cell of a run that has just been queued: only what its page shows until there is more to see.

    Call where it was queued: the place in line is the one that its first event tells. `since` is the
    `newest_event` before; where a run was going already, what it has told by now is told again.
    """
    block = _blocks(lesson)[run.cell]
    bets = activity.predictions(session, learner, lesson.slug) if block.predict else {}
    return Place(
        block=block,
        lesson=lesson,
        text=run.chain[-1]["text"],
        run=run,
        replay_seconds=runs.replay_seconds(session, learner, lesson.slug, run),
        waiting=line.place(session, run),
        guess=bets.get(run.cell),
        since=since if run.state is State.QUEUED and not run.tries else "",
    )


def stream_start(run: Run) -> str:
    """Where in the learner's stream this run's events begin at the latest: its age, as ids tell it."""
    return f"{int(run.queued_at.timestamp() * 1000) - _CLOCKS_APART}-0"


_CLOCKS_APART = 60_000  # milliseconds by which Redis' clock may run behind ours


def texts_of(run: Run) -> dict[str, int]:
    """Cell → CRC-32 of the text it had in this run: with these the page notices what has changed since."""
    return {link["cell"]: crc32(link["text"].encode()) for link in run.chain}


def opened(session: Session, learner: User, lesson: Lesson) -> None:
    """Note that the learner has opened this lesson; who reloads it at once has not opened it again."""
    before = activity.last_opened(session, learner, lesson.slug)
    if before is None or now() - before >= timedelta(seconds=activity.OFTEN):
        activity.log(session, learner, Kind.OPENED, lesson.slug)
