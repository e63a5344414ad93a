"""The models folder while something is installed: one at a time, made beside and moved in whole."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app import machine
from app.running.catalogue import FACTS, folder_of
from workers.installing.plan import Plan, Refused

_NEW, _OLD = ".new-", ".old-"
_SPARE_MB = 200  # that are left on the disk


@contextlib.contextmanager
def alone(models: Path, name: str) -> Iterator[None]:
    """Nobody else installs here meanwhile; what a killed one left behind is removed. Raises Refused."""
    models.mkdir(parents=True, exist_ok=True)
    with (models / ".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise Refused(
                f"{lock.read().strip() or 'Another model'} is being installed into {models}: "
                "wait until that is done, then install this one."
            ) from None
        lock.truncate(0)
        lock.write(name)
        lock.flush()
        _remove_leftovers(models)
        yield


@contextlib.contextmanager
def beside(models: Path) -> Iterator[Path]:
    """A temporary folder on the same disk; gone afterwards, unless it was moved in."""
    made = Path(tempfile.mkdtemp(prefix=_NEW, dir=models))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def move_in(made: Path, models: Path, facts: dict[str, Any]) -> None:
    """`made`, with these facts, becomes the installed model, all at once; every user may read it."""
    (made / FACTS).write_text(json.dumps(facts, indent=1, sort_keys=True), encoding="utf-8")
    for where, folders, files in os.walk(made):
        for name, mode in (*((one, 0o755) for one in folders), *((one, 0o644) for one in files)):
            os.chmod(os.path.join(where, name), mode)
    made.chmod(0o755)
    target = folder_of(facts["name"], models)
    move_out(target)
    made.rename(target)


def move_out(target: Path) -> None:
    """Remove an installed model: it is gone at once, though processes that have it mapped keep it."""
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=_OLD, dir=target.parent))
        target.rename(old / target.name)
        shutil.rmtree(old, ignore_errors=True)


def check_room(plan: Plan, models: Path) -> None:
    """Raises Refused if the disk or the memory is too small for this."""
    needed, free = plan.download_mb + plan.disk_mb + _SPARE_MB, shutil.disk_usage(models).free // 10**6
    if free < needed:
        raise Refused(
            f"{plan.name} needs {needed:,} MB on the disk of {models} while it is installed, and {free:,} MB "
            "are free: free some, or point UNEMBED_MODELS_DIR to another disk."
        )
    bytes_left = machine.available_memory()
    available = None if bytes_left is None else bytes_left // 10**6
    if available is not None and available < plan.conversion_mb:
        raise Refused(
            f"Installing {plan.name} needs {plan.conversion_mb:,} MB of memory for a moment, and "
            f"{available:,} MB are free: wait until less is going on, or take a machine with more memory."
        )


def _remove_leftovers(models: Path) -> None:
    for path in models.iterdir():
        if path.name.startswith((_NEW, _OLD)):
            shutil.rmtree(path, ignore_errors=True)
