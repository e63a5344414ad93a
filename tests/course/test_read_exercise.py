"""An exercise's file is cut into starter, solution, variants and probes; nothing of it runs."""

from __future__ import annotations

import ast

import pytest

from app.lessons import Check, Course, Exercise, Field
from tests.course.conftest import EXERCISE, FRONT, WriteCourse, sentences


def exercise_in(write_course: WriteCourse, text: str) -> tuple[Exercise, Course]:
    course = write_course({"lesson.md": FRONT + "\n[It](score.py)\n", "score.py": text})
    return course.exercises["score"], course


def test_the_starter_ends_at_the_docstring(write_course: WriteCourse) -> None:
    exercise, course = exercise_in(write_course, EXERCISE)
    assert sentences(course) == []
    assert exercise.starter == (
        "import torch\n"
        "from jaxtyping import Float\n"
        "from torch import Tensor\n"
        "from workers import lab\n"
        "\n\n"
        'def score(pattern: Float[Tensor, "query key"]) -> Float[Tensor, ""]:\n'
        '    """The mean of the diagonal."""\n'
        '    raise NotImplementedError("Write me: score")\n'
    )


def test_the_solution_is_the_reference_with_what_it_uses(write_course: WriteCourse) -> None:
    exercise, _ = exercise_in(write_course, EXERCISE)
    assert exercise.solution.endswith("    return pattern.diagonal().mean()\n")
    assert "import random" not in exercise.solution  # only checks use it
    assert "check_ones" not in exercise.solution


def test_title_question_hints_and_checks(write_course: WriteCourse) -> None:
    exercise, _ = exercise_in(write_course, EXERCISE)
    assert (exercise.title, exercise.question_md) == ("Score a head", "How much does it look back?")
    assert exercise.hints == ("Look.", "Look closer.", "It is the diagonal.")
    assert exercise.checks == (Check("check_ones", "Ones score 1."),)
    assert (exercise.names, exercise.minutes, exercise.deterministic) == (("score",), 10, False)


def test_helpers_constants_and_functions_without_docstring_are_given(write_course: WriteCourse) -> None:
    given = (
        "# how far back\nDISTANCE = 2\n_SECRET = 7\n\n\n"
        "def _shifted(x):\n    return x - DISTANCE\n\n\n"
        "def given(x):\n    # a comment that stays\n    return _shifted(x)\n\n\ndef score("
    )
    exercise, _ = exercise_in(write_course, EXERCISE.replace("\ndef score(", given, 1))
    assert "# how far back\nDISTANCE = 2\n\n\ndef _shifted(x):" in exercise.starter
    assert "def given(x):\n    # a comment that stays\n    return _shifted(x)\n" in exercise.starter
    assert "_SECRET" not in exercise.starter
    assert exercise.names == ("given", "score")


def test_a_class_is_cut_method_by_method(write_course: WriteCourse) -> None:
    text = EXERCISE.replace(
        "\n\ndef check_ones",
        "\n\nclass Head:\n    size = 3\n\n    def __init__(self):\n        self.n = 1\n\n"
        '    def read(self, x) -> int:\n        """What it reads."""\n        return x\n\n    other = 4\n\n\n'
        "def check_ones",
    )
    exercise, _ = exercise_in(write_course, text)
    cut = exercise.starter[exercise.starter.index("class Head") :]
    assert cut == (
        "class Head:\n    size = 3\n\n    def __init__(self):\n        self.n = 1\n\n"
        '    def read(self, x) -> int:\n        """What it reads."""\n'
        '        raise NotImplementedError("Write me: read")\n\n    other = 4\n'
    )


def test_a_mistake_takes_the_place_of_what_it_names(write_course: WriteCourse) -> None:
    exercise, _ = exercise_in(write_course, EXERCISE)
    (mistake,) = exercise.mistakes
    assert (mistake.target, mistake.doc, mistake.label) == ("score", "You took the sum.", "sum")
    assert "def score(pattern):" in mistake.text
    assert ".mean()" not in mistake.text
    assert "mistake_" not in mistake.text


