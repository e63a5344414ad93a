"""Who may import whom. The rooms stay apart, and nothing goes round in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from app.config import ROOT

WEB = ("fastapi", "starlette", "jinja2", "jinja2_fragments")
DOORS = ("app.main", "app.pages", "app.visitors", "app.routes", "app.api")
OF_THE_WEB = (*DOORS, "app.arrivals", "app.assets", "app.cli")

# The rooms of app/, and which others each may know. All know course, tables and what lies beside them.
ROOMS: dict[str, tuple[str, ...]] = {
    "lessons": (),
    "models": (),
    "post": ("people",),
    "people": ("post", "learning", "running", "jupyter"),
    "running": ("people", "learning"),
    "learning": ("people", "running", "teaching", "mentoring"),
    "jupyter": ("learning", "running"),
    "teaching": ("people", "post", "learning", "running"),
    "mentoring": ("people", "post", "learning", "running", "teaching"),
    "operating": ("people", "post", "running"),
}
NO_ROOMS = ("api", "course", "deploy", "manual", "routes")  # doors, and what holds no nouns


def _modules() -> dict[str, Path]:
    """Dotted name → file, of everything in app and workers but the course."""
    files = [path for room in ("app", "workers") for path in (ROOT / room).rglob("*.py")]
    files = [path for path in files if not path.is_relative_to(ROOT / "app" / "course")]
    return {_name(path): path for path in files}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = _modules()


def _imports(name: str, *, at_start_only: bool = False) -> set[str]:
    """What the module imports: our own modules by their full name, others as they are written."""
    tree = ast.parse(MODULES[name].read_text())
    found = set()
    for node in tree.body if at_start_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {one if one in MODULES else node.module for one in inside}
    return found - {name}


def _of(*rooms: str) -> list[str]:
    return [name for name in MODULES if any(name == room or name.startswith(f"{room}.") for room in rooms)]


def _breaches(of: list[str], forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{name} imports {one}"
        for name in of
        for one in sorted(_imports(name))
        if any(one == room or one.startswith(f"{room}.") for room in forbidden)
    ]


def test_the_site_never_imports_the_workers_nor_torch() -> None:
    assert _breaches(_of("app"), ("workers", "torch", "transformer_lens")) == []


def test_nouns_know_nothing_of_the_web() -> None:
    nouns = [name for name in _of("app") if name not in _of(*OF_THE_WEB)]
    assert len(nouns) > 100
    assert _breaches(nouns, (*WEB, *DOORS)) == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_only_those_it_may(room: str) -> None:
    others = [f"app.{other}" for other in ROOMS if other not in (room, "lessons", "models", *ROOMS[room])]
    assert _breaches(_of(f"app.{room}"), tuple(others)) == []


def test_every_room_has_its_line_in_the_table() -> None:
    packages = {path.parent.name for path in (ROOT / "app").glob("*/*")} - {"__pycache__"}
    assert packages == {*ROOMS, *NO_ROOMS}


def test_a_route_does_not_import_another() -> None:
    assert _breaches(_of("app.routes"), ("app.routes",)) == []


def test_jobs_know_neither_pages_nor_torch() -> None:
    jobs = ["workers.tasks", "workers.worker", "workers.replay", "workers.recorder", "workers.heartbeat"]
    assert _breaches(jobs, (*WEB, *DOORS, "torch")) == []


def test_the_runner_knows_no_database_no_queue_and_no_settings() -> None:
    forbidden = ("app", "sqlalchemy", "redis", "celery", "workers.examiner", "workers.tasks")
    assert _breaches(_of("workers.runner", "workers.lab", "workers.logs"), forbidden) == []


def test_no_circle() -> None:
    graph = {name: _imports(name, at_start_only=True) & set(MODULES) for name in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("module", ["app.main", "workers.tasks"])
def test_torch_stays_out_of_site_and_worker(module: str) -> None:
    program = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
