"""The queue: Celery on Redis.

A message is only a hint that a row waits; rows own the truth, the sweeper repairs.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError
from redis import RedisError
from sqlalchemy.orm import Session

from app.config import settings
from app.db import on_commit
from app.redis import client

log = logging.getLogger(__name__)

QUEUE = "cpu"
RUN = "run"  # the job: take the run whose turn it is
_SIGN_OF_LIFE = "unembed:worker:"


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
        },
        "task_default_queue": QUEUE,
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


def enqueue(session: Session, name: str, **ids: UUID) -> None:
    """Send the job `name` once this transaction has committed.

    Never raises: without a message the sweeper helps.
    """
    on_commit(session, lambda: send(name, **ids))


def send(name: str, **ids: UUID) -> None:
    """Send the job now. Never raises."""
    try:
        celery.send_task(name, kwargs={key: str(value) for key, value in ids.items()})
    except (OperationalError, RedisError, OSError) as error:
        log.warning("job %s waits for the sweeper, Redis is gone: %s", name, error)


def waiting() -> int:
    """How many messages nobody has taken yet. Raises redis.RedisError."""
    return int(client().llen(QUEUE))  # type: ignore[arg-type]


def sign_of_life(worker: str, seconds: int) -> None:
    """Say that this worker will be there for so many seconds. Raises redis.RedisError."""
    client().set(_SIGN_OF_LIFE + worker, "alive", ex=seconds)


def sign_off(worker: str) -> None:
    """Say that this worker is leaving. Raises redis.RedisError."""
    client().delete(_SIGN_OF_LIFE + worker)


def machines_alive() -> set[str]:
    """The machines of all workers that have given a sign of life. Raises redis.RedisError."""
    keys = client().scan_iter(_SIGN_OF_LIFE + "*")
    return {str(key).removeprefix(_SIGN_OF_LIFE).rpartition("-")[0] for key in keys}


def workers_alive() -> int:
    """How many workers have given a sign of life. Raises redis.RedisError."""
    return sum(1 for _ in client().scan_iter(_SIGN_OF_LIFE + "*"))
