"""A cohort as it looks after two months: hundreds of learners, tens of thousands of attempts, all made up.

Deterministic: the same seed gives the same people, who do the same at the same distance from `until`. Rows
are written in bulk, past the nouns, but what is derived (standings, time) is worked out by the code that
keeps it, and a test holds both together. Some are quick, some slow, some stopped coming, some fail in the
same way again and again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from app.db import first_id, make_engine, now
from app.learning import progress, standings, worktime
from app.learning.standings import Tried
from app.lessons import Exercise
from app.models import (
    Activity,
    Attempt,
    Clock,
    Cohort,
    Ending,
    Membership,
    Message,
    Output,
    Role,
    Run,
    RunKind,
    Standing,
    State,
    Thread,
    User,
    Verdict,
    WorkTime,
)

LEARNERS, ATTEMPTS = 300, 50_000
DAYS = 60
_AT_ONCE = 2000  # rows a statement
_FIRST = (
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Ewa",
    "Finn",
    "Gita",
    "Hugo",
    "Ines",
    "Jun",
    "Kofi",
    "Lena",
    "Mira",
    "Noor",
)
_LAST = (
    "Abel",
    "Brandt",
    "Costa",
    "Duarte",
    "Eriksen",
    "Farouk",
    "Grant",
    "Haddad",
    "Ivanova",
    "Jansen",
    "Kimura",
)


@dataclass(frozen=True)
class Seeded:
    """Whom to look for."""

    cohort: UUID
    mentor: UUID
    learners: list[UUID]
    attempts: int


@dataclass
class _Learner:
    """Somebody who works through the course from the front."""

    id: UUID
    skill: float  # the chance to get an exercise of middling difficulty right
    pace: float  # minutes between two attempts, at the median
    left: int  # attempts until they stop
    clock: datetime
    until: datetime
    draw: random.Random
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)

    def id_now(self) -> UUID:
        return _id(self.clock, self.draw)

    def add(self, table: Any, **values: Any) -> UUID:
        made = {"id": self.id_now(), "created_at": self.clock, **values}
        self.rows.setdefault(table, []).append(made)
        found: UUID = made["id"]
        return found

    def log(self, kind: str, exercise: Exercise, cell: bool = True, **data: Any) -> None:
        place = {"lesson": exercise.lesson, "cell": exercise.id if cell else ""}
        self.add(Activity, user_id=self.id, kind=kind, data=data, **place)

    def work(self) -> None:
        """A few minutes; now and then the sitting ends, and the next is a day or two later."""
        minutes = self.draw.lognormvariate(0, 0.8) * self.pace
        if self.draw.random() < 0.06:
            minutes += 60 * self.draw.uniform(10, 50)
        self.clock += timedelta(minutes=minutes)


def _id(moment: datetime, draw: random.Random) -> UUID:
    return UUID(int=first_id(moment).int | draw.getrandbits(62))


def fill(
    url: str, learners: int = LEARNERS, attempts: int = ATTEMPTS, until: datetime | None = None, seed: int = 7
) -> Seeded:
    """Write the cohort into a migrated database: so many learners, and exactly so many attempts of theirs."""
    draw, until = random.Random(seed), until or now()
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        cohort, mentor = _cohort(session, until, draw)
        people = [_learner(number, attempts // learners, until, draw) for number in range(learners)]
        people[-1].left += attempts - (attempts // learners) * learners
        _people(session, people, cohort)
        made = _all_work(session, people, progress.in_order(), attempts)
        _questions(session, people, mentor, draw)
    engine.dispose()
    return Seeded(cohort, mentor, [one.id for one in people], made)


def _cohort(session: Session, until: datetime, draw: random.Random) -> tuple[UUID, UUID]:
    began = until - timedelta(days=DAYS)
    cohort = Cohort(id=_id(began, draw), created_at=began, name="Seeded", starts_on=began.date())
    mentor = User(id=_id(began, draw), created_at=began, name="Mo Mentor", email="mo@seeded.example")
    session.add_all([cohort, mentor])
    session.flush()
    session.add(Membership(cohort_id=cohort.id, user_id=mentor.id, role=Role.MENTOR))
    return cohort.id, mentor.id


def _learner(number: int, share: int, until: datetime, draw: random.Random) -> _Learner:
    began = until - timedelta(days=draw.uniform(DAYS - 5, DAYS))
    own = random.Random(draw.getrandbits(64))
    pace = draw.lognormvariate(1.7, 0.5)
    return _Learner(_id(began, draw), draw.betavariate(5, 4), pace, share, began, until, own)


def _people(session: Session, people: list[_Learner], cohort: UUID) -> None:
    users, members = [], []
    for number, one in enumerate(people):
        name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number % len(_LAST)]} {number + 1}"
        users.append(
            {"id": one.id, "created_at": one.clock, "name": name, "email": f"learner{number}@seeded.example"}
        )
        member = {"id": one.id_now(), "created_at": one.clock, "cohort_id": cohort, "user_id": one.id}
        members.append(member | {"role": Role.LEARNER})
    _write(session, User, users)
    _write(session, Membership, members)


def _all_work(session: Session, people: list[_Learner], exercises: list[Exercise], attempts: int) -> int:
    """Everybody's work. Who leaves attempts over hands them to the next: there are as many as asked for."""
    made = over = 0
    for one in people:
        one.left += over
        _work(one, exercises)
        count = len(one.rows.get(Attempt, []))
        made, over = made + count, one.left
        for row in standings_of(one.rows.get(Attempt, [])):
            one.add(Standing, **row)
        _count_time(one)
        for table in (Run, Output, Attempt, Activity, Standing, WorkTime, Clock):
            _write(session, table, one.rows.pop(table, []))
    return made


