"""Press Run: with scripts a fragment comes back, without them a page that refreshes until the run is over."""

from __future__ import annotations

import re
from uuid import UUID

from redis import Redis
from sqlalchemy import select, update

from app import jobs
from app.db import transaction
from app.models import Run, User
from app.running import events, leases
from tests.routes.acting import Browser, finish

RUNS = "/lessons/counting/cells/{}/runs"


def bet(browser: Browser, cell: str = "two", **guess: str) -> None:
    assert browser.post(
        f"/lessons/counting/cells/{cell}/prediction", **(guess or {"choice": "Two"})
    ).is_redirect


def only_run() -> Run:
    with transaction() as session:
        return session.scalars(select(Run)).one()


def test_without_scripts_the_result_page_refreshes_until_it_is_over(ada_browser: Browser) -> None:
    bet(ada_browser)
    started = ada_browser.post(RUNS.format("two"), text="y = 7\ny")
    assert started.status_code == 303
    page = ada_browser.get(started.headers["location"])
    assert '<meta http-equiv="refresh" content="1">' in page.text
    assert "next in line" in page.text
    finish(UUID(started.headers["location"].rsplit("/", 1)[-1]))
    page = ada_browser.get(started.headers["location"])
    assert "refresh" not in page.text
    assert "hello &lt;b&gt;there&lt;/b&gt;" in page.text
    assert "Ran in 500 ms" in page.text or "Ran in 0.5 s" in page.text
    assert "/lessons/counting#cell-two" in page.text


def test_with_scripts_what_stands_below_the_cell_comes_back(ada_browser: Browser) -> None:
    bet(ada_browser)
    answer = ada_browser.post(RUNS.format("two"), htmx=True, text="y = 7")
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div class="output" id="output-two">')
    assert "data-live" in answer.text
    assert "Cancel" in answer.text
    assert "<html" not in answer.text


def test_the_run_has_the_texts_that_were_on_the_screen(ada_browser: Browser) -> None:
    bet(ada_browser)
    ada_browser.post(RUNS.format("two"), text="y = x", chain='{"one": "x = 5"}')
    assert [link["text"] for link in only_run().chain] == ["x = 5", "y = x"]


def begins(page: str) -> str:
    (after,) = re.findall(r'data-from="([\d-]+)"', page)
    return after


def test_a_new_runs_page_begins_after_all_that_was_told_before(
    ada_browser: Browser, ada: User, redis: Redis
) -> None:
    bet(ada_browser)
    ada_browser.post(RUNS.format("two"), htmx=True, text="y = 7")
    finish(only_run().id)
    newest = events.latest_id(redis, events.key(ada.id, "counting"))
    answer = ada_browser.post(RUNS.format("two"), htmx=True, text="y = 8")
    assert begins(answer.text) == newest


def test_who_presses_again_while_it_runs_is_told_again_what_it_has_told(
    ada_browser: Browser, ada: User, redis: Redis
) -> None:
    bet(ada_browser)
    ada_browser.post(RUNS.format("two"), htmx=True, text="y = 7")
    before = events.latest_id(redis, events.key(ada.id, "counting"))
    with transaction() as session:
        assert leases.claim_next(session)
    events.publish(redis, ada.id, "counting", events.Started(str(only_run().id), "two", events.PER_TRY))
    answer = ada_browser.post(RUNS.format("two"), htmx=True, text="y = 7")
    assert int(begins(answer.text).partition("-")[0]) < int(before.partition("-")[0])


def test_texts_that_did_not_arrive_whole_are_refused(ada_browser: Browser) -> None:
    bet(ada_browser)
    for chain in ("{", "[]", '{"one": 5}'):
        assert ada_browser.post(RUNS.format("two"), text="y", chain=chain).status_code == 422


def test_a_cell_that_asks_for_a_bet_does_not_run_before_it(ada_browser: Browser) -> None:
    answer = ada_browser.post(RUNS.format("two"), htmx=True, text="y = 8")
    assert "First your bet" in answer.text
    page = ada_browser.get("/lessons/counting")
    assert "y = 8" in page.text  # but what was typed is kept
    with transaction() as session:
        assert session.scalars(select(Run)).all() == []


