"""The manual on views: every line on it runs as it stands; `make pictures` takes its pictures here."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.config import ROOT
from app.routes import manual
from tests.browser.acting import LESSON, run, write
from tests.browser.conftest import SCREENSHOTS, Visit

PAGE = (ROOT / "app" / "manual" / "views.md").read_text()
SETTING, *LINES = re.findall(r"```python ?(\w*)\n(.*?)```", PAGE, re.DOTALL)
NAMES = [name for name, _ in LINES]
DESK = {"width": 1000, "height": 800}


def shown(code: str) -> str:
    """The same cell, which goes on after what its last line shows."""
    last = ast.parse(code).body[-1]
    assert isinstance(last, ast.Expr)
    lines = code.splitlines()
    return "\n".join([*lines[: last.lineno - 1], f"lab.show({ast.unparse(last)})"])


def test_every_view_of_the_manual_has_its_pictures() -> None:
    assert tuple(NAMES) == manual.VIEWS


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_manuals_lines_run_and_have_their_pictures_taken(visit: Visit, scheme: str) -> None:
    page = visit(DESK, color_scheme=scheme)
    page.goto(LESSON)
    write(page, "surprise", "\n".join([SETTING[1], *(shown(code) for _, code in LINES)]))
    output = run(page, "surprise")
    views = output.locator(".shown-figure")
    expect(views).to_have_count(len(NAMES))
    folder = SCREENSHOTS / "views"
    folder.mkdir(parents=True, exist_ok=True)
    for name, view in zip(NAMES, views.all(), strict=True):
        expect(view.locator("> .view")).to_have_attribute("data-ready", "")
        view.scroll_into_view_if_needed()
        view.screenshot(path=folder / f"{name}-{scheme}.png")


def test_the_manuals_pictures_are_small_and_there() -> None:
    pictures: list[Path] = [
        manual.FOLDER / "views" / f"{name}-{scheme}.webp" for name in NAMES for scheme in manual.SCHEMES
    ]
    assert sum(picture.stat().st_size for picture in pictures) < 1 << 20
