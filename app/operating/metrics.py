"""What Prometheus reads at `/metrics`: the times of this process's requests, and what `operating` finds.

Requests are timed in each process, so each web process is a target of its own; all else is the same whichever
of them is asked, because it comes from the database and from Redis. Labels have few values: names of routes,
states, machines; never an address, a lesson or a person.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from app.operating import gauges
from app.running import tally

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def request_took(route: str, status: int, seconds: float) -> None:
    """A request of this process, until its answer began to leave."""
    _requests().labels(route, f"{status // 100}xx").observe(seconds)


def exposition() -> bytes:
    """Everything, in Prometheus's text format. What does not answer is said to be down, never raised."""
    return generate_latest(_registry())


def slowest(most: int, without: Container[str] = ()) -> list[tuple[str, int, float, float]]:
    """Of this process's routes, those that take longest: (route, requests, mean and 95th percentile in s)."""
    buckets: dict[str, dict[float, float]] = {}
    sums: dict[str, float] = {}
    for sample in (one for family in _requests().collect() for one in family.samples):
        route = sample.labels["route"]
        if sample.name.endswith("_sum"):
            sums[route] = sums.get(route, 0.0) + sample.value
        elif sample.name.endswith("_bucket"):
            of_route = buckets.setdefault(route, {})
            bound = float(sample.labels["le"])
            of_route[bound] = of_route.get(bound, 0.0) + sample.value
    wanted = {route: counts for route, counts in buckets.items() if route not in without}
    found = [(route, *_in_short(counts, sums[route])) for route, counts in wanted.items()]
    return sorted(found, key=lambda row: row[3], reverse=True)[:most]


def _in_short(buckets: Mapping[float, float], total: float) -> tuple[int, float, float]:
    """Count, mean, and the bound below which 95 in 100 are."""
    count = buckets[float("inf")]
    reached = [bound for bound, below in sorted(buckets.items()) if below >= 0.95 * count]
    return int(count), total / count if count else 0.0, reached[0]


@lru_cache
def _requests() -> Histogram:
    """One a process."""
    text = "Seconds from a request's coming until its answer begins to leave, in this process"
    return Histogram(
        "unembed_request_seconds", text, ["route", "status"], buckets=_BOUNDS, registry=_registry()
    )


@lru_cache
def _registry() -> CollectorRegistry:
    made = CollectorRegistry(auto_describe=False)
    ProcessCollector(namespace="unembed", registry=made)
    made.register(_Installation())
    return made


class _Installation:
    """Asked at each scrape: the whole installation, as any of its web processes finds it."""

    def collect(self) -> Iterator[Metric]:
        found = gauges.now()
        yield from _up(found)
        yield from _queue(found)
        yield from _counted(found.counted)
        yield from _machines(found.workers)
        yield _gauge("redis_memory_bytes", "Memory that Redis uses", found.redis.get("used_memory"))
        yield _gauge(
            "redis_memory_max_bytes", "Memory that Redis may use; 0: all", found.redis.get("maxmemory")
        )
        yield _gauge("disk_free_bytes", "Free where the data folder is", found.disk_free)
        yield _gauge("disk_bytes", "Size of that disk", found.disk_size)


def _up(found: gauges.Now) -> Iterator[Metric]:
    build = InfoMetricFamily("unembed_build", "What runs here")
    build.add_metric([], {"version": gauges.version(), "database": found.database})
    yield build
    up = GaugeMetricFamily("unembed_up", "1 if this part answers", labels=["part"])
    for part, answers in found.parts.items():
        up.add_metric([part], float(answers))
    yield up


def _queue(found: gauges.Now) -> Iterator[Metric]:
    states = GaugeMetricFamily("unembed_runs", "Runs in the database by state", labels=["state"])
    for state, count in found.runs.items():
        states.add_metric([state], count)
    yield states
    text = "Age of the run that has waited longest; 0: none waits"
    yield _gauge("queue_oldest_seconds", text, found.oldest_seconds)
    yield _gauge("queue_messages", "Messages that no worker has taken yet", found.messages)


