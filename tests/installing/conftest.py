"""A models folder, a cache of the hub with a tiny model in it, and the installer as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.config import ROOT
from tests.installing import tiny
from workers.lab.models import registry


@dataclass
class Said:
    """What an installation printed, line by line, and how it ended."""

    lines: list[dict[str, Any]]
    status: int
    errors: str

    @property
    def last(self) -> dict[str, Any]:
        return self.lines[-1]

    @property
    def stages(self) -> list[str]:
        return list(dict.fromkeys(line["stage"] for line in self.lines if "stage" in line))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


@pytest.fixture
def models(tmp_path: Path) -> Iterator[Path]:
    """Where models are installed, of which the lab knows."""
    folder = tmp_path / "models"
    folder.mkdir()
    registry.look_in(folder)
    yield folder
    registry.look_in(None)


@pytest.fixture
def environment(cache: Path) -> dict[str, str]:
    """The installer's: the hub's cache is a folder of the test, and nobody is asked over the network."""
    ours = {"HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return {**os.environ, **ours}


@pytest.fixture
def start(models: Path, environment: dict[str, str]) -> Callable[..., subprocess.Popen[str]]:
    """`start("acme/tiny")` begins to install it."""

    def begin(name: str, *options: str, **changes: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "workers.installing", name, "--into", str(models), *options]
        told = {key: value for key, value in {**environment, **changes}.items() if value}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=told, stdout=pipe, stderr=pipe, text=True)

    return begin


@pytest.fixture
def install(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., Said]:
    """`install("acme/tiny")`: to the end."""

    def run(name: str, *options: str, **changes: str) -> Said:
        process = start(name, *options, **changes)
        out, errors = process.communicate(timeout=800)
        return Said([json.loads(line) for line in out.splitlines()], process.returncode, errors)

    return run


@pytest.fixture
def tiny_gpt2(cache: Path) -> Path:
    """`acme/tiny` in the hub's cache; the folder of its files."""
    return tiny.lay_out(cache, "acme/tiny", tiny.gpt2())
