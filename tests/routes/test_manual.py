"""The manual for operators speaks of what there is: settings, layers, modes."""

from __future__ import annotations

import re
from html import unescape
from typing import get_args

import pytest

from app.config import ROOT, Settings
from app.markdown import headings, render
from app.routes import manual
from tests.routes.acting import Browser
from workers.runner import confine
from workers.runner.confine.cgroup import Groups
from workers.runner.limits import FILES, OPEN_FILES, THREADS, Limits

FOLDER = ROOT / "app" / "manual"
TEXTS = {page.name: page.text for page in manual.manual()}
TEXT = "\n".join(TEXTS.values())
MOST_WORDS = 1000  # of a page


def test_every_page_leads_there_and_it_leads_to_all_of_its_own(
    newcomer: Browser, mo_browser: Browser
) -> None:
    for browser in (newcomer, mo_browser):
        assert 'href="/manual"' in browser.get("/path").text
        contents = browser.get("/manual").text
        for page in manual.manual():
            assert f'href="/manual/{page.name}"' in contents
            assert page.title in contents
    assert {file.stem for file in FOLDER.glob("*.md")} == set(manual.PAGES)


@pytest.mark.parametrize("page", manual.manual(), ids=lambda page: page.name)
def test_a_page_can_be_read_and_its_headings_reached(newcomer: Browser, page: manual.Page) -> None:
    answer = newcomer.get(f"/manual/{page.name}")
    assert answer.status_code == 200
    assert page.summary in unescape(answer.text)
    for heading in headings(page.text):
        assert f'id="{heading.anchor}"' in answer.text
    for address in re.findall(r"\]\((/manual[^)]*)\)", page.text):
        assert newcomer.get(address).status_code == 200


def test_every_figure_that_a_page_shows_comes_and_says_in_words_what_it_shows(newcomer: Browser) -> None:
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]*\.svg)\)", TEXT)
    assert {address for _, address in shown} == {f"{figure}.svg" for figure in manual.FIGURES}
    for words, address in shown:
        assert len(words.split()) > 10
        answer = newcomer.get(f"/manual/{address}")
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.text == (FOLDER / address).read_text()
    assert newcomer.get("/manual/../pages.svg").status_code == 404
    assert newcomer.get("/manual/waiting2.svg").status_code == 404


def test_every_view_has_pictures_by_day_and_by_night(newcomer: Browser) -> None:
    shown = re.findall(r"!\[([^\]]*)\]\((views/[^)]*)\)", TEXTS["views"])
    wanted = [f"views/{view}-{scheme}.webp" for view in manual.VIEWS for scheme in manual.SCHEMES]
    assert [address for _, address in shown] == wanted
    for words, address in shown:
        assert words == "The same by night." or len(words.split()) > 10
        answer = newcomer.get(f"/manual/{address}")
        assert answer.headers["content-type"] == "image/webp"
        assert answer.content[8:12] == b"WEBP"
    assert newcomer.get("/manual/views/secret-light.webp").status_code == 404
    assert newcomer.get("/manual/views/tokens-dusk.webp").status_code == 404


def test_it_does_not_ask_whoever_is_signed_in_to_sign_in(newcomer: Browser, mo_browser: Browser) -> None:
    assert ">Sign in<" in newcomer.get("/manual").text
    page = mo_browser.get("/manual/sandbox").text
    assert ">Sign in<" not in page
    assert 'href="/account">Account<' in page


def test_a_page_that_is_not_there_is_said_to_be_missing(newcomer: Browser) -> None:
    assert newcomer.get("/manual/operators").status_code == 404


def test_every_setting_that_it_names_exists() -> None:
    named = set(re.findall(r"UNEMBED_\w+", TEXT))
    of_containers = set(re.findall(r"UNEMBED_\w+", (ROOT / ".env.example").read_text()))
    assert named
    assert named <= {f"UNEMBED_{name.upper()}" for name in Settings.model_fields} | of_containers


def test_every_layer_and_mode_is_explained() -> None:
    groups = Groups("cgroup2", ())
    plan = confine.Plan(namespaces=True, landlock=1, seccomp=True, user=1, groups=groups, device="cuda")
    every = plan.layers
    missing = ["sandbox", *(layer for layer in every if layer != "limits")]
    explained = re.findall(r"\*\*(\w+)\*\*", TEXT)
    assert set(every) | {"sandbox"} <= set(explained)
    for layer in set(missing) - {"sandbox"}:
        assert f"\n| {layer} | " in TEXT  # how to mend it
    modes = get_args(get_args(Settings.model_fields["sandbox"].annotation)[0])
    assert set(modes) == {mode for mode in modes if f"| `{mode}` |" in TEXT}


def test_its_numbers_are_ours() -> None:
    for name in ("run_seconds", "grade_seconds", "memory_mb", "runs_per_learner"):
        row = next(line for line in TEXT.splitlines() if line.endswith(f" | `UNEMBED_{name.upper()}` |"))
        assert re.search(rf"\b{Settings.model_fields[name].default}\b", row), name
    for number in (f"{FILES} files", f"{OPEN_FILES} open", f"| {THREADS} |", f"{Limits().lines:,} lines"):
        assert number in TEXT


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_each_page_is_short_and_has_no_loose_marks(text: str) -> None:
    assert len(text.split()) <= MOST_WORDS
    assert "**" not in render(text)