def _work(one: _Learner, exercises: list[Exercise]) -> None:
    """All of somebody's work. Most were here in the last days; some stopped weeks ago.

    It is played twice, for only the first time tells how long it takes.
    """
    state, left, began = one.draw.getstate(), one.left, one.clock
    _play(one, exercises)
    took, one.rows, one.left = one.clock - began, {}, left
    one.draw.setstate(state)
    silent = one.draw.uniform(0, 3) if one.draw.random() < 0.8 else one.draw.uniform(3, 40)
    one.draw.setstate(state)
    one.clock = one.until - timedelta(days=silent) - took
    _play(one, exercises)


def _play(one: _Learner, exercises: list[Exercise]) -> None:
    lesson = ""
    for exercise in exercises:
        if one.left <= 0:
            return
        if exercise.lesson != lesson:
            lesson = exercise.lesson
            one.log("opened", exercise, cell=False)
            one.work()
        if one.draw.random() < 0.07:  # left out
            continue
        one.log("opened", exercise)
        _exercise(one, exercise)


def _exercise(one: _Learner, exercise: Exercise) -> None:
    """Until it is passed, or given up."""
    chance = one.skill * one.draw.uniform(0.3, 1.1)
    habit = one.draw.choice(exercise.mistakes) if exercise.mistakes else None
    for number in range(1, 13):
        if one.left <= 0:
            return
        one.work()
        if one.draw.random() < 0.6:
            one.log("edited", exercise)
            one.clock += timedelta(seconds=one.draw.uniform(5, 100))
        if number > 1 and one.draw.random() < 0.3:
            one.log("hint", exercise, rung=min(number - 1, 3))
        passed = one.draw.random() < chance
        _attempt(one, exercise, number, passed, habit)
        if passed:
            return
        if number > 3 and one.draw.random() < 0.3:
            one.log("solution", exercise)
            return


def _attempt(one: _Learner, exercise: Exercise, number: int, passed: bool, habit: Any) -> None:
    verdict, answer, message, details = _judged(one, exercise, passed, habit)
    place = {"user_id": one.id, "lesson": exercise.lesson}
    run = one.add(
        Run,
        **place,
        cell=exercise.id,
        kind=RunKind.GRADE,
        chain=[{"cell": exercise.id, "text": answer}],
        chain_hash="0" * 64,
        fingerprint="f" * 64,
        seed=one.draw.getrandbits(31),
        state=State.DONE,
        ending=Ending.OK,
        queued_at=one.clock,
        finished_at=one.clock,
    )
    one.add(Output, run_id=run, seq=0, kind="text", data={"stream": "stdout", "text": f"attempt {number}\n"})
    judged = {"verdict": verdict, "message": message, "details": details, "graded_at": one.clock}
    attempt = one.add(
        Attempt,
        **place,
        exercise=exercise.id,
        exercise_version=exercise.version,
        number=number,
        answer=answer,
        run_id=run,
        **judged,
    )
    one.log("handed in", exercise, attempt=str(attempt), number=number)
    one.left -= 1


