"""Cohorts: making one, its people and its invites; and the link by which somebody comes in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.config import settings
from app.db import now
from app.guard import Unusable, clean_day
from app.models import Cohort, Role
from app.people import cohorts, throttle
from app.people.cohorts import Plan
from app.visitors import Admin, Db, Member, Mentor, Viewer, address

router = APIRouter()

Text = Annotated[str, Form()]


def _plan(
    name: Text = "", about: Text = "", starts_on: Text = "", ends_on: Text = "", open: Text = ""
) -> Plan:
    return Plan(name, about, clean_day(starts_on), clean_day(ends_on), bool(open))


Planned = Annotated[Plan, Depends(_plan)]


@router.post("/mentor/cohorts", name="make_cohort")
def make_cohort(request: Request, session: Db, admin: Admin, plan: Planned) -> Response:
    """A new cohort, and on to its people."""
    made = cohorts.make(session, admin, plan)
    return _to(request, made, "Made. Invite its people next.")


@router.get("/mentor/cohorts/{cohort_id}/people", name="show_people", response_class=HTMLResponse)
def show_people(cohort_id: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """Who is in a cohort, its links, and what it is."""
    cohort = cohorts.find(session, mentor, cohort_id)
    return pages.render(
        request,
        "mentor/people.html",
        cohort=cohort,
        members=cohorts.members(session, cohort),
        invites=cohorts.invites(session, cohort),
        site=settings().url,
    )


@router.post("/mentor/cohorts/{cohort_id}", name="change_cohort")
def change_cohort(cohort_id: UUID, request: Request, session: Db, admin: Admin, plan: Planned) -> Response:
    """Say something else of it."""
    cohort = cohorts.find(session, admin, cohort_id)
    cohorts.change(session, admin, cohort, plan)
    return _to(request, cohort, "Changed.")


@router.post("/mentor/cohorts/{cohort_id}/members", name="add_member")
def add_member(
    cohort_id: UUID, request: Request, session: Db, admin: Admin, email: Text = "", role: Text = "learner"
) -> Response:
    """Put somebody with an account into it, or give a member another role."""
    cohort = cohorts.find(session, admin, cohort_id)
    cohorts.add(session, admin, cohort, email, _role(role))
    return _to(request, cohort, f"{email.strip()} is a {_role(role).value} of {cohort.name}.")


@router.post("/mentor/cohorts/{cohort_id}/members/{user_id}/remove", name="remove_member")
def remove_member(cohort_id: UUID, user_id: UUID, request: Request, session: Db, admin: Admin) -> Response:
    """Take somebody out."""
    cohort = cohorts.find(session, admin, cohort_id)
    cohorts.remove(session, admin, cohort, user_id)
    return _to(request, cohort, "Taken out. Their work stays theirs; the cohort's mentors see it no longer.")


@router.post("/mentor/cohorts/{cohort_id}/invites", name="invite")
def invite(
    cohort_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    role: Text = "learner",
    days: Annotated[int, Form()] = 14,
    most_uses: Annotated[int, Form()] = 30,
) -> Response:
    """A new link into it."""
    cohort = cohorts.find(session, mentor, cohort_id)
    cohorts.invite(session, mentor, cohort, _role(role), days, most_uses)
    return _to(request, cohort, "Here is the link: send it to those whom you expect.")


@router.post("/mentor/cohorts/{cohort_id}/invites/{invite_id}/revoke", name="revoke_invite")
def revoke_invite(
    cohort_id: UUID, invite_id: UUID, request: Request, session: Db, mentor: Mentor
) -> Response:
    """The link stops working."""
    cohort = cohorts.find(session, mentor, cohort_id)
    cohorts.revoke(session, mentor, cohort, invite_id)
    return _to(request, cohort, "The link leads nowhere any more.")


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise Unusable("Somebody is a learner or a mentor of a cohort.") from None


def _to(request: Request, cohort: Cohort, say: str) -> Response:
    return pages.redirect(request, f"/mentor/cohorts/{cohort.id}/people", say)


# ---- coming in


@router.get("/join/{token}", name="show_invite", response_class=HTMLResponse)
def show_invite(token: str, request: Request, session: Db, visitor: Viewer) -> Response:
    """What the link leads to, and the button that takes one there; without an account, the way to one.

    Who is in the cohort already is led to it.
    """
    throttle.check(throttle.JOIN, address(request))
    if visitor and (there := cohorts.already_in(session, visitor, token)):
        return pages.redirect(request, _home(*there), f"You are in {there[0].name} already.")
    invite = cohorts.invited(session, token, visitor)
    return pages.render(request, "accounts/join.html", invite=invite, today=now().date())


@router.post("/join/{token}", name="join")
def join(token: str, request: Request, session: Db, user: Member) -> Response:
    """Come into the cohort."""
    throttle.check(throttle.JOIN, address(request))
    cohort = cohorts.accept(session, user, token)
    there = cohorts.already_in(session, user, token)
    to = _home(*there) if there and there[1] is Role.MENTOR else "/path"
    return pages.redirect(request, to, f"Welcome to {cohort.name}.")


def _home(cohort: Cohort, role: Role) -> str:
    """Where the cohort is looked at: by its mentors, and by its learners."""
    return f"/mentor/cohorts/{cohort.id}" if role is Role.MENTOR else f"/cohorts/{cohort.id}"


@router.post("/cohorts/{cohort_id}/leave", name="leave_cohort")
def leave_cohort(cohort_id: UUID, request: Request, session: Db, user: Member) -> Response:
    """Go; one's work stays one's own."""
    cohort = cohorts.leave(session, user, cohort_id)
    return pages.redirect(request, "/account", f"You have left {cohort.name}. Your work is still yours.")
