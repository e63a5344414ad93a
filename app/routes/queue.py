"""The mentors' queue: who waits, “next for me”, claims and their release; canned replies."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.guard import NotFound, Unusable
from app.lessons import course
from app.mentoring import canned, claims, threads
from app.mentoring.claims import Claimed, Filter
from app.models import Thread, User
from app.people import cohorts
from app.visitors import Db, Mentor

router = APIRouter()


def _filter(session: Db, mentor: User, cohort: str, lesson: str, age: str) -> Filter:
    """What was chosen; an unknown cohort is none of theirs. Raises NotFound."""
    try:
        found = cohorts.find(session, mentor, UUID(cohort)) if cohort else None
    except ValueError:
        raise NotFound("There is no such cohort among yours.") from None
    return Filter(found, lesson, age)


@router.get("/mentor/queue", name="show_queue", response_class=HTMLResponse)
def show_queue(
    request: Request, session: Db, mentor: Mentor, cohort: str = "", lesson: str = "", age: str = ""
) -> HTMLResponse:
    """All that waits for this mentor, the longest wait first."""
    wanted = _filter(session, mentor, cohort, lesson, age)
    waiting = threads.queue(session, mentor, wanted)
    return pages.render(
        request,
        "mentor/queue.html",
        waiting=waiting,
        mine=[one for one in waiting if (at := claims.holder(one)) and at.id == mentor.id],
        chosen={"cohort": cohort, "lesson": lesson, "age": age},
        listed=cohorts.seen_by(session, mentor),
        lessons=course().lessons,
        most=claims.MOST,
    )


@router.post("/mentor/queue/next", name="next_for_me")
def next_for_me(
    request: Request,
    session: Db,
    mentor: Mentor,
    cohort: Annotated[str, Form()] = "",
    lesson: Annotated[str, Form()] = "",
    age: Annotated[str, Form()] = "",
) -> Response:
    """Claim what has waited longest and nobody has, and go there."""
    thread = claims.next_for(session, mentor, _filter(session, mentor, cohort, lesson, age))
    if thread is None:
        return pages.redirect(request, "/mentor/queue", "Nobody waits whom no mentor has.")
    return pages.redirect(request, f"/threads/{thread}", "It is yours for 30 minutes; writing renews that.")


@router.post("/threads/{thread_id}/claim", name="claim_thread")
def claim_thread(
    thread_id: UUID, request: Request, session: Db, mentor: Mentor, writing: Annotated[bool, Form()] = False
) -> Response:
    """Take it, or hold it for longer; while one is `writing`, nothing on the page changes."""
    thread = threads.visible(session, mentor, thread_id)
    if writing and (thread.closed_at or thread.answered):
        return Response(status_code=204)
    if writing:
        claims.claim(session, mentor, thread)
        return Response(status_code=204)
    try:
        claims.claim(session, mentor, thread)
    except (Claimed, Unusable) as refused:  # the list was older than what others have done since
        return pages.redirect(request, "/mentor/queue", _taken(thread) or str(refused))
    return pages.redirect(request, f"/threads/{thread_id}")


def _taken(thread: Thread) -> str:
    """Who has it, in a sentence; nothing if nobody has."""
    holder = claims.holder(thread)
    return f"{holder.name} has taken this one already." if holder else ""


@router.post("/threads/{thread_id}/release", name="release_thread")
def release_thread(thread_id: UUID, request: Request, session: Db, mentor: Mentor) -> Response:
    """Let others have it."""
    claims.release(session, mentor, threads.visible(session, mentor, thread_id))
    return pages.redirect(request, "/mentor/queue", "Released. It is in the queue for others again.")


# ── canned replies ──────────────────────────────────────────────────────────

Box = Annotated[str, Query(max_length=80, pattern=r"^[a-z0-9-]*$")]


@router.get("/mentor/replies", name="show_replies", response_class=HTMLResponse)
def show_replies(
    request: Request, session: Db, mentor: Mentor, q: str = "", box: Box = "", edit: UUID | None = None
) -> HTMLResponse:
    """One's canned replies and those of one's cohorts; for a form's own list (`box`), only that."""
    return pages.render(
        request,
        "mentor/replies.html",
        "picker",
        found=canned.of(session, mentor, q),
        q=q,
        box=box,
        edit=edit,
        listed=cohorts.seen_by(session, mentor),
        me=mentor.id,
    )


@router.post("/mentor/replies", name="save_reply")
def save_reply(
    request: Request,
    session: Db,
    mentor: Mentor,
    title: Annotated[str, Form()] = "",
    body: Annotated[str, Form()] = "",
    cohort: Annotated[str, Form()] = "",
    reply: Annotated[str, Form()] = "",
) -> Response:
    """Keep a new one, or one's own in another form."""
    try:
        shared, known = (UUID(one) if one else None for one in (cohort, reply))
    except ValueError:
        raise NotFound("There is no such cohort or reply among yours.") from None
    canned.save(session, mentor, title, body, shared, known)
    return pages.redirect(request, "/mentor/replies", "Kept.")


@router.post("/mentor/replies/{reply_id}/delete", name="delete_reply")
def delete_reply(reply_id: UUID, request: Request, session: Db, mentor: Mentor) -> Response:
    """Forget one of one's own."""
    canned.delete(session, mentor, reply_id)
    return pages.redirect(request, "/mentor/replies", "Deleted. What was said with it stays.")


@router.post("/mentor/replies/{reply_id}/insert", name="insert_reply", response_class=HTMLResponse)
def insert_reply(
    reply_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    body: Annotated[str, Form()] = "",
    box: Annotated[str, Form(max_length=80, pattern=r"^[a-z0-9-]*$")] = "reply",
    action: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """What is being written, with this reply after it: the form's text again, or a page to send it from."""
    written = canned.insert(session, mentor, reply_id, body)
    action = pages.own_path(action, "")
    return pages.render(request, "mentor/write.html", "text", box=box, written=written, action=action)
