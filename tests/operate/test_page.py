"""The operator's page: whole from the first minute on, and it says what to do."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from app import jobs
from app.lessons import Lesson
from app.models import User
from app.operating.concerns import LONG_WAIT, concerns
from app.operating.gauges import Now
from app.running import leases, runs
from tests.routes.acting import Browser

OF_WORKER: dict[str, Any] = {
    **{"machine": "box", "threads": 4, "busy": 1, "memory": 8 << 30, "memory_available": 5 << 30},
    **{"disk_free": 9 << 30, "runner": True, "layers": ["landlock", "seccomp"]},
    **{"pool_spare": 3, "pool_alive": 4, "pool_waiting": 0, "examiner": True, "ungradable": []},
}
FINE: dict[str, Any] = {
    **{"database": "SQLite 3", "parts": {"database": True, "redis": True}, "oldest_seconds": 0.0},
    "redis": {"used_memory": 1 << 20, "maxmemory": 0, "maxmemory_policy": "noeviction", "version": "9"},
    **{"disk_free": 9 << 30, "disk_size": 20 << 30, "workers": [OF_WORKER]},
}


@pytest.fixture
def olga(browser: Callable[..., Browser], admin: User) -> Browser:
    return browser(admin)


def test_of_a_fresh_site_it_says_what_is_missing(olga: Browser, redis: Redis) -> None:
    answer = olga.get("/operate")
    page = unescape(answer.text)
    assert answer.status_code == 200
    assert "No worker has given a sign of life" in page
    assert "nothing was run in the last hour" in page
    assert "None has given a sign of life." in page
    assert "Nowhere, in the last day." in page


def test_it_shows_who_waits_who_works_and_where_we_failed(
    olga: Browser, session: Session, ada: User, lesson: Lesson
) -> None:
    failed = runs.submit(session, ada, "counting", "one", {})
    session.flush()
    for _ in range(leases.MAX_FAULTS):
        held = leases.claim(session, failed.id)
        assert held is not None
        leases.give_back(session, held.id, held.nonce, fault=True)
    runs.submit(session, ada, "counting", "two", {})
    session.commit()
    jobs.sign_of_life("box-1", 30, **OF_WORKER)
    page = " ".join(unescape(olga.get("/operate").text).split())
    assert str(failed.id) in page
    assert "5 faults, given up" in page
    assert "<dt>waiting</dt><dd>1</dd>" in page
    assert "running, of 4 at once" in page
    assert "landlock, seccomp" in page
    assert "3 wait, of 4" in page
    assert "Runs in each of the last 60 minutes: 2 in all, at most 2 in one." in page
    assert "All parts are there" in page


def test_a_worker_that_says_nothing_of_itself_is_shown(olga: Browser, redis: Redis) -> None:
    jobs.sign_of_life("old-1", 30)
    redis.set(f"{jobs._SIGN_OF_LIFE}old-1", "alive")
    page = olga.get("/operate").text
    assert "<h3>old</h3>" in page
    assert "? of ? at once" in page


def test_it_renews_a_part_of_itself_and_needs_no_script_for_that(olga: Browser, redis: Redis) -> None:
    whole, part = olga.get("/operate").text, olga.get("/operate", htmx=True).text
    assert 'hx-trigger="every 5s"' in whole
    assert '<noscript><meta http-equiv="refresh"' in whole
    assert part.strip().startswith('<div id="state"')
    assert "<h1>" not in part


def test_only_admins_are_led_there(
    browser: Callable[..., Browser], olga: Browser, mo: User, ada: User
) -> None:
    assert 'href="/operate"' in olga.get("/path").text
    for user in (None, ada, mo):
        assert 'href="/operate"' not in browser(user).get("/path").text
    refused = browser(mo).get("/operate")
    assert refused.status_code == 403
    assert "for those who run this site" in refused.text


CONCERNS: list[tuple[str, dict[str, Any], str]] = [
    ("redis away", {"redis": {}, "workers": [], "parts": {"database": True}}, "Redis does not answer"),
    ("no worker", {"workers": []}, "No worker has given a sign of life"),
    ("runner away", {"workers": [OF_WORKER | {"runner": False}]}, "On box the runner does not answer"),
    ("examiner away", {"workers": [OF_WORKER | {"examiner": False}]}, "On box the examiner does not answer"),
    ("a long wait", {"oldest_seconds": LONG_WAIT + 1.4}, "has waited for 61 seconds"),
    ("policy", {"redis": FINE["redis"] | {"maxmemory_policy": "allkeys-lru"}}, "policy is allkeys-lru"),
    ("full", {"redis": FINE["redis"] | {"maxmemory": 1100 << 10}}, "filled 93 %"),
    ("disk", {"disk_free": 500 << 20}, "only 500 MB left"),
    ("its disk", {"workers": [OF_WORKER | {"disk_free": 5 << 20}]}, "box has only 5 MB of disk"),
    ("memory", {"workers": [OF_WORKER | {"memory_available": 99 << 20}]}, "box has only 99 MB of memory"),
    ("ungradable", {"workers": [OF_WORKER | {"ungradable": ["double"]}]}, "double cannot be graded"),
]


@pytest.mark.parametrize(
    ("change", "sentence"), [rest for _, *rest in CONCERNS], ids=[name for name, *_ in CONCERNS]
)
def test_what_is_wrong_is_said_with_what_to_do(change: dict[str, Any], sentence: str) -> None:
    (concern,) = concerns(Now(**FINE | change))
    assert sentence in concern.what
    assert concern.mend.endswith(".")


def test_where_all_is_well_nothing_is_said() -> None:
    assert concerns(Now(**FINE)) == []
    assert concerns(Now(**FINE | {"workers": [dict.fromkeys(OF_WORKER) | {"machine": "old"}]})) == []
