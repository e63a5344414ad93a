"""Every request has an id and is written down once: what was asked, by whom, and how long it took."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import arrivals
from app.config import settings
from app.models import User
from tests.logs.conftest import Said
from tests.routes.acting import TOKEN, Browser

MADE = re.compile(r"[0-9a-f]{16}")


def requests(said: Said) -> list[dict[str, object]]:
    return [line for line in said() if line["message"] == "a request"]


def test_a_request_is_one_line_with_its_route_and_who_asked(
    said: Said, browser: Callable[..., Browser], ada: User
) -> None:
    answer = browser(ada).get("/lessons/counting?private=question")
    (line,) = requests(said)
    assert {name: line[name] for name in ("method", "route", "status", "user", "level", "part")} == {
        "method": "GET",
        "route": "show_lesson",
        "status": 200,
        "user": str(ada.id),
        "level": "info",
        "part": "site",
    }
    assert 0 < float(str(line["ms"])) < 60_000
    assert MADE.fullmatch(str(line["request"]))
    assert answer.headers["x-request-id"] == line["request"]
    assert "question" not in json.dumps(line)


def test_nobody_s_name_address_or_text_is_in_the_log(said: Said, browser: Callable[..., Browser]) -> None:
    zoe = browser()
    told = {"name": "Zoe Zephyr", "email": "zoe@example.net", "password": "correct horse battery"}
    zoe.post("/sign-up", **told)
    zoe.post("/sign-in", email="zoe@example.net", password="wrong horse battery")
    zoe.post("/lessons/counting/cells/two/runs", text="y = 'my own idea'")
    log = json.dumps(said())
    for private in (*told.values(), "wrong horse", "my own idea", zoe.token):
        assert private not in log
    assert [line["route"] for line in requests(said)] == ["make_account", "start_session", "start_run"]
    assert len({line["user"] for line in requests(said)}) == 1


def test_the_press_names_its_run_and_the_run_its_press(
    said: Said, browser: Callable[..., Browser], ada: User
) -> None:
    answer = browser(ada).post("/lessons/counting/exercises/double/attempts", text="def double(x): return 2")
    run = answer.headers["location"].rpartition("/")[2]
    waits, request = said()
    assert (waits["message"], waits["kind"], waits["cell"]) == ("a run waits", "grade", "double")
    assert waits["run"] == request["run"] == run
    assert waits["request"] == request["request"]
    assert waits["attempt"] == request["attempt"] != run


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 'a"b', "<script>", "é", "a;b"])
def test_an_id_that_is_none_is_replaced(site: FastAPI, given: str) -> None:
    answer = TestClient(site, client=("127.0.0.1", 5000)).get(
        "/sign-in", headers=[(b"x-request-id", given.encode())]
    )
    assert MADE.fullmatch(answer.headers["x-request-id"])


@pytest.mark.parametrize(("peer", "believed"), [("127.0.0.1", True), ("10.1.2.3", False)])
def test_only_a_trusted_proxy_may_name_a_request(site: FastAPI, peer: str, believed: bool) -> None:
    answer = TestClient(site, client=(peer, 5000)).get(
        "/sign-in", headers={"x-request-id": "from-the-proxy.1"}
    )
    assert (answer.headers["x-request-id"] == "from-the-proxy.1") == believed


def test_one_who_asks_through_a_proxy_does_not_become_one(site: FastAPI) -> None:
    """The proxy's word on whom it asks for changes the client, not who may name requests."""
    headers = {"x-request-id": "theirs", "x-forwarded-for": "127.0.0.1"}
    answer = TestClient(site, client=("10.1.2.3", 5000)).get("/sign-in", headers=headers)
    assert answer.headers["x-request-id"] != "theirs"


def test_what_is_asked_all_the_time_is_written_only_if_it_fails_or_is_slow(
    said: Said, browser: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings().data_dir / "assets").mkdir()
    monkeypatch.setattr(arrivals, "SLOW", 300.0)  # whatever else this machine does
    newcomer = browser()
    for url in ("/healthz", "/assets/nothing.js", "/readyz"):
        newcomer.get(url)
    found = [(line["route"], line["status"], line["level"]) for line in requests(said)]
    assert found == [("assets", 404, "info"), ("readyz", 503, "warning")]
    monkeypatch.setattr(arrivals, "SLOW", 0.0)
    newcomer.get("/healthz")
    assert requests(said)[-1]["route"] == "healthz"


def test_an_address_that_is_not_there_has_no_name(said: Said, browser: Callable[..., Browser]) -> None:
    browser().get("/wp-admin/setup.php")
    assert [(line["route"], line["status"]) for line in requests(said)] == [("none", 404)]


def test_a_page_that_breaks_is_an_error_whose_id_the_reader_gets(
    said: Said, browser: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.routes import lessons

    def broken(*_: object) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(lessons.desk, "of", broken)
    newcomer = browser()
    newcomer.client._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
    answer = newcomer.get("/lessons/counting")
    (line,) = requests(said)
    assert (line["status"], line["level"], line["route"]) == (500, "error", "show_lesson")
    assert answer.headers["x-request-id"] == line["request"]


def test_a_refusal_is_no_error(said: Said, browser: Callable[..., Browser], ada: User) -> None:
    answer = browser(ada).client.post("/lessons/counting/cells/two/runs", data={"csrf": f"not {TOKEN}"})
    assert answer.status_code == 403
    assert [line["level"] for line in requests(said)] == ["info"]
