"""What Prometheus reads, and who else may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from sqlalchemy import update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app import jobs
from app import redis as redis_of_app
from app.db import now
from app.lessons import Lesson
from app.models import Run, State, User
from app.operating import metrics
from app.running import leases, runs, tally
from tests.routes.acting import Browser, every_route

TOKEN = "a token that is long enough"
HERE, ELSEWHERE = ("127.0.0.1", 5000), ("10.1.2.3", 5000)
Change = Callable[..., None]
Samples = dict[str, float]


def samples() -> Samples:
    """Every sample, as it is written: `name{label="value"}` → value."""
    found: Samples = {}
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        assert family.documentation
        for one in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
            found[f"{one.name}{{{labels}}}" if labels else one.name] = one.value
    return found


def status(site: FastAPI, client: tuple[str, int] = ELSEWHERE, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return TestClient(site, client=client).get("/metrics", headers=named).status_code


def test_this_machine_may_ask_and_nobody_else(site: FastAPI) -> None:
    assert status(site, HERE) == 200
    assert status(site, ("::1", 5000)) == 200
    assert status(site, ELSEWHERE) == 404
    assert status(site, HERE, x_forwarded_for="10.1.2.3") == 404
    assert status(site, HERE, x_forwarded_for="127.0.0.1") == 404
    assert status(site, ELSEWHERE, x_forwarded_for="127.0.0.1") == 404
    assert status(site, HERE, via="1.1 proxy") == 404


def test_behind_a_proxy_only_the_token_counts(site: FastAPI, change_settings: Change) -> None:
    change_settings(public_url="https://learn.example.org")
    assert status(site, HERE) == 404
    change_settings(metrics_token=TOKEN)
    assert status(site, HERE) == 404
    assert status(site, HERE, authorization=f"Bearer {TOKEN}") == 200


@pytest.mark.parametrize(
    "brought", ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer é"]
)
def test_whoever_brings_the_token_may_ask_and_nobody_who_nearly_does(
    site: FastAPI, change_settings: Change, brought: str
) -> None:
    change_settings(metrics_token=TOKEN)
    assert status(site, authorization=f"Bearer {TOKEN}") == 200
    headers = [(b"authorization", brought.encode())]
    assert TestClient(site, client=ELSEWHERE).get("/metrics", headers=headers).status_code == 404


def test_without_a_token_an_empty_one_opens_nothing(site: FastAPI, change_settings: Change) -> None:
    change_settings(metrics_token="")
    assert status(site, authorization="Bearer ") == 404


def test_an_admin_s_browser_is_told_that_there_is_no_such_page(
    browser: Callable[..., Browser], admin: User
) -> None:
    answer = browser(admin).get("/metrics")
    assert answer.status_code == 404
    assert "no such page" in answer.text


def test_the_answer_is_in_prometheus_s_own_format(site: FastAPI) -> None:
    answer = TestClient(site, client=HERE).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert all(name.startswith("unembed_") for name in names)


def test_the_queue_is_the_database_s(session: Session, ada: User, ben: User, lesson: Lesson) -> None:
    assert samples()["unembed_queue_oldest_seconds"] == 0
    first = runs.submit(session, ada, "counting", "one", {})
    runs.submit(session, ben, "counting", "one", {})
    session.execute(update(Run).where(Run.id == first.id).values(queued_at=now() - timedelta(minutes=3)))
    held = runs.submit(session, ada, "counting", "two", {})
    session.flush()
    leases.claim(session, held.id)
    session.commit()
    found = samples()
    assert found["unembed_runs{state=queued}"] == 2
    assert found["unembed_runs{state=running}"] == 1
    assert found["unembed_runs{state=failed}"] == 0
    assert 180 <= found["unembed_queue_oldest_seconds"] < 3600
    assert found["unembed_queue_messages"] == 3
    assert {f"unembed_runs{{state={state.value}}}" for state in State} <= set(found)


def test_counts_and_durations_are_those_of_the_tally(redis: Redis, database: str) -> None:
    tally.add("runs|grade|ok", "runs|run|fault", "faults", "verdicts|passed", wait_grade=0.07, all_grade=2.0)
    tally.add("runs|grade|ok", wait_grade=400.0)
    found = samples()
    assert found["unembed_runs_ended_total{ending=ok,kind=grade}"] == 2
    assert found["unembed_runs_ended_total{ending=fault,kind=run}"] == 1
    assert (found["unembed_faults_total"], found["unembed_verdicts_total{verdict=passed}"]) == (1, 1)
    wait = "unembed_run_wait_seconds"
    assert [
        found[f"{wait}_bucket{{kind=grade,le={bound}}}"] for bound in ("0.05", "0.1", "300.0", "+Inf")
    ] == [*(0, 1, 1, 2)]
    assert found[f"{wait}_count{{kind=grade}}"] == 2
    assert found[f"{wait}_sum{{kind=grade}}"] == pytest.approx(400.07, abs=1e-3)


def test_workers_are_what_their_signs_of_life_say_added_up_by_machine(redis: Redis, database: str) -> None:
    of_runner = {"runner": True, "pool_spare": 3, "pool_alive": 4, "layers": ["seccomp"], "memory": 1 << 30}
    for name, machine, threads in (("a-1", "a", 4), ("a-2", "a", 4), ("b-1", "b", 2)):
        jobs.sign_of_life(name, 30, machine=machine, threads=threads, busy=1, examiner=True, **of_runner)
    found = samples()
    assert found["unembed_workers"] == 3
    assert found["unembed_worker_threads{machine=a}"] == 8
    assert found["unembed_worker_busy_threads{machine=b}"] == 1
    assert found["unembed_pool_spare_children{machine=a}"] == 3  # they share one runner
    assert found["unembed_runner_layer{layer=seccomp,machine=b}"] == 1
    assert found["unembed_up{part=examiner}"] == found["unembed_up{part=runner}"] == 1


def test_a_worker_of_another_version_harms_nothing(redis: Redis, database: str) -> None:
    for said in ("alive", "[1]", "null", json.dumps({"threads": "many", "layers": None})):
        jobs.sign_of_life(name := str(uuid4()), 30)
        redis.set(f"{jobs._SIGN_OF_LIFE}{name}", said)
    found = samples()
    assert (found["unembed_workers"], found["unembed_up{part=runner}"]) == (4, 0)


def test_without_redis_or_database_it_says_so(
    redis: Redis, database: str, change_settings: Change, tmp_path: Path
) -> None:
    assert samples()["unembed_up{part=redis}"] == samples()["unembed_up{part=database}"] == 1
    change_settings(redis_url=f"unix://{tmp_path}/nobody.sock", database_url="sqlite:////nowhere/at.all")
    redis_of_app.client.cache_clear()
    metrics.gauges.engine.cache_clear()
    found = samples()
    assert {found[f"unembed_up{{part={part}}}"] for part in ("redis", "database", "worker", "runner")} == {0}
    assert "unembed_queue_oldest_seconds" not in found  # nobody knows, which is not 0


def test_requests_are_counted_by_the_names_of_routes_and_nothing_else(
    site: FastAPI, browser: Callable[..., Browser]
) -> None:
    def asked(route: str, status: str) -> float:
        return samples().get(f"unembed_request_seconds_count{{route={route},status={status}}}", 0)

    before = asked("show_lesson", "2xx"), asked("none", "4xx"), asked("show_run", "3xx")
    newcomer = browser()
    newcomer.get("/lessons/counting")
    newcomer.get(f"/lessons/counting?{uuid4()}")
    for _ in range(3):
        newcomer.get(f"/{uuid4()}")
        newcomer.get(f"/runs/{uuid4()}")
    assert asked("show_lesson", "2xx") == before[0] + 2
    assert asked("none", "4xx") == before[1] + 3
    assert asked("show_run", "3xx") == before[2] + 3
    ours = [*every_route(site), *every_route(site.state.api)]
    known = {route.name for route in ours} | {"none", "assets"}
    routes = {
        name.partition("route=")[2].rstrip("}").split(",")[0] for name in samples() if "{route=" in name
    }
    assert routes <= known


def test_the_slowest_routes_of_this_process_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics.request_took("tests: slow", 200, 8.0)
    for _ in range(30):
        metrics.request_took("tests: quick", 200, 0.004)
    metrics.request_took("tests: quick", 404, 0.004)
    found = {route: (count, mean, most) for route, count, mean, most in metrics.slowest(1000)}
    assert found["tests: slow"] == (1, 8.0, 10.0)
    assert found["tests: quick"] == (31, pytest.approx(0.004), 0.005)
    order = [route for route, *_ in metrics.slowest(1000)]
    assert order.index("tests: slow") < order.index("tests: quick")
