"""“I'm stuck”: ask on a cell, read and answer, settle; words on lines and figures; one's own requests."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.guard import NotFound, find_lesson
from app.learning import attempts, drafts
from app.lessons import course
from app.mentoring import canned, reviews, subjects
from app.mentoring import threads as conversations
from app.mentoring.subjects import ATTEMPT, OUTPUT
from app.models import Attempt, Run, Thread, User
from app.people import throttle
from app.post import notices
from app.running import runs
from app.teaching import editions
from app.visitors import Db, Doer, Member, Mentor, Unsaved, is_htmx

router = APIRouter()

Body = Annotated[str, Form()]
Tick = Annotated[bool, Form()]


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


@router.get("/requests", name="show_requests", response_class=HTMLResponse)
def show_requests(request: Request, session: Db, learner: Member) -> HTMLResponse:
    """Everything one has asked, or was told, and how it stands."""
    mine = conversations.of_learner(session, learner)
    return pages.render(request, "threads/requests.html", conversations=mine)


@router.get("/threads/{thread_id}", name="show_thread", response_class=HTMLResponse)
def show_thread(thread_id: UUID, request: Request, session: Db, looker: Member) -> HTMLResponse:
    """A thread with the cells as they stood when help was asked, for its learner and for mentors."""
    thread = conversations.visible(session, looker, thread_id)
    page = _page(request, session, looker, thread)
    if looker.id == thread.user_id or looker.mentor:
        notices.seen(session, looker, conversations.address(thread))
    return page


def _page(request: Request, session: Db, looker: User, thread: Thread) -> HTMLResponse:
    if looker.id != thread.user_id:
        editions.read_as(session, thread.user)  # what its learner sees
    lesson = course().lessons.get(thread.lesson)
    mentor = looker.mentor and looker.id != thread.user_id
    return pages.render(
        request,
        "threads/thread.html",
        "one",
        thread=thread,
        lesson=lesson,
        title=lesson.title if lesson else thread.lesson,
        run=(run := _run(session, looker, thread)),
        talks=conversations.on_outputs(session, run) if run else {},
        mine=looker.id == thread.user_id,
        begun_by=_begun_by(thread),
        made=_made(session, thread),
        now_text=_now_text(session, looker, thread),
        canned=canned.of(session, looker) if mentor else [],
    )


def _begun_by(thread: Thread) -> str:
    """Who has the first word in it: its learner, or a mentor."""
    return thread.messages[0].by if thread.messages else thread.user.name or "A guest"


def _run(session: Db, looker: User, thread: Thread) -> Run | None:
    return runs.visible(session, looker, thread.run_id) if thread.run_id else None


def _made(session: Db, thread: Thread) -> list[Attempt]:
    """What the learner has handed in there, the newest first."""
    return attempts.of(session, thread.user, thread.cell)


def _now_text(session: Db, looker: User, thread: Thread) -> str | None:
    """What stands in the learner's own editor now: where lines are is said of that."""
    if thread.first_line is None or looker.id != thread.user_id:
        return None
    try:
        return drafts.texts(session, looker, find_lesson(thread.lesson)).get(thread.cell)
    except NotFound:
        return None


@router.post("/attempts/{attempt_id}/messages", name="answer_attempt")
def answer_attempt(
    attempt_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    body: Body = "",
    to: Annotated[str, Form()] = "one",
    changes: Tick = False,
    keep: Tick = False,
) -> Response:
    """A mentor's word on an attempt (and on those alike); its learner finds it at the exercise."""
    throttle.check(throttle.WRITE, str(mentor.id))
    attempt = attempts.visible(session, mentor, attempt_id)
    sent = reviews.answer(session, mentor, attempt, body, to, changes=changes)
    _keep(session, mentor, body, keep)
    said = (
        "Sent. It stands at the exercise."
        if len(sent) == 1
        else f"Sent to {len(sent)} learners, to each alone."
    )
    return pages.redirect(request, f"/attempts/{attempt_id}", said)


def _keep(session: Db, mentor: User, body: str, keep: bool) -> None:
    """Among the canned replies, under its first words."""
    if keep and mentor.mentor:
        title = body.strip().partition("\n")[0]
        canned.save(session, mentor, title if len(title) <= 80 else f"{title[:79]}…", body, None)


@router.post("/attempts/{attempt_id}/review", name="ask_review")
def ask_review(attempt_id: UUID, request: Request, session: Db, learner: Member, body: Body = "") -> Response:
    """The learner asks a mentor to look at an attempt."""
    throttle.check(throttle.WRITE, str(learner.id))
    about = subjects.find(session, learner, ATTEMPT, attempt_id)
    if about.owner != learner.id:
        raise NotFound("There is no such attempt among yours.")
    conversations.write_on(session, learner, about, body or "Please look at this attempt.")
    return pages.redirect(request, about.href, "Asked. It is in your mentors’ queue.")


@router.post("/attempts/{attempt_id}/lines", name="write_on_lines")
def write_on_lines(
    attempt_id: UUID,
    request: Request,
    session: Db,
    author: Member,
    first: Annotated[int, Form()],
    last: Annotated[int | None, Form()] = None,
    body: Body = "",
    changes: Tick = False,
    keep: Tick = False,
) -> Response:
    """A word on lines of an attempt: a mentor's, or its learner's question."""
    throttle.check(throttle.WRITE, str(author.id))
    about = subjects.find(session, author, ATTEMPT, attempt_id)
    lines = (first, first if last is None else last)
    thread = conversations.write_on(session, author, about, body, lines, changes=changes)
    _keep(session, author, body, keep)
    return pages.redirect(request, f"{about.href}?said={thread.id}#line-{max(lines)}", "Sent.")


@router.post("/outputs/{output_id}/messages", name="write_on_output")
def write_on_output(
    output_id: UUID,
    request: Request,
    session: Db,
    author: Member,
    body: Body = "",
    at: Annotated[UUID | None, Form()] = None,
) -> Response:
    """A word on a figure, or on whatever else a run showed; written `at` the page of a thread, back to it."""
    throttle.check(throttle.WRITE, str(author.id))
    about = subjects.find(session, author, OUTPUT, output_id)
    thread = conversations.write_on(session, author, about, body)
    back = f"/threads/{at}" if at else about.href
    return pages.redirect(request, f"{back}?said={thread.id}#shown-{output_id}", "Sent.")


@router.post("/threads/{thread_id}/messages", name="reply")
def reply(
    thread_id: UUID,
    request: Request,
    session: Db,
    author: Member,
    body: Body = "",
    changes: Tick = False,
    keep: Tick = False,
) -> Response:
    """Add a message to a thread one may see."""
    throttle.check(throttle.WRITE, str(author.id))
    thread = conversations.visible(session, author, thread_id)
    conversations.reply(session, author, thread, body, changes=changes)
    _keep(session, author, body, keep)
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
    return _page(request, session, author, fresh)
