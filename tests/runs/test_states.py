"""A run's whole life against a small model of it: whatever happens, in whatever order, both agree.

Learners press, hand in and cancel; workers claim, beat, record and give back, in time, late or twice; time
passes, leases run out, messages are lost, the sweeper comes round, and two things happen at the same moment.
The functions, the database and the queue are real, only the clock is ours. Where two things happen at once,
the result has to be that of one order or the other.
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from app import jobs
from app.db import on_commit, transaction
from app.guard import TooMany
from app.learning import attempts
from app.learning.attempts import Verdict
from app.lessons import Lesson
from app.models import Ending, Run, RunKind, State, User
from app.models import Verdict as Word
from app.redis import client
from app.running import events, leases, line, runs
from app.running.leases import MAX_FAULTS, OUR_FAULT, Result, Shown

CAP, LEASE, HINT, PATIENCE = 2, 15, 5, 60
TOO_MANY = "too many"
EXERCISE = "double"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
OVER = ("done", "failed", "cancelled")
STEPS = {
    "queued": {"running", "cancelled"},
    "running": {"queued", "done", "failed", "cancelled"},
    **{over: set() for over in OVER},
}

Take = Callable[[], list[tuple[str, dict[str, str]]]]


# ---- the model: what ought to be, in plain Python


@dataclass
class Life:
    """One run as it ought to be."""

    number: int  # of the press that made it
    learner: int
    grade: bool
    cell: str
    text: Any
    order: int  # in which they came
    came: float
    due: float
    began: float | None = None
    ready: float = 0.0
    state: str = "queued"
    holder: int | None = None  # the claim that may record it
    tries: int = 0
    faults: int = 0
    unwanted: bool = False
    said: str = ""  # what was recorded

    @property
    def over(self) -> bool:
        return self.state in OVER

    def end(self, state: str) -> None:
        self.state, self.holder = state, None

    def requeue(self, now: float, faults: int, pause: float) -> None:
        self.state, self.holder, self.due, self.ready = "queued", None, now + HINT, now + pause
        self.faults += faults

    def fault(self, now: float, pause: float) -> None:
        if self.faults + 1 >= MAX_FAULTS:
            self.faults += 1
            self.end("failed")
        else:
            self.requeue(now, 1, pause)


@dataclass
class Model:
    """All runs by the number of the press that made each, all claims by number, and what else counts."""

    lives: dict[int, Life] = field(default_factory=dict)
    claims: dict[int, int] = field(default_factory=dict)  # claim → run
    drafts: dict[tuple[int, str], str] = field(default_factory=dict)
    messages: int = 0  # ever sent
    presses: int = 0
    now: float = 0.0
    moments: int = 0

    def moment(self) -> float:
        """What comes later has a larger one, also where the clock stands still."""
        self.moments += 1
        return self.now + 0.5 + self.moments * 1e-6

    def read_times(self, ids: dict[int, UUID], found: dict[UUID, Run]) -> None:
        """Of two things at once nobody can say which looked at the clock first; the rows can."""
        for number, life in self.lives.items():
            run = found[ids[number]]
            life.came = (run.queued_at - BEGIN).total_seconds()
            life.began = (run.started_at - BEGIN).total_seconds() if run.started_at else None

    def waiting(self, learner: int) -> list[Life]:
        return [life for life in self.lives.values() if life.learner == learner and not life.over]

    def press(self, number: int, learner: int, cell: str, text: str) -> int | str:
        grade = cell == EXERCISE
        drafts = self.drafts | {(learner, cell): text}
        whole: Any = (drafts.get((learner, "one")), text) if cell == "two" else text
        here = [life for life in self.lives.values() if (life.learner, life.cell) == (learner, cell)]
        going = [life for life in here if not (life.over or life.unwanted)]
        if grade:
            going = [life for life in going if life.order == max(other.order for other in here)]
        for life in going:
            if life.text == whole:
                self.drafts = drafts
                return life.number
        replaced = [] if grade else going
        freed = sum(life.state == "queued" for life in replaced)
        if len(self.waiting(learner)) - freed >= CAP:
            return TOO_MANY
        for life in replaced:
            self.cancel(life.number)
        self.drafts, self.presses, self.messages = drafts, self.presses + 1, self.messages + 1
        self.lives[number] = Life(
            number, learner, grade, cell, whole, self.presses, self.moment(), self.now + HINT
        )
        return number

    def claim(self, number: int, run: int) -> bool:
        life = self.lives.get(run)
        if life is None or life.state != "queued":
            return False
        life.state, life.holder, life.due, life.began = "running", number, self.now + LEASE, self.moment()
        life.tries += 1
        self.claims[number] = run
        return True

    def claim_next(self, number: int) -> int | None:
        """Learners take turns; among equal turns, who came first. Who was given back may have to pause."""
        line: list[tuple[int, int, int]] = []
        for learner in {life.learner for life in self.lives.values()}:
            going = self.waiting(learner)
            mine = sorted((life.order, life.number) for life in going if life.state == "queued")
            turns = [(turn + self.taken(who[1]), *who) for turn, who in enumerate(mine)]
            line += [turn for turn in turns if self.ready(turn[-1])]
        if not line:
            return None
        _, _, run = min(line)
        self.claim(number, run)
        return run

    def taken(self, run: int) -> int:
        """Turns that this run's learner has had: what runs, and what has begun since it came."""
        mine = self.lives[run]
        others = [life for life in self.lives.values() if life.learner == mine.learner and life is not mine]
        begun = [life for life in others if life.began is not None and life.state != "queued"]
        return sum(
            life.state == "running" or life.began >= mine.came for life in begun if life.began is not None
        )

    def ready(self, run: int) -> bool:
        return self.lives[run].ready <= self.now

    def held(self, claim: int) -> Life | None:
        life = self.lives.get(self.claims.get(claim, -1))
        return life if life is not None and life.holder == claim else None

    def beat(self, claim: int) -> bool | None:
        life = self.held(claim)
        if life is None:
            return None
        life.due = self.now + LEASE
        return life.unwanted

    def record(self, claim: int, said: str, cancelled: bool) -> bool:
        life = self.held(claim)
        if life is None:
            return False
        life.end("cancelled" if cancelled else "done")
        life.said = said
        return True

    def give_back(self, claim: int, fault: bool) -> str | None:
        life = self.held(claim)
        if life is None:
            return None
        if life.unwanted:
            life.end("cancelled")
        elif fault:
            life.fault(self.now, pause=HINT)
        else:
            life.requeue(self.now, 0, pause=0)
            self.messages += 1
        return life.state

    def cancel(self, run: int) -> None:
        life = self.lives.get(run)
        if life is None or life.over:
            return
        life.unwanted = True
        if life.state == "queued":
            life.end("cancelled")

    def sweep(self, empty: bool) -> int:
        touched = 0
        for life in self.lives.values():
            if life.state == "running" and life.due < self.now:
                touched += 1
                if life.unwanted:
                    life.end("cancelled")
                    continue
                life.fault(self.now, pause=0)
                self.messages += life.state == "queued"
            elif life.state == "queued" and life.due < self.now - (0 if empty else PATIENCE):
                touched += 1
                life.due = self.now + HINT
                self.messages += 1
        return touched

    def forget(self, learner: int) -> None:
        self.lives = {n: life for n, life in self.lives.items() if life.learner != learner}
        self.drafts = {place: text for place, text in self.drafts.items() if place[0] != learner}


