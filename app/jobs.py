"""The queue: Celery on Redis.

A message is only a hint that a row waits; rows own the truth, the sweeper repairs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError
from kombu.utils.scheduling import round_robin_cycle
from redis import RedisError
from sqlalchemy.orm import Session

from app import logs
from app.config import settings
from app.db import on_commit
from app.redis import client

log = logging.getLogger(__name__)

CPU, GPU = QUEUES = ("cpu", "gpu")  # by what is needed
RUN = "run"  # the job: take the run whose turn it is
MAIL = "mail"  # the job: send a letter
_SIGN_OF_LIFE = "unembed:worker:"
_WORKERS = "unembed:workers"  # the names of those who may have given one


@dataclass(frozen=True)
class Worker:
    """One that lives, and what it said about its machine when it last gave a sign."""

    name: str
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def machine(self) -> str:
        """On which it is."""
        return self.said.get("machine") or self.name.rpartition("-")[0]

    @property
    def room_mb(self) -> int | None:
        """Memory for runs, free or not; None if it has not said so."""
        return self.said.get("room_mb")

    @property
    def models(self) -> frozenset[str]:
        """Those that are loaded there."""
        return frozenset(self.said.get("models", ()))

    @property
    def queues(self) -> tuple[str, ...]:
        return tuple(self.said.get("queues", (CPU,)))


class GpuFirst(round_robin_cycle):
    """In which order a worker that takes from both queues looks into them."""

    def consume(self, n: int) -> list[str]:
        return sorted(self.items[:n], key=lambda queue: queue != GPU)

    def rotate(self, last_used: str) -> None:
        """The order stays."""


def _configuration() -> dict[str, Any]:
    """Read on first use, so that importing this module needs no settings."""
    return {
        "broker_url": broker_url(settings().redis),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": 2,
        "broker_transport_options": {
            "visibility_timeout": 3600,  # far over the longest run; a message that comes twice does nothing
            "socket_connect_timeout": 2,
            "queue_order_strategy": "app.jobs:GpuFirst",
        },
        "task_default_queue": CPU,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        # Acknowledged as soon as a thread has it: to acknowledge after Redis was away ends the worker, and
        # what a message stood for is safe in its row. No worker takes a message before it has a thread for
        # it.
        "task_acks_late": False,
        "worker_disable_prefetch": True,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.1},
    }


celery = Celery("unembed", set_as_current=True)
celery.add_defaults(_configuration)


def broker_url(redis_url: str) -> str:
    """How Celery writes the address: `unix://` is `redis+socket://` there."""
    return redis_url.replace("unix://", "redis+socket://", 1)


def enqueue(session: Session, name: str, queue: str = CPU, **ids: UUID) -> None:
    """Send the job `name` once this transaction has committed.

    Never raises: without a message the sweeper helps.
    """
    on_commit(session, lambda: send(name, queue, **ids))


def send(name: str, queue: str = CPU, **ids: UUID) -> None:
    """Send the job now. Never raises."""
    try:
        celery.send_task(name, kwargs={key: str(value) for key, value in ids.items()}, queue=queue)
    except (OperationalError, RedisError, OSError) as error:
        told = f"a job waits for the sweeper, Redis is gone: {error}"
        logs.say(log, told, logging.WARNING, job=name, **{key.removesuffix("_id"): ids[key] for key in ids})


def waiting(*queues: str) -> int:
    """How many messages of these queues (of `cpu`, if none is named) nobody has taken yet.

    Raises redis.RedisError.
    """
    return sum(int(client().llen(queue)) for queue in queues or (CPU,))  # type: ignore[arg-type]


def forget(queue: str) -> None:
    """Nobody is there who would take these messages; the rows know all. Raises redis.RedisError."""
    client().delete(queue)


def sign_of_life(worker: str, seconds: int, **said: Any) -> None:
    """Say that this worker will be there for so many seconds, and anything else. Raises redis.RedisError."""
    with client().pipeline() as pipe:
        pipe.set(_SIGN_OF_LIFE + worker, json.dumps(said), ex=seconds)
        pipe.sadd(_WORKERS, worker)
        pipe.execute()


def sign_off(worker: str) -> None:
    """Say that this worker is leaving. Raises redis.RedisError."""
    client().delete(_SIGN_OF_LIFE + worker)


def workers() -> list[Worker]:
    """Those that have given a sign of life. Raises redis.RedisError."""
    names: list[str] = sorted(client().smembers(_WORKERS))  # type: ignore[arg-type,type-var]
    signs: list[Any] = client().mget([_SIGN_OF_LIFE + name for name in names]) if names else []  # type: ignore[assignment]
    gone = [name for name, sign in zip(names, signs, strict=True) if sign is None]
    if gone:  # one that comes back just now gives another sign in a moment
        client().srem(_WORKERS, *gone)
    return [Worker(name, _said(sign)) for name, sign in zip(names, signs, strict=True) if sign is not None]


def _said(sign: str) -> Mapping[str, Any]:
    """Whatever a worker of another version has written there."""
    try:
        said = json.loads(sign)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def machines_alive() -> set[str]:
    """The machines of all workers that have given a sign of life. Raises redis.RedisError."""
    return {worker.machine for worker in workers()}


def workers_alive() -> int:
    """How many workers have given a sign of life. Raises redis.RedisError."""
    return len(workers())
