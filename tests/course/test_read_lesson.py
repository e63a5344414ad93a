"""A lesson.md becomes prose, live cells and exercises."""

from __future__ import annotations

import pytest

from app.lessons import Cell, Exercise, Prediction, Prose
from tests.course.conftest import EXERCISE, FRONT, WriteCourse, sentences

LESSON = """\
---
title: Heads
step: 3
summary: Look at heads.
minutes: 20
concepts: [head]
needs: [tooling]
predict:
  load: {question: "How large is it?", unit: nats}
  score:
    question: More or less?
    choices: [More, Less]
limits: {load: 30}
---

First some prose, with $x^2$ and a [link](https://example.org).

```python load
model = 1
model
```

Between the two.

```python
just_shown()
```

[Score a head](score.py)

And [a link](score.py) inside a sentence is no exercise.
"""


def test_blocks_come_in_reading_order(write_course: WriteCourse) -> None:
    course = write_course({"lesson.md": LESSON, "score.py": EXERCISE})
    assert sentences(course) == []
    kinds = [type(block) for block in course.lessons["heads"].blocks]
    assert kinds == [Prose, Cell, Prose, Exercise, Prose]


def test_prose_is_kept_as_it_was_written(write_course: WriteCourse) -> None:
    lesson = write_course({"lesson.md": LESSON, "score.py": EXERCISE}).lessons["heads"]
    first, _, second, _, last = lesson.blocks
    assert first == Prose("First some prose, with $x^2$ and a [link](https://example.org).")
    assert isinstance(second, Prose)
    assert "```python\njust_shown()\n```" in second.markdown
    assert isinstance(last, Prose)
    assert last.markdown.startswith("And [a link]")


def test_a_cell_has_its_source_its_time_and_its_prediction(write_course: WriteCourse) -> None:
    lesson = write_course({"lesson.md": LESSON, "score.py": EXERCISE}).lessons["heads"]
    prediction = Prediction("How large is it?", unit="nats")
    assert lesson.cell("load") == Cell("load", "model = 1\nmodel", prediction, seconds=30)


def test_an_exercise_can_ask_for_a_prediction_too(write_course: WriteCourse) -> None:
    lesson = write_course({"lesson.md": LESSON, "score.py": EXERCISE}).lessons["heads"]
    assert lesson.cell("score").predict == Prediction("More or less?", choices=("More", "Less"))


def test_front_matter_is_read(write_course: WriteCourse) -> None:
    lesson = write_course({"lesson.md": LESSON, "score.py": EXERCISE}).lessons["heads"]
    assert (lesson.slug, lesson.title, lesson.step, lesson.minutes) == ("heads", "Heads", "3", 20)
    assert (lesson.concepts, lesson.needs) == (("head",), ("tooling",))


def test_a_chain_goes_down_to_its_cell_and_leaves_forms_out(write_course: WriteCourse) -> None:
    form = '"""T"""\nHINTS = ["a", "b", "c"]\nn: int = 3\n\n\ndef check_n(answer):\n    """It is 3."""\n'
    text = FRONT + "\n```python one\n1\n```\n\n[A](score.py)\n\n[B](count.py)\n\n```python two\n2\n```\n"
    lesson = write_course({"lesson.md": text, "score.py": EXERCISE, "count.py": form}).lessons["heads"]
    assert [cell.id for cell in lesson.cells()] == ["one", "score", "two"]
    assert lesson.chain("two") == ("one", "score", "two")
    assert lesson.chain("one") == ("one",)
    with pytest.raises(KeyError):
        lesson.chain("count")
    assert lesson.cell("count").id == "count"
    assert [exercise.id for exercise in lesson.exercises()] == ["score", "count"]


