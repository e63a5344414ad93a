"""“I'm stuck”: ask on a cell, read and answer, settle."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import attempts, pages, throttle
from app import threads as conversations
from app.guard import NotFound
from app.lessons import course
from app.models import Thread
from app.visitors import Db, Doer, Member, Mentor, Unsaved, is_htmx

router = APIRouter()

Body = Annotated[str, Form()]


@router.post("/lessons/{lesson}/cells/{cell}/threads", name="ask")
def ask(
    lesson: str, cell: str, request: Request, session: Db, learner: Doer, unsaved: Unsaved, body: Body = ""
) -> Response:
    """Open a thread on a cell; what is on the learner's screen goes with it."""
    throttle.check(throttle.WRITE, str(learner.id))
    conversations.ask(session, learner, lesson, cell, body, unsaved)
    if not is_htmx(request):
        return pages.redirect(
            request, f"/lessons/{lesson}?stuck={cell}#stuck-{cell}", "Asked. Your mentor will see it."
        )
    mine = conversations.of_lesson(session, learner, lesson).get(cell, [])
    return pages.render(
        request, "threads/thread.html", "drawer", lesson=lesson, cell=cell, conversations=mine
    )


@router.get("/threads/{thread_id}", name="show_thread", response_class=HTMLResponse)
def show_thread(thread_id: UUID, request: Request, session: Db, looker: Member) -> HTMLResponse:
    """A thread with the cells as they stood when help was asked, for its learner and for mentors."""
    return _page(request, conversations.visible(session, looker, thread_id))


def _page(request: Request, thread: Thread) -> HTMLResponse:
    lesson = course().lessons.get(thread.lesson)
    return pages.render(
        request,
        "threads/thread.html",
        "one",
        thread=thread,
        lesson=lesson,
        title=lesson.title if lesson else thread.lesson,
    )


@router.post("/attempts/{attempt_id}/messages", name="answer_attempt")
def answer_attempt(
    attempt_id: UUID, request: Request, session: Db, mentor: Mentor, body: Body = ""
) -> Response:
    """A mentor's word on an attempt; its learner finds it at the exercise."""
    attempt = attempts.visible(session, mentor, attempt_id)
    conversations.answer(session, mentor, attempt, body)
    return pages.redirect(request, f"/attempts/{attempt_id}", "Sent. It stands at the exercise.")


@router.post("/threads/{thread_id}/messages", name="reply")
def reply(thread_id: UUID, request: Request, session: Db, author: Member, body: Body = "") -> Response:
    """Add a message to a thread one may see."""
    throttle.check(throttle.WRITE, str(author.id))
    thread = conversations.visible(session, author, thread_id)
    conversations.reply(session, author, thread, body)
    return _after(request, session, author, thread)


@router.post("/threads/{thread_id}/close", name="close_thread")
def close_thread(thread_id: UUID, request: Request, session: Db, author: Member) -> Response:
    """Say that it is settled."""
    thread = conversations.visible(session, author, thread_id)
    conversations.close(session, thread)
    return _after(request, session, author, thread)


def _after(request: Request, session: Db, author: Member, thread: Thread) -> Response:
    if not is_htmx(request):
        return pages.redirect(request, f"/threads/{thread.id}")
    try:
        fresh = conversations.visible(session, author, thread.id)
    except NotFound:  # settled and gone between two clicks
        return Response(status_code=204)
    return _page(request, fresh)
