"""Of the API, for mentors: their cohorts, who learns there, what they handed in, and their grades."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter

from app.api.asking import Mentor
from app.api.paging import USUAL, After, Limit, last, page
from app.api.shapes import AttemptShape, CohortShape, GradesShape, LearnerShape, Page
from app.guard import NotFound, find_exercise
from app.learning import attempts, progress
from app.people import cohorts, oversight
from app.teaching import editions, grades
from app.teaching.grades import By
from app.visitors import Db

TAG = "mentoring"
router = APIRouter(tags=[TAG])


@router.get("/cohorts")
def list_cohorts(session: Db, mentor: Mentor, after: After = "", limit: Limit = USUAL) -> Page[CohortShape]:
    """The cohorts that one mentors; for an admin, all."""
    found = cohorts.seen_by(session, mentor, last(after), limit + 1)
    return page(found, limit, lambda one: one.cohort.id, CohortShape.of)


@router.get("/cohorts/{cohort}")
def show_cohort(cohort: UUID, session: Db, mentor: Mentor) -> CohortShape:
    """One of them."""
    (found,) = cohorts.listed(session, [cohorts.find(session, mentor, cohort)])
    return CohortShape.of(found)


@router.get("/cohorts/{cohort}/learners")
def list_learners(
    cohort: UUID, session: Db, mentor: Mentor, after: After = "", limit: Limit = USUAL
) -> Page[LearnerShape]:
    """Who learns in it, and where they stand."""
    found = cohorts.find(session, mentor, cohort)
    oversight.looked_at(session, mentor, found)
    editions.read_as_cohort(session, found)
    people = cohorts.some_learners(session, found, last(after), limit + 1)
    return page(
        progress.rows_of(session, people),
        limit,
        lambda row: row.learner.id,
        lambda row: LearnerShape.of(row.learner, row.statuses),
    )


@router.get("/cohorts/{cohort}/grades")
def list_grades(
    cohort: UUID,
    session: Db,
    mentor: Mentor,
    by: By = By.EXERCISE,
    until: date | None = None,
    after: After = "",
    limit: Limit = USUAL,
) -> Page[GradesShape]:
    """Points by exercise or by step; with `until`, only what was handed in until that day is over, where the
    cohort is.
    """
    found = cohorts.find(session, mentor, cohort)
    editions.read_as_cohort(session, found)
    people = cohorts.some_learners(session, found, last(after), limit + 1)
    grades.note_part(session, mentor, found, "api", by)
    rows = grades.of_some(session, found, people, by, until)
    return page(rows, limit, lambda row: row.learner.id, GradesShape.of)


@router.get("/learners/{learner}")
def show_learner(learner: UUID, session: Db, mentor: Mentor) -> LearnerShape:
    """One of one's learners. An admin's look at anybody else is noted in the audit log."""
    found = oversight.learner(session, mentor, learner)
    editions.read_as(session, found)
    return LearnerShape.of(found, progress.of_all(session, found))


@router.get("/learners/{learner}/attempts")
def list_attempts_of(
    learner: UUID, session: Db, mentor: Mentor, exercise: str = "", after: After = "", limit: Limit = USUAL
) -> Page[AttemptShape]:
    """What they handed in, the newest first; of one exercise, if it is named."""
    found = oversight.learner(session, mentor, learner)
    editions.read_as(session, found)
    named = find_exercise(exercise).id if exercise else ""
    newest = attempts.part(session, found, named, last(after), limit + 1)
    return page(newest, limit, lambda one: one.id, AttemptShape.of)


@router.get("/learners/{learner}/attempts/{attempt}")
def show_attempt_of(learner: UUID, attempt: UUID, session: Db, mentor: Mentor) -> AttemptShape:
    """One of their attempts."""
    found = oversight.learner(session, mentor, learner)
    editions.read_as(session, found)
    known = attempts.visible(session, mentor, attempt)
    if known.user_id != found.id:
        raise NotFound("They have no such attempt.")
    return AttemptShape.of(known)