@pytest.mark.parametrize(
    ("front", "sentence"),
    [
        ("", "lesson.md:1: Begin the lesson with its front matter, between two lines of `---`."),
        ("---\ntitle: [\n---\n", "lesson.md:3: The front matter is not YAML: "),
        ("---\n- a\n---\n", "lesson.md:1: The front matter has to be a list of `name: value` lines."),
        (FRONT.replace("minutes: 20\n", ""), "lesson.md:1: The front matter lacks `minutes`."),
        (FRONT.replace("step: 3", "step: 3\nlevel: hard"), "lesson.md:4: The front matter knows no `level`."),
        (FRONT.replace("20", "soon"), "lesson.md:5: `minutes` has to be a whole number."),
        (
            FRONT.replace("step: 3", "step: 3\nneeds: tooling"),
            "lesson.md:4: `needs` has to be a list of ids.",
        ),
        (
            FRONT.replace("step: 3", "step: 3\nlimits: {nowhere: 5}"),
            "lesson.md:1: `limits` speaks of 'nowhere', which is no cell of this lesson.",
        ),
        (
            FRONT.replace("step: 3", "step: 3\nlimits:\n  one: 600"),
            "lesson.md:5: The limit of 'one' has to be 1 to 60 whole seconds.",
        ),
        (
            FRONT.replace("step: 3", "step: 3\ndevice: {nowhere: gpu}"),
            "lesson.md:4: `device` speaks of 'nowhere', which is no cell of this lesson.",
        ),
        (
            FRONT.replace("step: 3", "step: 3\ndevice: {one: cuda}"),
            "lesson.md:4: `device` is cpu or gpu, or maps cells to one of them: 'cuda' is neither.",
        ),
        (
            FRONT.replace("step: 3", "step: 3\ndevice: [gpu]"),
            "lesson.md:4: `device` is cpu or gpu, or maps cells to one of them: ['gpu'] is neither.",
        ),
        (
            FRONT.replace("step: 3", "step: 3\npredict:\n  one: {question: What}"),
            "lesson.md:5: The prediction of 'one' needs a question, and choices or a unit.",
        ),
        (
            FRONT.replace("step: 3", "step: 3\ncriteria: [You can.]"),
            "lesson.md:4: Each of `criteria` needs text, and may have exercise.",
        ),
        (
            FRONT.replace("step: 3", "step: 3\ncriteria: [{text: Can., exercise: other}]"),
            "lesson.md:1: 'other' cannot prove anything here: this lesson has no such exercise.",
        ),
        (
            FRONT.replace("step: 3", "step: 3\nresources: [{title: It, url: 'https://example.org'}]"),
            "lesson.md:4: Each of `resources` needs note, title, url.",
        ),
        (
            FRONT.replace("step: 3", "step: 3\nuses: [other]"),
            "lesson.md:1: `uses` names 'other', which is no exercise in code of another lesson.",
        ),
    ],
)
def test_front_matter_that_cannot_stand_is_named(
    front: str, sentence: str, write_course: WriteCourse
) -> None:
    course = write_course({"lesson.md": front + "\n```python one\n1\n```\n"})
    assert any(found.startswith(sentence) for found in sentences(course)), sentences(course)


def test_a_cell_needs_one_lower_case_id(write_course: WriteCourse) -> None:
    course = write_course({"lesson.md": FRONT + "\n```python Two Words\n1\n```\n"})
    assert sentences(course) == ["lesson.md:8: Write one lower-case id after `python`: 'Two Words' is none."]


def test_an_exercise_that_is_not_there_is_named(write_course: WriteCourse) -> None:
    course = write_course({"lesson.md": FRONT + "\n[Gone](gone.py)\n"})
    assert "lesson.md:8: There is no file gone.py beside this lesson." in sentences(course)


def test_an_exercise_nobody_links_to_is_named(write_course: WriteCourse) -> None:
    course = write_course({"lesson.md": FRONT, "score.py": EXERCISE, "facts_test.py": ""})
    said = "No paragraph is only a link to score.py, so nobody would see it."
    assert sentences(course) == [f"lesson.md:1: {said}"]


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("../heads/lesson.md", True),
        ("../tails/lesson.md", False),
        ("/lessons/heads", True),
        ("/lessons/tails", False),
        ("picture.png", False),
        ("#further-down", True),
        ("mailto:ada@example.org", True),
        ("javascript:alert(1)", None),
    ],
)
def test_links_have_to_lead_somewhere(link: str, good: bool | None, write_course: WriteCourse) -> None:
    course = write_course({"lesson.md": FRONT + f"\nSee [this]({link}).\n"})
    # a link that Markdown itself refuses stays text
    assert sentences(course) == ([f"lesson.md:8: The link {link} leads nowhere."] if good is False else [])
