"""Whatever is sent in a field, or stands in an address, is answered with a sentence, not by a fault of ours.

The fields are read off the routes, so that a new one is asked, too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlencode

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant

from app import visitors
from app.models import User
from app.people import throttle
from tests.routes.acting import TOKEN, Browser, Things, every_route
from tests.routes.test_who_may import CAST, TABLE

HOSTILE = (
    "\x00",
    "a\x00b",
    "\u2028\x0b\x85",
    "\u202e",
    "9" * 30,
    "-" + "9" * 30,
    "-1",
    "2147483648",
    "1e400",
    "nan",
    "\u0663",  # a digit, of Arabic
    "\u00b2",  # a digit, but no number
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "9999-12-31T23:59+14:00",
    "23:59:60",
    "23:59+23:59",
    "x" * 301,
    "é" * 20_000,
    "[" * 10_000,
    '{"a":' * 10_000,
    '{"two": 1, "double": null}',
    '{"two": "\\ud800"}',
    "[]",
    "null",
    "00000000-0000-0000-0000-000000000000",
    "../../%2e%2e",
    "a@b@example.org",
)
# … what goes into each field by itself, the others being right, unless one has time
FEW = ("a\x00b", "9" * 30, "\u00b2", "9999-12-31", "9999-12-31T23:59+14:00", "0001-01-01T00:00")
THOROUGH = bool(os.environ.get("UNEMBED_HOSTILE"))  # takes ten minutes
RAW = (b"%ff%fe", b"%ed%a0%80", b"%00", b"%", b"+")  # not as any browser would send it
FOR_EVER = {"lesson_events", "run_events"}  # streams
NOT_SENT = {"csrf"}


def fields_of(site: FastAPI) -> dict[str, tuple[set[str], set[str]]]:
    """Route → names in its form, and in its query."""
    return {route.name: _names(route.dependant, route.name) for route in every_route(site)}


def _names(dependant: Dependant, name: str) -> tuple[set[str], set[str]]:
    all_of = [dependant, *_beneath(dependant)]
    form = {one.alias for some in all_of for one in some.body_params} | set(TABLE[name][2])
    if any(some.call is visitors.unsaved for some in all_of):
        form.add("chain")
    return form - NOT_SENT, {one.alias for some in all_of for one in some.query_params}


def _beneath(dependant: Dependant) -> Iterator[Dependant]:
    for one in dependant.dependencies:
        yield one
        yield from _beneath(one)


def requests(
    site: FastAPI, route: str, known: dict[str, object]
) -> Iterator[tuple[str, str, str, dict[str, str], bytes]]:
    """(method, what is odd, address, what is sent, … raw)"""
    method, url, sent, _ = TABLE[route]
    alone = [value for value in HOSTILE if len(value) < 400] if THOROUGH else FEW
    form, query = fields_of(site)[route]
    address = url.format(**known)
    for value in HOSTILE:
        if form:
            yield method, "all", address, dict.fromkeys(form, value), b""
        for field in form if value in alone else ():
            yield method, field, address, {**sent, field: value}, b""
        for field in query if value in alone else ():
            yield method, field, f"{address.partition('?')[0]}?{urlencode({field: value})}", sent, b""
        for place in _places(url, known) if value in FEW else ():
            yield method, "path", place.format(quote(value, safe="")), sent, b""
    for raw in RAW:
        for field in form:
            yield method, field, address, sent, field.encode() + b"=" + raw
        for field in query:
            yield method, field, f"{address.partition('?')[0]}?{field}={raw.decode()}", sent, b""


def _places(url: str, known: dict[str, object]) -> Iterator[str]:
    """The address, each time with a gap where something of its path was."""
    parts = url.partition("?")[0].format(**known).split("/")
    for at in range(2, len(parts)):
        yield "/".join([*parts[:at], "{}", *parts[at + 1 :]])


@pytest.mark.parametrize("route", sorted(set(TABLE) - FOR_EVER))
def test_whatever_is_sent_is_answered(
    route: str,
    things: Things,
    ada: User,
    ben: User,
    mo: User,
    boss: User,
    site: FastAPI,
    browser: Callable[..., Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttle, "check", lambda *_: None)
    allowed = dict(zip(CAST, TABLE[route][3], strict=True))
    actor = min((mo, ada, boss), key=lambda one: allowed[one.name.lower()])
    known = {**vars(things), "ada": ada.id, "ben": ben.id, "who": "ada"}
    theirs = browser(actor)
    for method, odd, url, sent, raw in requests(site, route, known):
        status = _send(theirs, method, url, sent, raw)
        assert status < 500 or route == "readyz", (odd, url[:200], str(sent)[:200], raw)


def _send(theirs: Browser, method: str, url: str, sent: dict[str, str], raw: bytes) -> int:
    if raw:
        body = urlencode({"csrf": TOKEN}).encode() + b"&" + raw
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return theirs.client.request(method, url, content=body, headers=headers).status_code
    data = {"csrf": TOKEN, **sent} if method == "POST" else None
    return theirs.client.request(method, url, data=data).status_code


@pytest.mark.parametrize("route", [name for name, (method, *_) in sorted(TABLE.items()) if method == "POST"])
def test_a_file_where_words_belong_is_answered(
    route: str, things: Things, ada: User, ben: User, mo: User, site: FastAPI, browser: Callable[..., Browser]
) -> None:
    _, url, sent, _ = TABLE[route]
    address = url.format(**vars(things), ada=ada.id, ben=ben.id)
    for actor in (ada, mo):
        for field in fields_of(site)[route][0]:
            rest = {"csrf": TOKEN, **{name: value for name, value in sent.items() if name != field}}
            file = {field: ("a.txt", b"\xff\x00", "text/plain")}
            assert browser(actor).client.post(address, data=rest, files=file).status_code < 500, field
