"""The mentor's desk: their cohorts, learners × exercises, and who is waiting for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.guard import find_exercise
from app.learning import progress, proof, worktime
from app.lessons import course
from app.mentoring import dashboard, outcomes, signoffs, threads, timeline
from app.people import cohorts, oversight
from app.teaching import deadlines, editions, explaining
from app.visitors import Db, Mentor, is_htmx

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
def show_cohort(
    cohort_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    sort: str = "",
    opened: Annotated[Sequence[str], Query(alias="open")] = (),
    everything: Annotated[Sequence[str], Query(alias="all")] = (),
    seen: str = "",
) -> Response:
    """A cohort's dashboard. The page asks for it every few seconds; what it has `seen` is not sent again."""
    cohort = cohorts.find(session, mentor, cohort_id)
    oversight.looked_at(session, mentor, cohort)
    editions.read_as_cohort(session, cohort)
    stamp = dashboard.stamp(session, cohort)
    if seen == stamp and is_htmx(request):
        return Response(status_code=204)
    view = dashboard.View.of(sort, opened, everything)
    unsettled = threads.open_for_mentor(session, mentor, cohort)
    board = dashboard.of(session, cohort, unsettled, view)
    return pages.render(request, "mentor/cohort.html", "dashboard", cohort=cohort, board=board, stamp=stamp)


@router.get("/cohorts/{cohort_id}/exercises/{exercise}", name="show_outcomes", response_class=HTMLResponse)
def show_outcomes(
    cohort_id: UUID, exercise: str, request: Request, session: Db, mentor: Mentor, of: str = ""
) -> HTMLResponse:
    """How a cohort fares with one exercise, and the attempts behind each number."""
    cohort = cohorts.find(session, mentor, cohort_id)
    oversight.looked_at(session, mentor, cohort)
    editions.read_as_cohort(session, cohort)
    known = find_exercise(exercise)
    found = outcomes.of(session, cohort, known)
    behind = found.behind(of)
    return pages.render(
        request, "mentor/outcomes.html", cohort=cohort, exercise=known, found=found, of=of, behind=behind
    )


@router.get("/learners/{learner_id}", name="show_learner", response_class=HTMLResponse)
def show_learner(
    learner_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    exercise: str = "",
    lesson: str = "",
    before: UUID | None = None,
) -> HTMLResponse:
    """One learner: where they stand, and everything they handed in, asked and opened, the newest first."""
    learner = oversight.learner(session, mentor, learner_id)
    editions.read_as(session, learner)
    row = progress.row(session, learner)
    found = timeline.of(session, learner, timeline.Place(lesson, exercise), before)
    return pages.render(
        request,
        "mentor/learner.html",
        row=row,
        lessons=proof.shown_to_mentor(row.statuses),
        groups=dashboard.groups(),
        exercises_known=course().exercises,
        lessons_known=course().lessons,
        time=worktime.of(session, learner),
        found=found,
        milestones=explaining.of(session, learner, row.statuses),
        due=deadlines.shown_to(session, mentor, learner),
        signed=signoffs.by_cell(session, learner.id),
    )