_HISTOGRAMS = {
    "wait": ("unembed_run_wait_seconds", "Seconds a run waited for a worker, by kind"),
    "code": ("unembed_run_code_seconds", "Seconds a learner's code ran, by kind"),
    "all": ("unembed_run_seconds", "Seconds from the press until a run was recorded, by kind"),
}


def _counted(counted: Mapping[str, float]) -> Iterator[Metric]:
    """What `tally` has: names of words between `|`."""
    words = {tuple(name.split("|")): value for name, value in counted.items()}
    runs = CounterMetricFamily("unembed_runs_ended", "Runs that ended", labels=["kind", "ending"])
    verdicts = CounterMetricFamily("unembed_verdicts", "Verdicts of the examiner", labels=["verdict"])
    faults = CounterMetricFamily("unembed_faults", "Tries of runs that failed through our fault")
    for name, value in words.items():
        if name[0] == "runs":
            runs.add_metric(name[1:], value)
        elif name[0] == "verdicts":
            verdicts.add_metric(name[1:], value)
    faults.add_metric([], words.get(("faults",), 0.0))
    yield from (runs, verdicts, faults)
    yield from (_histogram(words, short) for short in _HISTOGRAMS)


def _histogram(words: Mapping[tuple[str, ...], float], short: str) -> Metric:
    name, text = _HISTOGRAMS[short]
    family = HistogramMetricFamily(name, text, labels=["kind"])
    for kind in sorted({each[1] for each in words if each[0] == short}):
        mine = {each[2]: value for each, value in words.items() if each[:2] == (short, kind)}
        family.add_metric([kind], list(_cumulative(mine)), sum_value=mine.get("sum", 0.0))
    return family


def _cumulative(buckets: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    below = 0.0
    for bound in (*map(str, tally.BOUNDS), "+Inf"):
        below += buckets.get(bound, 0.0)
        yield bound, below


_OF_MACHINES = {
    "worker_threads": ("Runs that may go at once", "threads"),
    "worker_busy_threads": ("Runs that go just now", "busy"),
    "pool_spare_children": ("Confined children that wait for a run", "pool_spare"),
    "pool_children": ("Children of the runner, busy ones among them", "pool_alive"),
    "pool_waiting_runs": ("Runs that wait for a child", "pool_waiting"),
    "machine_memory_bytes": ("Memory of the worker's machine or container", "memory"),
    "machine_memory_available_bytes": ("… and what is left of it", "memory_available"),
}


def _machines(workers: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    """What workers say in their signs of life, by machine; several on one machine are added up."""
    workers = list(workers)
    yield _gauge("workers", "Workers that have given a sign of life", len(workers))
    for name, (text, field) in _OF_MACHINES.items():
        family = GaugeMetricFamily(f"unembed_{name}", text, labels=["machine"])
        shared = not name.startswith("worker")  # one runner and one memory, however many workers
        for machine, values in _by_machine(workers, field).items():
            family.add_metric([machine], max(values) if shared else sum(values))
        yield family
    layers = GaugeMetricFamily(
        "unembed_runner_layer", "1 for each wall around learners' code", labels=["machine", "layer"]
    )
    walls = {(str(one.get("machine")), str(layer)) for one in workers for layer in one.get("layers") or ()}
    for wall in sorted(walls):
        layers.add_metric(wall, 1)
    yield layers


def _by_machine(workers: Iterable[Mapping[str, Any]], field: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for one in workers:
        if isinstance(one.get(field), int | float):
            found.setdefault(str(one.get("machine")), []).append(float(one[field]))
    return found


def _gauge(name: str, text: str, value: float | None) -> Metric:
    """Without a value, nothing: what nobody knows is not 0."""
    return GaugeMetricFamily(f"unembed_{name}", text, value=value)
