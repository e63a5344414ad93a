"""A lesson as a notebook and as a program: valid, with one's own texts and what they showed, and it runs."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from sqlalchemy.orm import Session

from app import jupyter
from app.config import ROOT, settings
from app.learning import attempts, drafts
from app.lessons import Lesson, course
from app.models import Ending, Output, Run, RunKind, State, User
from app.running import leases, runs

Change = Callable[..., None]
FIGURE = {"figure": {"data": [{"type": "bar", "y": [1, 2]}], "layout": {}}, "title": "Bars"}


def taken(session: Session, learner: User | None, lesson: Lesson, **options: bool) -> Any:
    return nbformat.reads(jupyter.notebook(session, learner, lesson, **options), as_version=4)


def cell(notebook: Any, name: str) -> Any:
    return next(one for one in notebook.cells if one.metadata.unembed.get("cell") == name)


def ran(session: Session, user: User, name: str, outputs: list[tuple[str, dict[str, Any]]]) -> Run:
    run = runs.submit(session, user, "counting", name, {})
    session.flush()
    claimed = leases.claim(session, run.id)
    assert claimed is not None
    shown = [leases.Shown(kind, data) for kind, data in outputs]
    recorded = leases.record(session, run.id, claimed.nonce, leases.Result(Ending.OK, outputs=shown))
    assert recorded is not None
    return recorded


def test_every_lesson_of_the_course_is_a_valid_notebook_for_nobody(session: Session) -> None:
    for lesson in course().lessons.values():
        notebook = taken(session, None, lesson)
        nbformat.validate(notebook)
        names = [one.metadata.unembed["cell"] for one in notebook.cells if "cell" in one.metadata.unembed]
        assert names == [block.id for block in lesson.cells()]


def test_ones_own_texts_are_in_it_and_elsewhere_the_starter(
    session: Session, ada: User, ben: User, lesson: Lesson
) -> None:
    drafts.save(session, ada, "counting", "one", "x = 41")
    drafts.save(session, ada, "counting", "double", "def double(x):\n    return x + x\n")
    mine, his = taken(session, ada, lesson), taken(session, ben, lesson)
    assert cell(mine, "one").source == "x = 41"
    assert cell(mine, "double").source == "def double(x):\n    return x + x\n"
    assert cell(mine, "two").source == lesson.cell("two").source
    assert cell(his, "double").source == lesson.cell("double").starter


def test_prose_and_questions_are_markdown_and_links_lead_to_the_site(session: Session) -> None:
    lesson = course().lessons["induction-circuit"]
    text = "\n".join(one.source for one in taken(session, None, lesson).cells if one.cell_type == "markdown")
    assert f"]({settings().url}/lessons/" in text
    assert "lesson.md" not in text
    assert all(exercise.title in text for exercise in lesson.exercises())


def test_what_was_shown_is_kept_as_text_and_as_plotlys_json(
    session: Session, ada: User, lesson: Lesson
) -> None:
    shown = [("text", {"stream": "stdout", "text": "hello\n"}), ("figure", FIGURE), ("result", {"text": "2"})]
    ran(session, ada, "two", shown)
    text, figure, result = cell(taken(session, ada, lesson), "two").outputs
    assert (text.output_type, text.name, text.text) == ("stream", "stdout", "hello\n")
    assert figure.data["application/vnd.plotly.v1+json"] == FIGURE["figure"]
    assert figure.data["text/plain"] == "Bars"
    assert result.data["text/plain"] == "2"
    assert cell(taken(session, ada, lesson, outputs=False), "two").outputs == []


def test_nothing_is_shown_of_another_text(session: Session, ada: User, lesson: Lesson) -> None:
    ran(session, ada, "two", [("result", {"text": "2"})])
    drafts.save(session, ada, "counting", "two", "y = 3\ny")
    assert cell(taken(session, ada, lesson), "two").outputs == []


def test_every_kind_of_output_that_the_lab_makes_is_valid(
    session: Session, ada: User, lesson: Lesson
) -> None:
    from workers import lab

    views = [
        lab.attention(["a", "b"], [[[1.0, 0.0], [0.5, 0.5]]]),
        lab.tokens(["a", "b"], [0.1, 0.2]),
        lab.leaderboard([[0.1, 0.9]]),
        lab.beside(lab.line([1.0, 2.0]), lab.line([1.0, 3.0])),
        lab.slider([1, 2], lambda step: lab.line([float(step), 2.0])),
    ]
    made = [lab_output for view in views if (lab_output := _described(view))]
    error = {"type": "ValueError", "message": "no", "traceback": "Traceback\n  …"}
    ran(session, ada, "two", [*made, ("error", error), ("notice", {"text": "n"}), ("odd", {})])
    outputs = cell(taken(session, ada, lesson), "two").outputs
    assert len(outputs) >= len(made) + 3
    assert sum("application/vnd.plotly.v1+json" in one.get("data", {}) for one in outputs) == 3


def _described(view: Any) -> tuple[str, dict[str, Any]]:
    from workers.lab.display import describe

    output = describe(view)
    assert output is not None
    return output.pop("kind"), output


def test_too_much_stays_behind_and_that_is_said(session: Session, ada: User, lesson: Lesson) -> None:
    big = {"figure": {"data": [{"type": "bar", "y": [0.5] * 1_000_000}], "layout": {}}, "title": "Big"}
    run = Run(outputs=[Output(kind="result", data={"text": "1"}), Output(kind="figure", data=big)])
    kept, said = jupyter.shown(run)
    assert kept.data["text/plain"] == "1"
    assert "too large" in said.text


def test_the_answers_that_a_lesson_stands_on_are_above_it(session: Session, ada: User) -> None:
    lesson = next(one for one in course().lessons.values() if course().foundation(one))
    first, *others = course().foundation(lesson)
    passed(session, ada, first, "def mine(): pass\n")
    above = [one for one in taken(session, ada, lesson).cells if one.metadata.unembed.kind == "above"]
    assert [one.metadata.unembed.exercise for one in above] == [first, *others]
    assert above[0].source == "def mine(): pass\n"
    told = next(one for one in taken(session, ada, lesson).cells if one.id == "stands-on").source
    assert all(course().exercises[one].title in told for one in others)
    assert course().exercises[first].title not in told


def passed(session: Session, user: User, exercise: str, answer: str) -> None:
    known = course().exercises[exercise]
    run = Run(
        user_id=user.id, kind=RunKind.GRADE, lesson=known.lesson, cell=exercise, chain=[], chain_hash=""
    )
    run.fingerprint, run.seed, run.state, run.queued_at = "", 0, State.DONE, user.created_at
    attempt = attempts.Attempt(user_id=user.id, lesson=known.lesson, exercise=exercise, number=1, run=run)
    attempt.exercise_version, attempt.answer, attempt.verdict = known.version, answer, attempts.Word.PASSED
    session.add(attempt)
    session.flush()


def test_the_program_has_the_same_cells_and_is_python(session: Session, ada: User, lesson: Lesson) -> None:
    drafts.save(session, ada, "counting", "one", "%timeit 1\nx = 41")
    text = jupyter.script(session, ada, lesson)
    ast.parse(text)
    assert "# %% one\n# %timeit 1\nx = 41" in text
    assert "# %% [markdown]\n# We begin with one." in text


def test_the_lab_goes_along_whole_and_without_the_rest_of_the_site(tmp_path: Path) -> None:
    with zipfile.ZipFile(jupyter.packed_lab()) as packed:
        packed.extractall(tmp_path)
        names = packed.namelist()
    assert not [name for name in names if name.startswith(("app/", "workers/examiner", "workers/runner"))]
    program = (
        "import workers, sys; from workers import lab; lab.load('attn-only-1l'); print(workers.__file__)"
    )
    said = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path[:] = [{str(tmp_path)!r}] + "
         f"[p for p in sys.path if p != {str(ROOT)!r}]; {program}"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert said.stdout.strip().startswith(str(tmp_path))


@pytest.mark.slow
def test_a_lesson_runs_in_a_fresh_kernel_of_jupyter(session: Session, ada: User, tmp_path: Path) -> None:
    """With every exercise solved, and with the lab as a zip beside it, as on a machine without the site."""
    lesson = course().lessons["attention"]
    for exercise in lesson.exercises():
        if not exercise.is_form:
            drafts.save(session, ada, lesson.slug, exercise.id, exercise.solution)
    for one in course().foundation(lesson):
        passed(session, ada, one, course().exercises[one].solution)
    notebook = taken(session, ada, lesson)
    notebook.cells.append(nbformat.v4.new_code_cell("import workers\nprint(workers.__file__)"))
    shutil.copy(jupyter.packed_lab(), tmp_path)
    nbclient.NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    folder = tmp_path / f"unembed-lab-{jupyter.lab_version()}"
    assert notebook.cells[-1].outputs[0].text.strip() == str(folder / "workers" / "__init__.py")
    outputs = [output for one in notebook.cells if one.cell_type == "code" for output in one.outputs]
    assert any("application/vnd.plotly.v1+json" in output.get("data", {}) for output in outputs)
    nbformat.validate(notebook)
