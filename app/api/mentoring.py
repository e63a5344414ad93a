"""Of the API, for mentors: their cohorts, who learns there, what they handed in, and their grades."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter

from app.api.asking import Mentor
from app.api.paging import USUAL, After, Limit, part
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
    found = cohorts.seen_by(session, mentor)
    return part(
        found,
        after,
        limit,
        lambda one: one.cohort.id,
        lambda one: CohortShape.of(one.cohort, one.learners, one.mentors),
    )


@router.get("/cohorts/{cohort}")
def show_cohort(cohort: UUID, session: Db, mentor: Mentor) -> CohortShape:
    """One of them."""
    found = cohorts.find(session, mentor, cohort)
    listed = next(one for one in cohorts.seen_by(session, mentor) if one.cohort.id == found.id)
    return CohortShape.of(found, listed.learners, listed.mentors)


@router.get("/cohorts/{cohort}/learners")
def list_learners(
    cohort: UUID, session: Db, mentor: Mentor, after: After = "", limit: Limit = USUAL
) -> Page[LearnerShape]:
    """Who learns in it, and where they stand."""
    found = cohorts.find(session, mentor, cohort)
    oversight.looked_at(session, mentor, found)
    editions.read_as_cohort(session, found)
    board = progress.board(session, cohorts.learners(found))
    rows = sorted(board.rows, key=lambda row: (row.learner.name, row.learner.id))
    return part(
        rows, after, limit, lambda row: row.learner.id, lambda row: LearnerShape.of(row.learner, row.statuses)
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
    """Points by exercise or by step; with `until`, only what was passed until the end of that day (UTC)."""
    found = cohorts.find(session, mentor, cohort)
    editions.read_as_cohort(session, found)
    rows = grades.of(session, found, by, until)
    if not after:  # once for the whole list
        grades.note(session, mentor, found, "api", by)
    return part(rows, after, limit, lambda row: row.learner.id, GradesShape.of)


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
    handed_in = attempts.of_learner(session, found)
    if exercise:
        chosen = handed_in.get(find_exercise(exercise).id, [])
    else:
        chosen = [one for of_one in handed_in.values() for one in of_one]
    newest = sorted(chosen, key=lambda one: (one.created_at, one.id), reverse=True)
    return part(newest, after, limit, lambda one: one.id, AttemptShape.of)


@router.get("/learners/{learner}/attempts/{attempt}")
def show_attempt_of(learner: UUID, attempt: UUID, session: Db, mentor: Mentor) -> AttemptShape:
    """One of their attempts."""
    found = oversight.learner(session, mentor, learner)
    editions.read_as(session, found)
    known = attempts.visible(session, mentor, attempt)
    if known.user_id != found.id:
        raise NotFound("They have no such attempt.")
    return AttemptShape.of(known)
