"""A lesson as a notebook or a program to take along, and a notebook that comes back in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, Response

from app import jupyter, pages
from app.guard import find_lesson
from app.jupyter import Change
from app.mentoring.beside import beside
from app.people import throttle
from app.visitors import Db, Doer, Member, Sent, Viewer

router = APIRouter()

_LONGEST = 400  # lines of a text that are still compared line by line: to compare costs their square
_TEXT = "text-"  # what the fields of the texts are called, before the name of their cell


@router.get("/notebooks/lab.zip", name="take_lab")
def take_lab() -> FileResponse:
    """The lab with its models, for notebooks elsewhere: what any learner's cell may import anyhow."""
    packed = jupyter.packed_lab()
    return FileResponse(packed, media_type="application/zip", filename=packed.name)


@router.get("/lessons/{lesson}/notebook.ipynb", name="take_notebook")
def take_notebook(lesson: str, session: Db, learner: Viewer, outputs: bool = True) -> Response:
    """The lesson with the reader's own texts, for Jupyter."""
    text = jupyter.notebook(session, learner, find_lesson(lesson), outputs)
    return _file(f"{lesson}.ipynb", "application/x-ipynb+json", text)


@router.get("/lessons/{lesson}/notebook.py", name="take_script")
def take_script(lesson: str, session: Db, learner: Viewer) -> Response:
    """The same as a Python program in cells."""
    return _file(f"{lesson}.py", "text/x-python", jupyter.script(session, learner, find_lesson(lesson)))


def _file(name: str, kind: str, text: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(text.encode(), media_type=f"{kind}; charset=utf-8", headers=headers)


@router.get("/lessons/{lesson}/notebook", name="show_notebook", response_class=HTMLResponse)
def show_notebook(lesson: str, request: Request, session: Db, learner: Viewer) -> HTMLResponse:
    """Take it along, bring it in, undo what was brought in last."""
    found = find_lesson(lesson)
    brought = jupyter.last_brought(session, learner, found) if learner else None
    return pages.render(request, "lessons/notebook.html", lesson=found, brought=brought)


@router.post("/lessons/{lesson}/notebook", name="look_at_notebook", response_class=HTMLResponse)
def look_at_notebook(
    lesson: str, request: Request, session: Db, learner: Doer, file: Annotated[UploadFile, File()]
) -> HTMLResponse:
    """What a notebook would change in the learner's cells. Nothing is changed yet, and nothing is run."""
    throttle.check(throttle.WRITE, str(learner.id))
    found = find_lesson(lesson)
    texts, left_out = jupyter.read(file.file.read(jupyter.MAX_NOTEBOOK + 1), found)
    changes = jupyter.propose(session, learner, found, texts)
    return pages.render(
        request,
        "lessons/bring.html",
        lesson=found,
        changes=[(change, _compared(change)) for change in changes],
        same=len(texts) - len(changes),
        left_out=left_out,
        prefix=_TEXT,
    )


def _compared(change: Change) -> tuple[object, object]:
    """Both texts as lines, with what differs; of very long ones nothing is marked."""
    texts = (change.before, change.after)
    if max(text.count("\n") for text in texts) > _LONGEST:
        before, after = ([(line, False) for line in text.split("\n")] for text in texts)
        return before, after
    return beside(*texts)


@router.post("/lessons/{lesson}/notebook/texts", name="bring_notebook")
def bring_notebook(lesson: str, request: Request, session: Db, learner: Doer, fields: Sent) -> Response:
    """Take the texts of the chosen cells into the lesson; what stood there is set aside."""
    found = find_lesson(lesson)
    chosen = [name.removeprefix("take-") for name in fields if name.startswith("take-")]
    texts = {cell: fields[_TEXT + cell] for cell in chosen if _TEXT + cell in fields}
    changed = jupyter.bring_in(session, learner, found, texts)
    say = f"{_cells(changed)} the text of your notebook now. What stood there is kept."
    return pages.redirect(request, f"/lessons/{found.slug}/notebook", say)


@router.post("/lessons/{lesson}/notebook/undo", name="undo_notebook")
def undo_notebook(lesson: str, request: Request, session: Db, learner: Member) -> Response:
    """Give the cells the texts that they had before the notebook came in."""
    found = find_lesson(lesson)
    cells = jupyter.undo(session, learner, found)
    say = (
        f"{_cells(cells)} its earlier text again."
        if len(cells) == 1
        else f"{_cells(cells)} their earlier texts again."
    )
    return pages.redirect(request, f"/lessons/{found.slug}/notebook", say)


def _cells(names: list[str]) -> str:
    return "One cell has" if len(names) == 1 else f"{len(names)} cells have"
