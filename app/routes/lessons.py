"""A lesson's page, the texts typed into it, the bets placed on it, and its one stream of events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from app import pages
from app.guard import find_cell, find_lesson
from app.learning import activity, checklist, desk, drafts, given, proof
from app.learning.activity import Kind
from app.lessons import Prose, course
from app.teaching import deadlines
from app.visitors import Db, Doer, Member, Viewer, is_htmx

router = APIRouter(prefix="/lessons/{lesson}")


@router.get("", name="show_lesson", response_class=HTMLResponse)
def show_lesson(
    lesson: str, request: Request, session: Db, learner: Viewer, stuck: str = "", back: str = ""
) -> HTMLResponse:
    """The lesson with everything the learner has done in it. A newcomer's visit leaves no trace.

    `back` names the exercise they came from, to mend a mistake.
    """
    found = find_lesson(lesson)
    table = desk.of(session, learner, found)
    page = pages.render(
        request,
        "lessons/lesson.html",
        lesson=found,
        desk=table,
        node=course().path.home(found.slug),
        proof=proof.of(session, learner, found),
        stuck=stuck,
        back=course().exercises.get(back),
        due=deadlines.in_lesson(deadlines.of_learner(session, learner), found),
    )
    if learner:  # last, as others can't write from here on until this request is over
        desk.opened(session, learner, found)
    return page


@router.get("/test-out", name="show_test_out", response_class=HTMLResponse)
def show_test_out(lesson: str, request: Request, session: Db, learner: Viewer) -> Response:
    """Only what proves the lesson, its prose folded away. Answers are the same attempts as in the lesson."""
    found = find_lesson(lesson)
    if not found.test_out:
        return pages.redirect(request, f"/lessons/{lesson}")
    page = pages.render(
        request,
        "lessons/test_out.html",
        lesson=found,
        parts=_parts(desk.of(session, learner, found)),
        node=course().path.home(found.slug),
        proof=proof.of(session, learner, found),
    )
    if learner:
        desk.opened(session, learner, found)
    return page


def _parts(table: desk.Desk) -> Iterator[tuple[list[Prose], desk.Place]]:
    """Each exercise that proves the lesson, with the prose that comes before it."""
    before: list[Prose] = []
    for part in table:
        if isinstance(part, Prose):
            before.append(part)
        elif part.id in table.lesson.test_out:
            yield before, part
            before = []


@router.post("/checklist/{key}", name="tick")
def tick(lesson: str, key: str, request: Request, session: Db, learner: Doer) -> Response:
    """Tick an item of the checklist that only the learner can judge, or take the tick away."""
    checklist.tick(session, learner, lesson, key)
    if not is_htmx(request):
        return pages.redirect(request, f"/lessons/{lesson}#checklist")
    shown = proof.of(session, learner, find_lesson(lesson))
    return pages.render(request, "lessons/lesson.html", "checklist", proof=shown)


@router.api_route("/cells/{cell}/draft", methods=["POST", "PUT"], name="save_draft")
def save_draft(
    lesson: str, cell: str, session: Db, learner: Doer, text: Annotated[str, Form()] = ""
) -> Response:
    """Keep what is being typed."""
    drafts.save(session, learner, lesson, cell, text)
    return Response(status_code=204)


@router.post("/cells/{cell}/reset", name="reset_draft")
def reset_draft(lesson: str, cell: str, request: Request, session: Db, learner: Doer) -> Response:
    """Back to the lesson's own text; the learner's is set aside, and a script can bring it back at once."""
    text = drafts.reset(session, learner, lesson, cell)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"text": text})
    return pages.redirect(
        request, f"/lessons/{lesson}#cell-{cell}", "The lesson's own text is back; yours is kept."
    )


@router.post("/foundations", name="use_ours")
def use_ours(
    lesson: str,
    request: Request,
    session: Db,
    learner: Doer,
    exercise: Annotated[str, Form()] = "",
    on: Annotated[str, Form()] = "",
) -> Response:
    """Take our answer to an exercise that this lesson, or one exercise of it (`on`), stands on.

    If none is named, to all that are missing.
    """
    found = find_lesson(lesson)
    for wanted in [exercise] if exercise else given.missing(session, learner, found, on):
        given.take_ours(session, learner, wanted, found)
    session.flush()
    if not is_htmx(request):
        to = f"/lessons/{lesson}#{f'cell-{on}' if on else 'stands-on'}"
        return pages.redirect(request, to, "Ours stands in for now. Yours takes its place once it passes.")
    shown = proof.of(session, learner, found)  # the drawing has other colours now
    if on:
        place = desk.place(session, learner, found, find_cell(found, on).id)
        return pages.render(request, "attempts/help.html", "builds_on", place=place, proof=shown)
    table = desk.of(session, learner, found)
    return pages.render(
        request,
        "lessons/lesson.html",
        "foundations",
        lesson=found,
        desk=table,
        proof=shown,
        ours_taken=True,
    )


@router.post("/cells/{cell}/prediction", name="predict")
def predict(
    lesson: str,
    cell: str,
    request: Request,
    session: Db,
    learner: Doer,
    choice: Annotated[str, Form()] = "",
    value: Annotated[str, Form()] = "",
    confidence: Annotated[int, Form()] = 70,
) -> Response:
    """Place the bet that a cell asks for before it shows anything."""
    activity.predict(session, learner, lesson, cell, choice or value, confidence)
    session.flush()
    if not is_htmx(request):
        return pages.redirect(
            request, f"/lessons/{lesson}#cell-{cell}", "Your bet is placed. Now run the cell."
        )
    place = desk.place(session, learner, find_lesson(lesson), cell)
    answer = pages.render(request, "runs/run.html", "output", place=place, nudge=False)
    if not place.is_exercise:
        answer.headers["hx-trigger"] = f'{{"bet-placed": {{"cell": "{place.id}"}}}}'
    return answer


@router.post("/cells/{cell}/guess", name="guess_token")
def guess_token(
    lesson: str,
    cell: str,
    session: Db,
    learner: Member,
    token: Annotated[int, Form(ge=0, le=10_000)],
    query: Annotated[int, Form(ge=0, le=10_000)],
    head: Annotated[str, Form(max_length=20)],
    right: Annotated[str, Form(max_length=1)] = "",
) -> Response:
    """Note which token the learner thought a head was reading."""
    block = find_cell(find_lesson(lesson), cell)
    guess = {"token": token, "query": query, "head": head, "right": bool(right)}
    activity.log(session, learner, Kind.GUESSED, lesson, block.id, **guess)
    return Response(status_code=204)
