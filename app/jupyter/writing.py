"""A lesson with one's own code, as a notebook for Jupyter and as a program with the same cells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sqlalchemy.orm import Session

from app.config import settings
from app.jupyter import packing
from app.jupyter.outputs import MOST, shown
from app.learning import drafts, given
from app.lessons import Block, Cell, Exercise, Lesson, Prose, course
from app.models import Run, User
from app.running import runs

OURS = "unembed"  # the key of our own notes, in the metadata of a notebook and of its cells
_PAGE = re.compile(r"\]\(\.\./([\w-]+)/lesson\.md(#[\w-]+)?\)")


def notebook(session: Session, learner: User | None, lesson: Lesson, outputs: bool = True) -> str:
    """The lesson as the text of an .ipynb, valid by nbformat: with the learner's texts (for nobody, as it
    was written), and with what their newest runs of these very texts have shown.
    """
    mine = _Mine.of(session, learner, lesson, outputs)
    made = new_notebook(cells=list(_cells(lesson, mine)), metadata=_metadata(lesson))
    nbformat.validate(made)
    return nbformat.writes(made) + "\n"


def script(session: Session, learner: User | None, lesson: Lesson) -> str:
    """The same as a Python program in cells (`# %%`), as VS Code, Spyder and Jupytext read them."""
    mine = _Mine.of(session, learner, lesson, outputs=False)
    return "\n".join(_marked(cell) for cell in _cells(lesson, mine))


@dataclass
class _Mine:
    """What one learner has to put into it."""

    texts: Mapping[str, str]
    above: Mapping[str, str] = field(default_factory=dict)  # exercises of other lessons that it stands on
    missing: tuple[str, ...] = ()  # those of them that are neither passed nor looked up
    runs: Mapping[str, Run] = field(default_factory=dict)
    room: int = MOST

    @classmethod
    def of(cls, session: Session, learner: User | None, lesson: Lesson, outputs: bool) -> _Mine:
        known = course()
        wanted = known.foundation(lesson)
        if learner is None:
            blocks = (block for block in lesson.blocks if not isinstance(block, Prose))
            starters = {one: known.exercises[one].starter for one in wanted}
            return cls({block.id: drafts.initial(block) for block in blocks}, starters, wanted)
        there = {link["cell"]: link["text"] for link in given.Given.of(session, learner).under(wanted)}
        return cls(
            texts=drafts.texts(session, learner, lesson),
            above={one: there.get(one, known.exercises[one].starter) for one in wanted},
            missing=tuple(one for one in wanted if one not in there),
            runs=runs.latest(session, learner, lesson.slug) if outputs else {},
        )

    def outputs(self, cell: str) -> list[Any]:
        """What the newest run of this text has shown; nothing of another text."""
        run = self.runs.get(cell)
        if run is None or not run.state.over or run.chain[-1]["text"] != self.texts[cell]:
            return []
        found = list(shown(run, self.room))
        self.room -= len(json.dumps(found))
        return found


def _cells(lesson: Lesson, mine: _Mine) -> Iterator[Any]:
    yield _markdown("title", f"# {lesson.title}\n\n{lesson.summary}\n\n{_whence(lesson)}")
    yield _code("set-up", _set_up(), kind="set-up")
    if mine.above:
        yield _markdown("stands-on", _stands_on(mine))
        for exercise, text in mine.above.items():
            yield _code(f"above-{exercise}"[:64], text, kind="above", exercise=exercise)
    for number, block in enumerate(lesson.blocks):
        yield from _block(block, number, mine)


def _block(block: Block, number: int, mine: _Mine) -> Iterator[Any]:
    if isinstance(block, Prose):
        yield _markdown(f"prose-{number}", _linked(block.markdown))
        return
    if isinstance(block, Exercise):
        yield _markdown(f"question-{number}", _linked(_question(block, mine.texts[block.id])))
    if isinstance(block, Cell) or not block.is_form:
        kind = "cell" if isinstance(block, Cell) else "exercise"
        yield _code(block.id, mine.texts[block.id], mine.outputs(block.id), kind=kind, cell=block.id)


def _question(exercise: Exercise, text: str) -> str:
    said = f"### {exercise.title}\n\n{exercise.question_md}"
    if not exercise.is_form:
        return said
    values = _values(text)
    lines = [f"- {one.label or one.name}: **{values.get(one.name) or '…'}**" for one in exercise.fields]
    return "\n".join([said, "", *lines, "", "This one is filled in on the site."])


def _values(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _stands_on(mine: _Mine) -> str:
    said = "What this lesson stands on: your own answers to earlier exercises."
    titles = [f"“{course().exercises[one].title}”" for one in mine.missing]
    if not titles:
        return said
    rest = f"Not passed yet, so only begun below: {', '.join(titles)}. Cells that use them fail until then."
    return f"{said}\n\n{rest}"


def _whence(lesson: Lesson) -> str:
    return (
        f"Taken from [Unembed]({settings().url}/lessons/{lesson.slug}). Exercises are judged there; this "
        "notebook can be brought back in at the foot of the lesson."
    )


def _set_up() -> str:
    """The first cell: the packages at the versions of the site, and the lab from there or from beside it."""
    pins = " ".join(packing.requirements())
    name = f"unembed-lab-{packing.lab_version()}"
    return f'''# The packages that this course is written for, and its lab; {name}.zip may lie beside this.
%pip install --quiet {pins}
import io, pathlib, sys, urllib.request, zipfile

LAB = "{settings().url}/notebooks/lab.zip"
folder, beside = pathlib.Path("{name}"), pathlib.Path("{name}.zip")
if not folder.exists():
    packed = beside.read_bytes() if beside.exists() else urllib.request.urlopen(LAB).read()
    zipfile.ZipFile(io.BytesIO(packed)).extractall(folder)
sys.path.insert(0, str(folder.resolve()))

import torch
from workers import lab
from workers.lab import in_jupyter

in_jupyter.begin()'''


def _linked(markdown: str) -> str:
    """Links between lessons lead to the site."""
    return _PAGE.sub(rf"]({settings().url}/lessons/\1\2)", markdown)


def _markdown(cell_id: str, text: str) -> Any:
    return new_markdown_cell(text, id=cell_id, metadata={OURS: {"kind": "prose"}})


def _code(cell_id: str, text: str, outputs: list[Any] | None = None, **notes: str) -> Any:
    return new_code_cell(text, id=cell_id, outputs=outputs or [], metadata={OURS: notes})


def _metadata(lesson: Lesson) -> dict[str, Any]:
    return {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
        OURS: {"lesson": lesson.slug, "title": lesson.title},
    }


# ── as a program ────────────────────────────────────────────────────────────


def _marked(cell: Any) -> str:
    """One cell as text: prose as comments, what only a notebook understands as a comment, too."""
    if cell.cell_type == "markdown":
        lines = (f"# {line}".rstrip() for line in cell.source.split("\n"))
        return "\n".join(["# %% [markdown]", *lines, ""])
    notes = cell.metadata[OURS]
    name = notes.get("cell") or notes.get("exercise") or notes["kind"]
    return f"# %% {name}\n{re.sub(r'^%', '# %', cell.source, flags=re.M)}\n"
