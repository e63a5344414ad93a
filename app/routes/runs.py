"""Runs: press Run, watch it, cancel it, look at what it showed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app import logs, pages
from app.db import transaction
from app.guard import find_cell, find_lesson
from app.learning import activity, desk, drafts, proof
from app.mentoring import threads
from app.models import Run, RunKind, User
from app.people import throttle
from app.running import events, line, runs
from app.running.streams import Told, follow
from app.teaching import sittings
from app.visitors import Db, Doer, Member, Sent, Unsaved, is_htmx, member, viewer

log = logging.getLogger(__name__)
router = APIRouter()


@router.post("/lessons/{lesson}/cells/{cell}/runs", name="start_run")
def start_run(
    lesson: str, cell: str, request: Request, session: Db, learner: Doer, fields: Sent, above: Unsaved
) -> Response:
    """Run this cell on top of those above it. A cell that asks for a bet asks for it first."""
    found = find_lesson(lesson)
    block = find_cell(found, cell)
    throttle.check(throttle.RUN, str(learner.id))
    texts = above | ({cell: fields["text"]} if "text" in fields else {})
    if block.predict and cell not in activity.predictions(session, learner, lesson):
        drafts.save(session, learner, lesson, cell, texts.get(cell, block.source))
        return _bet_first(request, session, learner, lesson, cell)
    since = desk.newest_event(learner, found)
    run = runs.submit(session, learner, lesson, cell, texts)
    if not is_htmx(request):
        return pages.redirect(request, f"/runs/{run.id}")
    place = desk.just_queued(session, learner, found, run, since)
    session.commit()  # a worker has it while the page is still being written
    return pages.render(request, "runs/run.html", "output", place=place, nudge=False)


def _bet_first(request: Request, session: Db, learner: User, lesson: str, cell: str) -> Response:
    """What stands below the cell now; without scripts, the lesson at that place."""
    if not is_htmx(request):
        return pages.redirect(
            request, f"/lessons/{lesson}#cell-{cell}", "First place your bet, below the cell."
        )
    place = desk.place(session, learner, find_lesson(lesson), cell)
    return pages.render(request, "runs/run.html", "output", place=place, nudge=True)


@router.get("/runs/{run_id}", name="show_run", response_class=HTMLResponse)
def show_run(run_id: UUID, request: Request, session: Db, learner: Member) -> HTMLResponse:
    """A run and what it showed; refreshes until it is over. For htmx, what stands below its cell now."""
    logs.note(run=run_id)
    run = runs.visible(session, learner, run_id)
    place = _place(session, learner, run)
    if is_htmx(request) and place:
        return _fresh(request, session, learner, place, run)
    return pages.render(
        request,
        "runs/run.html",
        "one",
        run=run,
        place=place,
        waiting=line.place(session, run),
        ours=sittings.ours_in(session, learner, run),
        code=runs.code(session, learner, run),
        talks=threads.on_outputs(session, run),
        mine=run.user_id == learner.id,
        whose=None if run.user_id == learner.id else _name(session, run),
    )


def _fresh(request: Request, session: Db, learner: User, place: desk.Place, run: Run) -> HTMLResponse:
    """What stands below the cell now, and whatever else on its page a verdict has changed."""
    judged = run.state.over and run.kind is RunKind.GRADE
    shown = proof.of(session, learner, place.lesson) if judged else None
    answered = threads.answered_with(session, run.attempt) if judged and run.attempt else []
    return pages.render(
        request,
        "runs/run.html",
        "fresh",
        place=place,
        nudge=False,
        run=run,
        proof=shown,
        conversations=answered,
    )


def _name(session: Db, run: Run) -> str:
    found = session.get(User, run.user_id)
    return found.name if found else ""


def _place(session: Db, viewer: User, run: Run) -> desk.Place | None:
    """The run's cell on its learner's own page; None for others, and for cells that are no longer there."""
    if run.user_id != viewer.id:
        return None
    try:
        return desk.place(session, viewer, find_lesson(run.lesson), run.cell)
    except KeyError:
        return None


@router.post("/runs/{run_id}/cancel", name="cancel_run")
def cancel_run(run_id: UUID, request: Request, session: Db, learner: Member) -> Response:
    """Stop a run at any stage; only its learner may."""
    logs.note(run=run_id)
    run = runs.own(session, learner, run_id)
    runs.cancel(session, run)
    place = _place(session, learner, run)
    if is_htmx(request) and place:
        return _fresh(request, session, learner, place, run)
    return pages.redirect(request, f"/runs/{run.id}")


@router.get("/outputs/{output_id}.json", name="show_output")
def show_output(output_id: UUID, session: Db, learner: Member) -> JSONResponse:
    """The data of one figure or attention view. They never change."""
    output = runs.output(session, learner, output_id)
    return JSONResponse(output.data, headers={"cache-control": "private, max-age=31536000, immutable"})


# ── the stream ──────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Listener:
    """Who listens to which lesson, and what was still going when they came."""

    key: str
    live: frozenset[str]


def listener(lesson: str, request: Request) -> Listener:
    """Asks the database all there is to ask, in its own transaction: the stream touches Redis alone."""
    with transaction() as session:
        learner = member(viewer(request, session))
        found = find_lesson(lesson)
        waiting = runs.waiting(session, learner, found.slug)
        return Listener(events.key(learner.id, found.slug), frozenset(str(run.id) for run in waiting))


_LONGEST_ID = 64_000  # characters: 45 for each run that is going


@router.get("/lessons/{lesson}/events", name="lesson_events", response_class=EventSourceResponse)
async def lesson_events(
    request: Request,
    listening: Annotated[Listener, Depends(listener)],
    after: Annotated[str, Query(max_length=40)] = "",
    last_event_id: Annotated[str, Header(max_length=_LONGEST_ID)] = "",
) -> AsyncIterator[ServerSentEvent]:
    """What happens to the learner's runs in this lesson, as it happens, until nothing is going any more."""
    told = Told.read(last_event_id, after)
    page = pages.macros(request, "events")
    async for batch, over in follow(listening.key, told, set(listening.live)):
        for event in batch:
            if isinstance(event, events.Finished):
                logs.say(log, "the page is told", run=event.run, state=event.state)
        if batch:
            html = "".join(str(getattr(page, event.name)(event)) for event in batch)
            yield ServerSentEvent(raw_data=html, id=str(told))
        if over:
            yield ServerSentEvent(event="done", raw_data="", id=str(told))
