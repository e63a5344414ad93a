"""A cohort as its learners find it; what its mentors tell it; and who looks after whom."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.guard import Unusable, clean_day
from app.markdown import opening
from app.mentoring import handover, mistakes
from app.models import Cohort, Role
from app.people import cohorts
from app.teaching import assessments, bulletin, deadlines, editions, plan, sittings
from app.visitors import Db, Member, Mentor

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/cohorts/{cohort_id}", name="show_bulletin", response_class=HTMLResponse)
def show_bulletin(cohort_id: UUID, request: Request, session: Db, user: Member) -> HTMLResponse:
    """What a learner of the cohort should know."""
    told = bulletin.of(session, user, cohort_id)
    editions.read_as_cohort(session, told.cohort)
    zone = plan.zone(told.cohort.time_zone)
    mine = [one for one in deadlines.of_learner(session, user) if one.cohort.id == cohort_id]
    sat = [one for one in assessments.upcoming(session, user) if one.cohort.id == cohort_id]
    return pages.render(
        request, "accounts/cohort.html", told=told, zone=zone, deadlines=mine, assessments=sat
    )


@router.get("/cohorts/{cohort_id}/mistake", name="show_mistake", response_class=HTMLResponse)
def show_mistake(cohort_id: UUID, request: Request, session: Db, user: Member) -> HTMLResponse:
    """This week's most frequent mistake, to discuss; of nobody in particular."""
    cohort = bulletin.find(session, user, cohort_id)
    editions.read_as_cohort(session, cohort)
    example = mistakes.of_week(session, cohort, sittings.closed_to(session, user).keys())
    return pages.render(
        request, "accounts/mistake.html", cohort=cohort, example=example, fewest=mistakes.FEWEST
    )


@router.get("/mentor/cohorts/{cohort_id}/bulletin", name="edit_bulletin", response_class=HTMLResponse)
def edit_bulletin(
    cohort_id: UUID, request: Request, session: Db, mentor: Mentor, change: UUID | None = None
) -> HTMLResponse:
    """Where mentors write to their cohort, and hand over. `change` is an announcement being changed."""
    cohort = cohorts.find(session, mentor, cohort_id)
    members = cohorts.members(session, cohort)
    said = bulletin.announcements(session, cohort)
    return pages.render(
        request,
        "mentor/bulletin.html",
        cohort=cohort,
        announcements=said,
        changing=next((one for one in said if one.id == change), None),
        office_hours=bulletin.hours(session, cohort),
        dates=bulletin.dates(session, cohort),
        zone=plan.zone(cohort.time_zone),
        learners=[one.user for one in members if one.role is Role.LEARNER],
        mentors=[one.user for one in members if one.role is Role.MENTOR],
        looked_after=handover.of(session, cohort),
    )


def _back(request: Request, cohort_id: UUID, say: str, at: str = "") -> Response:
    return pages.redirect(request, f"/mentor/cohorts/{cohort_id}/bulletin{at}", say)


@router.post("/mentor/cohorts/{cohort_id}/announcements", name="announce")
def announce(
    cohort_id: UUID, request: Request, session: Db, mentor: Mentor, body: Text = "", pinned_until: Text = ""
) -> Response:
    """Tell the cohort something."""
    cohort = cohorts.find(session, mentor, cohort_id)
    bulletin.announce(session, mentor, cohort, body, clean_day(pinned_until))
    return _back(request, cohort_id, "Said. Each of the learners has a notice.")


@router.post("/mentor/cohorts/{cohort_id}/announcements/{announcement_id}", name="change_announcement")
def change_announcement(
    cohort_id: UUID,
    announcement_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    body: Text = "",
    pinned_until: Text = "",
    move: Text = "keep",
) -> Response:
    """Mend it, pin it for longer, or take it away."""
    cohort = cohorts.find(session, mentor, cohort_id)
    if move == "remove":
        said = bulletin.remove(session, mentor, cohort, announcement_id)
        return _back(request, cohort_id, f"Taken away. It began: {opening(said)[:80]}")
    bulletin.change(session, mentor, cohort, announcement_id, body, clean_day(pinned_until))
    return _back(request, cohort_id, "Changed. Nobody was told again.")


@router.post("/mentor/cohorts/{cohort_id}/office-hours", name="say_office_hours")
def say_office_hours(
    cohort_id: UUID, request: Request, session: Db, mentor: Mentor, text: Text = ""
) -> Response:
    """When and where one can be met, in words."""
    bulletin.say_hours(session, mentor, cohorts.find(session, mentor, cohort_id), text)
    return _back(request, cohort_id, "Kept.", "#hours")


@router.post("/mentor/cohorts/{cohort_id}/office-hours/dates", name="add_office_hour")
def add_office_hour(
    cohort_id: UUID, request: Request, session: Db, mentor: Mentor, at: Text = "", note: Text = ""
) -> Response:
    """A date of them, in the cohort's time zone."""
    cohort = cohorts.find(session, mentor, cohort_id)
    bulletin.add_date(session, cohort, _moment(at, cohort), note)
    return _back(request, cohort_id, "Added.", "#hours")


@router.post("/mentor/cohorts/{cohort_id}/office-hours/dates/{date_id}/remove", name="remove_office_hour")
def remove_office_hour(
    cohort_id: UUID, date_id: UUID, request: Request, session: Db, mentor: Mentor
) -> Response:
    """It does not take place."""
    bulletin.remove_date(session, cohorts.find(session, mentor, cohort_id), date_id)
    return _back(request, cohort_id, "Removed.", "#hours")


@router.post("/mentor/cohorts/{cohort_id}/hand-over", name="hand_over")
def hand_over(
    cohort_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    learner: Annotated[list[UUID] | None, Form()] = None,
    to: Text = "",
    note: Text = "",
) -> Response:
    """From now on another mentor looks after these learners."""
    cohort = cohorts.find(session, mentor, cohort_id)
    given = handover.give(session, mentor, cohort, learner or [], _id(to), note)
    return _back(
        request, cohort_id, f"Handed over: {', '.join(one.name for one in given[:10])}.", "#hand-over"
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Unusable("Choose one of this cohort's mentors.") from None


def _moment(text: str, cohort: Cohort) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=plan.zone(cohort.time_zone))
    except ValueError:
        raise Unusable("Give a day and a time: 2027-01-31 17:00.") from None
