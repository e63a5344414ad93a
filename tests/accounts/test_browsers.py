"""What people call a browser."""

from __future__ import annotations

import pytest

from app.people.browsers import name_of

KNOWN = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0": "Firefox on Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 "
    "Safari/537.36 Edg/139.0.0.0": "Edge on Windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Safari/605.1.15": "Safari on Mac",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "CriOS/139.0 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 "
    "Mobile Safari/537.36": "Chrome on Android",
    "curl/8.5.0": "curl",
    "": "A browser",
    "x" * 100_000: "A browser",
}


@pytest.mark.parametrize("agent", KNOWN)
def test_it_has_the_name_that_people_use(agent: str) -> None:
    assert name_of(agent) == KNOWN[agent]
