"""The page's one stream: everything of the runs that are going, in order, once; then “done”."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from app.db import transaction
from app.models import Ending, User
from app.running import events, leases, runs, streams
from app.running.streams import Told, joined
from tests.routes.acting import FIGURE, Browser

URL = "/lessons/counting/events"


@dataclass
class Going:
    """A run of Ada's that a worker has taken."""

    id: UUID
    nonce: str
    ada: User
    redis: Redis
    seq: int = events.PER_TRY

    def tell(self, what: type[events.Event], **fields: Any) -> None:
        self.seq += 1
        event = what(run=str(self.id), cell="two", seq=self.seq, **fields)
        events.publish(self.redis, self.ada.id, "counting", event)

    def record(self, *shown: leases.Shown) -> None:
        with transaction() as session:
            assert leases.record(session, self.id, self.nonce, leases.Result(Ending.OK, outputs=list(shown)))


@pytest.fixture
def going(ada: User, lesson: object, redis: Redis) -> Going:
    with transaction() as session:
        run_id = runs.submit(session, ada, "counting", "two", {}).id
    with transaction() as session:
        run = leases.claim(session, run_id)
        assert run
        return Going(run_id, run.nonce, ada, redis)


def messages(text: str) -> list[dict[str, str]]:
    """The messages of a stream, each with its fields."""
    found = []
    for message in re.split(r"\r?\n\r?\n", text):
        fields: dict[str, str] = {}
        for line in message.splitlines():
            name, _, value = line.partition(":")
            fields[name] = fields.get(name, "") + value.removeprefix(" ") + ("\n" if name == "data" else "")
        if "data" in fields or "event" in fields:
            found.append(fields)
    return found


def test_what_happens_arrives_in_order_and_then_it_is_done(ada_browser: Browser, going: Going) -> None:
    going.tell(events.Text, stream="stdout", text="first <i>line</i>\n")
    going.tell(events.Shown, id="fig", kind="figure", output=FIGURE)
    going.tell(events.Text, stream="stdout", text="last line\n")
    _finish_while_listening(going)
    *parts, done = messages(ada_browser.get(URL).text)
    assert done["event"] == "done"
    html = "".join(part["data"] for part in parts)
    marks = ("first &lt;i&gt;line", '"title": "Bars"', "last line", "Just a moment")
    places = [html.index(mark) for mark in marks]
    assert places == sorted(places)
    assert all(html.count(mark) == 1 for mark in marks)
    assert f'hx-target="#run-{going.id}[data-live] > .shown"' in html


def test_a_verdict_is_read_before_its_page_has_asked_for_the_rest(ada_browser: Browser, going: Going) -> None:
    details = {"mistake": None, "checks": [], "input": [{"name": "x", "text": "<b>3</b>"}]}
    said = {"verdict": "failed", "message": "Not <i>quite</i>.", "details": details}
    going.tell(events.Verdict, id="an-attempt", number=2, **said)
    _finish_while_listening(going)
    html = "".join(part["data"] for part in messages(ada_browser.get(URL).text))
    assert f'hx-target="#run-{going.id}[data-live]"' in html
    assert 'class="verdict failed" id="verdict-an-attempt"' in html
    assert "attempt 2 · just now" in html
    assert "&lt;b&gt;3&lt;/b&gt;" in html
    assert "<i>quite" not in html


def _finish_while_listening(going: Going) -> None:
    """The run is over in Redis, not yet in the database: as for a page that has just begun to listen."""
    going.tell(events.Finished, state="done", ending="ok", message="", seconds=0.5)


def _newest(going: Going) -> str:
    """The id of what the stream was told last."""
    return events.latest_id(going.redis, events.key(going.ada.id, "counting"))


def test_who_comes_back_gets_only_what_they_have_not_had(ada_browser: Browser, going: Going) -> None:
    going.tell(events.Text, stream="stdout", text="seen already\n")
    seen = _newest(going)
    going.tell(events.Text, stream="stdout", text="still new\n")
    _finish_while_listening(going)
    answer = ada_browser.client.get(URL, headers={"last-event-id": seen})
    assert "still new" in answer.text
    assert "seen already" not in answer.text


def test_the_page_says_where_to_begin(ada_browser: Browser, going: Going) -> None:
    going.tell(events.Text, stream="stdout", text="early\n")
    ada_browser.post("/lessons/counting/cells/two/prediction", choice="Two")
    page = ada_browser.get("/lessons/counting").text
    (after,) = re.findall(r'data-from="([\d-]+)"', page)
    _finish_while_listening(going)
    answer = ada_browser.client.get(URL, params={"after": after})
    assert "early" in answer.text


def test_what_was_over_before_the_oldest_that_is_going_is_not_told_again(
    ada_browser: Browser, going: Going
) -> None:
    going.tell(events.Text, stream="stdout", text="of the first\n")
    going.record()
    _finish_while_listening(going)
    with transaction() as session:
        second = runs.submit(session, going.ada, "counting", "one", {})
    later = Going(second.id, "", going.ada, going.redis)
    later.tell(events.Text, stream="stdout", text="of the second\n")
    _finish_while_listening(later)
    html = ada_browser.get(URL).text
    assert "of the second" in html
    assert "of the first" not in html


