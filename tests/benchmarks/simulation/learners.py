"""When learners press Run: who is there, how often they press, and what each press takes. All is assumed
but the last, which is measured (services.json).
"""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import percentile
from tests.benchmarks.simulation.queueing import Press, serve

MEASURED = Path(__file__).with_name("services.json")
PARTS = ("worker", "runner", "examiner")  # which a machine for runs has; sites stand elsewhere


@dataclass(frozen=True)
class Assumptions:
    """Of an evening that ends with a deadline. The manual's page states them beside the figure."""

    there: float = 0.10  # share of the class that works at the same time, on any evening
    at_deadline: float = 0.30  # … when the deadline comes; from an hour before it grows to that
    runs: float = 30.0  # cells that one who is there runs in an hour
    hand_ins: float = 6.0  # answers that they hand in
    cores: int = 2  # of a worker's machine
    heavier: float = 1.0  # how many times the measured work a press takes


WARM_UP, RISE = 1800.0, 3600.0  # seconds: as on any evening; growing
LOOKED_AT = 1800.0  # seconds before the deadline whose presses count


def services(path: Path = MEASURED) -> dict[str, list[float]]:
    """CPU-seconds of single presses on a worker's machine: of `runs`, and of `hand_ins`."""
    known = json.loads(path.read_text())
    return {
        kind: [sum(one["cpu"][part] for part in PARTS) for one in known["presses"] if one["kind"] == kind]
        for kind in ("runs", "hand_ins")
    }


def presses(learners: int, assumed: Assumptions, work: dict[str, list[float]], seed: int) -> Iterator[Press]:
    """All presses of a class of so many, the earliest first."""
    dice = random.Random(seed)
    arrivals = _arrivals(learners, assumed)
    waiting = [(come + _pause(dice, assumed), learner) for learner, come in enumerate(arrivals)]
    heapq.heapify(waiting)
    while waiting:
        moment, learner = heapq.heappop(waiting)
        if moment > WARM_UP + RISE:  # so are all that follow
            return
        yield Press(moment, learner, _work(dice, assumed, work))
        heapq.heappush(waiting, (moment + _pause(dice, assumed), learner))


def _arrivals(learners: int, assumed: Assumptions) -> list[float]:
    """When each of those who come begins: some are there already, the others come evenly."""
    first, all_of_them = round(assumed.there * learners), round(assumed.at_deadline * learners)
    more = all_of_them - first
    return [0.0] * first + [WARM_UP + RISE * (number + 0.5) / more for number in range(more)]


def _pause(dice: random.Random, assumed: Assumptions) -> float:
    """Seconds to the next press; exponential, for nobody's presses know of anybody else's."""
    return dice.expovariate((assumed.runs + assumed.hand_ins) / 3600)


def _work(dice: random.Random, assumed: Assumptions, work: dict[str, list[float]]) -> float:
    hand_in = dice.random() < assumed.hand_ins / (assumed.hand_ins + assumed.runs)
    return assumed.heavier * dice.choice(work["hand_ins" if hand_in else "runs"])


def waits(
    learners: int, workers: int, assumed: Assumptions, work: dict[str, list[float]], seed: int
) -> list[float]:
    """Seconds from press to start, of all who pressed in the last half an hour before the deadline."""
    found = serve(presses(learners, assumed, work, seed), workers * assumed.cores)
    since = WARM_UP + RISE - LOOKED_AT
    return [one.waited for one in found if one.press.at >= since]


CLASSES = (100, 1_000, 10_000)
WORKERS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24)
NOBODY_WAITS = 0.05  # seconds, of one in a hundred: more workers change nothing any more
HEAVIER = (1.0, 4.0)
_SEEDS = {100: 40, 1_000: 10, 10_000: 2}  # a small class says little in one evening
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def tabulate(report: Callable[[dict[str, Any]], None], classes: tuple[int, ...] = CLASSES) -> dict[str, Any]:
    """Waiting times of these classes with every number of workers, as waiting.json keeps them."""
    work = services()
    rows = []
    for heavier in HEAVIER:
        assumed = Assumptions(heavier=heavier)
        for learners in classes:
            rows += _until_nobody_waits(learners, assumed, work, report)
    mean = {kind: sum(values) / len(values) for kind, values in work.items()}
    assumptions = {name: value for name, value in asdict(Assumptions()).items() if name != "heavier"}
    return {"assumptions": assumptions, "cpu_seconds": mean, "rows": rows}


def _until_nobody_waits(
    learners: int,
    assumed: Assumptions,
    work: dict[str, list[float]],
    report: Callable[[dict[str, Any]], None],
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for workers in WORKERS:
        found = [
            wait for seed in range(_SEEDS[learners]) for wait in waits(learners, workers, assumed, work, seed)
        ]
        row: dict[str, Any] = {"learners": learners, "heavier": assumed.heavier, "workers": workers}
        row |= {name: round(percentile(found, share), 3) for name, share in SHARES.items()}
        rows.append(row | {"presses": len(found)})
        report(row)
        if row["p99"] < NOBODY_WAITS:
            break
    return rows
