"""The course as a whole: what names what, and the map."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.config import ROOT
from app.lessons import CourseError, load
from app.lessons import course as current_course
from tests.course.conftest import EXERCISE, FRONT, PATH, WriteCourse, sentences


def test_ids_are_unique_in_a_lesson(write_course: WriteCourse) -> None:
    course = write_course({"lesson.md": FRONT + "\n```python one\n1\n```\n\n```python one\n2\n```\n"})
    assert sentences(course) == ["lesson.md:1: Two cells are called 'one'."]


def test_exercise_ids_are_unique_in_the_course(write_course: WriteCourse) -> None:
    course = write_course(
        {
            "lesson.md": FRONT + "\n[It](score.py)\n",
            "score.py": EXERCISE,
            "03-tools/tails/lesson.md": FRONT.replace("Heads", "Tails") + "\n[It](score.py)\n",
            "03-tools/tails/score.py": EXERCISE,
            "path.toml": PATH.replace(
                'slug = "heads" }', 'slug = "heads" }, { title = "T", slug = "tails" }'
            ),
        }
    )
    (found,) = sentences(course)
    assert found.startswith("score.py:1: ")
    assert found.endswith("is called 'score' too; ids are unique.")


def test_lessons_are_called_by_one_name_each(write_course: WriteCourse) -> None:
    course = write_course({"lesson.md": FRONT, "04-more/heads/lesson.md": FRONT})
    assert sentences(course) == ["lesson.md:1: Two lessons are called 'heads'."]


@pytest.mark.parametrize(
    ("uses", "sentence"),
    [
        ('["nowhere"]', "USES names 'nowhere', which is no exercise of this course."),
        ('["later"]', "USES names 'later', which comes no earlier in the lesson."),
        ('["score"]', "USES names 'score', which comes no earlier in the lesson."),
        ('["count"]', "USES names 'count', but a form leaves no code to build on."),
    ],
)
def test_an_exercise_can_only_use_an_earlier_one(uses: str, sentence: str, write_course: WriteCourse) -> None:
    form = '"""T"""\nHINTS = ["a", "b", "c"]\nn: int = 3\n\n\ndef check_n(answer):\n    """It is 3."""\n'
    course = write_course(
        {
            "lesson.md": FRONT + "\n[C](count.py)\n\n[A](score.py)\n\n[B](later.py)\n",
            "score.py": EXERCISE.replace("HINTS", f"USES = {uses}\nHINTS", 1),
            "later.py": EXERCISE,
            "count.py": form,
        }
    )
    assert sentences(course) == [f"score.py:1: {sentence}"]


def test_what_stands_beneath_an_exercise_comes_deepest_first(write_course: WriteCourse) -> None:
    def using(*uses: str) -> str:
        return EXERCISE.replace("HINTS", f"USES = {list(uses)}\nHINTS", 1)

    course = write_course(
        {
            "lesson.md": FRONT + "\n[A](a.py)\n\n[B](b.py)\n\n[C](c.py)\n",
            "a.py": EXERCISE,
            "b.py": using("a"),
            "c.py": using("b", "a"),
        }
    )
    assert course.problems == ()
    assert course.beneath("c") == ("a", "b")


def test_steps_needs_and_concepts_have_to_be_on_the_map(write_course: WriteCourse) -> None:
    front = FRONT.replace("step: 3", "step: 9\nneeds: [magic]\nconcepts: [wand]")
    course = write_course(
        {
            "lesson.md": front + "\n[It](score.py)\n",
            "score.py": EXERCISE.replace("HINTS", 'CONCEPTS = ["hat"]\nHINTS', 1),
        }
    )
    assert sentences(course) == [
        "lesson.md:1: The step '9' is not on the map.",
        "lesson.md:1: It needs 'magic', which is neither a lesson nor a node of the map.",
        "lesson.md:1: The concept 'wand' is not in path.toml.",
        "score.py:1: The concept 'hat' is not in path.toml.",
    ]


def test_a_broken_exercise_leaves_the_rest_of_the_lesson_standing(write_course: WriteCourse) -> None:
    course = write_course({"lesson.md": FRONT + "\nProse.\n\n[It](score.py)\n\nMore.\n", "score.py": "def"})
    assert len(course.problems) == 1
    assert course.exercises == {}
    assert len(course.lessons["heads"].blocks) == 1


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="There is no course here"):
        load(tmp_path / "nowhere")


def test_a_changed_file_is_read_again(
    write_course: WriteCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.lessons.loading.LOOK_AGAIN", 0.0)
    write_course({"lesson.md": FRONT})
    before = current_course(tmp_path / "course")
    assert current_course(tmp_path / "course") is before
    file = tmp_path / "course/03-tools/heads/lesson.md"
    file.write_text(FRONT.replace("title: Heads", "title: Tails"))
    os.utime(file, ns=(1, 1))
    assert current_course(tmp_path / "course").lessons["heads"].title == "Tails"


def test_the_real_course_has_nothing_to_mend() -> None:
    assert [str(problem) for problem in load(ROOT / "app" / "course").problems] == []
