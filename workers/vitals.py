"""What a worker says about itself and its machine with each sign of life: for metrics and for `/operate`."""

from __future__ import annotations

import shutil
from typing import Any

from app import machine
from app.config import settings
from workers import heartbeat
from workers.examiner import client as examiner
from workers.examiner.client import ExaminerGone
from workers.runner import client as runner
from workers.runner.client import RunnerGone

_SECONDS = 2  # for an answer of runner or examiner; the next sign of life is due soon
_MOST_NAMED = 5  # exercises that cannot be graded
_OF_POOL = {"pool_spare": "spare", "pool_alive": "alive", "pool_waiting": "waiting", "runs": "runs"}


def found() -> dict[str, Any]:
    """Now. What is not there is said not to be; nothing is raised."""
    return {
        "threads": settings().runs_at_once,
        "busy": heartbeat.going(),
        "memory": machine.memory(),
        "memory_available": machine.available_memory(),
        "disk_free": _disk_free(),
        **_of_runner(),
        **_of_examiner(),
    }


def _of_runner() -> dict[str, Any]:
    try:
        said = runner.status(settings().runner_socket, _SECONDS)
    except RunnerGone:
        return {"runner": False}
    known = {ours: said.get(theirs) for ours, theirs in _OF_POOL.items()}
    return {"runner": bool(said.get("warm")), "layers": said.get("layers"), **known}


def _of_examiner() -> dict[str, Any]:
    try:
        said = examiner.status(settings().examiner_socket, _SECONDS)
    except ExaminerGone:
        return {"examiner": False}
    return {"examiner": True, "ungradable": sorted(said.get("faults") or {})[:_MOST_NAMED]}


def _disk_free() -> int | None:
    try:
        return shutil.disk_usage(settings().data_dir).free
    except OSError:
        return None
