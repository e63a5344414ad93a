"""The mentor's desk: their cohorts, learners × exercises, and who is waiting for an answer."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import attempts, cohorts, editions, oversight, pages, progress, proof, threads
from app.lessons import course
from app.visitors import Db, Mentor

router = APIRouter(prefix="/mentor")


@router.get("", name="show_desk", response_class=HTMLResponse)
def show_desk(request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """Who waits for an answer, and the cohorts; for an admin also those who are in none."""
    return pages.render(
        request,
        "mentor/desk.html",
        waiting=threads.open_for_mentor(session, mentor),
        listed=cohorts.seen_by(session, mentor),
        alone=progress.board(session, oversight.alone()) if mentor.admin else None,
    )


@router.get("/cohorts/{cohort_id}", name="show_cohort", response_class=HTMLResponse)
def show_cohort(cohort_id: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """The learners of one cohort on one page: passed, failed, not tried, asking."""
    cohort = cohorts.find(session, mentor, cohort_id)
    editions.read_as_cohort(session, cohort)
    return pages.render(
        request,
        "mentor/cohort.html",
        cohort=cohort,
        board=progress.board(session, cohorts.learners(cohort)),
        waiting=threads.open_for_mentor(session, mentor, cohort),
    )


@router.get("/learners/{learner_id}", name="show_learner", response_class=HTMLResponse)
def show_learner(learner_id: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """One learner: every attempt handed in, and every question asked."""
    learner = oversight.learner(session, mentor, learner_id)
    editions.read_as(session, learner)
    row = progress.row(session, learner)
    asked = [
        thread
        for lesson in course().lessons
        for on_cell in threads.of_lesson(session, learner, lesson).values()
        for thread in on_cell
    ]
    return pages.render(
        request,
        "mentor/learner.html",
        row=row,
        lessons=proof.shown_to_mentor(row.statuses),
        exercises_known=course().exercises,
        handed_in=attempts.of_learner(session, learner),
        asked=asked,
    )