# ---- the world: what is, in the real functions


@dataclass
class Clock:
    """Stands still but for a microsecond at each look, so that who came first is told apart."""

    seconds: float = 0.0
    looks: Any = field(default_factory=itertools.count)

    def __call__(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds, microseconds=next(self.looks))


@dataclass
class World:
    """Real rows, by the model's numbers."""

    learners: list[UUID]
    ids: dict[int, UUID] = field(default_factory=dict)  # press → run
    holds: dict[int, tuple[UUID, str]] = field(default_factory=dict)  # claim → run and nonce

    def press(self, session: Session, learner: int, cell: str, text: str) -> UUID:
        user = session.get_one(User, self.learners[learner])
        if cell == EXERCISE:
            return attempts.hand_in(session, user, cell, text).run_id
        return runs.submit(session, user, "counting", cell, {cell: text}).id

    def claim(self, session: Session, number: int, run: int) -> bool:
        return self._took(number, leases.claim(session, self.ids[run])) is not None

    def claim_next(self, session: Session, number: int) -> UUID | None:
        return self._took(number, leases.claim_next(session))

    def _took(self, number: int, held: Run | None) -> UUID | None:
        if held is None:
            return None
        self.holds[number] = held.id, held.nonce
        return held.id

    def beat(self, session: Session, claim: int) -> bool | None:
        return leases.beat(session, *self.holds[claim])

    def record(self, session: Session, claim: int, said: str, cancelled: bool) -> bool:
        result = Result(message=said, outputs=[Shown("text", {"text": said})], cancelled=cancelled)
        recorded = leases.record(session, *self.holds[claim], result)
        if recorded is None:
            return False
        if recorded.kind is RunKind.GRADE and not cancelled:
            attempts.record_verdict(session, recorded, Verdict(Word.FAILED, said))
        events.tell(session, recorded, events.finished(recorded))
        return True

    def give_back(self, session: Session, claim: int, fault: bool) -> str | None:
        run = leases.give_back(session, *self.holds[claim], fault=fault)
        if run is not None and not fault and run.state is State.QUEUED:
            on_commit(session, lambda: leases.resend(run))
        return run.state.value if run else None

    def cancel(self, session: Session, run: int) -> None:
        if (found := session.get(Run, self.ids[run])) is not None:
            runs.cancel(session, found)


