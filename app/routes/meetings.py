"""Before the 1:1: the learner's check-in and goals, and the page that their mentor reads."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.learning import pace
from app.lessons import course
from app.mentoring import brief, handover, meetings
from app.models import User
from app.people import oversight
from app.teaching import editions
from app.visitors import Db, Member, Mentor, is_htmx

router = APIRouter()

Text = Annotated[str, Form()]


# ---- the learner's own page


@router.get("/check-in", name="show_check_in", response_class=HTMLResponse)
def show_check_in(request: Request, session: Db, learner: Member) -> HTMLResponse:
    """Three lines for the mentor, the goals, and the check-ins of earlier weeks."""
    written = meetings.open_check_in(session, learner)
    return pages.render(
        request,
        "accounts/check_in.html",
        written=written,
        earlier=[one for one in meetings.check_ins(session, learner) if one is not written],
        goals=meetings.goals(session, learner),
        together=meetings.in_a_cohort(session, learner),
    )


@router.post("/check-in", name="check_in")
def check_in(
    request: Request, session: Db, learner: Member, did: Text = "", stuck: Text = "", coming: Text = ""
) -> Response:
    """Write this week's, or change it."""
    meetings.check_in(session, learner, did, stuck, coming)
    return pages.redirect(request, "/check-in", "Kept. You can change it until your mentor has seen it.")


@router.post("/goals", name="set_own_goal")
def set_own_goal(request: Request, session: Db, learner: Member, text: Text = "") -> Response:
    """One more goal of one's own."""
    meetings.set_goal(session, learner, learner, text)
    return pages.redirect(request, "/check-in#goals")


@router.post("/goals/{goal_id}", name="mark_own_goal")
def mark_own_goal(
    goal_id: UUID, request: Request, session: Db, learner: Member, move: Text = "done"
) -> Response:
    """It is done, or open again, or removed."""
    return _mark(request, session, learner, learner, goal_id, move, "/check-in#goals")


def _mark(
    request: Request, session: Db, by: User, learner: User, goal_id: UUID, move: str, to: str
) -> Response:
    goal = meetings.find_goal(session, learner, goal_id)
    if move == "remove":
        meetings.drop_goal(session, by, goal)
        return pages.redirect(request, to, f"Removed: {goal.text}")
    meetings.mark_goal(session, goal, done=move == "done")
    return pages.redirect(request, to)


# ---- the mentor's


@router.get("/mentor/learners/{learner_id}/brief", name="show_brief", response_class=HTMLResponse)
def show_brief(
    learner_id: UUID, request: Request, session: Db, mentor: Mentor, note: UUID | None = None
) -> HTMLResponse:
    """A minute to read before the 1:1. `note` is one of the mentor's own that is being changed."""
    learner = oversight.learner(session, mentor, learner_id)
    editions.read_as(session, learner)
    found = brief.of(session, mentor, learner)
    return pages.render(
        request,
        "mentor/brief.html",
        brief=found,
        learner=learner,
        visit=found.visit,
        just=False,
        title=brief.title,
        changing=meetings.own_note(session, mentor, learner, note) if note else None,
        me=mentor.id,
        handed_over=handover.note_for(session, mentor, learner),
    )


@router.get("/mentor/learners/{learner_id}/time", name="show_learners_time", response_class=HTMLResponse)
def show_learners_time(learner_id: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """How long a learner takes, beside their cohort and the estimates."""
    learner = oversight.learner(session, mentor, learner_id)
    editions.read_as(session, learner)
    return pages.render(
        request,
        "mentor/time.html",
        learner=learner,
        pace=pace.of(session, learner),
        source=course().path.source,
    )


def _back(request: Request, learner_id: UUID, say: str = "", at: str = "") -> Response:
    return pages.redirect(request, f"/mentor/learners/{learner_id}/brief{at}", say)


@router.post("/mentor/learners/{learner_id}/brief/seen", name="see_brief")
def see_brief(learner_id: UUID, request: Request, session: Db, mentor: Mentor, by: Text = "") -> Response:
    """The mentor has seen what there is; `by` itself, if the page has been open for a minute."""
    learner = oversight.learner(session, mentor, learner_id)
    meetings.see(session, mentor, learner)
    if by == "itself" and is_htmx(request):
        visit = meetings.last_visit(session, mentor, learner)
        return pages.render(request, "mentor/brief.html", "visit", learner=learner, visit=visit, just=True)
    return _back(request, learner_id, "Seen. What comes from now on is new next time.")


@router.post("/mentor/learners/{learner_id}/brief/unseen", name="unsee_brief")
def unsee_brief(learner_id: UUID, request: Request, session: Db, mentor: Mentor) -> Response:
    """Take that back."""
    meetings.unsee(session, mentor, oversight.learner(session, mentor, learner_id))
    return _back(request, learner_id, "What was new is new again.")


@router.post("/mentor/learners/{learner_id}/goals", name="set_goal_with")
def set_goal_with(
    learner_id: UUID, request: Request, session: Db, mentor: Mentor, text: Text = ""
) -> Response:
    """A goal that was agreed upon; the learner is told."""
    meetings.set_goal(session, mentor, oversight.learner(session, mentor, learner_id), text)
    return _back(request, learner_id, at="#goals")


@router.post("/mentor/learners/{learner_id}/goals/{goal_id}", name="mark_goal")
def mark_goal(
    learner_id: UUID, goal_id: UUID, request: Request, session: Db, mentor: Mentor, move: Text = "done"
) -> Response:
    """It is done, or open again, or removed."""
    learner = oversight.learner(session, mentor, learner_id)
    return _mark(
        request, session, mentor, learner, goal_id, move, f"/mentor/learners/{learner_id}/brief#goals"
    )


@router.post("/mentor/learners/{learner_id}/notes", name="write_note")
def write_note(
    learner_id: UUID, request: Request, session: Db, mentor: Mentor, body: Text = "", shared: Text = ""
) -> Response:
    """A private note; `shared` with the other mentors of the cohort."""
    learner = oversight.learner(session, mentor, learner_id)
    meetings.write_note(session, mentor, learner, body, shared=bool(shared))
    return _back(request, learner_id, at="#notes")


@router.post("/mentor/learners/{learner_id}/notes/{note_id}", name="change_note")
def change_note(
    learner_id: UUID,
    note_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    body: Text = "",
    shared: Text = "",
    move: Text = "keep",
) -> Response:
    """Change one's own note, or remove it."""
    learner = oversight.learner(session, mentor, learner_id)
    if move == "remove":
        meetings.drop_note(session, mentor, learner, note_id)
        return _back(request, learner_id, "The note is removed.", "#notes")
    meetings.write_note(session, mentor, learner, body, shared=bool(shared), note_id=note_id)
    return _back(request, learner_id, at="#notes")
