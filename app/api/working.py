"""Of the API: running cells, and handing in answers."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.api.asking import Reader, Submitter
from app.api.paging import USUAL, After, Limit, last, page
from app.api.shapes import AttemptShape, Page, RunShape
from app.api.waiting import Asks, Seen, Wait, asks
from app.guard import NotFound, Unusable, clean_text, find_cell, find_exercise, find_lesson
from app.learning import activity, attempts, drafts
from app.lessons import Runnable
from app.models import User
from app.people import throttle
from app.people.tokens import Scope
from app.running import runs
from app.teaching.honesty import Words
from app.visitors import Db

router = APIRouter(tags=["working"])

Reads = Annotated[Asks, Depends(asks(Scope.READ))]
Submits = Annotated[Asks, Depends(asks(Scope.SUBMIT))]


class Texts(BaseModel):
    """What is to run. Without texts, what stands in the editors."""

    text: str | None = Field(None, description="Of the cell itself; it is saved as its draft.")


@router.post("/lessons/{lesson}/cells/{cell}/runs", status_code=201)
async def start_run(lesson: str, cell: str, body: Texts, who: Submits, wait: Wait = 0) -> RunShape:
    """Run a cell on top of those above it. A cell that asks for a bet needs that first."""

    def start(session: Session, learner: User) -> UUID:
        throttle.check(throttle.RUN, str(learner.id))
        block = find_cell(find_lesson(lesson), cell)
        _bet_first(session, learner, lesson, block)
        texts = {cell: body.text} if body.text is not None else {}
        if body.text is not None and clean_text(body.text) != drafts.of(session, learner, lesson).get(cell):
            drafts.set_aside(session, learner, lesson, cell)
        return runs.submit(session, learner, lesson, cell, texts).id

    return await _run(who, await who.do(start), wait)


def _bet_first(session: Session, learner: User, lesson: str, block: Runnable) -> None:
    if block.predict and block.id not in activity.predictions(session, learner, lesson):
        raise Unusable(f"First place your bet on “{block.id}”: POST …/cells/{block.id}/prediction.")


@router.get("/runs/{run}")
async def show_run(run: UUID, who: Reads, wait: Wait = 0) -> RunShape:
    """A run of one's own, and what it has shown once it is over."""
    return await _run(who, run, wait)


async def _run(who: Asks, run_id: UUID, wait: int) -> RunShape:
    def look(session: Session, learner: User) -> Seen[RunShape]:
        run = runs.own(session, learner, run_id)
        return Seen.of(RunShape.of(session, run), run)

    return await who.until_over(look, wait)


@router.post("/runs/{run}/cancel")
def cancel_run(run: UUID, session: Db, learner: Submitter) -> RunShape:
    """Stop a run at any stage."""
    found = runs.own(session, learner, run)
    runs.cancel(session, found)
    return RunShape.of(session, runs.own(session, learner, run))


class Answer(BaseModel):
    """What is handed in: code as text, a form as its values by name."""

    answer: str | dict[str, Any] = Field(examples=["def double(x):\n    return 2 * x\n"])
    ai: str | None = Field(
        None, description="Where a cohort asks: what AI was used for; empty if for nothing, null if not said."
    )
    promise: bool = Field(False, description="Where a cohort asks: that one works without AI in this lesson.")


@router.post("/exercises/{exercise}/attempts", status_code=201)
async def hand_in(exercise: str, body: Answer, who: Submits, wait: Wait = 0) -> AttemptShape:
    """Hand in an answer, which becomes the draft, too. The same twice while it is judged is one attempt."""

    def submit(session: Session, learner: User) -> UUID:
        throttle.check(throttle.RUN, str(learner.id))
        wanted = find_exercise(exercise)
        if not wanted.is_form and not isinstance(body.answer, str):
            raise Unusable("This exercise is answered in code: send it as a text.")
        _bet_first(session, learner, wanted.lesson, wanted)
        words = Words(body.ai, body.promise)
        if isinstance(body.answer, str):
            _keep_what_stood_there(session, learner, wanted.lesson, exercise, body.answer)
        return attempts.hand_in(session, learner, exercise, body.answer, words=words).id

    return await _attempt(who, await who.do(submit), wait)


def _keep_what_stood_there(session: Session, learner: User, lesson: str, cell: str, text: str) -> None:
    if clean_text(text) != drafts.of(session, learner, lesson).get(cell):
        drafts.set_aside(session, learner, lesson, cell)


@router.get("/exercises/{exercise}/attempts")
def list_attempts(
    exercise: str, session: Db, learner: Reader, after: After = "", limit: Limit = USUAL
) -> Page[AttemptShape]:
    """One's own attempts at an exercise, the newest first."""
    found = attempts.part(session, learner, find_exercise(exercise).id, last(after), limit + 1)
    return page(found, limit, lambda one: one.id, AttemptShape.of)


@router.get("/attempts/{attempt}")
async def show_attempt(attempt: UUID, who: Reads, wait: Wait = 0) -> AttemptShape:
    """One's own attempt, and its verdict once there is one."""
    return await _attempt(who, attempt, wait)


async def _attempt(who: Asks, attempt_id: UUID, wait: int) -> AttemptShape:
    def look(session: Session, learner: User) -> Seen[AttemptShape]:
        attempt = attempts.visible(session, learner, attempt_id)
        if attempt.user_id != learner.id:
            raise NotFound("There is no such attempt among yours.")
        return Seen.of(AttemptShape.of(attempt), attempt.run)

    return await who.until_over(look, wait)