def test_in_a_mistake_the_name_of_its_target_is_the_reference(write_course: WriteCourse) -> None:
    text = EXERCISE.replace("return pattern.diagonal().sum()", "return score(pattern) * 2  # ⟵ twice")
    exercise, _ = exercise_in(write_course, text)
    (mistake,) = exercise.mistakes
    assert "return reference_score(pattern) * 2  # ⟵ twice" in mistake.text
    names = [node.name for node in ast.parse(mistake.text).body if isinstance(node, ast.FunctionDef)]
    assert names == ["reference_score", "score"]


def test_a_probe_travels_with_what_it_uses_but_never_with_the_answer(write_course: WriteCourse) -> None:
    probe = (
        "\n\n_SIZE = 4\n_PRIVATE = 5\n\n\ndef _square(n):\n    return torch.ones(n, n)\n\n\n"
        "def probe_square(n):\n    return score(_square(_SIZE))\n"
    )
    exercise, course = exercise_in(write_course, EXERCISE + probe)
    assert sentences(course) == []
    sent = exercise.probes["probe_square"]
    assert sent.startswith("import torch\n")
    assert "_SIZE = 4" in sent
    assert "def _square(n):" in sent
    assert "def score" not in sent
    assert "_PRIVATE" not in sent


def test_a_probe_that_would_take_a_check_along_is_named(write_course: WriteCourse) -> None:
    exercise, course = exercise_in(
        write_course, EXERCISE + "\n\ndef probe_it():\n    return check_ones(score)\n"
    )
    assert sentences(course)[0].endswith("probe_it would take check_ones along to the learner's process.")
    assert "Ones score 1" not in exercise.probes["probe_it"]


FORM = '''
"""Which heads?"""

from typing import Literal

HINTS = ["a", "b", "c"]

heads: list[tuple[int, int]] = [(1, 0)]
"""Heads that look back"""
why: Literal["copying", "luck"] = "copying"
loss: float = 0.1
sure: bool = True


def check_heads(answer):
    """They are the right ones."""


def mistake_first_layer__heads():
    """Those are in layer 0."""
    return [(0, 2)]
'''


def test_annotated_constants_make_a_form(write_course: WriteCourse) -> None:
    exercise, course = exercise_in(write_course, FORM)
    assert sentences(course) == []
    assert exercise.is_form
    assert exercise.starter == ""
    assert exercise.fields == (
        Field("heads", "heads", "Heads that look back"),
        Field("why", "choice", "Why", ("copying", "luck")),
        Field("loss", "float", "Loss"),
        Field("sure", "bool", "Sure"),
    )
    assert exercise.solution == '{"heads": [[1, 0]], "why": "copying", "loss": 0.1, "sure": true}'
    assert exercise.mistakes[0].label == "first layer"


def test_the_starter_is_known_again_whatever_its_comments(write_course: WriteCourse) -> None:
    exercise, _ = exercise_in(write_course, EXERCISE)
    assert exercise.is_starter(exercise.starter)
    assert exercise.is_starter("# mine\n" + exercise.starter.replace("\n\n\n", "\n\n\n\n"))
    assert not exercise.is_starter(exercise.solution)
    assert not exercise.is_starter("def score(")


def test_the_picture_of_shapes_goes_from_arguments_over_what_lies_between_to_the_result(
    write_course: WriteCourse,
) -> None:
    text = EXERCISE.replace("HINTS =", 'SHAPES = ["diagonal: pos", "total:"]\nHINTS =')
    exercise, course = exercise_in(write_course, text)
    assert sentences(course) == []
    [flow] = exercise.flows
    assert flow.function == "score"
    assert [(shape.name, shape.axes) for shape in flow.all] == [
        ("pattern", ("query", "key")),
        ("diagonal", ("pos",)),
        ("total", ()),
        ("result", ()),
    ]