def test_where_nothing_is_going_the_stream_is_done_at_once(ada_browser: Browser, going: Going) -> None:
    going.record()
    (only,) = messages(ada_browser.get(URL).text)
    assert only["event"] == "done"


def test_another_learner_hears_nothing_of_it(browser, ben: User, going: Going) -> None:
    going.tell(events.Text, stream="stdout", text="private\n")
    assert "private" not in browser(ben).get(URL).text


def test_without_redis_the_stream_ends_so_that_the_browser_comes_back(
    ada_browser: Browser, going: Going, change_settings: Callable[..., None], tmp_path: Path
) -> None:
    change_settings(redis_url=f"unix://{tmp_path}/nobody.sock")
    answer = ada_browser.get(URL)
    assert answer.status_code == 200
    assert messages(answer.text) == []


def test_the_stream_is_no_page_and_is_not_kept(ada_browser: Browser, going: Going) -> None:
    _finish_while_listening(going)
    headers = ada_browser.get(URL).headers
    assert headers["content-type"].startswith("text/event-stream")
    assert "no-cache" in headers["cache-control"]


def test_nonsense_as_a_place_in_the_stream_means_its_beginning(ada_browser: Browser, going: Going) -> None:
    going.tell(events.Text, stream="stdout", text="hello\n")
    _finish_while_listening(going)
    assert "hello" in ada_browser.get(f"{URL}?after=yesterday").text


def test_who_is_late_is_not_heard(ada_browser: Browser, going: Going) -> None:
    """A worker that has lost the run goes on for a moment; of two that tell the place, the slower is last."""
    going.tell(events.Text, stream="stdout", text="first try\n")
    going.seq = 2 * events.PER_TRY - 3
    going.tell(events.Queued, place=1)
    going.seq = 2 * events.PER_TRY
    going.tell(events.Started)
    going.tell(events.Text, stream="stdout", text="second try\n")
    going.seq = events.PER_TRY + 5
    going.tell(events.Text, stream="stdout", text="from the lost worker\n")
    going.seq = 2 * events.PER_TRY - 4
    going.tell(events.Queued, place=2)
    going.seq = 3 * events.PER_TRY - 2
    _finish_while_listening(going)
    html = ada_browser.get(URL).text
    assert all(html.count(said) == 1 for said in ("first try", "second try", "Just a moment"))
    assert "from the lost worker" not in html
    assert "2nd in line" not in html


def test_a_try_whose_beginning_was_lost_voids_what_the_one_before_has_shown(
    ada_browser: Browser, going: Going
) -> None:
    going.tell(events.Started)
    going.tell(events.Text, stream="stdout", text="first try\n")
    going.seq = 2 * events.PER_TRY + 1
    going.tell(events.Text, stream="stdout", text="second try\n")
    _finish_while_listening(going)
    html = ada_browser.get(URL).text
    begun = [place.start() for place in re.finditer(r'> \.shown" hx-swap="textContent"', html)]
    assert len(begun) == 2
    assert html.index("first try") < begun[1] < html.index("second try")


def test_who_is_late_is_not_heard_by_who_comes_back_either(ada_browser: Browser, going: Going) -> None:
    """What a page has been told stands in the id of each message: the server that told it may be gone."""
    going.seq = 2 * events.PER_TRY
    going.tell(events.Text, stream="stdout", text="second try\n")
    told = f"{_newest(going)} {going.id}:{going.seq}"
    going.seq = events.PER_TRY + 5
    going.tell(events.Text, stream="stdout", text="from the lost worker\n")
    going.seq = 2 * events.PER_TRY + 1
    going.tell(events.Text, stream="stdout", text="second try goes on\n")
    _finish_while_listening(going)
    answer = ada_browser.client.get(URL, headers={"last-event-id": told})
    assert "from the lost worker" not in answer.text
    assert "second try goes on" in answer.text
    assert "textContent" not in answer.text


def test_a_message_says_how_far_each_run_has_been_told(
    ada_browser: Browser, going: Going, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "WAIT", 0.05)
    monkeypatch.setattr(streams, "PATIENCE", 1)
    going.tell(events.Text, stream="stdout", text="first\n")
    (only,) = messages(ada_browser.get(URL).text)
    assert only["id"] == f"{_newest(going)} {going.id}:{going.seq}"
    assert str(Told.read("", only["id"])) == only["id"]


def test_neighbouring_pieces_of_text_come_as_one() -> None:
    def text(run: str, seq: int, stream: str, words: str) -> events.Text:
        return events.Text(run=run, cell="c", seq=seq, stream=stream, text=words)

    shown = events.Shown(run="a", cell="c", seq=3, id="f", kind="figure", output=None)
    batch = [
        text("a", 1, "stdout", "x"),
        text("a", 2, "stdout", "y"),
        shown,
        text("a", 4, "stdout", "z"),
        text("a", 5, "stderr", "!"),
    ]
    texts = [(e.text, e.seq) if isinstance(e, events.Text) else "figure" for e in joined(batch)]
    assert texts == [("xy", 2), "figure", ("z", 4), ("!", 5)]
