"""Assessments: mentors make them and look at what came of them; learners sit them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.db import now
from app.guard import Unusable
from app.learning import desk
from app.lessons import course
from app.models import Assessment, Cohort, User
from app.people import cohorts, oversight, throttle
from app.teaching import assessments, editions, honesty, plan, results, sittings
from app.teaching.assessments import Sheet
from app.visitors import Db, Member, Mentor, is_htmx

router = APIRouter()

HERE = "/mentor/cohorts/{cohort_id}/assessments"
Text = Annotated[str, Form()]


@router.get(HERE, name="show_assessments", response_class=HTMLResponse)
def show_assessments(cohort_id: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """The cohort's assessments, and the form for a new one."""
    cohort = _cohort(session, mentor, cohort_id)
    found = assessments.of_cohort(session, cohort)
    return pages.render(
        request, "mentor/assessments.html", cohort=cohort, assessments=found, choices=plan.choices()
    )


class Fields:
    """What the form of an assessment says; its times are those of the cohort."""

    def __init__(
        self,
        title: Text = "",
        about: Text = "",
        exercise: Annotated[list[str] | None, Form()] = None,
        opens: Text = "",
        closes: Text = "",
        minutes: Text = "",
    ) -> None:
        self.title, self.about, self.exercises = title, about, tuple(exercise or ())
        self.opens, self.closes, self.minutes = opens, closes, minutes

    def sheet(self, cohort: Cohort) -> Sheet:
        """Raises Unusable."""
        opens, closes = (_moment(text, cohort) for text in (self.opens, self.closes))
        return Sheet(self.title, self.exercises, opens, closes, _minutes(self.minutes), self.about)


Told = Annotated[Fields, Depends()]


def _moment(text: str, cohort: Cohort) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=plan.zone(cohort.time_zone))
    except ValueError:
        raise Unusable("Write a moment as day and time: 2027-01-31 18:00.") from None


def _minutes(text: str) -> int | None:
    try:
        return int(text) if text.strip() else None
    except ValueError:
        raise Unusable("Write minutes as a whole number.") from None


@router.post(HERE, name="make_assessment")
def make_assessment(cohort_id: UUID, request: Request, session: Db, mentor: Mentor, told: Told) -> Response:
    """A new one."""
    cohort = _cohort(session, mentor, cohort_id)
    made = assessments.make(session, mentor, cohort, told.sheet(cohort))
    return _to(request, made, "Made; the cohort’s learners are told.")


@router.get(f"{HERE}/{{assessment_id}}", name="show_results", response_class=HTMLResponse)
def show_results(
    cohort_id: UUID, assessment_id: UUID, request: Request, session: Db, mentor: Mentor
) -> HTMLResponse:
    """Who has done what, with every attempt; extra time; and the assessment itself."""
    cohort, assessment = _find(session, mentor, cohort_id, assessment_id)
    oversight.looked_at(session, mentor, cohort)
    return pages.render(
        request,
        "mentor/assessment.html",
        cohort=cohort,
        assessment=assessment,
        results=results.of(session, assessment),
        known=course().exercises,
        builds_on=assessments.builds_on(assessment),
        choices=plan.choices(),
        zone=plan.zone(cohort.time_zone),
        moment=now(),
    )


@router.get(f"{HERE}/{{assessment_id}}/results.csv", name="take_results")
def take_results(cohort_id: UUID, assessment_id: UUID, session: Db, mentor: Mentor) -> Response:
    """The results as a CSV file; that they were taken is noted."""
    cohort, assessment = _find(session, mentor, cohort_id, assessment_id)
    text = results.table(session, mentor, cohort, assessment)
    headers = {"content-disposition": 'attachment; filename="results.csv"', "cache-control": "no-store"}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


@router.post(f"{HERE}/{{assessment_id}}", name="change_assessment")
def change_assessment(
    cohort_id: UUID, assessment_id: UUID, request: Request, session: Db, mentor: Mentor, told: Told
) -> Response:
    """Say something else of it."""
    cohort, assessment = _find(session, mentor, cohort_id, assessment_id)
    assessments.change(session, mentor, cohort, assessment, told.sheet(cohort))
    return _to(request, assessment, "Saved.")