def test_a_text_over_64_kb_is_refused_and_given_back(ada_browser: Browser) -> None:
    bet(ada_browser)
    long = "x = 1\n" * 12_000
    answer = ada_browser.post(RUNS.format("two"), text=long)
    assert answer.status_code == 413
    assert "64 KB" in answer.text
    assert answer.text.count("x = 1") == 12_000


def test_a_body_larger_than_any_lesson_is_refused_while_it_arrives(ada_browser: Browser) -> None:
    assert ada_browser.post(RUNS.format("two"), text="x" * (4 << 20)).status_code == 413


def test_a_third_run_at_once_has_to_wait(ada_browser: Browser) -> None:
    bet(ada_browser)
    bet(ada_browser, "one", value="3")
    for cell, text in (("one", "x = 1"), ("two", "y = 2")):
        assert ada_browser.post(RUNS.format(cell), text=text).status_code == 303
    answer = ada_browser.post(RUNS.format("double"), htmx=True, text="z = 3", source="form#form-double")
    assert answer.status_code == 429
    assert answer.headers["hx-retarget"] == "#notice-double"
    assert "still going" in answer.text


def test_cancel_stops_a_run_that_waits_at_once(ada_browser: Browser) -> None:
    bet(ada_browser)
    url = ada_browser.post(RUNS.format("two"), text="while True: pass").headers["location"]
    answer = ada_browser.post(f"{url}/cancel", htmx=True)
    assert "Stopped." in answer.text
    assert "data-live" not in answer.text


def test_a_reload_shows_the_truth(ada_browser: Browser) -> None:
    bet(ada_browser)
    ada_browser.post(RUNS.format("two"), text="y = 7")
    assert "data-live" in ada_browser.get("/lessons/counting").text
    finish(only_run().id)
    page = ada_browser.get("/lessons/counting").text
    assert "data-live" not in page
    assert "plotly-figure" in page
    assert 'data-ending="ok"' in page


def test_output_on_top_of_changed_cells_stays_and_says_why(ada_browser: Browser) -> None:
    bet(ada_browser)
    bet(ada_browser, "one", value="3")
    ada_browser.post(RUNS.format("two"), text="y = 7")
    finish(only_run().id)
    ada_browser.post("/lessons/counting/cells/one/draft", text="x = 100")
    page = ada_browser.get("/lessons/counting").text
    assert 'class="run stale"' in page
    assert "Something above has changed" in page
    assert "hello" in page


def test_a_figure_is_kept_by_the_browser_for_ever(ada_browser: Browser, things) -> None:
    answer = ada_browser.get(f"/outputs/{things.output}.json")
    assert answer.json()["title"] == "Bars"
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]


def test_a_long_replay_is_announced(ada_browser: Browser, monkeypatch) -> None:
    from app.running import runs

    monkeypatch.setattr(runs, "LONG_REPLAY", -1.0)
    bet(ada_browser)
    answer = ada_browser.post(RUNS.format("two"), htmx=True, text="y = 7")
    assert "First the cells above run again" in answer.text


def test_everything_printed_is_escaped(ada_browser: Browser, things) -> None:
    page = ada_browser.get(f"/runs/{things.run}").text
    assert "<b>there</b>" not in page
    assert "&lt;b&gt;there&lt;/b&gt;" in page


def test_work_for_a_gpu_that_is_not_there_says_so_until_it_is_over(ada_browser: Browser) -> None:
    bet(ada_browser)
    assert "work for a GPU" not in ada_browser.post(RUNS.format("two"), htmx=True, text="y = 7").text
    with transaction() as session:
        session.execute(update(Run).values(slow=True))
    run = only_run()
    assert "This is work for a GPU, and none is here" in ada_browser.get(f"/runs/{run.id}").text
    finish(run.id)
    assert "work for a GPU" not in ada_browser.get(f"/runs/{run.id}").text


def test_who_asks_for_too_much_is_told_what_fits_and_keeps_the_text(
    ada_browser: Browser, redis: Redis
) -> None:
    jobs.sign_of_life("small", 60, room_mb=2100, models=["attn-only-2l"])
    bet(ada_browser)
    answer = ada_browser.post(RUNS.format("two"), htmx=True, text="lab.load('smollm2-135m')")
    assert answer.status_code == 422
    assert "and the machine that comes closest has 2.1 GB" in answer.text
    assert "Use a smaller model: attn-only-2l fits." in answer.text
    with transaction() as session:
        assert session.scalars(select(Run)).all() == []
