"""The page of models: what everybody reads, and what an admin presses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app import jobs
from app.db import transaction
from app.models import Install, InstallState, User
from app.running import installs
from tests.routes.acting import Browser

SMOL = "smollm2-135m"
ODD = "<script>alert(1)</script> & more"


@pytest.fixture
def boss(browser: Callable[[User | None], Browser]) -> Browser:
    """An admin's browser."""
    with transaction() as session:
        user = User(name="Boss", email="boss@example.org", admin=True)
        session.add(user)
    return browser(user)


@pytest.fixture
def machine(redis: object) -> str:
    jobs.sign_of_life("box-1", 600)
    return "box"


def only() -> Install | None:
    with transaction() as session:
        return session.scalar(select(Install))


def settle(state: InstallState, message: str = "", **facts: object) -> None:
    """What the worker of `box` does, after it was 31 MB far."""
    with transaction() as session:
        row = installs.claim(session, "box")
        assert row is not None
        installs.beat(session, row.id, row.nonce, "fetching", 31, 93)
        installs.settle(session, row.id, row.nonce, state, message, **facts)


def test_everybody_reads_what_there_is_and_what_it_is_good_for(newcomer: Browser) -> None:
    page = newcomer.get("/models").text
    assert "lab.load(&#34;attn-only-2l&#34;)" in page or 'lab.load("attn-only-2l")' in page
    assert "it knows capitals and names" in page
    assert "93 MB to download, 1.2 GB on disk, 1.2 GB of memory" in page
    assert "An admin of this site can install it here." in page
    assert "<form" not in page.split("<main")[1].split("</main")[0]


def test_an_admin_presses_install_and_sees_how_far_it_is(boss: Browser, machine: str) -> None:
    assert "Install (93 MB to download, 1.2 GB on disk, 1.2 GB of memory)" in boss.get("/models").text
    pressed = boss.post("/models/install", htmx=True, model=SMOL)
    assert pressed.text.lstrip().startswith('<div id="models" hx-get="/models"')
    assert "Waiting for its turn" in pressed.text
    with transaction() as session:
        row = installs.claim(session, machine)
        assert row is not None
        installs.beat(session, row.id, row.nonce, "fetching", 31, 93)
    polled = boss.get("/models", htmx=True).text
    assert "Fetching: 31 of 93 MB" in polled
    assert 'max="93" value="31"' in polled
    assert "<html" not in polled


def test_without_javascript_it_is_a_form_and_a_page(boss: Browser, machine: str) -> None:
    answer = boss.post("/models/install", model=SMOL)
    assert (answer.status_code, answer.headers["location"]) == (303, "/models")
    row = only()
    assert row is not None
    assert (row.model, row.machine, row.state) == (SMOL, machine, InstallState.WANTED)
    boss.post("/models/cancel", model=SMOL)
    assert only() is None


def test_once_installed_it_is_offered_to_lessons_and_can_be_removed(boss: Browser, machine: str) -> None:
    boss.post("/models/install", model=SMOL)
    settle(InstallState.INSTALLED, disk_mb=1197, memory_mb=1190, folded=True)
    page = boss.get("/models").text
    assert "folded=True" in page
    assert "hx-get" not in page  # nothing is going on that would have to be looked at
    boss.post("/models/remove", model=SMOL)
    assert "Removing" in boss.get("/models").text


def test_a_failure_says_why_and_can_be_tried_again(boss: Browser, machine: str) -> None:
    boss.post("/models/install", model=SMOL)
    settle(InstallState.FAILED, ODD)
    page = boss.get("/models").text
    assert "Not installed on box." in page
    assert "&lt;script&gt;alert(1)" in page
    assert ODD not in page
    assert "Try again (93 MB" in page


def test_a_model_of_the_hub_is_asked_for_before_it_can_be_installed(
    boss: Browser, machine: str, change_settings: Callable[..., None]
) -> None:
    change_settings(hub_models="acme/tiny")
    assert "What would it take?" in boss.get("/models").text
    boss.post("/models/ask", model="acme/tiny")
    settle(InstallState.OFFERED, download_mb=551, disk_mb=1310, memory_mb=1300, licence="mit")
    page = boss.get("/models").text
    assert "Install (551 MB to download, 1.3 GB on disk, 1.3 GB of memory)" in page
    assert 'href="https://huggingface.co/acme/tiny"' in page


def test_what_cannot_be_done_is_said(boss: Browser) -> None:
    assert "No worker is alive" in boss.get("/models").text
    answer = boss.post("/models/install", model=SMOL)
    assert answer.status_code == 422
    assert "No worker is alive to install it" in answer.text
    assert boss.post("/models/install", model="../../etc").status_code == 404
    assert boss.post("/models/install").status_code == 422
