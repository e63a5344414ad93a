"""`make bench`: ours beside nbgrader, otter-grader, papermill and a Jupyter kernel, in one run; then a crowd;
then the lab's techniques beside TransformerLens's own; then a mentor's pages for a large cohort.

Everybody grades the same exercise with the same checks on the same weights, with one torch thread. Rounds are
interleaved, so that a busy moment hits all. The crowd are Locust's learners on a cohort's installation. Not a
test: nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from app.config import settings
from app.processes import adopt_orphans, end_orphans
from app.steps import Failed
from tests.benchmarks import crowd, measure, table
from tests.benchmarks.crowd import Crowd
from tests.benchmarks.engine import Engine
from tests.benchmarks.environments import main_packages, prepare
from tests.benchmarks.floor import FirstLines, OwnComputing, described
from tests.benchmarks.kernel import Kernels, RestartedKernel, ServedKernel, WarmKernel
from tests.benchmarks.nbgrader import NbGrader
from tests.benchmarks.otter import Otter
from tests.benchmarks.ours import Ours
from tests.benchmarks.papermill import Papermill
from tests.benchmarks.submissions import Submission, all_of_them, right
from tests.benchmarks.systems import Burst, Graded, System, Wrong

NAMES = (
    "ours",
    "engine",
    "kernel",
    "jupyter",
    "restart",
    "papermill",
    "nbgrader",
    "otter",
    "locust",
    "techniques",
    "dashboard",
)
_APART = ("locust", "techniques", "dashboard")  # what grades nothing
_QUIET = 0.3  # load average above which seconds say little
_REST = 1.0  # seconds
_QUICK = ("stderr", "patched", "exit")


@dataclass
class Measured:
    """What is known of one system so far."""

    system: System
    rounds: list[Graded] = field(default_factory=list)
    bursts: dict[int, Burst] = field(default_factory=dict)
    verdicts: dict[str, Any] = field(default_factory=dict)
    memory: dict[str, measure.Memory] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        seconds = [one.seconds for one in self.rounds]
        shares = {"p50": 0.5, "p95": 0.95, "min": 0.0}
        latency = {name: measure.percentile(seconds, share) for name, share in shares.items()}
        return {
            "title": self.system.title,
            "latency": {**latency, "count": len(seconds), "all": seconds},
            "cpu": self._cpu(),
            "rates": {str(learners): _rate(burst) for learners, burst in self.bursts.items()},
            "memory": {name: asdict(one) for name, one in self.memory.items()},
            "verdicts": self.verdicts,
        }

    def _cpu(self) -> float:
        """Of one submission: over a whole series where there is one, for a clock tick is 10 ms."""
        series = self.bursts.get(1)
        if series and series.graded > 1:
            return series.cpu / series.graded
        return sum(one.cpu for one in self.rounds) / len(self.rounds)


def _rate(burst: Burst) -> dict[str, Any]:
    found = {"per_minute": burst.per_minute, "graded": burst.graded, "errors": burst.errors}
    if burst.latencies:
        found |= {
            name: measure.percentile(burst.latencies, share) for name, share in (("p50", 0.5), ("p95", 0.95))
        }
    return found


def main() -> int:
    """Measure, print, and keep the result in the data folder."""
    options = _options()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    adopt_orphans()
    try:
        _bench(options)
    except (Failed, Wrong) as why:
        print(why, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    finally:
        end_orphans()
    return 0


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=40, help="times each is timed; a tenth for what starts cold"
    )
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES), help="only these")
    parser.add_argument(
        "--quick", action="store_true", help="a glance: few rounds, few learners, few attacks"
    )
    return parser.parse_args()


def _bench(options: argparse.Namespace) -> None:
    if sys.platform != "linux":
        raise Failed("The comparison reads /proc and needs Linux.")
    data = settings().data_dir
    before, begun = measure.load(), time.monotonic()
    _say_load(before)
    names = [name for name in options.only if name not in _APART]
    results, about = _compared(names, data, options) if names else ({}, {})
    crowds = (
        crowd.measured(prepare(["locust"], data)["locust"], options.quick) if "locust" in options.only else []
    )
    compared = _techniques(options.quick) if "techniques" in options.only else ([], "")
    pages = _dashboard(options.quick) if "dashboard" in options.only else ([], "")
    machine = {**_machine(), **about, "load_before": before, "seconds": round(time.monotonic() - begun)}
    _publish(results, crowds, compared, pages, machine, data)


def _techniques(quick: bool) -> tuple[list[dict[str, Any]], str]:
    """The lab's techniques beside TransformerLens's, and the table. Only now torch is needed in here."""
    from tests.benchmarks import techniques

    found = techniques.measured(quick)
    return [one.as_json() for one in found], "\n" + techniques.report(found) + "\n"


def _dashboard(quick: bool) -> tuple[list[dict[str, Any]], str]:
    """How long a mentor waits for their pages, and the table."""
    from tests.benchmarks import dashboard

    found = dashboard.measured(quick)
    return [one.as_json() for one in found], "\n" + dashboard.report(found) + "\n"


def _compared(
    names: list[str], data: Path, options: argparse.Namespace
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is known of each system, and of the circumstances."""
    with _place() as place, _systems(names, data, place) as systems:
        measured = {system.name: Measured(system) for system in systems}
        floor = _rounds(measured, 3 if options.quick else options.rounds)
        _bursts(measured, options.quick)
        _memory(measured)
        _verdicts(measured, options.quick)
        about = _about(measured, floor)
    return {name: one.as_json() for name, one in measured.items()}, about


