"""drawing.toml: what an author has to mend in it, and what the page does without it."""

from __future__ import annotations

import pytest

from app.lessons import load
from tests.conftest import SMALL_COURSE
from tests.course.conftest import FRONT, PATH, WriteCourse, sentences

DRAWING = """
node = "tooling"
title = "All of it"
[wide]
size = [10, 10]
[tall]
size = [10, 10]
[[modules]]
title = "score"
exercise = "score"
says = "scores"
wide = [0, 0, 5, 5]
tall = [0, 0, 5, 5]
"""


def test_a_course_need_not_draw_anything(write_course: WriteCourse) -> None:
    assert write_course({"lesson.md": FRONT}).drawing is None


def test_the_small_course_draws_what_it_has() -> None:
    course = load(SMALL_COURSE)
    assert course.problems == ()
    assert course.drawing
    assert {module.exercise for module in course.drawing.modules} == {"double", "quadruple"}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("", "", "8: The drawing names 'score', which is no exercise of this course."),
        ('"tooling"', '"magic"', "1: The drawing belongs to 'magic', which is not a node."),
        ("[wide]", "[wide", "1: This is no drawing: "),
        ('title = "All of it"\n', "", "1: This is no drawing: 'title'."),
        ("wide = [0, 0, 5, 5]", "wide = [0, 0, 5]", "1: This is no drawing: "),
        ('says = "scores"', 'sings = "scores"', "1: This is no drawing: "),
    ],
)
def test_what_an_author_has_to_mend_is_named(
    old: str, new: str, sentence: str, write_course: WriteCourse
) -> None:
    text = DRAWING.replace(old, new, 1) if old else DRAWING
    found = sentences(write_course({"lesson.md": FRONT, "drawing.toml": text}))
    assert any(sentence in each for each in found), found


def test_a_milestone_that_nobody_has_written_is_named(write_course: WriteCourse) -> None:
    text = PATH.replace("links = []", 'links = []\nmilestone = "summit"')
    found = sentences(write_course({"lesson.md": FRONT, "path.toml": text}))
    assert any("The milestone 'summit' of 'tooling' is no exercise of this course." in each for each in found)
