"""start.toml: what is asked at the start of the path, how it is marked, and what an author has to mend."""

from __future__ import annotations

import pytest

from app.lessons.questions import Question
from tests.course.conftest import FRONT, WriteCourse, sentences

START = """
[[questions]]
id = "many"
lesson = "heads"
text = "How many?"
right = 0.333
tolerance = 0.01
why = "It is a third."

[[questions]]
id = "which"
lesson = "heads"
text = "Which?"
choices = ["this", "that"]
right = "that"
why = "So it is."
"""


@pytest.mark.parametrize(
    ("answer", "right"),
    [("0.33", True), ("0,333", True), ("1/3", True), (" .34", True), ("0.3", False), ("", False)]
    + [(text, False) for text in ("a third", "nan", "inf", "1/0", "1/2/3", "9" * 400)],
)
def test_numbers_are_read_as_people_write_them(answer: str, right: bool) -> None:
    question = Question("many", "heads", "How many?", 0.333, "A third.", tolerance=0.01)
    assert question.is_right(answer) is right


def test_a_choice_is_right_to_the_letter() -> None:
    question = Question("which", "heads", "Which?", "that", "So it is.", ("this", "that"))
    assert [question.is_right(answer) for answer in ("that", "this", "")] == [True, False, False]


def test_questions_come_in_their_order(write_course: WriteCourse) -> None:
    course = write_course({"lesson.md": FRONT, "start.toml": START})
    assert [question.id for question in course.questions] == ["many", "which"]
    assert sentences(course) == []
    assert write_course({"lesson.md": FRONT, "start.toml": ""}).questions == ()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[[questions]]", "[[questions", "1: This is not TOML: "),
        ('why = "It is a third."\n', "", "2: The question 'many' lacks why."),
        ("tolerance", "about", "2: A question knows no about."),
        ('id = "which"', 'id = "many"', "2: Two questions are called 'many'."),
        ('"heads"', '"tails"', "2: The question 'many' asks for 'tails', which is no lesson"),
        ('right = "that"', 'right = "these"', "10: The right answer to 'which' is none of its choices."),
        ("right = 0.333", 'right = "some"', "2: The right answer to 'many' has to be a number"),
    ],
)
def test_what_an_author_has_to_mend_is_named_and_not_asked(
    old: str, new: str, sentence: str, write_course: WriteCourse
) -> None:
    course = write_course({"lesson.md": FRONT, "start.toml": START.replace(old, new, 1)})
    found = sentences(course)
    assert any(f"start.toml:{sentence}" in each for each in found), found
    assert len(course.questions) < 2
