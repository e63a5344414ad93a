"""Whatever an address, a query or a field of a form brings: no route breaks over it, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from starlette.testclient import TestClient

from app.models import User
from app.people import throttle
from app.visitors import SESSION_COOKIE
from tests.routes.acting import TOKEN, Browser, Things, every_route
from tests.routes.test_who_may import TABLE

HOSTILE = (
    *("a\x00b@example.org", "\udc80\u2028\x0b\x85\r\nBcc: eve@example.org"),
    *("x" * 5_000, "[" * 2_000, '{"a": [null]}'),
    *("9" * 30, "1e999", "9999-12-31", "0001-01-01T00:00", "9999-12-31T23:59"),
)
PLACES = ("a%00b", "%ED%A0%80", "9" * 40, "x" * 3000)
# fields that a route reads by itself
UNDECLARED = {
    "place": ("twice",),
    "start_run": ("text", "chain"),
    "hand_in": ("text", "chain", "ai", "ai_for", "promise"),
    "ask": ("chain",),
    "bring_notebook": ("take-two", "text-two", "take-\x00"),
    "plan_items": ("item", "day", "at", "part", "first", "last", "take-node:start", "day-node:start"),
    "extend": ("item", "day", "at", "reason"),
}


class Bold:
    """A browser that sends what no page of ours would, and is told when the site breaks."""

    def __init__(self, site: FastAPI, person: User | None, browser: Callable[..., Browser]) -> None:
        client = browser(person).client
        self.key = client.cookies.get(SESSION_COOKIE, "")
        self.client = TestClient(
            site, base_url=str(client.base_url), follow_redirects=False, raise_server_exceptions=False,
            cookies=client.cookies,
        )  # fmt: skip

    def sends(self, method: str, address: str, fields: dict[str, str]) -> int:
        if self.key:  # whoever was signed out is again
            self.client.cookies.set(SESSION_COOKIE, self.key)
        if method == "GET":
            return self.client.get(address).status_code
        body = "&".join(
            f"{_quoted(key)}={_quoted(value)}" for key, value in ({"csrf": TOKEN} | fields).items()
        )
        form = {"content-type": "application/x-www-form-urlencoded"}
        return self.client.post(address, content=body, headers=form).status_code


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TABLE if name != "readyz"])
def test_a_route_takes_anything(
    name: str,
    site: FastAPI,
    things: Things,
    ada: User,
    ben: User,
    mo: User,
    boss: User,
    browser: Callable[..., Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttle, "check", lambda *_: None)
    method, url, sent, statuses = TABLE[name]
    url = url.format(**vars(things), ada=ada.id, ben=ben.id)
    fields = {key: value.format(who="zed", ada=ada.id, mo=mo.id) for key, value in sent.items()}
    may = ((mo, statuses[4]), (ada, statuses[2]), (boss, statuses[6]), (None, statuses[0]))
    bold = Bold(site, next((person for person, status in may if status < 400), ada), browser)
    route = next(one for one in every_route(site) if one.name == name)
    said = [
        *((method, address, fields) for address in _addresses(route.path, url)),
        *_asked(method, url, fields, {*_declared(route.dependant), *_more(name)}),
    ]
    broken = [(address, data) for method, address, data in said if bold.sends(method, address, data) >= 500]
    assert broken == []


def _declared(dependant: Dependant) -> Iterator[tuple[str, str]]:
    """(where, name) of what a route says that it reads."""
    yield from (("query", field.alias) for field in dependant.query_params)
    yield from (("body", field.alias) for field in dependant.body_params)
    for below in dependant.dependencies:
        yield from _declared(below)


def _more(name: str) -> Iterator[tuple[str, str]]:
    yield from (("body", field) for field in UNDECLARED.get(name, ()))


def _asked(
    method: str, url: str, fields: dict[str, str], names: set[tuple[str, str]]
) -> Iterator[tuple[str, str, dict[str, str]]]:
    for where, name in sorted(names):
        for value in HOSTILE:
            if where == "body":
                yield method, url, fields | {name: value}
            else:
                yield method, f"{url}{'&' if '?' in url else '?'}{name}={_quoted(value)}", fields


def _addresses(path: str, url: str) -> Iterator[str]:
    """The route's own, with each of its names in turn being another."""
    parts = url.split("/")
    for index, part in enumerate(path.split("/")):
        if "{" in part:
            yield from ("/".join([*parts[:index], place, *parts[index + 1 :]]) for place in PLACES)


def _quoted(value: str) -> str:
    return quote(value, safe="", errors="surrogatepass")
