"""Memory: what does not fit waits, is not overtaken for ever, and holds nobody up for nothing."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import jobs
from app.config import settings as settings_of_app
from app.db import transaction
from app.jobs import CPU, GPU
from app.models import Run, RunKind, State, User
from app.running import catalogue, leases, line, room
from app.running.leases import Result
from app.running.room import PATIENCE, Room
from workers import tasks

TOTAL = 8000
LONGEST = 60.0  # seconds of one run
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
Change = Callable[..., None]


def waiting(user: UUID, memory_mb: int, queued_at: datetime, queue: str = CPU) -> Run:
    return Run(
        user_id=user,
        kind=RunKind.RUN,
        lesson="counting",
        cell="one",
        chain=[{"cell": "one", "text": "x = 1"}],
        chain_hash="",
        fingerprint="",
        seed=1,
        queued_at=queued_at,
        memory_mb=memory_mb,
        queue=queue,
    )


# ---- one machine, and any arrivals


@dataclass
class Machine:
    """Takes and does runs on real rows; the clock is ours."""

    seconds: float = 0.0
    looks: Iterator[int] = field(default_factory=itertools.count)
    room: Room = field(init=False)
    ends: dict[UUID, float] = field(default_factory=dict)  # what runs, until when
    memory: dict[UUID, int] = field(default_factory=dict)
    lasts: dict[UUID, float] = field(default_factory=dict)
    first_since: dict[UUID, float] = field(default_factory=dict)  # who stood first and did not fit
    started: dict[UUID, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.room = Room(total=lambda: TOTAL, clock=lambda: self.seconds)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds, microseconds=next(self.looks))

    def arrives(self, memory_mb: int, lasts: float) -> None:
        """A learner of its own: then the line is the order of coming."""
        with transaction() as session:
            user = User(name="Somebody")
            session.add(user)
            session.flush()
            run = waiting(user.id, memory_mb, self.now())
            session.add(run)
            session.flush()
            self.memory[run.id], self.lasts[run.id] = memory_mb, lasts

    def works(self) -> None:
        """Ends what is over, and takes all it can."""
        for run_id in [each for each, end in self.ends.items() if end <= self.seconds]:
            del self.ends[run_id]
            self.room.give_back(run_id)
        while self.takes():
            assert self.used <= TOTAL
        self.blocks_nobody_for_nothing()

    @property
    def used(self) -> int:
        return sum(self.memory[run_id] for run_id in self.ends)

    def takes(self) -> bool:
        with self.room.choosing(), transaction() as session:
            head = line.first(session)
            if head and self.memory[head.id] > TOTAL - self.used:
                self.first_since.setdefault(head.id, self.seconds)
            held = leases.claim_next(session, self.room, CPU, (CPU,))
            if held is None:
                return False
            self.room.take(held.id, held.memory_mb)
        overtaken = head is not None and head.id != held.id
        assert not (overtaken and self.seconds - self.first_since[head.id] >= PATIENCE)
        self.ends[held.id] = self.seconds + self.lasts[held.id]
        self.started[held.id] = self.seconds
        return True

    def blocks_nobody_for_nothing(self) -> None:
        """Who waits though there is room waits for one who was first for a long time."""
        with transaction() as session:
            head, fits = line.first(session), line.first(session, at_most=TOTAL - self.used)
        if fits is not None:
            assert head is not None
            assert self.seconds - self.first_since[head.id] >= PATIENCE


ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.5, 3.0, 12.0]),  # seconds after the one before
        st.sampled_from([500, 2048, 2048, 5000, 7500, TOTAL]),
        st.sampled_from([0.5, 7.0, 25.0, LONGEST]),
    ),
    min_size=2,
    max_size=14,
)


def test_whatever_comes_fits_waits_its_time_and_ends(
    database: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(ARRIVALS)
    @example(
        [(0.0, 5000, 7.0), (0.5, TOTAL, 0.5), *[(12.0, 2048, LONGEST)] * 12]
    )  # one after another passes it
    def check(arrivals: list[tuple[float, int, float]]) -> None:
        with transaction() as session:
            session.execute(delete(User))
        machine = Machine()
        for module in (leases, line):
            monkeypatch.setattr(module, "now", machine.now)
        play(machine, arrivals)
        assert machine.started.keys() == machine.memory.keys()
        for run_id, since in machine.first_since.items():
            assert machine.started[run_id] - since <= PATIENCE + LONGEST

    check()


def play(machine: Machine, arrivals: list[tuple[float, int, float]]) -> None:
    coming, at = [], 0.0
    for after, memory_mb, lasts in arrivals:
        at += after
        coming.append((at, memory_mb, lasts))
    while coming or machine.ends or len(machine.started) < len(machine.memory):
        while coming and coming[0][0] <= machine.seconds:
            machine.arrives(*coming.pop(0)[1:])
        machine.works()
        due = [*machine.ends.values(), *(moment for moment, *_ in coming[:1])]
        machine.seconds = min([*due, machine.seconds + 5])  # the sweeper comes every five seconds
        assert machine.seconds < 3000, "somebody waits for ever"


# ---- by example

_ORDER = itertools.count()


@pytest.fixture
def people(session: Session) -> list[UUID]:
    found = [User(name=f"Learner {n}") for n in range(8)]
    session.add_all(found)
    session.commit()
    return [user.id for user in found]


def queue_up(session: Session, people: list[UUID], *needs: int, queue: str = CPU) -> list[UUID]:
    """One run of each, in this order."""
    begin = datetime.now(UTC) - timedelta(seconds=1000)
    rows = [
        waiting(user, memory_mb, begin + timedelta(seconds=next(_ORDER)), queue)
        for user, memory_mb in zip(people, needs, strict=False)
    ]
    session.add_all(rows)
    session.commit()
    return [row.id for row in rows]


def take(session: Session, room: Room, queue: str = CPU, queues: tuple[str, ...] = (CPU,)) -> UUID | None:
    with room.choosing():
        held = leases.claim_next(session, room, queue, queues)
        if held is not None:
            room.take(held.id, held.memory_mb)
    return held.id if held else None


def test_what_is_too_large_for_this_machine_is_left_to_others(session: Session, people: list[UUID]) -> None:
    _, small = queue_up(session, people, 9000, 500)
    here = Room(total=lambda: TOTAL)
    assert [take(session, here) for _ in range(2)] == [small, None]


def test_only_the_queue_that_was_asked_for_is_looked_at(session: Session, people: list[UUID]) -> None:
    (of_cpu,) = queue_up(session, people, 500)
    (of_gpu,) = queue_up(session, people[1:], 500, queue=GPU)
    here = Room(total=lambda: TOTAL)
    assert [take(session, here) for _ in range(2)] == [of_cpu, None]
    assert take(session, here, GPU) == of_gpu


def test_places_are_counted_in_ones_own_queue(session: Session, people: list[UUID]) -> None:
    ids = queue_up(session, people, 500, 500, queue=GPU) + queue_up(session, people[2:], 500)
    assert [line.place(session, session.get_one(Run, each)) for each in ids] == [1, 2, 1]


def test_who_waits_long_in_one_queue_keeps_the_other_out_too(session: Session, people: list[UUID]) -> None:
    (large,) = queue_up(session, people, 7000, queue=GPU)
    first, second, third = queue_up(session, people[1:], 2000, 2000, 2000)
    clock = [0.0]
    here = Room(total=lambda: TOTAL, clock=lambda: clock[0])
    both = (GPU, CPU)
    assert take(session, here, CPU, both) == first
    assert take(session, here, GPU, both) is None
    assert take(session, here, CPU, both) == second
    clock[0] = PATIENCE
    assert take(session, here, CPU, both) is None
    for each in (first, second):
        here.give_back(each)
    assert take(session, here, GPU, both) == large
    assert take(session, here, CPU, both) is None
    here.give_back(large)
    assert take(session, here, CPU, both) == third


def test_who_is_overtaken_by_the_line_itself_keeps_its_time(session: Session, people: list[UUID]) -> None:
    """Somebody whose turn is earlier comes later; when they are through, the large one's wait goes on."""
    clock = [0.0]
    here = Room(total=lambda: TOTAL, clock=lambda: clock[0])
    running, large = queue_up(session, [people[0], people[0]], 2000, 7000)
    assert [take(session, here) for _ in range(2)] == [running, None]
    clock[0] = PATIENCE - 1
    (newcomer,) = queue_up(session, people[1:], 500)
    assert take(session, here) == newcomer
    clock[0] = PATIENCE
    queue_up(session, people[0:1] * 2, 500, 500)
    assert take(session, here) is None
    here.give_back(running)
    here.give_back(newcomer)
    assert take(session, here) == large


