"""What a run needs is read from its texts and from what the lesson's author says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.config import settings
from app.lessons import Lesson
from app.running import catalogue, needs
from app.running.needs import Needs

Change = Callable[..., None]
FRONT = "---\ntitle: Heads\nstep: 1\nsummary: About heads.\nminutes: 5\n{}---\n\n"
CELLS = "```python one\nx = 1\n```\n\n```python two\ny = 2\n```\n"


def of(*texts: str, lesson: str = "counting") -> Needs:
    names = ("one", "two")
    chain = [{"cell": cell, "text": text} for cell, text in zip(names, texts, strict=False)]
    return needs.of_chain(lesson, chain)


@pytest.fixture
def wrote(tmp_path: Path, change_settings: Change) -> Callable[[str], str]:
    """A lesson with such lines in its front matter; returns its name."""

    def write(lines: str) -> str:
        folder = tmp_path / "course" / "01-start" / "heads"
        folder.mkdir(parents=True)
        (folder / "lesson.md").write_text(FRONT.format(lines) + CELLS)
        change_settings(course_dir=tmp_path / "course")
        return "heads"

    return write


@pytest.mark.parametrize(
    "text", ["x = 1", "lab.load('attn-only-2l')", "smollm2-135m", "lab.load('smollm3')", ""]
)
def test_an_ordinary_run_needs_what_the_operator_says(lesson: Lesson, text: str) -> None:
    assert of(text) == Needs(memory_mb=2048, seconds=10)


@pytest.mark.parametrize(
    "text",
    [
        "model = lab.load('smollm2-135m')",
        'lab.load("smollm2-135m", folded=True)',
        "name = 'smollm2-135m'  # and no bracket is closed (",
        "for name in ['attn-only-2l','smollm2-135m', 'smollm2-135m']: ...",
        "lab.load('''smollm2-135m''')",
    ],
)
def test_a_model_between_quotes_is_counted_once(lesson: Lesson, text: str) -> None:
    model = catalogue.find("smollm2-135m")
    assert model.run_mb
    found = of(text)
    assert found.memory_mb == 2048 + model.run_mb
    assert [one.name for one in found.models] == ["smollm2-135m"]
    assert not found.gpu


def test_a_model_in_a_cell_above_counts_too(lesson: Lesson) -> None:
    assert of("lab.load('smollm2-135m')", "model(1)").models
    assert of("x = 1", "model(1)").models == ()


def test_a_model_of_the_hub_is_known_by_its_whole_name(lesson: Lesson, change_settings: Change) -> None:
    change_settings(hub_models="EleutherAI/pythia-70m, gpt2")
    assert [one.name for one in of("lab.load('EleutherAI/pythia-70m')").models] == ["EleutherAI/pythia-70m"]
    assert of("lab.load('pythia-70m')").models == ()


def test_text_that_is_no_python_or_endless_is_read_all_the_same(lesson: Lesson) -> None:
    assert of("'" * 60_000 + "\x00((((" + "'smollm2-135m'").models
    assert not of('"' + "a" * 60_000 + '"').models


def test_a_form_needs_nothing(lesson: Lesson) -> None:
    assert needs.of_chain("counting", [{"cell": "largest", "text": '{"largest": "smollm2-135m"}'}]) == Needs()


def test_an_exercise_of_another_lesson_is_known(lesson: Lesson) -> None:
    found = needs.of_chain("gone", [{"cell": "double", "text": "def double(x): ..."}])
    assert found.memory_mb == settings().memory_mb


def test_a_large_model_that_works_for_long_is_for_a_gpu(wrote: Callable[[str], str]) -> None:
    name = wrote("limits: {two: 40}\n")
    large = "lab.load('smollm2-135m')"
    assert of(large, "train()", lesson=name).gpu
    assert of(large, "train()", lesson=name).seconds == 40
    assert not of(large, lesson=name).gpu  # the long cell is not in it
    assert not of("lab.load('attn-only-2l')", "train()", lesson=name).gpu


@pytest.mark.parametrize(
    ("lines", "first", "second"),
    [
        ("device: gpu\n", True, True),
        ("device: {two: gpu}\n", False, True),
        ("device: {one: gpu, two: cpu}\n", True, True),  # the first cell runs again before the second
        ("device: cpu\n", False, False),
        ("", False, False),
    ],
)
def test_an_author_may_ask_for_a_gpu(
    wrote: Callable[[str], str], lines: str, first: bool, second: bool
) -> None:
    name = wrote(lines)
    assert (of("x = 1", lesson=name).gpu, of("x = 1", "y = 2", lesson=name).gpu) == (first, second)
