"""Whatever a program sends to the API is answered by what the API promises, never by a fault of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from fastapi import FastAPI

from app.models import User
from app.people import throttle
from tests.routes.acting import Program, Things, every_route
from tests.routes.test_who_may import API, CAST

VALUES: tuple[object, ...] = (
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 100_000,
    "",
    10**30,
    -(10**30),
    -1,
    1e308,
    True,
    None,
    [],
    [["\ud800"]],
    {},
    {"two": "\ud800"},
    {"\x00": "\x00"},
    {"two": 1},
)
RAW = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"NaN",
    b'{"text": NaN}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"\xff\xfe",
    b'{"text": "\xed\xa0\x80"}',
    b"9" * 10_000,
    b'{"text": ' + b"9" * 10_000 + b"}",
)
QUERY = ("\x00", "-1", "9" * 30, "nan", "1e400", "", "x" * 300, "\u0663", "0001-01-01", "99999-01-01")


def asked(site: FastAPI, name: str, known: dict[str, object]) -> Iterator[tuple[str, bytes]]:
    """(address, what is sent)"""
    _, url, sent, _ = API[name]
    address = url.format(**known)
    if sent is not None:
        yield from ((address, raw) for raw in RAW)
        for value in VALUES:
            for field in (*sent, "texts", "text", "confidence"):
                yield address, json.dumps({**sent, field: value}).encode()
    route = next(one for one in every_route(site.state.api) if one.name == name)
    for value in QUERY:
        for field in {one.alias for one in route.dependant.query_params}:
            yield f"{address}?{urlencode({field: value})}", json.dumps(sent).encode()
        parts = address.split("/")
        for at in range(2, len(parts)):
            yield "/".join([*parts[:at], quote(value, safe=""), *parts[at + 1 :]]), json.dumps(sent).encode()


@pytest.mark.parametrize("operation", API)
def test_whatever_is_sent_is_answered(
    operation: str,
    things: Things,
    ada: User,
    mo: User,
    boss: User,
    site: FastAPI,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttle, "check", lambda *_: None)
    method, _, _, statuses = API[operation]
    allowed = dict(zip(CAST, statuses, strict=True))
    actor = min((mo, ada, boss), key=lambda one: allowed[one.name.lower()])
    theirs = Program(site, actor).client
    headers = {"content-type": "application/json"}
    for url, sent in asked(site, operation, {**vars(things), "ada": ada.id}):
        where = f"/api/v1{url.replace('wait=9', 'wait=x9')}"  # nothing is to be waited for here
        answer = theirs.request(method, where, content=sent, headers=headers)
        assert answer.status_code < 500, (url[:200], sent[:200], answer.text[:500])