@contextlib.contextmanager
def _place() -> Iterator[Path]:
    """A folder for everything that is written meanwhile."""
    with tempfile.TemporaryDirectory(prefix="unembed-bench-", ignore_cleanup_errors=True) as place:
        yield Path(place)


def _say_load(load: float) -> None:
    print(f"Load average before: {load:.2f} on {os.cpu_count()} processors.")
    if load > _QUIET:
        print(
            f"That is above {_QUIET}: other programs slow everything down. Compare CPU-seconds, not seconds."
        )


@contextlib.contextmanager
def _systems(names: list[str], data: Path, place: Path) -> Iterator[list[System]]:
    """Those asked for, ready; all ended afterwards."""
    wanted = {"kernel" if name == "restart" else name for name in names} - {"ours", "engine"}
    peers = prepare(sorted(wanted), data)
    made: dict[str, System] = {}
    with contextlib.ExitStack() as stack:
        if {"ours", "engine"} & set(names):
            print("Starting Unembed…", flush=True)
            ours = Ours(place / "ours")
            stack.callback(ours.close)
            made |= {"ours": ours, "engine": Engine(ours.site)}
        if "kernel" in peers:
            print("Starting kernels…", flush=True)
            kernels = Kernels(peers["kernel"], place / "kernel")
            stack.callback(kernels.close)
            made |= {"kernel": WarmKernel(kernels), "restart": RestartedKernel(kernels)}
        if "jupyter" in peers:
            print("Starting a Jupyter Server…", flush=True)
            served = Kernels(peers["jupyter"], place / "jupyter", served=True)
            stack.callback(served.close)
            made["jupyter"] = ServedKernel(served)
        for name, kind in (("papermill", Papermill), ("nbgrader", NbGrader), ("otter", Otter)):
            if name in peers:
                made[name] = kind(peers[name], place / name)
        yield [made[name] for name in NAMES if name in names]


def _about(measured: dict[str, Measured], computing: list[float]) -> dict[str, Any]:
    ours = measured["ours"].system if "ours" in measured else None
    if not isinstance(ours, Ours):
        return {}
    lines = FirstLines(ours.site.runner)
    for _ in range(min(20, len(computing))):
        lines.measure()
    return {
        "floor": described(computing, lines, [one.seconds for one in measured["ours"].rounds]),
        "cpu_by_part": ours.cpu_by_part,
        "walls": ours.site.walls(),
        "seconds_to_start": ours.site.seconds_to_start,
        "first_verdict": ours.first.seconds,
    }


# ── measuring ───────────────────────────────────────────────────────────────


def _rounds(measured: dict[str, Measured], rounds: int) -> list[float]:
    """One after the other, round by round, with a rest before each: what a system does after its verdict is
    not to slow down the next. What starts cold takes part in every tenth.

    Returns the seconds of the code's own computing, taken in each round too.
    """
    own, computing = OwnComputing(), []
    for one in measured.values():
        if not one.system.cold:
            one.system.right(one.system.grade(right(10_000)))  # not counted
    for number in range(rounds):
        print(f"  round {number + 1} of {rounds}:", end="", flush=True)
        for name, one in measured.items():
            if not one.system.cold or number % 10 == 0:
                time.sleep(_REST)
                graded = one.system.grade(right(number))
                fine = graded.verdict == "full"
                one.rounds += [graded] if fine else []
                more = "" if fine else " not counted: the right answer was refused"
                print(f" {name} {graded.seconds:.2f} s ({graded.cpu:.2f} CPU-s){more}", end="", flush=True)
        time.sleep(_REST)
        computing.append(own.seconds(number))
        print(f" computing alone {computing[-1]:.3f} s", flush=True)
    for one in measured.values():
        if not one.rounds:
            raise Wrong(f"{one.system.title} never gave the right answer all points: nothing to compare.")
    return computing


