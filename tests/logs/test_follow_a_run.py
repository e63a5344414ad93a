"""One press is followed through the logs of all parts by its run's id, and nothing private is in any."""

from __future__ import annotations

import contextlib
import json
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.browsing import sections
from tests.conftest import SMALL_COURSE
from tests.load.test_load import _follow
from tests.serve.starting import Site, start_site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="starts everything"),
]

PARTS = ("site", "worker", "runner", "examiner")
SECRET, PASSWORD = "a-thought-of-my-own", "correct horse battery staple"
TOKEN = "a token that is long enough"
FORGED = '{"level": "error", "part": "site", "message": "forged"}'
# a right answer, which also writes a line past Python to where the runner's own lines go, if it could
ANSWER = f"""
import os, time
time.sleep(1)
os.write(2, b'\\n{FORGED}\\n')
print('{SECRET}')
def double(x: int) -> int:
    return x + x
"""
TOLD = ("site", "the page is told")
HAND_IN = "/lessons/counting/exercises/double/attempts"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A whole installation that writes for machines."""
    folder = tmp_path_factory.mktemp("json")
    settings = {"UNEMBED_LOG_FORMAT": "json", "UNEMBED_METRICS_TOKEN": TOKEN}
    with start_site(folder, UNEMBED_COURSE_DIR=str(SMALL_COURSE), **settings) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="module")
def run(site: Site) -> str:
    """Zoe signs up and hands in; she has the verdict on her page. Returns the id of the run."""
    import asyncio

    return asyncio.run(_zoe(site.url))


async def _zoe(url: str) -> str:
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:
        await client.get("/sign-up")
        csrf = {"csrf": client.cookies["unembed_csrf"]}
        told = {"name": "Zoe Zephyr", "email": "zoe@example.net", "password": PASSWORD}
        assert (await client.post("/sign-up", data=csrf | told)).status_code == 303
        sent = csrf | {"text": ANSWER}
        answer = await client.post(HAND_IN, data=sent, headers={"hx-request": "true"})
        section = sections(answer.text)["double"]
        async for _ in _follow(client, section.events):
            pass
        page = await client.get(f"/runs/{section.run}", headers={"hx-request": "true"})
        assert sections(page.text)["double"].word == "passed"
        return section.run


def lines(site: Site) -> dict[str, list[dict[str, Any]]]:
    """What each part has said: every line of every log is one object."""
    folder = site.data_dir / "log"
    return {part: [json.loads(line) for line in _text(folder / f"{part}.log").splitlines()] for part in PARTS}


def _text(log: Path) -> str:
    return log.read_text()


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_one_press_is_followed_by_its_id_through_all_parts(site: Site, run: str) -> None:
    def about() -> list[dict[str, Any]]:
        found = [line for said in lines(site).values() for line in said if line.get("run") == run]
        return sorted(found, key=lambda line: line["time"])

    eventually(lambda: any(line["message"] == "the run is over" for line in about()))
    said = [(line["part"], line["message"]) for line in about() if line.get("route") != "show_run"]
    assert said[0] == ("site", "a run waits")
    assert set(said) == {
        ("site", "a run waits"),
        ("site", "a request"),
        ("worker", "a worker has the run"),
        ("runner", "a child takes the run"),
        ("examiner", "an answer is judged"),
        ("worker", "the run is recorded"),
        ("worker", "the verdict is recorded"),
        ("runner", "the run is over"),
        *([TOLD] if TOLD in said else []),
    }
    assert len(said) == len(set(said))
    # by the stream, or by what the page asks for itself if the run was over before it listened
    assert TOLD in said or any(line.get("route") == "show_run" for line in about())
    place = {message: number for number, (_, message) in enumerate(said)}
    order = ["a run waits", "a worker has the run", "an answer is judged", "the verdict is recorded"]
    assert [place[one] for one in order] == sorted(place[one] for one in order)
    words = {line["verdict"] for line in about() if "verdict" in line}
    assert words == {"passed"}
    assert len({line["user"] for line in about() if "user" in line}) == 1
    assert len({line["attempt"] for line in about() if "attempt" in line}) == 1


def test_no_log_holds_what_is_private_and_nobody_forges_a_line(site: Site, run: str) -> None:
    whole = "\n".join(_text(log) for log in (site.data_dir / "log").iterdir())
    for private in (SECRET, PASSWORD, "zoe@example.net", "Zoe Zephyr", "return x + x", TOKEN):
        assert private not in whole
    assert all(line["message"] != "forged" for said in lines(site).values() for line in said)


def test_every_line_says_when_how_and_which_part(site: Site, run: str) -> None:
    for part, said in lines(site).items():
        assert said, part
        for line in said:
            assert {"time", "level", "part", "message"} <= set(line), line
            assert (line["part"], line["time"][-1]) == (part, "Z")
        assert [line for line in said if line["level"] not in ("info", "warning")] == []


def test_metrics_tell_the_same_to_who_brings_the_token(site: Site, run: str) -> None:
    def read() -> str:
        asked = urllib.request.Request(f"{site.url}/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return str(answer.read().decode())

    told = {
        'unembed_up{part="examiner"} 1.0',
        'unembed_up{part="runner"} 1.0',
        'unembed_runs_ended_total{ending="ok",kind="grade"} 1.0',
        'unembed_verdicts_total{verdict="passed"} 1.0',
        'unembed_run_wait_seconds_count{kind="grade"} 1.0',
        "unembed_workers 1.0",
        "unembed_faults_total 0.0",
        'unembed_request_seconds_count{route="hand_in",status="2xx"} 1.0',
    }
    with contextlib.suppress(AssertionError):  # then what is missing is told below
        eventually(lambda: told <= set(read().splitlines()))
    assert told - set(read().splitlines()) == set(), read()
    assert "unembed_pool_spare_children{machine=" in read()