@router.post(f"{HERE}/{{assessment_id}}/remove", name="remove_assessment")
def remove_assessment(
    cohort_id: UUID, assessment_id: UUID, request: Request, session: Db, mentor: Mentor
) -> Response:
    """Away with it, unless somebody has begun."""
    cohort, assessment = _find(session, mentor, cohort_id, assessment_id)
    assessments.remove(session, mentor, cohort, assessment)
    return pages.redirect(request, f"/mentor/cohorts/{cohort.id}/assessments", "It is gone.")


@router.post(f"{HERE}/{{assessment_id}}/extra", name="allow_time")
def allow_time(
    cohort_id: UUID,
    assessment_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    learner: Annotated[UUID, Form()],
    minutes: Annotated[int, Form()] = 0,
) -> Response:
    """Extra time for one learner."""
    cohort, assessment = _find(session, mentor, cohort_id, assessment_id)
    assessments.allow(session, mentor, cohort, assessment, learner, minutes)
    return _to(request, assessment, "They have it, and are told.")


def _cohort(session: Db, mentor: User, cohort_id: UUID) -> Cohort:
    """The cohort; from here on, the course is the one that it learns by. Raises NotFound."""
    cohort = cohorts.find(session, mentor, cohort_id)
    editions.read_as_cohort(session, cohort)
    return cohort


def _find(session: Db, mentor: User, cohort_id: UUID, assessment_id: UUID) -> tuple[Cohort, Assessment]:
    cohort = _cohort(session, mentor, cohort_id)
    return cohort, assessments.in_cohort(session, cohort, assessment_id)


def _to(request: Request, made: Assessment, say: str) -> Response:
    return pages.redirect(request, f"/mentor/cohorts/{made.cohort_id}/assessments/{made.id}", say)


# ---- for learners


@router.get("/assessments/{assessment_id}", name="show_assessment", response_class=HTMLResponse)
def show_assessment(assessment_id: UUID, request: Request, session: Db, learner: Member) -> HTMLResponse:
    """The rules, before; the exercises, while it runs; what was handed in, after."""
    found = assessments.for_learner(session, learner, assessment_id)
    exercises = [course().exercises[one] for one in found.assessment.exercises if one in course().exercises]
    places = []
    if found.running:
        lessons = course().lessons
        found_places = (desk.place(session, learner, lessons[one.lesson], one.id) for one in exercises)
        places = [replace(one, number=number) for number, one in enumerate(found_places, 1)]
    (result,) = results.of(session, found.assessment, learner.id)
    return pages.render(
        request,
        "assessments/assessment.html",
        None if found.running else "sat",
        found=found,
        asked=exercises,
        places=places,
        result=result,
        grace=sittings.GRACE,
        asks=honesty.asks(session, learner, exercises[0].lesson if exercises else ""),
        zone=plan.zone(found.cohort.time_zone),
        moment=now(),
    )


@router.get("/assessments/{assessment_id}/clock", name="show_clock", response_class=HTMLResponse)
def show_clock(assessment_id: UUID, request: Request, session: Db, learner: Member) -> Response:
    """The time that is left, for a page that asks now and then: mentors give more, or close it earlier."""
    found = assessments.for_learner(session, learner, assessment_id)
    if not (is_htmx(request) and found.running):
        return pages.redirect(request, f"/assessments/{assessment_id}")
    grace = sittings.GRACE
    page, block = "assessments/assessment.html", "clock"
    return pages.render(request, page, block, found=found, grace=grace, moment=now())


@router.post("/assessments/{assessment_id}/start", name="start_assessment")
def start_assessment(
    assessment_id: UUID, request: Request, session: Db, learner: Member, rest: Text = ""
) -> Response:
    """Begin: from now on the learner's minutes count."""
    throttle.check(throttle.WRITE, str(learner.id))
    assessments.start(session, learner, assessment_id, bool(rest))
    return pages.redirect(request, f"/assessments/{assessment_id}")


@router.post("/assessments/{assessment_id}/finish", name="finish_assessment")
def finish_assessment(assessment_id: UUID, request: Request, session: Db, learner: Member) -> Response:
    """End it before its time."""
    throttle.check(throttle.WRITE, str(learner.id))
    assessments.finish(session, learner, assessment_id)
    return pages.redirect(request, f"/assessments/{assessment_id}", "You have finished. All of it is kept.")
