"""The site's own manual, for those who run it. Open to everybody: nothing in it is a secret."""

from __future__ import annotations

from functools import lru_cache

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import pages
from app.config import ROOT

router = APIRouter(prefix="/manual")


@router.get("/operators", name="for_operators", response_class=HTMLResponse)
def for_operators(request: Request) -> HTMLResponse:
    """What stands between learners' code and the rest, and how to set it up."""
    return pages.render(request, "manual/operators.html", text=_text("operators"))


@lru_cache
def _text(name: str) -> str:
    return (ROOT / "app" / "manual" / f"{name}.md").read_text()
