"""What a course is made of."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeGuard

from app.lessons.path import Link
from app.lessons.pictures import Flow

CELL_SECONDS = 10  # what a live cell may take where its lesson states nothing

Device = Literal["cpu", "gpu"]  # where a cell is best off; it runs on a processor, too
FieldKind = Literal["choice", "bool", "int", "float", "text", "heads"]


class CourseError(Exception):
    """One thing an author has to mend: where it is, and what to do, in a sentence."""

    def __init__(self, file: Path, line: int, sentence: str) -> None:
        super().__init__(f"{file}:{line}: {sentence}")
        self.file, self.line, self.sentence = file, line, sentence


class Check(NamedTuple):
    """One question put to an answer: the function's name and what its docstring says it tests."""

    name: str
    doc: str


@dataclass(frozen=True)
class Prediction:
    """What a learner is asked to guess before a cell shows anything: a choice, or a number in some unit."""

    question: str
    choices: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Prose:
    """Markdown between the cells."""

    markdown: str


@dataclass(frozen=True)
class Cell:
    """A live cell: code given in the lesson, which the learner runs and may change."""

    id: str
    source: str
    predict: Prediction | None = None
    seconds: int = CELL_SECONDS
    device: Device = "cpu"


@dataclass(frozen=True)
class Field:
    """One line of a form: an annotated constant of the exercise's file."""

    name: str
    kind: FieldKind
    label: str
    choices: tuple[str, ...] = ()


class Measure(NamedTuple):
    """Something that checks measure of an answer: its name there, and what it is called on the page."""

    name: str
    label: str


@dataclass(frozen=True)
class Variant:
    """The answer with one part written differently: a known mistake, or another right way.

    `text` is the whole answer with the replacement in place, as a learner would hand it in. Of a form it is
    empty: there `name` is a function that returns the value.
    """

    name: str
    target: str
    doc: str
    text: str

    @property
    def label(self) -> str:
        """What it is called in a table: `off by one`."""
        kind = "mistake_" if self.name.startswith("mistake_") else "also_right_"
        return self.name.removeprefix(kind).removesuffix(f"__{self.target}").replace("_", " ")


@dataclass(frozen=True)
class Exercise:
    """One exercise: what the learner sees, and (for the trusted side) where the rest of it lies.

    `solution` is the reference's text; of a form, its right values as JSON, which is how one is handed in.
    `style` maps what may stand in an answer ("loop", or the name of what it calls) to a note, never a
    failure; `see` maps mistakes to the exercises that mend them.
    """

    id: str
    lesson: str
    title: str
    question_md: str
    starter: str
    solution: str
    hints: tuple[str, ...]
    uses: tuple[str, ...]
    minutes: int
    concepts: tuple[str, ...]
    deterministic: bool
    fields: tuple[Field, ...]
    names: tuple[str, ...]
    checks: tuple[Check, ...]
    mistakes: tuple[Variant, ...]
    also_right: tuple[Variant, ...]
    probes: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({})
    )  # name → what is sent to the child
    version: str = ""
    path: Path = Path()
    predict: Prediction | None = None
    seconds: int = CELL_SECONDS
    device: Device = "cpu"
    purpose: str = ""  # Markdown: what it is for, and where it returns
    why: str = ""  # Markdown: why the reference is written so
    difficulty: int = 0  # 1 to 5; 0: not said
    importance: int = 0
    flows: tuple[Flow, ...] = ()
    style: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    see: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    frontier: tuple[
        Measure, ...
    ] = ()  # what is measured of answers: the less the better, the more the better

    @property
    def is_form(self) -> bool:
        """Whether it is answered by filling in values instead of writing code."""
        return bool(self.fields)

    @property
    def source(self) -> str:
        """What stands in the editor at first, as for a live cell."""
        return self.starter

    def is_starter(self, text: str) -> bool:
        """Whether `text` is still the starter, whatever its comments and spacing."""
        try:
            return ast.dump(ast.parse(text)) == ast.dump(ast.parse(self.starter))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False


Runnable = Cell | Exercise
Block = Prose | Cell | Exercise


class Criterion(NamedTuple):
    """One line of a lesson's checklist: proven by passing an exercise, or (without one) for the learner to
    judge.
    """

    text: str
    exercise: str = ""


@dataclass(frozen=True)
class Lesson:
    """One page of the course: prose, live cells and exercises in reading order.

    All of it stands on the answers to the exercises in `uses`, of earlier lessons. Who passes those in
    `test_out` has proven the whole.
    """

    slug: str
    title: str
    step: str
    summary: str
    concepts: tuple[str, ...]
    needs: tuple[str, ...]
    minutes: int
    blocks: tuple[Block, ...]
    path: Path = Path()
    uses: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    resources: tuple[Link, ...] = ()
    test_out: tuple[str, ...] = ()

    def cells(self) -> tuple[Runnable, ...]:
        """What can run, in order: live cells and exercises in code. Forms hold no code."""
        return tuple(block for block in self.blocks if _runs(block))

    def exercises(self) -> tuple[Exercise, ...]:
        """All exercises in order, forms among them."""
        return tuple(block for block in self.blocks if isinstance(block, Exercise))

    def cell(self, cell_id: str) -> Runnable:
        """The live cell or exercise of this id (also a form). Raises KeyError."""
        for block in self.blocks:
            if not isinstance(block, Prose) and block.id == cell_id:
                return block
        raise KeyError(cell_id)

    def chain(self, cell_id: str) -> tuple[str, ...]:
        """The ids of all that runs, down to and including this cell. Raises KeyError if it does not run."""
        ids = [cell.id for cell in self.cells()]
        if cell_id not in ids:
            raise KeyError(cell_id)
        return tuple(ids[: ids.index(cell_id) + 1])


def _runs(block: Block) -> TypeGuard[Runnable]:
    return isinstance(block, Cell) or (isinstance(block, Exercise) and not block.is_form)
