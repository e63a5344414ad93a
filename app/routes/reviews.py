"""What a mentor decides: rulings beside a verdict, sign-offs; and trying somebody's code out."""

from __future__ import annotations

from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.guard import NotAllowed
from app.learning import attempts
from app.mentoring import reviews, signoffs, subjects, threads, trials
from app.mentoring.subjects import ATTEMPT
from app.people import throttle
from app.running.chains import Chain
from app.teaching import editions
from app.visitors import Db, Mentor

router = APIRouter()


@router.post("/attempts/{attempt_id}/ruling", name="overrule")
def overrule(
    attempt_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    verdict: Annotated[str, Form()] = "",
    body: Annotated[str, Form()] = "",
) -> Response:
    """Say what an attempt counts as, and why; the verdict stays beside it."""
    attempt = attempts.visible(session, mentor, attempt_id)
    reviews.overrule(session, mentor, attempt, verdict, body)
    return pages.redirect(
        request, f"/attempts/{attempt_id}", "It counts as you said. The reason is shown with it."
    )


@router.post("/attempts/{attempt_id}/ruling/withdraw", name="withdraw_ruling")
def withdraw_ruling(attempt_id: UUID, request: Request, session: Db, mentor: Mentor) -> Response:
    """Let the verdict stand alone again."""
    reviews.withdraw(session, mentor, attempts.visible(session, mentor, attempt_id))
    return pages.redirect(request, f"/attempts/{attempt_id}", "The verdict holds again.")


@router.post("/attempts/{attempt_id}/sign-off", name="sign_off")
def sign_off(
    attempt_id: UUID, request: Request, session: Db, mentor: Mentor, body: Annotated[str, Form()] = ""
) -> Response:
    """Sign an attempt off."""
    about = subjects.find(session, mentor, ATTEMPT, attempt_id)
    signoffs.sign(session, mentor, about, body)
    return pages.redirect(request, about.href, "Signed off. Its learner is told.")


@router.post("/sign-offs/{sign_off_id}/revoke", name="revoke_sign_off")
def revoke_sign_off(sign_off_id: UUID, request: Request, session: Db, mentor: Mentor) -> Response:
    """Take a sign-off back."""
    found = signoffs.revoke(session, mentor, sign_off_id)
    about = subjects.find(session, mentor, found.kind, found.subject_id)
    return pages.redirect(request, about.href, "Taken back. Its learner is told.")


# ── trying somebody's code out ──────────────────────────────────────────────


class Tried(NamedTuple):
    """Whose code is tried, and where that came from."""

    id: UUID
    lesson: str
    chain: Chain
    learner: str
    back: str
    to: str


def _of_attempt(session: Db, mentor: Mentor, attempt_id: UUID) -> Tried:
    found = attempts.visible(session, mentor, attempt_id)
    if found.user_id == mentor.id:
        raise NotAllowed("This is your own: try it in the lesson.")
    editions.read_as(session, found.user)  # the course that it was written for
    here, chain = f"/attempts/{attempt_id}", trials.of_attempt(found)
    return Tried(found.id, found.lesson, chain, found.user.name, here, f"{here}/trial")


def _of_thread(session: Db, mentor: Mentor, thread_id: UUID) -> Tried:
    found = threads.visible(session, mentor, thread_id)
    if found.user_id == mentor.id:
        raise NotAllowed("This is your own: try it in the lesson.")
    editions.read_as(session, found.user)
    here, chain = f"/threads/{thread_id}", trials.of_thread(session, found)
    return Tried(found.id, found.lesson, chain, found.user.name, here, f"{here}/trial")


def _show(request: Request, session: Db, mentor: Mentor, tried: Tried) -> HTMLResponse:
    run = trials.newest(session, mentor, tried.id)
    text = (run.chain if run else tried.chain)[-1]["text"]
    return pages.render(
        request, "mentor/trial.html", tried=tried, run=run, text=text, cell=trials.cell(tried.id)
    )


def _start(request: Request, session: Db, mentor: Mentor, tried: Tried, text: str) -> Response:
    throttle.check(throttle.RUN, str(mentor.id))
    trials.start(session, mentor, tried.id, tried.lesson, tried.chain, text)
    return pages.redirect(request, f"{tried.to}#shown")


Text = Annotated[str, Form()]


@router.get("/attempts/{attempt_id}/trial", name="show_trial", response_class=HTMLResponse)
def show_trial(attempt_id: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """A copy of an attempt to change and run; nothing of it is the learner's."""
    return _show(request, session, mentor, _of_attempt(session, mentor, attempt_id))


@router.post("/attempts/{attempt_id}/trial", name="start_trial")
def start_trial(attempt_id: UUID, request: Request, session: Db, mentor: Mentor, text: Text = "") -> Response:
    """Run the copy in the mentor's own name."""
    return _start(request, session, mentor, _of_attempt(session, mentor, attempt_id), text)


@router.get("/threads/{thread_id}/trial", name="show_thread_trial", response_class=HTMLResponse)
def show_thread_trial(thread_id: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """A copy of what stood on the learner's screen, to change and run."""
    return _show(request, session, mentor, _of_thread(session, mentor, thread_id))


@router.post("/threads/{thread_id}/trial", name="start_thread_trial")
def start_thread_trial(
    thread_id: UUID, request: Request, session: Db, mentor: Mentor, text: Text = ""
) -> Response:
    """Run the copy in the mentor's own name."""
    return _start(request, session, mentor, _of_thread(session, mentor, thread_id), text)
