"""Tokens for the API: made on a page, shown once, kept as a hash, ended by time or by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import now, transaction
from app.guard import Unusable
from app.models import ApiToken, User
from app.people import tokens
from tests.routes.acting import Browser, Program, token_of


def row() -> ApiToken:
    with transaction() as session:
        return session.scalars(select(ApiToken)).one()


def test_a_token_is_shown_once_and_only_its_hash_is_kept(
    ada_browser: Browser, ada: User, site: FastAPI
) -> None:
    page = ada_browser.client.post(
        "/account/tokens",
        data={"csrf": ada_browser.token, "name": "laptop", "scopes": ["read", "submit"], "days": "30"},
    )
    secret = re.search(r'value="(unembed_[\w-]{43})"', page.text)
    assert secret is not None
    kept = row()
    assert secret[1] not in str(vars(kept).values())
    assert (kept.name, kept.scopes, kept.ends_with) == ("laptop", ["read", "submit"], secret[1][-4:])
    assert secret[1] not in ada_browser.get("/account/tokens").text
    program = Program(site)
    program.client.headers["authorization"] = f"Bearer {secret[1]}"
    assert program.get("/me")["name"] == "Ada"


def test_when_it_was_used_last_is_told(ada_browser: Browser, ada: User, site: FastAPI) -> None:
    program = Program(site, ada)
    assert row().last_used_at is None
    assert "used never" in ada_browser.get("/account/tokens").text
    program.get("/me")
    assert row().last_used_at is not None
    assert "used just now" in ada_browser.get("/account/tokens").text


def test_revoked_it_stops_at_once(ada_browser: Browser, ada: User, site: FastAPI) -> None:
    program = Program(site, ada)
    program.get("/me")
    assert "<b>script</b>" in ada_browser.get("/account/tokens").text
    assert ada_browser.post(f"/account/tokens/{row().id}/revoke").status_code == 303
    answer = program.ask("GET", "/me")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "<b>script</b>" not in ada_browser.get("/account/tokens").text


def test_it_ends_by_itself(ada: User, site: FastAPI) -> None:
    program = Program(site, ada)
    with transaction() as session:
        session.execute(update(ApiToken).values(expires_at=now() - timedelta(seconds=1)))
    answer = program.ask("GET", "/me")
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [("read", (200, 403, 403)), ("submit", (403, 200, 403)), ("mentor", (403, 403, 200))],
)
def test_no_scope_includes_another(
    scope: str, statuses: tuple[int, int, int], mo: User, site: FastAPI
) -> None:
    program = Program(site, mo, scope)
    asked = (
        program.ask("GET", "/me"),
        program.ask("PUT", "/lessons/counting/cells/two/draft", {"text": "y = 2"}),
        program.ask("GET", "/cohorts"),
    )
    assert tuple(answer.status_code for answer in asked) == statuses


def test_the_schema_says_which_scope_is_needed(mo: User, site: FastAPI) -> None:
    programs = {scope.value: Program(site, mo, scope.value) for scope in tokens.Scope}
    for path, methods in site.state.api.openapi()["paths"].items():
        for method, told in methods.items():
            url = re.sub(r"{(run|attempt|cohort|learner)}", "0" * 32, path)
            for scope, program in programs.items():
                answer = program.ask(method.upper(), url, {} if method in ("post", "put") else None)
                lacking = answer.status_code == 403 and "lacks the scope" in answer.text
                assert lacking == (scope != told["x-scope"]), (method, path, scope)


def test_only_mentors_make_tokens_for_what_mentors_see(session: Session, ada: User, mo: User) -> None:
    with pytest.raises(Unusable, match="mentor"):
        tokens.make(session, ada, "x", ["mentor"], 30)
    assert tokens.make(session, mo, "x", ["mentor"], 30)[0].scopes == ["mentor"]


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        *[(name, ["read"], 30) for name in ("", "x" * 81, "a\u202eb")],
        *[("x", scopes, 30) for scopes in ([], ["all"], ["read", "all"])],
        *[("x", ["read"], days) for days in (0, -1, 366)],
    ],
)
def test_what_cannot_be_is_refused(
    session: Session, ada: User, name: str, scopes: list[str], days: int
) -> None:
    with pytest.raises(Unusable):
        tokens.make(session, ada, name, scopes, days)


def test_there_are_not_too_many(session: Session, ada: User) -> None:
    made = [tokens.make(session, ada, "x", ["read"], 30)[0] for _ in range(tokens.MOST)]
    with pytest.raises(Unusable, match="Revoke"):
        tokens.make(session, ada, "x", ["read"], 30)
    tokens.revoke(session, ada, made[0].id)
    tokens.make(session, ada, "x", ["read"], 30)


def test_guessing_is_slowed_down(site: FastAPI) -> None:
    program = Program(site)
    program.client.headers["authorization"] = "Bearer unembed_wrong"
    statuses = {program.ask("GET", "/me").status_code for _ in range(70)}
    assert statuses == {401, 429}


def test_a_cookie_is_no_token(browser: Callable[[User | None], Browser], ada: User) -> None:
    assert browser(ada).client.get("/api/v1/me").status_code == 401
    assert (
        browser(ada).client.put("/api/v1/lessons/counting/cells/two/draft", json={"text": ""}).status_code
        == 401
    )


def test_a_token_is_no_cookie(site: FastAPI, ada: User) -> None:
    program = Program(site, ada)
    assert program.client.get("/account").status_code == 303
    answer = program.client.post("/lessons/counting/cells/two/draft", data={"text": "y = 2"})
    assert answer.status_code == 403


def test_they_go_with_their_account(ada: User, site: FastAPI) -> None:
    token_of(ada)
    with transaction() as session:
        session.delete(session.get_one(User, ada.id))
    with transaction() as session:
        assert session.scalars(select(ApiToken)).all() == []
