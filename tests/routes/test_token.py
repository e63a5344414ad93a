"""Nothing is changed by a request that does not carry the token."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.models import User
from tests.routes.acting import TOKEN, Browser, Things, every_route

URL = "/lessons/counting/cells/two/draft"


@pytest.mark.parametrize("token", ["", "another token of the same length 000000000000"])
def test_a_form_without_its_token_is_refused_and_its_text_given_back(
    ada_browser: Browser, token: str
) -> None:
    answer = ada_browser.client.post(URL, data={"text": "y = 41 + 1", "csrf": token})
    assert answer.status_code == 403
    assert "Reload the page" in answer.text
    assert "y = 41 + 1</textarea>" in answer.text


def test_the_token_may_come_as_a_header(ada_browser: Browser) -> None:
    assert (
        ada_browser.client.post(URL, data={"text": "y"}, headers={"x-csrf-token": TOKEN}).status_code == 204
    )


def test_a_browser_without_the_cookie_can_not_bring_a_token_of_its_own(site: FastAPI) -> None:
    client = TestClient(site)
    assert client.post(URL, data={"text": "y", "csrf": ""}).status_code == 403
    assert client.post(URL, data={"text": "y", "csrf": "made up"}).status_code == 403


def test_a_script_is_told_beside_its_form(ada_browser: Browser) -> None:
    headers = {"hx-request": "true", "hx-source": "form#form-two"}
    answer = ada_browser.client.post("/lessons/counting/cells/two/runs", data={"text": "y"}, headers=headers)
    assert (answer.status_code, answer.headers["hx-retarget"]) == (403, "#notice-two")
    assert answer.text.lstrip().startswith("<div")


def test_every_route_that_changes_something_asks_for_it(
    site: FastAPI,
    things: Things,
    ada: User,
    browser: Callable[[User | None], Browser],
    count_rows: Callable[[], dict[str, int]],
) -> None:
    client = browser(ada).client
    before = count_rows()
    nothing = "00000000-0000-4000-8000-000000000000"
    changing = [route for route in every_route(site) if route.methods - {"GET", "HEAD"}]
    assert len(changing) > 15
    for route in changing:
        url = site.url_path_for(route.name, **dict.fromkeys(route.param_convertors, nothing))
        assert client.post(str(url)).status_code == 403, route.path
    assert count_rows() == before


def test_pages_carry_the_token_of_their_browser(site: FastAPI) -> None:
    client = TestClient(site)
    page = client.get("/lessons/counting")
    token = client.cookies["unembed_csrf"]
    assert len(token) >= 32
    assert f'name="csrf" value="{token}"' in page.text
    assert client.get("/path").text.count(token) > 1  # the same one as long as the browser keeps it
