"""Where a run goes: to the processors, or to a GPU if it needs one and one is there. What fits nowhere is
refused at once, with what would fit.

Only what living workers have said of their machines counts. Where nobody has said anything, nothing is
refused: a worker may be starting.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from redis import RedisError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import jobs
from app.guard import Unusable
from app.jobs import CPU, GPU, Worker
from app.models import Run, State
from app.running import catalogue
from app.running.catalogue import Model
from app.running.needs import Needs

log = logging.getLogger(__name__)


class Placed(NamedTuple):
    """`slow`: on the processors, though it is better off on a GPU."""

    queue: str
    slow: bool


def place(needs: Needs) -> Placed:
    """The queue for a run. Raises Unusable if it fits on no living machine."""
    return place_among(needs, _living())


def place_among(needs: Needs, workers: Sequence[Worker]) -> Placed:
    """As `place`, with these workers alive."""
    fitting = [worker for worker in workers if _has_room(worker, needs)]
    if workers and not fitting:
        raise Unusable(_too_large(needs, workers))
    gpu, processors = _takes(fitting, GPU), _takes(fitting, CPU) or not workers
    queue = GPU if gpu and (needs.gpu or not processors) else CPU
    return Placed(queue, slow=needs.gpu and queue == CPU)


def _living() -> list[Worker]:
    try:
        return jobs.workers()
    except RedisError as error:
        log.warning("nobody knows which workers live, Redis is gone: %s", error)
        return []


def _takes(workers: Iterable[Worker], queue: str) -> bool:
    return any(queue in worker.queues for worker in workers)


def _has_room(worker: Worker, needs: Needs) -> bool:
    return worker.room_mb is None or _asked_of(worker, needs) <= worker.room_mb


def _asked_of(worker: Worker, needs: Needs) -> int:
    """MB, with the models that would have to be loaded there first."""
    missing = (model.memory_mb or 0 for model in needs.models if model.name not in worker.models)
    return needs.memory_mb + sum(missing)


# ---- the sentence


def _too_large(needs: Needs, workers: Sequence[Worker]) -> str:
    """What was asked, what fits, and what to do."""
    best = max(workers, key=lambda worker: (worker.room_mb or 0) - _asked_of(worker, needs))
    asked, room = _asked_of(best, needs), best.room_mb or 0
    named = " and ".join(model.name for model in needs.models)
    what = f"With {named} this run" if named else "This run"
    fits = f"{what} needs {_gb(asked)} of memory, and the machine that comes closest has {_gb(room)}."
    return f"{fits} {_advice(needs, best)}"


def _advice(needs: Needs, best: Worker) -> str:
    if not needs.models:
        return "Whoever runs this site can lower UNEMBED_MEMORY_MB or add memory."
    base = needs.memory_mb - sum(model.run_mb or 0 for model in needs.models)
    smaller = _largest_that_fits(base, best, below=max(map(_size, needs.models)))
    one = "one model at a time, or " if len(needs.models) > 1 else ""
    return f"Use {one}a smaller model: {smaller} fits."


def _largest_that_fits(base: int, worker: Worker, below: int) -> str:
    """By name, of those loaded there; a shipped one if no other does."""
    shipped = [model for model in catalogue.models() if model.shipped]
    loaded = [model for model in catalogue.models() if model.name in worker.models and _size(model) < below]
    fitting = [model for model in loaded if base + (model.run_mb or 0) <= (worker.room_mb or 0)]
    return max(fitting or shipped, key=lambda model: (_size(model), model.n_layers or 0)).name


def _size(model: Model) -> int:
    return (model.memory_mb or 0) + (model.run_mb or 0)


def _gb(count_mb: int) -> str:
    return f"{count_mb / 1024:.1f} GB" if count_mb >= 1024 else f"{count_mb} MB"


# ---- what waits, when those who were there have gone


def replace(session: Session, workers: Sequence[Worker]) -> int:
    """Let what waits for a GPU that is gone run on the processors, where it fits, and what waits there for
    want of a GPU on one that has come. Returns how many runs have changed their queue.
    """
    if not workers:
        return 0
    if _takes(workers, GPU):
        return _move(session, CPU, GPU, _largest_room(workers, GPU), slow=True)
    return _move(session, GPU, CPU, _largest_room(workers, CPU), slow=False)


def _move(session: Session, source: str, target: str, room_mb: int, *, slow: bool) -> int:
    """Only those that are (not) `slow`, which in the other queue they are not (are)."""
    misplaced = select(Run.id).where(Run.state == State.QUEUED, Run.queue == source, Run.slow.is_(slow))
    found = misplaced.where(Run.memory_mb <= room_mb).with_for_update(skip_locked=True)
    which = update(Run).where(Run.id.in_(list(session.scalars(found))), Run.state == State.QUEUED)
    moved: Sequence[UUID] = session.scalars(which.values(queue=target, slow=not slow).returning(Run.id)).all()
    for run_id in moved:
        jobs.enqueue(session, jobs.RUN, target, run_id=run_id)
    return len(moved)


def _largest_room(workers: Sequence[Worker], queue: str) -> int:
    rooms = [worker.room_mb for worker in workers if queue in worker.queues]
    return 2**31 - 1 if None in rooms else max((room for room in rooms if room is not None), default=-1)
