"""Where only this machine can reach the site, much is easier; a proxy in front must not make it look so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.config import settings


@pytest.mark.parametrize(
    ("host", "public_url", "alone"),
    [
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("localhost", "http://localhost:8000", True),
        ("127.0.0.1", "https://learn.example.org", False),
        ("0.0.0.0", "", False),
        ("learn.example.org", "", False),
    ],
)
def test_the_site_is_alone_only_if_neither_host_nor_public_address_says_otherwise(
    change_settings: Callable[..., None], host: str, public_url: str, alone: bool
) -> None:
    change_settings(host=host, public_url=public_url)
    assert settings().on_loopback is alone
    assert settings().sandbox_mode == ("auto" if alone else "required")
