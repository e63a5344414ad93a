"""The plan of a cohort: its mentors make it and give extensions; its learners have it as a calendar."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from app import pages
from app.config import settings
from app.guard import Unusable, clean_day
from app.models import Cohort, Part, Policy, User
from app.people import cohorts, throttle
from app.teaching import deadlines, editions, ics, plan
from app.teaching.plan import Item
from app.visitors import Db, Member, Mentor, Sent, address

router = APIRouter()

HERE = "/mentor/cohorts/{cohort_id}/plan"
Text = Annotated[str, Form()]


@router.get(HERE, name="show_plan", response_class=HTMLResponse)
def show_plan(
    cohort_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    part: str = "",
    first: str = "",
    last: str = "",
) -> HTMLResponse:
    """The plan, who is where, and the extensions. With a `part`, also a proposal to be edited."""
    cohort = _cohort(session, mentor, cohort_id)
    return pages.render(
        request,
        "mentor/plan.html",
        cohort=cohort,
        dues=deadlines.of_cohort(session, cohort),
        choices=plan.choices(),
        change=plan.last_change(session, cohort),
        extensions=deadlines.extensions(session, cohort),
        proposal=plan.spread(cohort, _part(part), first, last) if part else None,
        zones=sorted(available_timezones()),
        policies=list(Policy),
    )


@router.post(HERE, name="plan_items")
def plan_items(cohort_id: UUID, request: Request, session: Db, mentor: Mentor, fields: Sent) -> Response:
    """Plan one item (`item`, `day`, `at`), or all of a proposal that are ticked (`take-…`, `day-…`)."""
    cohort = _cohort(session, mentor, cohort_id)
    items = _proposed(fields) if "proposal" in fields else [_item(fields)]
    plan.put(session, mentor, cohort, items)
    said = (
        f"“{items[0].title}” is in the plan." if len(items) == 1 else f"{len(items)} items are in the plan."
    )
    return _to(request, cohort, said)


@router.post(f"{HERE}/remove", name="remove_item")
def remove_item(cohort_id: UUID, request: Request, session: Db, mentor: Mentor, item: Text = "") -> Response:
    """Plan it no longer."""
    cohort = _cohort(session, mentor, cohort_id)
    plan.remove(session, mentor, cohort, item)
    return _to(request, cohort, "It is out of the plan. Undo brings it back.")


@router.post(f"{HERE}/undo", name="undo_plan")
def undo_plan(
    cohort_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    change: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Take the newest change back, if it is the one that the page has shown."""
    cohort = _cohort(session, mentor, cohort_id)
    return _to(request, cohort, f"Undone: {plan.undo(session, mentor, cohort, change)}.")


@router.post(f"{HERE}/rules", name="set_rules")
def set_rules(
    cohort_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    time_zone: Text = "",
    ai_policy: Text = "free",
) -> Response:
    """The time zone of its dates, and what it says of AI."""
    cohort = _cohort(session, mentor, cohort_id)
    if ai_policy not in list(Policy):
        raise Unusable("A cohort is free to use AI, declares it, or does without.")
    plan.set_rules(session, mentor, cohort, time_zone, Policy(ai_policy))
    return _to(request, cohort, "Saved.")


@router.post(f"{HERE}/extensions", name="extend")
def extend(
    cohort_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    fields: Sent,
    learner: Annotated[list[UUID] | None, Form()] = None,
) -> Response:
    """Give learners until a later day."""
    cohort = _cohort(session, mentor, cohort_id)
    reason = fields.get("reason", "")
    count = deadlines.extend(session, mentor, cohort, _item(fields), learner or [], reason)
    who = "One learner has" if count == 1 else f"{count} learners have"
    return _to(request, cohort, f"{who} more time, and the notice that says so.", "#extensions")


@router.post(f"{HERE}/extensions/{{extension_id}}/withdraw", name="withdraw_extension")
def withdraw_extension(
    cohort_id: UUID, extension_id: UUID, request: Request, session: Db, mentor: Mentor
) -> Response:
    """The plan's date counts again."""
    cohort = _cohort(session, mentor, cohort_id)
    deadlines.withdraw(session, mentor, cohort, extension_id)
    return _to(request, cohort, "Taken back; they are told.", "#extensions")


def _cohort(session: Db, mentor: User, cohort_id: UUID) -> Cohort:
    """The cohort; from here on, the course is the one that it learns by. Raises NotFound."""
    cohort = cohorts.find(session, mentor, cohort_id)
    editions.read_as_cohort(session, cohort)
    return cohort


def _item(fields: dict[str, str]) -> Item:
    """Raises Unusable."""
    part, ref = plan.parse_key(fields.get("item", ""))
    return Item(part, ref, _day(fields.get("day", "")), _time(fields.get("at", "")))


def _proposed(fields: dict[str, str]) -> list[Item]:
    keys = [name.removeprefix("take-") for name in fields if name.startswith("take-")]
    if not keys:
        raise Unusable("Tick what belongs into the plan.")
    return [Item(*plan.parse_key(key), _day(fields.get(f"day-{key}", ""))) for key in keys]


def _part(word: str) -> Part:
    if word not in (Part.NODE, Part.LESSON):
        raise Unusable("Spread steps or lessons.")
    return Part(word)


def _day(text: str) -> date:
    if (day := clean_day(text)) is None:
        raise Unusable("Say on which day it is due.")
    return day


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text.strip()).replace(tzinfo=None) if text.strip() else None
    except ValueError:
        raise Unusable("Write a time as hours and minutes: 18:00.") from None


def _to(request: Request, cohort: Cohort, say: str, where: str = "") -> Response:
    return pages.redirect(request, f"/mentor/cohorts/{cohort.id}/plan{where}", say)


# ---- for learners


@router.get("/plan", name="show_my_plan", response_class=HTMLResponse)
def show_my_plan(request: Request, session: Db, learner: Member) -> HTMLResponse:
    """All that is due for oneself, and the ways to have it in a calendar."""
    return pages.render(
        request,
        "plan/plan.html",
        deadlines=deadlines.of_learner(session, learner),
        link=ics.link(session, learner),
        site=settings().url,
    )


@router.get("/plan.ics", name="download_calendar")
def download_calendar(session: Db, learner: Member) -> Response:
    """One's plan as a file."""
    return _calendar(session, learner)


@router.post("/plan/link", name="make_calendar_link")
def make_calendar_link(request: Request, session: Db, learner: Member) -> Response:
    """A secret link for one's calendar; a new one ends the old."""
    ics.make_link(session, learner)
    return pages.redirect(request, "/plan#calendar", "Give the link to your calendar, and to nobody else.")


@router.post("/plan/link/end", name="end_calendar_link")
def end_calendar_link(request: Request, session: Db, learner: Member) -> Response:
    """The link leads nowhere any more."""
    ics.end_link(session, learner)
    return pages.redirect(request, "/plan#calendar", "The link leads nowhere any more.")


@router.get("/calendars/{token}.ics", name="show_calendar")
def show_calendar(token: str, request: Request, session: Db) -> Response:
    """The plan behind a secret link, for calendars: they have no cookie."""
    throttle.check(throttle.JOIN, address(request))
    learner = ics.behind(session, token)
    editions.read_as(session, learner)
    return _calendar(session, learner)


def _calendar(session: Db, learner: User) -> Response:
    text = ics.calendar(deadlines.of_learner(session, learner))
    headers = {"content-disposition": 'attachment; filename="unembed.ics"', "cache-control": "no-store"}
    return PlainTextResponse(text, headers=headers, media_type="text/calendar")
