"""A shared result is a page that anybody may open: a copy of one cell and what it showed, no more."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from app.db import transaction
from app.learning import shares
from app.models import Output, Run, Share, User
from app.people import moving
from app.running import runs
from tests.routes.acting import Browser, Things, finish
from tests.routes.passing import passes


def run_of(user: User, cell: str, text: str) -> UUID:
    """They run a live cell to its end."""
    with transaction() as session:
        run = runs.submit(session, user, "counting", cell, {cell: text}).id
    finish(run)
    return run


def link(shown: str) -> str:
    return "/shared/" + shown.split("/shared/")[1].split('"')[0]


def test_below_a_finished_run_stands_the_offer_and_then_the_link(ada_browser: Browser, ada: User) -> None:
    run = run_of(ada, "two", "y = 40 + 2\ny")
    ada_browser.post("/lessons/counting/cells/two/prediction", choice="Two")
    assert f'action="/runs/{run}/share"' in ada_browser.get("/lessons/counting").text
    shown = ada_browser.post(f"/runs/{run}/share", htmx=True, name="Ada L.").text
    assert "http://127.0.0.1:8000/shared/" in shown
    assert shown.lstrip().startswith('<div class="share made"')


def test_anybody_sees_the_code_and_what_it_showed_and_no_search_engine_keeps_it(
    newcomer: Browser, things: Things
) -> None:
    answer = newcomer.get(f"/shared/{things.shared}")
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in answer.text
    for shown in ("Ada L.", "hello &lt;b&gt;there", "plotly-figure", 'type="application/json"', "Counting"):
        assert shown in answer.text
    assert f"/outputs/{things.output}" not in answer.text
    assert "ada@example.org" not in answer.text
    assert "/accounts" not in answer.text


def test_only_the_cell_itself_is_shown_and_not_those_above(newcomer: Browser, ada: User) -> None:
    with transaction() as session:
        run = runs.submit(session, ada, "counting", "two", {"one": "secret = 7", "two": "print(secret)"}).id
    finish(run)
    with transaction() as session:
        token = shares.share(session, ada, run, "").token
    page = newcomer.get(f"/shared/{token}").text
    assert "secret = 7" not in page
    assert "Somebody ran this" in page
    assert "Ada" not in page


def test_notes_on_shapes_are_not_shown(newcomer: Browser, ada: User) -> None:
    run = run_of(ada, "one", "print(1)")
    note = {"line": 1, "name": "hidden", "shape": "(3,)", "varies": False, "axes": ""}
    with transaction() as session:
        session.add(Output(run_id=run, seq=99, kind="shapes", data={"lines": [note]}))
    with transaction() as session:
        made = shares.share(session, ada, run, "")
    assert [output["kind"] for output in made.outputs] == ["text", "figure"]
    assert newcomer.get(f"/shared/{made.token}").status_code == 200


def test_it_is_frozen_and_outlives_its_run(newcomer: Browser, ada: User, things: Things) -> None:
    before = newcomer.get(f"/shared/{things.shared}").text
    run_of(ada, "two", "print('another')")
    with transaction() as session:
        session.execute(delete(Output).where(Output.run_id == things.run))
        session.execute(delete(Run).where(Run.id == things.run))
    assert newcomer.get(f"/shared/{things.shared}").text == before


def test_it_says_which_modules_are_the_learners_own(newcomer: Browser, ada: User) -> None:
    passes(ada, "double")
    used, idle = _after_double(ada, "double(3)"), _after_double(ada, "print(3)")
    with transaction() as session:
        made = shares.share(session, ada, used, "Ada")
        token, modules = made.token, made.modules
        unused = shares.share(session, ada, idle, "Ada").modules
    assert unused == []
    assert modules == [{"exercise": "double", "title": "Twice as much", "mine": True}]
    assert "It ran on code of Ada’s own" in newcomer.get(f"/shared/{token}").text


def _after_double(ada: User, text: str) -> UUID:
    """A run that stood on her answer: as if a cell came after the exercise."""
    with transaction() as session:
        run = runs.submit(session, ada, "counting", "two", {"two": text})
        answer = {"cell": "double", "text": "def double(x):\n    return x + x\n"}
        starter = {"cell": "quadruple", "text": "def quadruple(x): ..."}
        run.chain = [answer, starter, *run.chain]
        run_id = run.id
    finish(run_id)
    return run_id


def test_taken_back_it_is_gone(ada_browser: Browser, newcomer: Browser, things: Things) -> None:
    page = ada_browser.get("/account").text
    assert f"/shared/{things.shared}" in page
    assert f"/shares/{things.share}/revoke" in page
    assert ada_browser.post(f"/shares/{things.share}/revoke").headers["location"] == "/account#shared"
    assert newcomer.get(f"/shared/{things.shared}").status_code == 404
    assert "What you have shared" not in ada_browser.get("/account").text
    with transaction() as session:
        assert session.scalars(select(Share)).all() == []


def test_an_admin_can_take_it_down_and_nobody_else_is_offered_that(
    mo_browser: Browser, mo: User, newcomer: Browser, things: Things
) -> None:
    shown, down = f"/shared/{things.shared}", f"/shares/{things.share}/revoke"
    assert down not in newcomer.get(shown).text
    assert down not in mo_browser.get(shown).text
    with transaction() as session:
        session.merge(mo).admin = True
    assert down in mo_browser.get(shown).text
    assert mo_browser.post(down).status_code == 303
    assert newcomer.get(shown).status_code == 404


def test_shared_again_it_keeps_its_link_and_takes_the_new_name(ada_browser: Browser, things: Things) -> None:
    shown = ada_browser.post(f"/runs/{things.run}/share", htmx=True, name="").text
    assert link(shown) == f"/shared/{things.shared}"
    assert "Ada L." not in ada_browser.get(link(shown)).text


def test_an_unfinished_run_and_a_name_that_hides_something_are_refused(
    ada_browser: Browser, ada: User, things: Things
) -> None:
    with transaction() as session:
        waiting = runs.submit(session, ada, "counting", "one", {}).id
    assert "did not come to its end" in ada_browser.post(f"/runs/{waiting}/share").text
    for name in ("x" * 81, "Ada\u202e"):
        assert ada_browser.post(f"/runs/{things.run}/share", name=name).status_code == 422


def test_too_large_and_too_many_are_refused(
    ada_browser: Browser, ada: User, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(ada, "one", "print(1)")
    monkeypatch.setattr(shares, "MOST", 1)
    assert "Take some back first" in ada_browser.post(f"/runs/{run}/share").text
    monkeypatch.setattr(shares, "LARGEST", 10)
    assert "too large" in ada_browser.post(f"/runs/{run}/share").text


def test_what_a_guest_shared_stays_with_the_account(
    browser: Callable[..., Browser], stranger: User, ada: User
) -> None:
    run = run_of(stranger, "one", "print(1)")
    with transaction() as session:
        token = shares.share(session, session.merge(stranger), run, "").token
        moving.move_work(session, session.merge(stranger), session.merge(ada))
    assert f"/shared/{token}" in browser(ada).get("/account").text
