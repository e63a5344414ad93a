"""How the page hears of what changes in place: into the same place, a figure by its data alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from redis import Redis

from app.db import transaction
from app.models import User
from app.pages import progress
from app.running import events, leases, runs
from app.running.streams import joined
from tests.routes.acting import FIGURE, Browser

URL = "/lessons/counting/events"
BAR = {"title": "training <b>", "done": 412, "total": 1000, "seconds": 2.1, "state": "running"}


@pytest.fixture
def told(ada: User, ada_browser: Browser, lesson: object, redis: Redis) -> Any:
    """`told(events…)`: the HTML that a page gets for them, of a run that then ends."""
    with transaction() as session:
        run_id = runs.submit(session, ada, "counting", "two", {}).id
    with transaction() as session:
        assert leases.claim(session, run_id)

    def told(*happened: tuple[type[events.Event], dict[str, Any]]) -> str:
        name = events.key(ada.id, "counting")
        seen = f"{events.latest_id(redis, name)} {run_id}:{events.PER_TRY}"  # the page knows of its beginning
        for number, (kind, fields) in enumerate(happened, 1):
            event = kind(str(run_id), "two", events.PER_TRY + number, **fields)
            events.publish(redis, ada.id, "counting", event)
        over = events.Finished(str(run_id), "two", events.PER_TRY + 99, "done", "ok", "", 0.5)
        events.publish(redis, ada.id, "counting", over)
        answer = ada_browser.client.get(URL, headers={"last-event-id": seen})
        return answer.text.replace(str(run_id), "RUN")

    return told


def replaced(kind: str, output: dict[str, Any] | None, alike: bool = True) -> tuple[Any, dict[str, Any]]:
    return events.Replaced, {"id": "it", "kind": kind, "output": output, "alike": alike}


def test_a_figure_gets_only_its_data(told: Any) -> None:
    html = told(replaced("figure", FIGURE))
    assert 'hx-target="#run-RUN[data-live] > .shown > #shown-it > plotly-figure > script"' in html
    assert '"title": "Bars"' in html
    assert html.count("<plotly-figure") == 0


def test_a_bar_is_changed_and_a_result_is_exchanged(told: Any) -> None:
    html = told(replaced("progress", BAR), (events.Text, {"stream": "stdout", "text": "x"}))
    assert '#shown-it" hx-swap="outerMorph"' in html
    assert re.search(r'<progress max="1000" value="412" aria-labelledby="title-it" [^>]*412 of 1,000', html)
    assert "training &lt;b&gt;" in html


@pytest.mark.parametrize(("kind", "output"), [("result", {"text": "2"}), ("figure", FIGURE)])
def test_what_was_of_another_kind_is_exchanged_as_a_whole(told: Any, kind: str, output: Any) -> None:
    html = told(replaced(kind, output, alike=False))
    assert '#shown-it" hx-swap="outerHTML"' in html
    assert 'id="shown-it"' in html


def test_what_is_too_large_leaves_a_place_that_says_so(told: Any) -> None:
    assert "it comes when the run is over" in told(replaced("figure", None, alike=False))
    first = (events.Shown, {"id": "it", "kind": "figure", "output": None})
    assert 'class="shown-notice" id="shown-it"' in told(first)


def test_of_several_in_a_batch_the_last_is_told() -> None:
    def one(id: str, seq: int) -> events.Replaced:
        return events.Replaced("run", "c", seq, id, "result", {"text": str(seq)}, True)

    text = events.Text("run", "c", 3, "stdout", "x")
    later = events.Text("run", "c", 5, "stdout", "y")
    told = list(joined([one("a", 1), one("b", 2), text, one("a", 4), later, one("a", 6)]))
    assert [event.seq for event in told] == [2, 5, 6]
    first = events.Shown("run", "c", 1, "a", "figure", None)
    (only,) = joined([first, one("a", 4), one("a", 6)])
    assert only == events.Shown("run", "c", 1, "a", "result", {"text": "6"})
    assert list(joined([events.Started("run", "c", 0), one("a", 4)])) == [events.Started("run", "c", 0)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "412 of 1,000 · 3 s left"),
        ({"done": 0}, "0 of 1,000"),
        ({"done": 1000}, "1,000 of 1,000"),
        ({"seconds": 210}, "412 of 1,000 · 5 min 0 s left"),
        ({"total": None}, "412 so far · 2.1 s"),
        ({"total": 0, "done": 0}, "0 so far · 2.1 s"),
        ({"state": "done", "done": 1000, "seconds": 4.2}, "1,000 steps in 4.2 s"),
        ({"state": "done", "done": 1, "seconds": 0.01}, "1 step in 10 ms"),
        ({"state": "stopped"}, "stopped at 412 of 1,000, after 2.1 s"),
        ({"state": "stopped", "total": None}, "stopped after 412 steps, 2.1 s"),
    ],
)
def test_progress_in_words(changes: dict[str, Any], words: str) -> None:
    assert progress(BAR | changes) == words
