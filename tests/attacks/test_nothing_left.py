"""After all attacks the machines are those that there were, no larger than before, and nothing lies about."""

from __future__ import annotations

import sysconfig
import tempfile
from pathlib import Path

from app.config import ROOT
from tests.attacks import corpus, traces
from tests.attacks.acting import side_by_side
from tests.attacks.world import SHIPPED, World

GROWTH = 128 << 20  # bytes that a process may hold on to: about one frame of the largest size
MORE = 24 << 20  # … and those that it may still take when nothing new happens
AGAIN = ("flood_of_text", "forged_outputs", "memory_bomb", "thread_bomb", "not_a_frame")


def test_no_process_has_grown(world: World) -> None:
    """Neither by all that went before, nor by more of the same once memory has found its size."""
    assert world.before is not None
    attacks = [corpus.cells()[name] for name in AGAIN]
    for _ in range(2):
        side_by_side(world, attacks)
    warm = {pid: traces.memory(pid) for pid in world.before.memory}
    for _ in range(2):
        side_by_side(world, attacks)
    names = {process.pid: name for name, process in world.services.items()}
    for pid, before in world.before.memory.items():
        now = traces.memory(pid)
        grown = f"{names.get(pid, 'zygote')}: {before >> 20} MB, {warm[pid] >> 20} MB, {now >> 20} MB"
        print(grown)
        assert now - before < GROWTH, grown
        assert now - warm[pid] < MORE, f"{grown}: grows with every attack"


def test_every_service_still_runs_and_none_was_started_again(world: World) -> None:
    world.settle()
    assert world.zygote == world.told["pids"]["zygote"]
    assert {name: process.poll() for name, process in world.services.items()} == dict.fromkeys(world.services)


def test_no_file_and_no_cgroup_is_left(world: World) -> None:
    assert world.before is not None
    assert world.before.new_files(world) == set()
    places = [tempfile.gettempdir(), "/dev/shm", "/", "/tmp", ROOT, ROOT / "workers", SHIPPED]
    places += set(sysconfig.get_paths().values())
    assert traces.marked(map(Path, places)) == []
    assert world.left_cgroups() == []


def test_what_was_warm_is_as_it_was(world: World) -> None:
    """The weights that everybody loads, the course and the secrets."""
    assert world.before is not None
    assert world.before.digests == world.digests()
