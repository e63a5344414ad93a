"""The exercise that every system grades: one of the shipped course, its checks word for word.

A peer's tests are the course's own check functions with the reference they compare with, put into one
function each, as an author would write them into a notebook: the first is visible, the others are hidden.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from functools import lru_cache

from app.config import ROOT
from app.lessons import Exercise, course
from app.lessons.cutting import Program

LESSON, NAME = "induction-heads", "previous_token_scores"

# What stands above the answer in a notebook: what the lesson's first cell does, one thread, no drawing.
SETUP = """\
import torch

torch.set_num_threads(1)
from workers import lab

model = lab.load("attn-only-2l")
"""


@dataclass(frozen=True)
class CourseTest:
    """One check of the course. `code` defines `name(answer)`, which raises if the answer is wrong."""

    name: str
    hidden: bool
    code: str

    @property
    def call(self) -> str:
        """A call on the functions that a learner has defined."""
        given = ", ".join(f"{name}={name}" for name in exercise().names)
        return f"{self.name}(__import__('types').SimpleNamespace({given}))"

    @property
    def cell(self) -> str:
        """Definition and call: a notebook's test cell."""
        return f"{self.code}\n\n{self.call}"


@lru_cache
def exercise() -> Exercise:
    """As the course has it."""
    return course(ROOT / "app" / "course").exercises[NAME]


@lru_cache
def course_tests() -> list[CourseTest]:
    """The checks in their order."""
    program = Program(exercise().path.read_text())
    return [_test(program, check.name, place > 0) for place, check in enumerate(exercise().checks)]


def _test(program: Program, check: str, hidden: bool) -> CourseTest:
    node = program.defined[check]
    assert isinstance(node, ast.FunctionDef)
    inside = textwrap.indent(program.written([node]), "    ")
    name = check.replace("check_", "test_")
    return CourseTest(name, hidden, f"def {name}(answer):\n{inside}\n    {check}(answer)\n")