@dataclass
class Act:
    """The same thing in both: a number or id of a run, or a plain word, comes back from either."""

    real: Callable[[Session], Any]
    model: Callable[[Model], Any]
    presses: int | None = None  # the number of the run that it may make

    def do(self) -> Any:
        try:
            with transaction() as session:
                return self.real(session)
        except TooMany:
            return TOO_MANY


class Difference(AssertionError):
    """The world is not as the model has it."""


class Drawn(NamedTuple):
    """What shall happen; drawn before anything is known of what has happened, which may depend on a race."""

    kind: str
    learner: int
    cell: str
    text: str
    which: int
    flag: bool


KINDS = (
    "press",
    "press",
    "claim",
    "claim next",
    "claim next",
    "cancel",
    "beat",
    "record",
    "record",
    "give back",
)
THINGS = st.builds(
    Drawn,
    st.sampled_from(KINDS),
    st.integers(0, 1),
    st.sampled_from(["one", "two", EXERCISE]),
    st.sampled_from(["x = 10", "x = 20"]),
    st.one_of(st.just(0), st.integers(0, 8)),  # mostly the newest, but also one that was lost long ago
    st.booleans(),
)


class Lives(RuleBasedStateMachine):
    """Draws what happens; after each step world and model are compared."""

    def __init__(self, clock: Clock, take: Take) -> None:
        super().__init__()
        self.clock, self.take = clock, take
        clock.seconds = 0.0
        client().flushall()
        with transaction() as session:
            session.execute(delete(User))
            people = [User(name=name) for name in ("Ada", "Ben")]
            session.add_all(people)
            session.flush()
            self.world = World([person.id for person in people])
        self.model = Model()
        self.numbers = itertools.count()
        self.messages = 0
        self.seen: dict[UUID, tuple[Any, ...]] = {}  # how each run looked last

    # ---- what may happen

    @rule(drawn=THINGS)
    def something(self, drawn: Drawn) -> None:
        self.happen([self.act(drawn)])

    @rule(one=THINGS, other=THINGS)
    def two_things_at_once(self, one: Drawn, other: Drawn) -> None:
        self.happen([self.act(one), self.act(other)])

    @rule(seconds=st.sampled_from([7.3, 16.1, 66.7]))
    def time_passes(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.model.now += seconds

    @rule(empty=st.booleans())
    def the_sweeper_comes(self, empty: bool) -> None:
        sweep = Act(lambda s: leases.sweep(s, empty=jobs.QUEUES if empty else ()), lambda m: m.sweep(empty))
        self.happen([sweep])

    @rule(learner=st.integers(0, 1), sure=st.integers(0, 5))
    def a_learner_is_deleted(self, learner: int, sure: int) -> None:
        if sure:
            return
        with transaction() as session:
            session.execute(delete(User).where(User.id == self.world.learners[learner]))
            new = User(name="Cy")
            session.add(new)
            session.flush()
            self.world.learners[learner] = new.id
        self.model.forget(learner)

    def act(self, drawn: Drawn) -> Act:
        """What was drawn, in the functions; where there is nothing to do it to, a press."""
        number, world = next(self.numbers), self.world
        if drawn.kind == "claim next":
            return Act(lambda s: world.claim_next(s, number), lambda m: m.claim_next(number))
        if drawn.kind in ("claim", "cancel") and world.ids:
            run = list(world.ids)[::-1][drawn.which % len(world.ids)]
            if drawn.kind == "claim":
                return Act(lambda s: world.claim(s, number, run), lambda m: m.claim(number, run))
            return Act(lambda s: world.cancel(s, run), lambda m: m.cancel(run))
        if drawn.kind in ("beat", "record", "give back") and world.holds:
            return self.of_a_worker(drawn, number, list(world.holds)[::-1][drawn.which % len(world.holds)])
        what = (drawn.learner, drawn.cell, drawn.text)
        return Act(lambda s: world.press(s, *what), lambda m: m.press(number, *what), presses=number)

    def of_a_worker(self, drawn: Drawn, number: int, claim: int) -> Act:
        """By one who has a run, or had it and does not know that it was taken away."""
        world, flag, said = self.world, drawn.flag, f"result {number}"
        if drawn.kind == "beat":
            return Act(lambda s: world.beat(s, claim), lambda m: m.beat(claim))
        if drawn.kind == "record":
            return Act(lambda s: world.record(s, claim, said, flag), lambda m: m.record(claim, said, flag))
        return Act(lambda s: world.give_back(s, claim, flag), lambda m: m.give_back(claim, flag))

    # ---- and what has to come of it

    def happen(self, acts: list[Act]) -> None:
        """All at once; the world has to be as after one order or another."""
        answers = at_once(acts)
        self.messages += len(self.take())
        found = look()
        wrong: list[Difference] = []
        for order in itertools.permutations(range(len(acts))):
            model, ids = copy.deepcopy(self.model), dict(self.world.ids)
            try:
                for each in order:
                    answered(acts[each], acts[each].model(model), answers[each], ids)
                compare(model, ids, self.world.holds, found)
                if model.messages != self.messages:
                    raise Difference(f"{self.messages} messages, not {model.messages}")
            except Difference as difference:
                wrong.append(difference)
            else:
                model.read_times(ids, found)
                self.model, self.world.ids = model, ids
                self.moved(found, len(acts))
                return
        raise AssertionError(f"no order explains {answers}: {wrong}")

    def moved(self, found: dict[UUID, Run], steps: int) -> None:
        """Whatever the model says: states move along the edges, and what is over never changes again."""
        for run_id, run in found.items():
            now = (run.state.value, run.message, run.finished_at, len(run.outputs), run.faults)
            before = self.seen.get(run_id, ("queued",))
            assert now[0] in reachable(before[0], steps), f"{before[0]} became {now[0]}"
            assert before[0] not in OVER or now == before
            self.seen[run_id] = now

    @invariant()
    def nobody_has_more_going_than_allowed(self) -> None:
        assert all(len(self.model.waiting(learner)) <= CAP for learner in (0, 1))

    def teardown(self) -> None:
        """Even if every worker dies from now on, all of it ends soon, by messages and sweeps alone."""
        for _ in range(MAX_FAULTS + 2):
            self.clock.seconds += 66.7
            with transaction() as session:
                leases.sweep(session, empty=jobs.QUEUES)
            for _ in self.take():
                with transaction() as session:
                    leases.claim_next(session)
        self.nothing_is_stuck()

    def nothing_is_stuck(self) -> None:
        finished = [event.run for event in told(self.world.learners) if isinstance(event, events.Finished)]
        for run in look().values():
            assert run.state.over, f"a run is {run.state} for ever"
            assert finished.count(str(run.id)) == 1
            assert run.faults <= MAX_FAULTS
            if run.attempt is not None:
                assert (run.attempt.verdict is not None) == (run.state is State.DONE)


def at_once(acts: list[Act]) -> list[Any]:
    """What each says, done in threads of their own if there are several."""
    if len(acts) == 1:
        return [acts[0].do()]
    answers: list[Any] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def act(place: int) -> None:
        gate.wait()
        try:
            answers[place] = acts[place].do()
        except Exception as error:
            answers[place] = error

    threads = [threading.Thread(target=act, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def answered(act: Act, wanted: Any, answer: Any, ids: dict[int, UUID]) -> None:
    """Compares what both said; a run that was made gets its number."""
    if isinstance(answer, UUID):
        known = {run_id: number for number, run_id in ids.items()}
        if answer not in known and act.presses is not None:
            ids[act.presses] = answer
            known[answer] = act.presses
        answer = known.get(answer)
    if answer != wanted or type(answer) is not type(wanted):
        raise Difference(f"answered {answer!r}, not {wanted!r}")


def look() -> dict[UUID, Run]:
    """Every run as the database has it."""
    with transaction() as session:
        whole = select(Run).options(selectinload(Run.outputs), selectinload(Run.attempt))
        return {run.id: run for run in session.scalars(whole)}


def compare(
    model: Model, ids: dict[int, UUID], holds: dict[int, tuple[UUID, str]], found: dict[UUID, Run]
) -> None:
    """Raises Difference."""
    if {ids[number] for number in model.lives} != set(found):
        raise Difference("there are other runs")
    came = sorted(found.values(), key=lambda run: (run.queued_at, run.id))
    if [run.id for run in came] != [ids[life.number] for life in sorted(model.lives.values(), key=by_order)]:
        raise Difference("they came in another order")
    for number, life in model.lives.items():
        run = found[ids[number]]
        nonce = holds[life.holder][1] if life.holder is not None else ""
        wanted = (life.state, life.tries, life.faults, life.unwanted, nonce, life.said)
        said = "".join(output.data["text"] for output in run.outputs)
        is_ = (run.state.value, run.tries, run.faults, run.cancel_requested, run.nonce, said)
        if is_ != wanted:
            raise Difference(f"run {number} is {is_}, not {wanted}")
        if not life.over and abs((run.lease_until - BEGIN).total_seconds() - life.due) > 1:
            raise Difference(f"run {number} is due at another time")
        ended(life, run)


def by_order(life: Life) -> int:
    return life.order


def ended(life: Life, run: Run) -> None:
    """How a run that is over looks, and one that is not. Raises Difference."""
    if (run.finished_at is not None, run.recorded_at is not None) != (life.over, life.over):
        raise Difference("it has finished and has not")
    if run.ending != (Ending.OK if life.state == "done" else None):
        raise Difference(f"its ending is {run.ending}")
    if run.message != (OUR_FAULT if life.state == "failed" else life.said):
        raise Difference(f"it says {run.message}")
    verdict = run.attempt.verdict if run.attempt else None
    if verdict != (Word.FAILED if life.grade and life.state == "done" else None):
        raise Difference(f"its verdict is {verdict}")


def reachable(state: str, steps: int) -> set[str]:
    found = {state}
    for _ in range(steps):
        found |= {after for before in found for after in STEPS[before]}
    return found


def told(learners: list[UUID]) -> list[events.Event]:
    entries = [client().xrange(events.key(learner, "counting")) for learner in learners]
    return [events.decode(fields) for some in entries for _, fields in some]  # type: ignore[union-attr]


@pytest.mark.slow
def test_whatever_happens_a_run_lives_as_it_should(
    database: str, lesson: Lesson, sent_jobs: Take, monkeypatch: pytest.MonkeyPatch, change_settings: Any
) -> None:
    change_settings(runs_per_learner=CAP, lease_seconds=LEASE, course_dir=lesson.path.parents[2])
    assert (leases.HINT_SECONDS, leases.PATIENCE) == (HINT, PATIENCE)
    clock = Clock()
    for module in (leases, line, runs):
        monkeypatch.setattr(module, "now", clock)
    often = settings(
        max_examples=30, stateful_step_count=40, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(lambda: Lives(clock, sent_jobs), settings=often)
