"""The 80 % check of a step: own solutions beside ours, marks, and what checks one mark in three."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.learning import understanding
from app.lessons import course
from app.mentoring.beside import beside
from app.people import throttle
from app.teaching import sittings
from app.visitors import Db, Doer, Viewer

router = APIRouter(prefix="/understanding/{node}")


@router.get("", name="show_understanding", response_class=HTMLResponse)
def show_understanding(node: str, request: Request, session: Db, learner: Viewer) -> HTMLResponse:
    """All solutions of the step, and both counts."""
    found = understanding.of(session, learner, node)
    return pages.render(request, "understanding/step.html", understanding=found, lessons=course().lessons)


@router.get("/{exercise}", name="compare_solution", response_class=HTMLResponse)
def compare_solution(node: str, exercise: str, request: Request, session: Db, learner: Viewer) -> Response:
    """One solution beside the learner's own; a closed one leads to its exercise."""
    found = understanding.of(session, learner, node)
    solution = found.of(exercise)
    sittings.check_open(session, learner, exercise)
    if learner is None or not solution.open:
        where = f"/lessons/{solution.exercise.lesson}#cell-{exercise}"
        return pages.redirect(request, where, "Try it first: then its solution can be compared with yours.")
    mine, ours = beside(understanding.own(session, learner, solution.exercise), solution.exercise.solution)
    return pages.render(
        request, "understanding/solution.html", understanding=found, solution=solution, mine=mine, ours=ours
    )


@router.post("/{exercise}", name="mark_understood")
def mark_understood(
    node: str,
    exercise: str,
    request: Request,
    session: Db,
    learner: Doer,
    understood: Annotated[Literal["yes", "no"], Form()],
) -> Response:
    """Mark a solution as understood, which may ask something first, or take the mark away."""
    throttle.check(throttle.WRITE, str(learner.id))
    change = understanding.mark if understood == "yes" else understanding.unmark
    solution = change(session, learner, node, exercise)
    where = "#item" if solution.item else "#mark"
    return pages.redirect(request, f"/understanding/{node}/{exercise}{where}")


@router.post("/{exercise}/answer", name="answer_item")
def answer_item(
    node: str,
    exercise: str,
    request: Request,
    session: Db,
    learner: Doer,
    choice: Annotated[str, Form()] = "",
) -> Response:
    """Say what the variant would do."""
    throttle.check(throttle.WRITE, str(learner.id))
    understanding.answer(session, learner, node, exercise, choice)
    return pages.redirect(request, f"/understanding/{node}/{exercise}#mark")
