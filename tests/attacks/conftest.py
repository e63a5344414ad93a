"""One world for all attacks, started once; and how to attack it."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import jobs
from tests.attacks.world import POOL, Before, World, plant_in_database
from tests.attacks.world import world as make_world
from workers.runner.client import status


@pytest.fixture(scope="session")
def started(new_database: Callable[[Path], str]) -> Iterator[World]:
    if not sys.platform.startswith("linux"):
        pytest.skip("the sandbox is Linux's")
    folder = Path(tempfile.mkdtemp(prefix="unembed-test-"))
    folder.chmod(0o755)  # nothing but the walls keeps anybody out
    try:
        with make_world(folder, new_database) as made:
            if "seccomp" not in status(made.told["runner_socket"])["layers"]:
                pytest.skip("nothing confines a run here: this would be an attack on you")
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def world(started: World, change_settings: Callable[..., None], own_settings: pytest.MonkeyPatch) -> World:
    """The world, with this test's settings those of its worker."""
    for name, value in started.environment.items():
        own_settings.setenv(name, value)
    change_settings()
    own_settings.setattr(jobs, "celery", started.queue)
    if started.before is None:
        _get_used_to_it(started)
    return started


def _get_used_to_it(started: World) -> None:
    """What a first run changes is no trace of an attack."""
    plant_in_database(started)
    for _ in range(2 * POOL):
        alone = started.outcome(started.neighbour())
    started.alone = alone.shown
    started.told["pids"]["zygote"] = started.zygote
    started.before = Before.of(started)
    started.settle()