def _judged(
    one: _Learner, exercise: Exercise, passed: bool, habit: Any
) -> tuple[Verdict, str, str, dict[str, Any]]:
    checks = [{"name": check.name, "doc": check.doc, "passed": passed} for check in exercise.checks]
    if passed:
        return Verdict.PASSED, exercise.solution, "", {"checks": checks, "mistake": None}
    kind = one.draw.random()
    if kind < 0.25:
        answer = exercise.solution.replace("return", "return 1 +", 1)
        return Verdict.ERROR, answer, "It raised a TypeError.", {"checks": checks, "mistake": None}
    mistake = habit if habit and kind < 0.5 else one.draw.choice(exercise.mistakes or (None,))
    if mistake is None:
        answer = exercise.solution + f"\n# try {one.draw.randrange(100)}\n"
        return Verdict.FAILED, answer, "This does not hold yet.", {"checks": checks, "mistake": None}
    message = f"This does not hold yet.\n\nThis looks like *{mistake.label}*: {mistake.doc}"
    details = {"checks": checks, "mistake": mistake.name}
    return Verdict.FAILED, mistake.text or exercise.solution, message, details


def standings_of(attempts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What `standings.refresh` would keep of one learner's rows."""
    by_exercise = sorted(attempts, key=lambda row: (row["exercise"], row["number"]))
    for exercise, group in groupby(by_exercise, key=lambda row: row["exercise"]):
        rows = list(group)
        facts = standings.summed_up(
            [Tried(row["created_at"], row["verdict"], row["details"]["mistake"] or "") for row in rows]
        )
        whose = {"user_id": rows[0]["user_id"], "lesson": rows[0]["lesson"], "exercise": exercise}
        yield whose | facts | {"updated_at": facts["newest_at"]}


def _count_time(one: _Learner) -> None:
    """What `worktime.count` would keep of one learner's rows."""
    log = one.rows.get(Activity, [])
    events = [worktime.Event(row["created_at"], row["lesson"], row["cell"], row["kind"]) for row in log]
    for (lesson, cell), spent in worktime.measure(events).by_place.items():
        place = {"user_id": one.id, "lesson": lesson, "cell": cell}
        one.add(WorkTime, **place, code=spent.code, reading=spent.reading)
    if log:
        one.add(Clock, user_id=one.id, counted_to=max(row["id"] for row in log))


def _questions(session: Session, people: list[_Learner], mentor: UUID, draw: random.Random) -> None:
    """One in five has asked something; half of these wait for an answer."""
    exercises = progress.in_order()
    threads, messages = [], []
    for one in draw.sample(people, max(1, len(people) // 5)):
        exercise, answered = draw.choice(exercises[:60]), draw.random() < 0.5
        thread = one.id_now()
        place = {"user_id": one.id, "lesson": exercise.lesson, "cell": exercise.id}
        when = {"created_at": one.clock}
        waits = {"answered": answered, "waiting_since": None if answered else one.clock}
        threads.append({"id": thread, **when, **place, "chain": [], **waits})
        said = [
            (one.id, "Where does the factor come from?"),
            *([(mentor, "From the mean.")] if answered else []),
        ]
        messages += [
            {"id": one.id_now(), **when, "thread_id": thread, "author_id": who, "body": body}
            for who, body in said
        ]
    _write(session, Thread, threads)
    _write(session, Message, messages)


def _write(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    assert isinstance(table.__table__, Table)
    for start in range(0, len(rows), _AT_ONCE):
        session.execute(insert(table.__table__), rows[start : start + _AT_ONCE])
