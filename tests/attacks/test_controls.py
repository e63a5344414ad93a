"""No check here can fail silently: without walls the same files succeed, and what leaks is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import ROOT
from tests.attacks import canaries, corpus
from tests.attacks.corpus import ESCAPED, HERE, Attack
from tests.attacks.traces import MARK
from tests.attacks.world import World
from tests.conftest import ON_POSTGRES

AS_ROOT = os.getuid() == 0
CELLS = {name: each for name, each in corpus.cells().items() if each.works_without_walls(AS_ROOT)}
HAND_INS = {name: each for name, each in corpus.hand_ins().items() if each.works_without_walls(AS_ROOT)}


def test_the_corpus_is_large_and_every_part_of_it_says_what_to_expect() -> None:
    assert len(corpus.cells()) >= 80
    assert len(corpus.hand_ins()) >= 50
    if AS_ROOT:
        assert len(CELLS) + len(HAND_INS) >= 25


@pytest.mark.parametrize("name", CELLS)
def test_without_walls_the_cell_gets_what_it_wants(name: str, world: World, tmp_path: Path) -> None:
    if ON_POSTGRES and "told.database" in CELLS[name].text:
        pytest.skip("the database is no file")
    assert [line for line in without_walls(world, CELLS[name], tmp_path) if line.startswith(ESCAPED)]
    assert world.listeners is not None
    world.listeners.mail()  # what it has sent belongs to this test


def without_walls(world: World, attack: Attack, folder: Path) -> list[str]:
    """What the file prints as a plain program of this user, in a folder that is thrown away."""
    file = folder / f"{attack.name}.py"
    file.write_text(world.text_of(attack))
    done = _python(world, folder, str(file))
    return [*done.stdout.splitlines(), f"and on stderr: {done.stderr}"]


def test_a_grader_that_believes_its_own_process_lets_the_answers_pass(world: World, tmp_path: Path) -> None:
    """But it still tells a right answer from a wrong one."""
    answers = {name: (attack.exercise, world.text_of(attack)) for name, attack in HAND_INS.items()}
    answers["right"] = ("double", "def double(x):\n    return 2 * x")
    answers["wrong"] = ("double", "def double(x):\n    return 0")
    files = []
    for name, (exercise, text) in answers.items():
        (reference,) = Path(world.told["course"]).glob(f"*/*/{exercise}.py")
        answer = tmp_path / f"{name}.py"
        answer.write_text(text)
        files += [str(reference), str(answer)]
    done = _python(world, tmp_path, str(HERE / "naive.py"), str(tmp_path), *files)
    passed = (tmp_path / "passed").read_text().split()
    assert sorted(passed) == sorted([*HAND_INS, "right"]), done.stderr


def _python(world: World, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    secret = {"SECRET_CANARY": world.canaries["worker"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command, environment = [sys.executable, *arguments], {**os.environ, **secret}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=250)


def test_what_a_cell_shows_of_a_secret_is_found(world: World) -> None:
    secret = world.canaries["file"]
    for text in (f"print({secret!r})", f"{secret.upper()!r}", f"raise ValueError({secret!r})"):
        outcome = world.outcome(world.submit(world.person("Eve"), text))
        assert canaries.found_in(world.canaries, outcome.stored) == {"file"}
        assert canaries.found_in(world.canaries, outcome.told) == {"file"}
    shown = f"print({secret.rpartition('-')[2]!r}.encode().hex())"
    assert canaries.found_in(
        world.canaries, world.outcome(world.submit(world.person("Eve"), shown)).stored
    ) == {"file"}


def test_what_a_verdict_tells_of_a_secret_is_found(world: World) -> None:
    text = f"def double(x):\n    raise ValueError({world.canaries['key']!r})"
    outcome = world.outcome(world.submit(world.person("Eve"), text, "double"))
    assert canaries.found_in(world.canaries, outcome.stored) == {"key"}


def test_a_run_that_is_not_over_is_found_to_be_left(world: World) -> None:
    assert world.before is not None
    run = world.submit(world.person("Eve"), "import time; time.sleep(1.5)")
    world.await_state(run, lambda state: state.value == "running")
    found = set()
    while not world.is_over(run):
        found.add(world.before.difference(world))
    assert any("runs" in words or "children" in words or "descriptors" in words for words in found), found
    world.settle()


def test_a_file_that_is_left_is_found(world: World) -> None:
    assert world.before is not None
    (world.folder / MARK).write_text("left")
    assert world.before.new_files(world) == {MARK}
    (world.folder / MARK).unlink()
    assert world.before.new_files(world) == set()
