"""Exercises: hand in an answer, look at earlier ones, open hints and the solution."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.guard import NotFound, find_exercise, find_lesson
from app.learning import activity, attempts, desk, drafts, frontier, given
from app.lessons import Exercise
from app.mentoring import sheets
from app.mentoring.beside import beside
from app.models import User
from app.people import throttle
from app.post import notices
from app.teaching import applying, deadlines, editions, honesty, sittings
from app.visitors import Db, Doer, Member, Sent, Unsaved, Viewer, is_htmx

router = APIRouter()


async def exercise_of(lesson: str, exercise: str) -> Exercise:  # async: quicker than handing it to a thread
    """The exercise, if it stands in this lesson. Raises NotFound."""
    found = find_exercise(exercise)
    if found.lesson != lesson:
        raise NotFound("This lesson has no such exercise. It may have moved: look at the map.")
    return found


This = Annotated[Exercise, Depends(exercise_of)]


@router.post("/lessons/{lesson}/exercises/{exercise}/attempts", name="hand_in")
def hand_in(
    exercise: This, request: Request, session: Db, learner: Doer, fields: Sent, above: Unsaved
) -> Response:
    """Hand in what stands in the editor, or in the form. If the exercise asks for a bet, it asks first."""
    throttle.check(throttle.RUN, str(learner.id))
    if exercise.predict and exercise.id not in activity.predictions(session, learner, exercise.lesson):
        filled = drafts.filled(exercise, _values(exercise, fields)) if exercise.is_form else exercise.starter
        drafts.save(session, learner, exercise.lesson, exercise.id, fields.get("text", filled))
        return _bet_first(request, session, learner, exercise)
    answer = _values(exercise, fields) if exercise.is_form else fields.get("text", "")
    lesson = find_lesson(exercise.lesson)
    since = desk.newest_event(learner, lesson)
    words = honesty.words_of(fields)
    attempt = attempts.hand_in(session, learner, exercise.id, answer, above, words)
    if not is_htmx(request):
        return pages.redirect(request, f"/runs/{attempt.run_id}")
    place = desk.just_queued(session, learner, lesson, attempt.run, since)
    session.commit()  # a worker has it while the page is still being written
    return pages.render(request, "runs/run.html", "output", place=place, nudge=False)


def _values(exercise: Exercise, fields: dict[str, str]) -> dict[str, str]:
    return {field.name: fields.get(field.name, "") for field in exercise.fields}


def _bet_first(request: Request, session: Db, learner: User, exercise: Exercise) -> Response:
    if not is_htmx(request):
        return pages.redirect(request, _place_url(exercise), "First place your bet, below the exercise.")
    place = desk.place(session, learner, find_lesson(exercise.lesson), exercise.id)
    return pages.render(request, "runs/run.html", "output", place=place, nudge=True)


def _place_url(exercise: Exercise) -> str:
    return f"/lessons/{exercise.lesson}#cell-{exercise.id}"


@router.get(
    "/lessons/{lesson}/exercises/{exercise}/attempts", name="show_attempts", response_class=HTMLResponse
)
def show_attempts(exercise: This, request: Request, session: Db, learner: Member) -> HTMLResponse:
    """All attempts of the learner at this exercise, the newest first."""
    made = attempts.of(session, learner, exercise.id)
    return pages.render(request, "attempts/attempts.html", "list", exercise=exercise, attempts=made)


@router.get(
    "/lessons/{lesson}/exercises/{exercise}/frontier", name="show_frontier", response_class=HTMLResponse
)
def show_frontier(exercise: This, request: Request, session: Db, learner: Viewer) -> HTMLResponse:
    """What was measured of everybody's answers, without names, and where the learner's own stand."""
    found = frontier.of(session, exercise, learner)
    return pages.render(request, "attempts/frontier.html", "frontier", exercise=exercise, frontier=found)


@router.get("/attempts/{attempt_id}", name="show_attempt", response_class=HTMLResponse)
def show_attempt(
    attempt_id: UUID, request: Request, session: Db, looker: Member, line: int = 0
) -> HTMLResponse:
    """One attempt: the answer as it was handed in, what it showed, and the verdict. Mentors may look too.

    With `line`, there is a form to write on that line; for htmx, only that.
    """
    attempt = attempts.visible(session, looker, attempt_id)
    if attempt.user_id != looker.id:
        editions.read_as(session, attempt.user)  # what its learner sees
    exercise = _known(attempt.exercise)
    code = exercise is None or not exercise.is_form
    sheet = sheets.of(session, looker, attempt, code=code)
    page = pages.render(
        request,
        "attempts/attempt.html",
        "on_line",
        attempt=attempt,
        exercise=exercise,
        title=exercise.title if exercise else attempt.exercise,
        answer={} if code else json.loads(attempt.answer),
        mine=attempt.user_id == looker.id,
        sheet=sheet,
        canned=sheet.canned,
        line=line if 1 <= line <= len(sheet.lines) else 0,
        history=applying.history(session, attempt),
        outdated=exercise is not None and exercise.version != attempt.exercise_version,
        said_of_ai=honesty.of_attempts(session, [attempt.id]).get(attempt.id),
        late=deadlines.late_in(session, looker, attempt) if attempt.user_id != looker.id else [],
        kept=sittings.kept(session, attempt) if attempt.user_id != looker.id else None,
    )
    notices.seen(session, looker, f"/attempts/{attempt.id}")
    return page


def _known(exercise: str) -> Exercise | None:
    try:
        return find_exercise(exercise)
    except NotFound:
        return None  # taken out of the course; what was done with it is still there


@router.post("/attempts/{attempt_id}/restore", name="restore_attempt")
def restore_attempt(attempt_id: UUID, request: Request, session: Db, learner: Member) -> Response:
    """Put the answer of an attempt back into the editor; what stands there is set aside."""
    attempt = attempts.visible(session, learner, attempt_id)
    if attempt.user_id != learner.id:
        raise NotFound("There is no such attempt among yours.")
    attempts.restore(session, learner, attempt)
    to = f"/lessons/{attempt.lesson}#cell-{attempt.exercise}"
    return pages.redirect(
        request, to, f"Attempt {attempt.number} is back in the editor. What stood there is kept."
    )


@router.post("/lessons/{lesson}/exercises/{exercise}/hints", name="open_hint")
def open_hint(exercise: This, request: Request, session: Db, learner: Doer) -> Response:
    """Open the next hint. Hints never count against anyone."""
    attempts.open_hint(session, learner, exercise.id)
    if not is_htmx(request):
        return pages.redirect(request, _place_url(exercise))
    place = desk.place(session, learner, find_lesson(exercise.lesson), exercise.id)
    return pages.render(request, "attempts/help.html", "help", place=place)


@router.get(
    "/lessons/{lesson}/exercises/{exercise}/solution", name="look_at_solution", response_class=HTMLResponse
)
def look_at_solution(exercise: This, request: Request, session: Db, learner: Viewer) -> Response:
    """The solution, to those who have opened it; the others are taken to the button that opens it."""
    if learner is None or exercise.id not in given.looked_up(session, learner):
        return pages.redirect(request, _place_url(exercise))
    return _solution(request, session, learner, exercise)


@router.post("/lessons/{lesson}/exercises/{exercise}/solution", name="show_solution")
def show_solution(exercise: This, request: Request, session: Db, learner: Doer) -> Response:
    """Open the solution beside the learner's own answer, after an attempt or the stated minutes."""
    attempts.solution(session, learner, exercise.id)
    return _solution(request, session, learner, exercise)


def _solution(request: Request, session: Db, learner: User, exercise: Exercise) -> HTMLResponse:
    place = desk.place(session, learner, find_lesson(exercise.lesson), exercise.id)
    mine, ours = beside(place.text, exercise.solution)
    return pages.render(
        request, "attempts/solution.html", "solution", exercise=exercise, place=place, mine=mine, ours=ours
    )
