"""Judging attempts again: begin, watch, look at what would change, apply or discard. For admins."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.guard import Unusable
from app.lessons import read
from app.models import Regrade
from app.people import cohorts
from app.teaching import applying, plan, regrades, rejudged_table
from app.teaching.regrades import Scope
from app.visitors import Admin, Db

router = APIRouter(prefix="/operate/regrades")

Text = Annotated[str, Form()]


@router.get("", name="show_regrades", response_class=HTMLResponse)
def show_regrades(request: Request, session: Db, admin: Admin) -> HTMLResponse:
    """Those there are, exercises that have changed, and the form for another."""
    read("")  # whatever the admin learns by
    return pages.render(
        request,
        "operate/regrades.html",
        listed=regrades.listed(session, admin),
        outdated=regrades.outdated(session, admin),
        choices=plan.choices(),
        cohorts=[one.cohort for one in cohorts.seen_by(session, admin)],
    )


@router.post("", name="begin_regrade")
def begin_regrade(
    request: Request,
    session: Db,
    admin: Admin,
    exercise: Text = "",
    cohort: Text = "",
    attempts: Text = "latest",
    by: Text = "own",
) -> Response:
    """Have an exercise's attempts judged again."""
    scope = Scope(exercise, _id(cohort), attempts != "all", by == "newest")
    return _to(request, regrades.begin(session, admin, scope), "They are being judged. Nothing counts yet.")


@router.get("/{regrade_id}", name="show_regrade", response_class=HTMLResponse)
def show_regrade(regrade_id: UUID, request: Request, session: Db, admin: Admin) -> HTMLResponse:
    """How far it is, and what applying it would change. The page asks again while attempts are judged."""
    found = regrades.find(session, admin, regrade_id)
    return pages.render(
        request,
        "operate/regrade.html",
        "state",
        regrade=found,
        progress=regrades.progress(session, found),
        preview=regrades.preview(session, found),
        shown=regrades.SHOWN,
    )


@router.post("/{regrade_id}/apply", name="apply_regrade")
def apply_regrade(
    regrade_id: UUID, request: Request, session: Db, admin: Admin, takes_passes: Text = ""
) -> Response:
    """Let the new verdicts count."""
    found = regrades.find(session, admin, regrade_id)
    done = applying.apply(session, admin, found, bool(takes_passes))
    said = f"Applied: {done.changed} changed"
    said += f", {done.passes_kept} passes kept" if done.passes_kept else ""
    said += f", {done.meanwhile} left alone, as they were judged again meanwhile" if done.meanwhile else ""
    return _to(request, found, f"{said}.")


@router.post("/{regrade_id}/undo", name="undo_regrade")
def undo_regrade(regrade_id: UUID, request: Request, session: Db, admin: Admin) -> Response:
    """Give the attempts back the verdicts that they had before it was applied."""
    found = regrades.find(session, admin, regrade_id)
    done = applying.undo(session, admin, found)
    said = f"Taken back: {done.restored} {'attempt has its' if done.restored == 1 else 'attempts have their'}"
    left = f" {done.meanwhile} stay as they were judged meanwhile." if done.meanwhile else ""
    return _to(request, found, f"{said} earlier verdict again.{left}")


@router.get("/{regrade_id}/changes.csv", name="take_regrade")
def take_regrade(regrade_id: UUID, session: Db, admin: Admin) -> Response:
    """All that would change, or has changed, as a CSV file; that it was taken is noted."""
    text = rejudged_table.take(session, admin, regrades.find(session, admin, regrade_id))
    headers = {"content-disposition": 'attachment; filename="regrade.csv"', "cache-control": "no-store"}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/{regrade_id}/discard", name="discard_regrade")
def discard_regrade(regrade_id: UUID, request: Request, session: Db, admin: Admin) -> Response:
    """Stop it, or drop what it found."""
    found = regrades.find(session, admin, regrade_id)
    regrades.discard(session, admin, found)
    return _to(request, found, "Discarded. Every verdict stays as it is.")


@router.post("/{regrade_id}/again", name="try_regrade_again")
def try_regrade_again(regrade_id: UUID, request: Request, session: Db, admin: Admin) -> Response:
    """Judge those once more that could not be judged."""
    found = regrades.find(session, admin, regrade_id)
    count = regrades.try_again(session, admin, found)
    return _to(request, found, f"{count} {'attempt is' if count == 1 else 'attempts are'} tried once more.")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Unusable("Choose a cohort from the list, or everybody.") from None


def _to(request: Request, regrade: Regrade, say: str) -> Response:
    return pages.redirect(request, f"/operate/regrades/{regrade.id}", say)
