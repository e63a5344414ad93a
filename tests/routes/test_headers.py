"""Every answer, also a refusal, says what a browser may load and keep."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.main import create_app
from tests.routes.acting import Browser


@pytest.mark.parametrize("url", ["/", "/path", "/lessons/counting", "/sign-in", "/nowhere", "/healthz"])
def test_the_policy_allows_no_inline_script_and_nothing_from_elsewhere(newcomer: Browser, url: str) -> None:
    policy = newcomer.get(url).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_page_that_breaks_has_the_policy_too(newcomer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.routes import lessons

    def broken(*_: object) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(lessons.desk, "of", broken)
    newcomer.client._transport.raise_server_exceptions = False
    answer = newcomer.get("/lessons/counting")
    assert answer.status_code == 500
    assert "content-security-policy" in answer.headers
    assert "not your fault" in answer.text
    assert "a bug of ours" not in answer.text


@pytest.mark.parametrize("url", ["/", "/path", "/lessons/counting", "/sign-in", "/nowhere"])
def test_no_page_has_what_the_policy_forbids(ada_browser: Browser, url: str) -> None:
    page = ada_browser.get(url).text
    assert not re.search(r"<[^>]+\sstyle=", page)
    assert not re.search(r"<[^>]+\son[a-z]+=", page)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", page)
    assert "<style" not in page


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(newcomer: Browser) -> None:
    answer = newcomer.post("/path/goal", goal="See inside")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("unembed_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie  # plain http on this machine


def test_cookies_are_for_https_alone_where_the_site_has_it(
    site: FastAPI, change_settings: Callable[..., None]
) -> None:
    change_settings(public_url="https://learn.example.org")
    cookies = TestClient(site).get("/").headers.get_list("set-cookie")
    assert cookies
    assert all("Secure" in cookie for cookie in cookies)


def test_the_site_describes_no_interface_of_its_own() -> None:
    assert create_app().openapi_url is None


@pytest.mark.parametrize("url", ["/", "/path", "/sign-in", "/healthz", "/mentor", "/account", "/nowhere"])
def test_the_head_of_a_page_can_be_asked_for(newcomer: Browser, url: str) -> None:
    page, head = newcomer.get(url), newcomer.client.head(url)
    assert head.status_code == page.status_code
    for name in ("content-type", "location", "content-security-policy"):
        assert head.headers.get(name) == page.headers.get(name)


def test_what_is_sent_or_never_ends_has_no_head(ada_browser: Browser) -> None:
    for url in ("/path/goal", "/lessons/counting/events"):
        assert ada_browser.client.head(url).status_code == 405
