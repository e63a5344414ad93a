"""The site's own manual, for those who run it. Open to everybody: nothing in it is a secret."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse

from app import pages
from app.config import ROOT
from app.guard import NotFound

router = APIRouter(prefix="/manual")

FOLDER = ROOT / "app" / "manual"  # its pages, in the order in which one would read them
PAGES = (
    *("machine", "scale", "sandbox", "models", "gpu", "cohort", "people", "accounts", "meetings"),
    *("course", "api"),
    *("watching", "backups", "failures", "graded", "views"),
)
VIEWS = (  # whose pictures are in `views/`, by day and by night
    *("attention", "attention_heads", "tokens", "log_probs", "neurons"),
    *("top_tokens", "samples", "leaderboard"),
)
SCHEMES = ("light", "dark")
FIGURES = ("waiting",)  # drawn beside them; a page shows one by its file's name, as it stands there


@dataclass(frozen=True)
class Page:
    """One page: its file begins with `# title` and a paragraph that says what it is about."""

    name: str
    title: str
    summary: str
    text: str


@router.get("", name="for_operators", response_class=HTMLResponse)
def for_operators(request: Request) -> HTMLResponse:
    """What the manual has pages on."""
    return pages.render(request, "manual/contents.html", manual=manual())


@router.get("/{figure}.svg", name="show_figure")
def show_figure(figure: str) -> FileResponse:
    """A figure of it. Raises NotFound."""
    if figure not in FIGURES:
        raise NotFound(f"The manual has no figure {figure!r}.")
    return FileResponse(FOLDER / f"{figure}.svg", media_type="image/svg+xml")


@router.get("/views/{name}-{scheme}.webp", name="show_view")
def show_view(name: str, scheme: str) -> FileResponse:
    """The picture of a view. Raises NotFound."""
    if name not in VIEWS or scheme not in SCHEMES:
        raise NotFound(f"The manual has no picture of {name!r}, {scheme!r}.")
    return FileResponse(FOLDER / "views" / f"{name}-{scheme}.webp", media_type="image/webp")


@router.get("/{page}", name="show_manual", response_class=HTMLResponse)
def show_manual(page: str, request: Request) -> HTMLResponse:
    """One page of it. Raises NotFound."""
    found = next((one for one in manual() if one.name == page), None)
    if found is None:
        raise NotFound(f"The manual has no page {page!r}: /manual lists those it has.")
    return pages.render(request, "manual/page.html", shown=found, manual=manual())


@lru_cache
def manual() -> tuple[Page, ...]:
    """Every page, in the order of reading."""
    return tuple(map(_read, PAGES))


def _read(name: str) -> Page:
    title, summary, text = (FOLDER / f"{name}.md").read_text().split("\n\n", 2)
    return Page(name, title.removeprefix("# "), summary, text)
