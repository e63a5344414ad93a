"""A lesson that stands on another says on what, offers ours, and shows the way back to a mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import taller_course
from tests.routes.acting import Browser

URL = "/lessons/halving"


@pytest.fixture(autouse=True)
def taller(tmp_path: Path, change_settings: Callable[..., None], ada_browser: Browser) -> None:
    change_settings(course_dir=taller_course.write(tmp_path))


def test_a_newcomer_sees_what_the_lesson_stands_on(newcomer: Browser) -> None:
    page = newcomer.get(URL).text
    assert 'id="stands-on"' in page
    assert page.count(">Use ours<") == 2


def test_ours_is_taken_in_place(ada_browser: Browser) -> None:
    answer = ada_browser.post(f"{URL}/foundations", htmx=True, exercise="quadruple")
    assert answer.text.count(">Use ours<") == 1
    assert "(ours)" in answer.text
    assert ada_browser.get(URL).text.count(">Use ours<") == 1


def test_without_a_script_the_page_comes_back_to_the_place(ada_browser: Browser) -> None:
    answer = ada_browser.post(f"{URL}/foundations", exercise="double")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{URL}#stands-on")


def test_an_exercise_offers_ours_where_it_builds_on_another(ada_browser: Browser) -> None:
    assert ada_browser.get("/lessons/counting").text.count(">Use ours<") == 1
    answer = ada_browser.post("/lessons/counting/foundations", htmx=True, exercise="double", on="quadruple")
    assert 'id="builds-on-quadruple"' in answer.text
    assert "(ours)" in answer.text


def test_a_cell_that_lacks_something_says_so_and_where(ada_browser: Browser) -> None:
    answer = ada_browser.post(f"{URL}/cells/four/runs", htmx=True, text="quadruple(3)")
    assert answer.status_code == 422
    assert "Twice as much" in answer.text


def test_an_exercise_says_what_it_is_for_how_hard_and_why_its_solution_is_so(ada_browser: Browser) -> None:
    page = ada_browser.get(URL).text
    assert "<strong>halved</strong> sooner or later" in page
    assert "Difficulty 2 of 5" in page
    assert "Importance 5 of 5" in page
    assert "two halves" not in page


def test_who_comes_from_a_mistake_finds_back(ada_browser: Browser) -> None:
    page = ada_browser.get("/lessons/counting?back=halve").text
    assert f'You came from <a href="{URL}#cell-halve">' in page
    assert "You came from" not in ada_browser.get("/lessons/counting?back=nothing").text


def test_all_that_is_missing_can_be_taken_at_once(ada_browser: Browser) -> None:
    ada_browser.post(f"{URL}/foundations", exercise="double")
    answer = ada_browser.post(f"{URL}/foundations", htmx=True)
    assert answer.text.count("(ours)") == 2
    answer = ada_browser.post("/lessons/counting/foundations", htmx=True, on="quadruple")
    assert answer.text.count("(ours)") == 1


def test_nothing_is_opened_that_is_not_needed_here(ada_browser: Browser) -> None:
    assert ada_browser.post(f"{URL}/foundations", exercise="largest").status_code == 404
