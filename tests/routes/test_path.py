"""The map: honest about what is there, the learner's own in order and goal, and never locked."""

from __future__ import annotations

from app.db import transaction
from app.learning.progress import path_view
from app.models import Attempt, Verdict
from app.routes.path import layers
from tests.routes.acting import Browser, Things


def test_the_map_says_what_is_not_written_yet(newcomer: Browser) -> None:
    page = newcomer.get("/path").text
    assert "/lessons/counting" in page
    assert "1 lesson not written yet" in page
    assert "You are there when" in page


def test_hours_are_folded_away(newcomer: Browser) -> None:
    page = newcomer.get("/path").text
    assert "<summary>How long?</summary>" in page
    assert "<details open" not in page


def test_what_is_passed_lights_its_concepts(ada_browser: Browser, things: Things) -> None:
    assert "concept lit" not in ada_browser.get("/path").text
    with transaction() as session:
        attempt = session.get(Attempt, things.attempt)
        assert attempt
        attempt.verdict = Verdict.PASSED
    page = ada_browser.get("/path").text
    assert '<span class="concept lit">Doubling' in page
    assert "1 of 3" in page
    assert "Doubling" in ada_browser.get("/account").text


def test_the_map_leads_learners_to_their_cohort(
    ada_browser: Browser, mo_browser: Browser, newcomer: Browser, things: Things
) -> None:
    link = f'You learn in <a href="/cohorts/{things.cohort}">Autumn</a>'
    assert link in ada_browser.get("/path").text
    for other in (mo_browser, newcomer):
        assert "You learn in" not in other.get("/path").text


def test_a_goal_is_one_line_that_stays(ada_browser: Browser) -> None:
    assert 'value="See inside"' in ada_browser.post("/path/goal", htmx=True, goal=" See \n inside ").text
    assert 'value="See inside"' in ada_browser.get("/path").text
    assert ada_browser.post("/path/goal", goal="x" * 300).status_code == 422


def test_a_hidden_node_can_be_shown_again(ada_browser: Browser) -> None:
    ada_browser.post("/path/nodes/sums", move="hide")
    page = ada_browser.get("/path").text
    assert 'data-node="sums"' not in page
    assert "1 hidden: Sums." in page
    assert "Show again" in ada_browser.get("/path?arrange=true").text
    ada_browser.post("/path/nodes/sums", move="show")
    assert 'data-node="sums"' in ada_browser.get("/path").text


def test_nodes_move_up_and_down(ada_browser: Browser) -> None:
    ada_browser.post("/path/nodes/proofs", move="up")
    page = ada_browser.get("/path?arrange=true").text
    assert page.index('id="node-proofs"') < page.index('id="node-sums"')
    ada_browser.post("/path/nodes/proofs", move="down")
    page = ada_browser.get("/path?arrange=true").text
    assert page.index('id="node-proofs"') > page.index('id="node-sums"')


def test_a_move_that_there_is_not_is_refused(ada_browser: Browser) -> None:
    assert ada_browser.post("/path/nodes/sums", move="away").status_code == 422
    assert ada_browser.post("/path/nodes/nowhere", move="up").status_code == 404


def test_each_node_stands_below_what_it_builds_on(site: object) -> None:
    with transaction() as session:
        nodes = path_view(session, None)
    assert [[view.node.id for view in layer] for layer in layers(nodes)] == [["start"], ["sums"], ["proofs"]]
    without = [view for view in nodes if view.node.id != "sums"]
    assert [[view.node.id for view in layer] for layer in layers(without)] == [["start", "proofs"]]