def _bursts(measured: dict[str, Measured], quick: bool) -> None:
    for learners in (1, 8) if quick else (1, 8, 32):
        for name, one in measured.items():
            if learners == 1 and one.system.cold:
                mean = sum(graded.seconds for graded in one.rounds) / len(one.rounds)
                one.bursts[1] = Burst(1, 1, mean, [mean], 0.0)
                continue
            one.bursts[learners] = burst = one.system.burst(learners, 10 if quick else 30)
            all_of_it = "" if burst.graded >= learners else f", the first {burst.graded} of them"
            trouble = f", {burst.errors} TURNED AWAY" if burst.errors else ""
            print(
                f"  {learners} at once: {name} {burst.per_minute:.0f} a minute{all_of_it}{trouble}",
                flush=True,
            )


def _memory(measured: dict[str, Measured]) -> None:
    for one in measured.values():
        with contextlib.suppress(PermissionError):
            one.memory = one.system.memory()


def _verdicts(measured: dict[str, Measured], quick: bool) -> None:
    submissions = [one for one in all_of_them() if not quick or one.name in _QUICK]
    for name, one in measured.items():
        print(f"  verdicts of {name}…", flush=True)
        found = one.system.verdicts(submissions)
        one.verdicts = {
            each.name: _judged(each, found[each.name]) for each in submissions if each.name in found
        }


def _judged(submission: Submission, verdict: str) -> dict[str, Any]:
    return {"title": submission.title, "right": submission.right, "verdict": verdict}


# ── the result ──────────────────────────────────────────────────────────────


def _machine() -> dict[str, Any]:
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "processor": model[0].partition(":")[2].strip() if model else platform.machine(),
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "peers": {
            name: main_packages(name)
            for name in ("kernel", "jupyter", "papermill", "nbgrader", "otter", "locust")
        },
    }


def _publish(
    results: dict[str, Any],
    crowds: list[Crowd],
    compared: tuple[list[dict[str, Any]], str],
    pages: tuple[list[dict[str, Any]], str],
    machine: dict[str, Any],
    data: Path,
) -> None:
    techniques, table_of_them = compared
    dashboard, table_of_pages = pages
    text = _report(results, crowds, machine) + table_of_them + table_of_pages
    folder = data / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    found = {
        "machine": machine,
        "systems": results,
        "crowds": [one.as_json() for one in crowds],
        "techniques": techniques,
        "dashboard": dashboard,
    }
    (folder / "result.json").write_text(json.dumps(found, indent=1))
    (folder / "result.md").write_text(text)
    print(f"\n{text}\nKept in {folder}: result.md, result.json.")


def _report(results: dict[str, Any], crowds: list[Crowd], machine: dict[str, Any]) -> str:
    facts = [_circumstances(machine)]
    if "walls" in machine:
        facts.append(
            f"Unembed with {machine['walls']}: everything starts in {machine['seconds_to_start']:.1f} s, "
            f"the first verdict then takes {machine['first_verdict']:.2f} s. CPU-seconds of a submission: "
            + ", ".join(f"{name} {used:.3f}" for name, used in machine["cpu_by_part"].items())
            + "."
        )
        facts.append(_above_the_floor(machine["floor"]))
    bracket = "In brackets: how many times better ours is (below 1: worse). Bold: a wrong outcome."
    compared = [bracket, table.speed(results), *table.claims(results), table.verdicts(results)]
    parts = ["\n".join(facts), *(compared if results else []), *([crowd.report(crowds)] if crowds else [])]
    return "\n\n".join(parts) + "\n"


def _circumstances(machine: dict[str, Any]) -> str:
    noise = machine["load_before"] > _QUIET
    warning = " Not a quiet machine: CPU-seconds count, seconds say little." if noise else ""
    return (
        f"{machine['when']}, {machine['processors']} × {machine['processor']}, {machine['system']}, Python "
        f"{machine['python']}, torch {machine['torch']}, load {machine['load_before']:.2f} before.{warning}"
    )


def _above_the_floor(floor: dict[str, float]) -> str:
    ms = {name: f"{1000 * seconds:.{0 if seconds > 0.02 else 1}f} ms" for name, seconds in floor.items()}
    return (
        f"The code's own computing, in one warm process: {ms['own_computing']}. Unembed takes "
        f"{ms['above_p50']} more at the median, {ms['above_p95']} at the 95th percentile. From the job's "
        f"arrival at the runner to the first line of the learner's code: {ms['first_line_from_pool']} with a "
        f"child that waits, {ms['first_line_by_fork']} by a fresh fork."
    )


if __name__ == "__main__":
    sys.exit(main())