# ---- threads, and the messages that came in vain


def test_racing_threads_never_take_more_than_there_is(
    session: Session, people: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Room(total=lambda: 5000)
    monkeypatch.setattr(tasks, "ROOM", here)
    needs = [500, 1500, 2500, 4000, 1000, 3000, 2000, 5000]
    wanted = [each for _ in range(3) for each in queue_up(session, people, *needs)]
    done: list[UUID] = []
    most, errors = [0], []
    gate = threading.Barrier(6)

    def work() -> None:
        try:
            gate.wait()
            while len(done) < len(wanted):
                held = tasks._take(CPU)
                if held is None:
                    continue
                most[0] = max(most[0], 5000 - here.free_mb)
                with transaction() as mine:
                    assert leases.record(mine, held.id, held.nonce, Result())
                done.append(held.id)
                here.give_back(held.id)
        except BaseException as error:
            errors.append(error)
            done.extend(wanted)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(done) == sorted(wanted)
    assert 4000 <= most[0] <= 5000
    assert here.free_mb == 5000


def test_a_message_that_came_in_vain_is_sent_again_when_there_is_room(
    session: Session, people: list[UUID], redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Room(total=lambda: 5000)
    monkeypatch.setattr(tasks, "ROOM", here)
    first, *_ = queue_up(session, people, 4000, 4000, 4000)
    held = tasks._take(CPU)
    assert held
    assert held.id == first
    for _ in range(5):  # however often it is asked in vain, no more come than runs wait
        assert tasks._take(CPU) is None
    assert here.give_back(first) == [CPU, CPU]
    assert here.give_back(first) == []


def test_a_run_that_is_done_makes_room_and_wakes_who_waited(
    session: Session, people: list[UUID], redis: Redis, machines: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Room(total=lambda: 3000)
    monkeypatch.setattr(tasks, "ROOM", here)
    queue_up(session, people, 2048, 2048)
    other = threading.Thread(target=lambda: tasks.run.apply(throw=True))

    def meanwhile(queue: str) -> Run | None:
        held = take_before(queue)
        if held is not None and not other.ident:
            other.start()  # a second message comes while the first run goes on
            other.join()
        return held

    take_before = tasks._take
    monkeypatch.setattr(tasks, "_take", meanwhile)
    tasks.run.apply(throw=True)
    assert jobs.waiting(CPU) == 1
    tasks.run.apply(throw=True)
    assert set(session.scalars(select(Run.state))) == {State.DONE}
    assert here.free_mb == 3000


# ---- how much there is


def test_loaded_models_take_their_share_of_the_machine(change_settings: Change) -> None:
    change_settings(memory_mb=256)
    shipped = sum(model.memory_mb or 0 for model in catalogue.models() if model.shipped)
    assert room.total_mb() == settings_of_app().memory_for_runs_mb - shipped


def test_there_is_always_room_for_one_and_for_as_many_as_the_operator_says(change_settings: Change) -> None:
    change_settings(memory_mb=10**6)
    assert room.total_mb() == 10**6
    change_settings(worker_threads=3)
    assert room.total_mb() == 3 * 10**6
