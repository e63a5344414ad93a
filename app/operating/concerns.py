"""What an operator should see to, in words, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.operating.gauges import Now

LONG_WAIT = 60  # seconds: whoever waits longer should be known of
_FULL = 0.9  # of Redis's memory
_SMALL_DISK, _SMALL_MEMORY = 1 << 30, 0.05  # bytes, and the share of a machine's memory, that are too little


@dataclass(frozen=True)
class Concern:
    """`what` is wrong, and what to do about it."""

    what: str
    mend: str


def concerns(found: Now) -> list[Concern]:
    """The worst first; none if all is well."""
    return [
        *_parts(found),
        *_queue(found),
        *_redis(found.redis),
        *_disk(found),
        *_mail(found),
        *_machines(found.workers),
    ]


def _parts(found: Now) -> Iterator[Concern]:
    if not found.parts.get("redis"):
        yield Concern(
            "Redis does not answer: what is pressed is kept, and waits.", "Start it again; nothing is lost."
        )
    elif not found.workers:
        yield Concern(
            "No worker has given a sign of life: nothing runs, and nothing is judged.",
            "Start one (`unembed worker`); the end of its log tells why it went.",
        )
    for one in found.workers:
        for part in ("runner", "examiner"):
            if one.get(part) is False:
                yield Concern(
                    f"On {one.get('machine')} the {part} does not answer: runs there wait for it.",
                    f"It is mostly just starting. If this stays, the {part}’s log tells why.",
                )


def _queue(found: Now) -> Iterator[Concern]:
    if (found.oldest_seconds or 0) > LONG_WAIT:
        yield Concern(
            f"A run has waited for {round(found.oldest_seconds or 0)} seconds.",
            "If all threads are busy, more machines help; if not, look into the worker’s log.",
        )


def _redis(redis: Mapping[str, Any]) -> Iterator[Concern]:
    policy = redis.get("maxmemory_policy")
    if policy not in (None, "noeviction"):
        yield Concern(
            f"Redis may forget jobs and sessions: its maxmemory-policy is {policy}.",
            "Set it to noeviction in its configuration.",
        )
    used, most = redis.get("used_memory") or 0, redis.get("maxmemory") or 0
    if most and used > _FULL * most:
        yield Concern(
            f"Redis has filled {used * 100 // most} % of the memory it may use.",
            "Give it more (maxmemory): when it is full, nothing can be pressed.",
        )


def _mail(found: Now) -> Iterator[Concern]:
    if found.mail_lost:
        count = f"{found.mail_lost} mail{'' if found.mail_lost == 1 else 's'}"
        yield Concern(
            f"{count} could not be sent in the last day; the server said: {found.mail_trouble}",
            "Look at the address in UNEMBED_SMTP_URL, or at those of the people on /people.",
        )


def _disk(found: Now) -> Iterator[Concern]:
    if found.disk_free is not None and found.disk_free < _SMALL_DISK:
        yield Concern(
            f"The disk of the data folder has only {found.disk_free >> 20} MB left.",
            "Make room: old backups and logs stand there.",
        )


def _machines(workers: list[dict[str, Any]]) -> Iterator[Concern]:
    for one in workers:
        left, memory, disk = one.get("memory_available"), one.get("memory"), one.get("disk_free")
        if left is not None and memory and left < _SMALL_MEMORY * memory:
            yield Concern(
                f"{one.get('machine')} has only {left >> 20} MB of memory left.",
                "Lower UNEMBED_WORKER_THREADS or UNEMBED_MEMORY_MB there.",
            )
        if disk is not None and disk < _SMALL_DISK:
            yield Concern(
                f"{one.get('machine')} has only {disk >> 20} MB of disk left.",
                "Make room in its data folder.",
            )
        if exercises := one.get("ungradable"):
            yield Concern(
                f"{', '.join(map(str, exercises))} cannot be graded.",
                "`unembed course check` says what to mend.",
            )
