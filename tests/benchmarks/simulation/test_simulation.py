"""The simulation agrees with the theory of queues where there is one, and with the site's own line."""

from __future__ import annotations

import json
import math
import random
import statistics
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.lessons import Lesson
from app.models import Run, RunKind, State, User
from app.running import leases, line
from tests.benchmarks.simulation import drawing, learners
from tests.benchmarks.simulation.__main__ import FIGURE, WAITING
from tests.benchmarks.simulation.queueing import Press, serve


def erlang_c(rate: float, service: float, cores: int) -> float:
    """The mean wait where presses come by chance and take exponential times (M/M/c), in seconds."""
    load = rate * service
    none = sum(load**k / math.factorial(k) for k in range(cores))
    last = load**cores / math.factorial(cores) * cores / (cores - load)
    return last / (none + last) * service / (cores - load)


def strangers(seed: int, rate: float, service: float, count: int) -> list[Press]:
    """Each presses once."""
    dice, moment, found = random.Random(seed), 0.0, []
    for number in range(count):
        moment += dice.expovariate(rate)
        found.append(Press(moment, number, dice.expovariate(1 / service)))
    return found


@pytest.mark.parametrize(("cores", "rate", "service"), [(1, 0.6, 1.0), (2, 3.0, 0.5), (6, 1.25, 4.0)])
def test_the_mean_wait_is_the_one_that_theory_gives(cores: int, rate: float, service: float) -> None:
    evenings = [_mean_wait(seed, cores, rate, service) for seed in range(20)]
    middle, error = statistics.mean(evenings), statistics.stdev(evenings) / math.sqrt(len(evenings))
    wanted = erlang_c(rate, service, cores)
    assert error < 0.1 * wanted  # or it would agree with anything
    assert abs(middle - wanted) < 3.88 * error  # 99.9 % of Student's t with 19 degrees of freedom


def _mean_wait(seed: int, cores: int, rate: float, service: float) -> float:
    found = serve(strangers(seed, rate, service, 3500), cores)
    return statistics.mean(one.waited for one in found[500:])  # without those who came to an empty room


@pytest.mark.parametrize("seed", range(5))
def test_its_line_is_the_one_of_the_site(
    session: Session, lesson: Lesson, ada: User, ben: User, mo: User, stranger: User, seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Rows are claimed and recorded at the simulation's moments, and the same runs have the same turns."""
    people, dice = [ada, ben, mo, stranger], random.Random(seed)
    moments = sorted(dice.uniform(0, 60) for _ in range(40))
    presses = [Press(moment, dice.randrange(4), dice.uniform(1, 12)) for moment in moments]
    served = serve(presses, cores=2, most_each=40)
    clock = Clock(monkeypatch)
    rows = {_row(session, people[press.learner], clock.at(press.at)): press for press in presses}
    happened = [(one.began, 1, one.press) for one in served]
    happened += [(one.began + one.press.work, 0, one.press) for one in served]
    held: dict[Press, tuple[UUID, str]] = {}
    for moment, begins, press in sorted(happened, key=lambda one: one[:2]):
        clock.set(moment)
        if not begins:
            assert leases.record(session, *held[press], leases.Result())
            continue
        _only_those_who_came(session, rows, moment)
        run = leases.claim_next(session)
        assert run is not None
        assert rows[run.id] == press
        held[press] = run.id, run.nonce


class Clock:
    """What the site takes for the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.at(0)
        for module in (leases, line):
            monkeypatch.setattr(module, "now", lambda: self.now)

    @staticmethod
    def at(moment: float) -> datetime:
        return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=moment)

    def set(self, moment: float) -> None:
        self.now = self.at(moment)


def _row(session: Session, user: User, queued_at: datetime) -> UUID:
    """A run that has not come yet: cancelled until its moment."""
    run = Run(
        user_id=user.id, kind=RunKind.RUN, lesson="counting", cell="one", chain=[], chain_hash="",
        fingerprint="", seed=0, state=State.CANCELLED, queued_at=queued_at,
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run.id


def _only_those_who_came(session: Session, rows: dict[UUID, Press], moment: float) -> None:
    for run_id, press in rows.items():
        run = session.get_one(Run, run_id)
        if run.state is State.CANCELLED and press.at <= moment:
            run.state = State.QUEUED
    session.flush()


def test_whoever_has_two_runs_is_refused_a_third() -> None:
    presses = [Press(0.1 * number, 1, 10.0) for number in range(5)]
    assert [one.press for one in serve(presses, cores=1)] == presses[:2]


def test_nobody_waits_who_finds_a_free_core() -> None:
    work = {"runs": [0.5], "hand_ins": [0.5]}
    assert max(learners.waits(100, 50, learners.Assumptions(), work, seed=0)) == 0


def test_more_workers_never_make_anybody_wait_longer() -> None:
    work = learners.services()
    assumed = learners.Assumptions(heavier=4.0)
    waits = [sum(learners.waits(1_000, workers, assumed, work, seed=1)) for workers in (1, 2, 3, 4)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > waits[-1]


def test_the_committed_numbers_are_what_the_simulation_says_of_the_measured_ones() -> None:
    """Those that take a moment to compute again."""
    known, again = json.loads(WAITING.read_text()), learners.tabulate(lambda _row: None, classes=(100,))
    assert again.pop("rows") == [row for row in known.pop("rows") if row["learners"] == 100]
    assert again == known


def test_the_figure_in_the_manual_is_drawn_from_the_committed_numbers() -> None:
    assert FIGURE.read_text() == drawing.svg(json.loads(WAITING.read_text()))
