"""Small courses, written file by file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from app.lessons import Course, load

WriteCourse = Callable[[dict[str, str]], Course]

PATH = """
[[nodes]]
id = "tooling"
kind = "step"
number = 3
title = "Tools"
goal = "Use them."
success = "You used them."
hours = "10–20 h"
tips = []
needs = []
lessons = [{ title = "Heads", slug = "heads" }]
links = []

[[concepts]]
id = "head"
title = "Head"
node = "tooling"
"""

FRONT = """\
---
title: Heads
step: 3
summary: Look at heads.
minutes: 20
---
"""

EXERCISE = '''
"""Score a head

How much does it look back?
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = ["Look.", "Look closer.", "It is the diagonal."]


def score(pattern: Float[Tensor, "query key"]) -> Float[Tensor, ""]:
    """The mean of the diagonal."""
    return pattern.diagonal().mean()


def check_ones(answer):
    """Ones score 1."""
    lab.same(answer.score(torch.ones(3, 3)), torch.tensor(1.0))


def mistake_sum__score(pattern):
    """You took the sum."""
    return pattern.diagonal().sum()
'''


@pytest.fixture
def write_course(tmp_path: Path) -> WriteCourse:
    """Writes files of a course and reads it; they belong to the lesson `heads`, and there is a path.toml."""

    def write(files: dict[str, str]) -> Course:
        for name, text in {"path.toml": PATH, **files}.items():
            folder = "" if "/" in name or name.endswith(".toml") else "03-tools/heads"
            file = tmp_path / "course" / folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return load(tmp_path / "course")

    return write


def sentences(course: Course) -> list[str]:
    """The problems, each as `file:line: sentence`."""
    return [f"{problem.file.name}:{problem.line}: {problem.sentence}" for problem in course.problems]
