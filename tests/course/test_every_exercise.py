"""What every exercise has: a purpose, a rating, shapes, an example, and a why."""

from __future__ import annotations

import ast

import pytest

from app.config import ROOT
from app.lessons import Exercise, Lesson, load

COURSE = load(ROOT / "app" / "course")
LESSONS = list(COURSE.lessons.values())
EXERCISES = [exercise for lesson in LESSONS for exercise in lesson.exercises()]
IN_CODE = [one for one in EXERCISES if not one.is_form]


def test_there_are_enough_in_the_first_two_steps() -> None:
    assert sum(COURSE.lessons[exercise.lesson].step in ("1", "2") for exercise in EXERCISES) >= 22


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.id)
def test_it_says_what_it_is_for_how_hard_it_is_and_why(exercise: Exercise) -> None:
    assert len(exercise.purpose) > 40
    assert len(exercise.why) > 40
    assert exercise.difficulty in range(1, 6)
    assert exercise.importance in range(1, 6)


@pytest.mark.parametrize("exercise", IN_CODE, ids=lambda one: one.id)
def test_it_draws_its_shapes(exercise: Exercise) -> None:
    drawn = [shape for flow in exercise.flows for shape in flow.all]
    only_takes_one = "-> Figure" in exercise.starter
    assert len(drawn) > (0 if only_takes_one else 1), "list the tensors on the way in SHAPES"
    assert all(shape.name for shape in drawn)


@pytest.mark.parametrize("exercise", IN_CODE, ids=lambda one: one.id)
def test_it_shows_an_expected_output(exercise: Exercise) -> None:
    documented = (ast.FunctionDef, ast.ClassDef)
    nodes = (node for node in ast.walk(ast.parse(exercise.starter)) if isinstance(node, documented))
    docs = [ast.get_docstring(node) or "" for node in nodes]
    assert any(">>>" in doc for doc in docs)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda one: one.slug)
def test_a_lesson_ends_with_a_checklist_and_resources_and_can_be_tested_out_of(lesson: Lesson) -> None:
    assert len(lesson.criteria) >= 3
    assert any(criterion.exercise for criterion in lesson.criteria)
    assert lesson.resources
    assert all(link.url.startswith("https://") and link.note for link in lesson.resources)
    assert 1 <= len(lesson.test_out) <= 3


def test_step_three_has_more_exercises_than_it_promises() -> None:
    assert sum(COURSE.lessons[exercise.lesson].step == "3" for exercise in EXERCISES) >= 32


def test_nothing_of_step_three_is_left_unwritten() -> None:
    assert all(ref.written for ref in COURSE.path.node("tooling").lessons)
