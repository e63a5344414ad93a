"""Who can do it already proves it: only the exercises that count, and then the rest is optional."""

from __future__ import annotations

import re

from app.models import User
from tests.routes.acting import Browser
from tests.routes.passing import passes

LESSON, PROOF = "/lessons/counting", "/lessons/counting/test-out"


def test_a_lesson_offers_the_way_past_it(newcomer: Browser) -> None:
    page = newcomer.get(LESSON).text
    assert "Can you do this already?" in page
    assert f'href="{PROOF}"' in page


def test_the_proof_shows_only_what_counts_and_folds_the_prose(newcomer: Browser) -> None:
    page = newcomer.get(PROOF).text
    blocks = re.findall(r'<section class="block (?:cell|exercise)" id="cell-(\w+)"', page)
    assert blocks == ["quadruple"]
    assert f'<li id="cell-double"><a href="{LESSON}#cell-double">' in page  # it builds on that
    assert '<details class="folded"><summary>' in page
    assert "We begin with one." in page
    assert f'action="{LESSON}/exercises/quadruple/attempts"' in page


def test_what_is_passed_there_is_passed_in_the_lesson_and_proves_it(ada_browser: Browser, ada: User) -> None:
    passes(ada, "double")
    assert "data-proven" not in ada_browser.get(LESSON).text
    passes(ada, "quadruple")
    for page in (ada_browser.get(LESSON).text, ada_browser.get(PROOF).text):
        assert "data-proven" in page
        assert "Its other exercise is optional now." in page
        assert "Can you do this already?" not in page
    assert "proven · 1 more, optional now" in ada_browser.get("/path").text


def test_a_verdict_says_at_once_that_the_lesson_is_proven(ada_browser: Browser, ada: User) -> None:
    run = passes(ada, "double", "quadruple")
    fresh = ada_browser.get(f"/runs/{run}", htmx=True).text
    assert '<hx-partial hx-target="#test-out"' in fresh
    assert "data-proven" in fresh


def test_the_milestone_alone_completes_a_step(ada_browser: Browser, ada: User) -> None:
    page = ada_browser.get("/path").text
    assert "Its milestone alone completes it" in page
    assert 'id="node-start" data-node="start" data-needs="" data-done' not in page
    passes(ada, "largest")
    page = ada_browser.get("/path").text
    assert 'id="node-start" data-node="start" data-needs="" data-done' in page
    assert "The rest is for when you need it." in page
    assert 'Next: <a href="#node-sums">Sums</a>' in page