def test_what_it_is_for_how_hard_and_where_mistakes_are_mended(write_course: WriteCourse) -> None:
    said = 'PURPOSE = "To *see*."\nWHY = "So."\nDIFFICULTY = 1\nIMPORTANCE = 5\nSTYLE = {"loop": "None."}\n'
    said += 'SEE = {"mistake_sum__score": "score"}\n'
    exercise, course = exercise_in(write_course, EXERCISE.replace("HINTS =", said + "HINTS ="))
    assert sentences(course) == []
    assert (exercise.purpose, exercise.why) == ("To *see*.", "So.")
    assert (exercise.difficulty, exercise.importance) == (1, 5)
    assert (exercise.style, exercise.see) == ({"loop": "None."}, {"mistake_sum__score": "score"})
    assert "PURPOSE" not in exercise.starter + exercise.solution


def test_the_version_is_of_the_file(write_course: WriteCourse) -> None:
    first, _ = exercise_in(write_course, EXERCISE)
    second, _ = exercise_in(write_course, EXERCISE + "\n# changed\n")
    assert len(first.version) == 16
    assert first.version != second.version


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"""Score a head\n\nHow much does it look back?\n"""', "", "1: Begin the file with a docstring: "),
        ('["Look.", ', "[", "14: HINTS needs three rungs, the last all but says it; it has 2."),
        ('["Look.", ', '["", ', "14: HINTS needs three rungs, the last all but says it; it has 3."),
        ("HINTS =", "MINUTES = 0\nHINTS =", "14: MINUTES has to be at least 1."),
        ("HINTS =", "CONCEPTS = [1]\nHINTS =", "14: CONCEPTS has to be a list of strings."),
        ("HINTS =", "USES = hints()\nHINTS =", "14: USES has to be a plain list."),
        ("HINTS =", "DIFFICULTY = 6\nHINTS =", "14: DIFFICULTY has to be 1 to 5."),
        ("HINTS =", "IMPORTANCE = 'much'\nHINTS =", "14: IMPORTANCE has to be a plain int."),
        ("HINTS =", 'SHAPES = ["scores"]\nHINTS =', "14: SHAPES has lines like `scores: head query key`, "),
        ("HINTS =", "STYLE = {'loop': 1}\nHINTS =", "14: STYLE has to map texts to texts."),
        ("HINTS =", "SEE = {'mistake_x': 'y'}\nHINTS =", "14: SEE speaks of mistake_x, which is no mistake "),
        ("import random", "import app.models", "6: An exercise cannot import app.models: "),
        ("from workers import lab", "from workers import wire", "12: An exercise cannot import workers: "),
        ('    """Ones score 1."""\n', "", "22: check_ones needs a docstring "),
        (
            "check_ones(answer)",
            "check_ones(answer, seed)",
            "22: check_ones has to be a function of `answer` ",
        ),
        ('    """You took the sum."""\n', "", "27: mistake_sum__score needs a docstring: "),
        ("mistake_sum__score", "mistake_sum", "27: mistake_sum has to end in `__` and the name of what "),
        ("mistake_sum__score", "helper", "27: helper stands below the first check: "),
        ('    """The mean of the diagonal."""\n', "", "17: Nothing is to be written here: "),
        (' -> Float[Tensor, ""]', "", "17: score needs a return annotation: "),
        ("def check_ones", "def _check_ones", "1: There is no check_ function: "),
        ("def score", "def _score", "1: There is nothing to answer: "),
        ("return pattern.diagonal().mean()", "return pattern.", "19: This is not Python: "),
    ],
)
def test_what_an_author_has_to_mend_is_named(
    old: str, new: str, sentence: str, write_course: WriteCourse
) -> None:
    course = write_course(
        {"lesson.md": FRONT + "\n[It](score.py)\n", "score.py": EXERCISE.replace(old, new, 1)}
    )
    found = sentences(course)
    assert any(each.startswith(f"score.py:{sentence}") for each in found), found


def test_a_form_asks_only_for_what_it_can_show(write_course: WriteCourse) -> None:
    _, course = exercise_in(write_course, FORM.replace("loss: float", "loss: complex"))
    assert sentences(course) == [
        "score.py:10: A form cannot ask for complex: see the kinds in `app.lessons`."
    ]


def test_a_forms_right_value_is_written_out(write_course: WriteCourse) -> None:
    _, course = exercise_in(write_course, FORM.replace("= 0.1", "= 1 / 10"))
    assert sentences(course) == ["score.py:10: The value of loss has to be written out."]
