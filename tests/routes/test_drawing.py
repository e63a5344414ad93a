"""The drawing of what the learner builds: on the map and in its lessons, green where they have passed."""

from __future__ import annotations

import re

from app.models import User
from tests.routes.acting import Browser, Things
from tests.routes.passing import passes


def colours(page: str) -> list[str]:
    """Of the modules in the order of the list that stands for the picture."""
    return re.findall(r'<li data-colour="(\w+)">', page)


def test_it_is_drawn_twice_and_said_once(newcomer: Browser) -> None:
    for page in (newcomer.get("/path").text, newcomer.get("/lessons/counting").text):
        assert page.count('<svg class="wide"') == page.count('<svg class="tall"') == 1
        assert "0 of 2</b> modules are your own" in page
        assert colours(page) == ["open", "open", "open"]
        assert "two times again" in page
        assert "style=" not in page[page.index("<svg class") : page.index("<figcaption>")]


def test_what_is_passed_is_green_wherever_it_stands(ada_browser: Browser, ada: User) -> None:
    passes(ada, "double")
    page = ada_browser.get("/path").text
    assert colours(page) == ["open", "yours", "yours"]
    assert "1 of 2</b> modules is your own" in page
    assert 'href="/lessons/counting#cell-double"' in page
    assert 'href="#cell-double"' in ada_browser.get("/lessons/counting").text


def test_what_is_ours_for_now_is_half_as_green(ada_browser: Browser, things: Things) -> None:
    ada_browser.post("/lessons/counting/exercises/double/solution")
    assert colours(ada_browser.get("/path").text) == ["open", "ours", "ours"]


def test_a_verdict_brings_it_along(ada_browser: Browser, things: Things) -> None:
    fresh = ada_browser.get(f"/runs/{things.graded_run}", htmx=True).text
    assert '<hx-partial hx-target="#drawing"' in fresh
    assert '<hx-partial hx-target="#modules"' in fresh


def test_taking_ours_brings_it_along(ada_browser: Browser) -> None:
    told = {"exercise": "double", "on": "quadruple"}
    answer = ada_browser.post("/lessons/counting/foundations", htmx=True, **told).text
    assert answer.count('<hx-partial hx-target="#drawing"') == 1
    assert colours(answer) == ["open", "ours", "ours"]
