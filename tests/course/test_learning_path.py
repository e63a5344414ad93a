"""path.toml is the map: nodes, the lessons on them, and the concepts that light up."""

from __future__ import annotations

import pytest

from app.lessons.path import LessonRef
from tests.course.conftest import FRONT, PATH, WriteCourse, sentences


def test_a_written_lesson_has_its_own_title_and_an_unwritten_one_says_so(write_course: WriteCourse) -> None:
    listed = '{ slug = "heads" }, { title = "Not yet" }'
    path = write_course(
        {"lesson.md": FRONT, "path.toml": PATH.replace('{ title = "Heads", slug = "heads" }', listed)}
    ).path
    written, unwritten = path.node("tooling").lessons
    assert written == LessonRef("heads", "Heads")
    assert unwritten == LessonRef(None, "Not yet")
    assert (written.written, unwritten.written) == (True, False)


def test_a_lesson_knows_its_node(write_course: WriteCourse) -> None:
    path = write_course({"lesson.md": FRONT}).path
    home = path.home("heads")
    assert home
    assert home.id == "tooling"
    assert path.home("tails") is None
    assert path.concept("head").node == "tooling"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[[nodes]]", "[[nodes", "1: This is not TOML: "),
        ('goal = "Use them."\n', "", "2: This node missing 1 required positional argument: 'goal'."),
        (
            'goal = "Use them."\n',
            'colour = "red"\n',
            "2: This node got an unexpected keyword argument 'colour'.",
        ),
        ("needs = []", 'needs = ["magic"]', "10: 'tooling' needs 'magic', which is not a node."),
        ('slug = "heads"', 'slug = "tails"', "11: There is no lesson 'tails' in this course."),
        (
            'node = "tooling"',
            'node = "magic"',
            "17: The concept 'head' belongs to 'magic', which is not a node.",
        ),
        (
            "links = []",
            PATH.strip().replace("[[nodes]]", "links = []\n[[nodes]]", 1),
            "Two entries are called",
        ),
    ],
)
def test_what_an_author_has_to_mend_is_named(
    old: str, new: str, sentence: str, write_course: WriteCourse
) -> None:
    found = sentences(write_course({"lesson.md": FRONT, "path.toml": PATH.strip().replace(old, new, 1)}))
    assert any(sentence in each for each in found), found


def test_a_lesson_that_no_node_lists_is_named(write_course: WriteCourse) -> None:
    found = sentences(write_course({"lesson.md": FRONT, "path.toml": PATH.replace(', slug = "heads"', "")}))
    assert found == ["path.toml:1: No node lists the lesson 'heads'."]


def test_a_course_without_a_map_says_so(write_course: WriteCourse) -> None:
    assert "path.toml:1: This is not TOML" in " ".join(
        sentences(write_course({"lesson.md": FRONT, "path.toml": "no"}))
    )
