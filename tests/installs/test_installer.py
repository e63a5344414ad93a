"""The worker's thread: what it makes of a row, through the real installer, with a tiny model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs, machine
from app.config import settings
from app.db import transaction
from app.models import Install, InstallState, User
from app.running import catalogue, installs
from tests.installing import tiny
from workers.installs import Installer

TINY = "acme/tiny"
pytestmark = pytest.mark.timeout(1800)  # on a machine that is busy with other things, too


@pytest.fixture
def here(
    session: Session, tmp_path: Path, change_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> str:
    """This machine, alive, with `acme/tiny` in its cache of the hub."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    change_settings(hub_models=TINY)
    tiny.lay_out(tmp_path / "hub", TINY, tiny.gpt2())
    jobs.sign_of_life(f"{machine.name()}-1", 600)
    return machine.name()


@pytest.fixture
def installer() -> Installer:
    return Installer()


def only(session: Session) -> Install | None:
    session.expire_all()
    return session.scalar(select(Install))


def act(session: Session, what: Callable[..., None], boss: User, name: str = TINY) -> None:
    what(session, boss, name)
    session.commit()


def test_from_asking_over_installing_to_removing(
    session: Session, boss: User, here: str, installer: Installer
) -> None:
    act(session, installs.ask, boss)
    assert installer.look()
    row = only(session)
    assert (row.state, row.machine) == (InstallState.OFFERED, here)
    assert row.facts["disk_mb"] > 0
    act(session, installs.want, boss)
    assert installer.look()
    row = only(session)
    assert row.state is InstallState.INSTALLED, row.message
    assert row.facts["d_model"] == 32
    assert catalogue.find(TINY).folded
    act(session, installs.remove, boss)
    assert installer.look()
    assert only(session) is None
    assert catalogue.all_installed() == {}
    assert not installer.look()


def test_why_it_could_not_be_installed_is_said(
    session: Session, boss: User, here: str, installer: Installer, tmp_path: Path
) -> None:
    tiny.change_config(tmp_path / "hub" / "models--acme--tiny" / "snapshots" / tiny.REVISION, auto_map={})
    act(session, installs.want, boss)
    installer.look()
    row = only(session)
    assert row.state is InstallState.FAILED
    assert "brings code of its own" in row.message
    assert row.nonce == ""


def test_cancelled_in_the_middle_nothing_stays(
    session: Session, boss: User, here: str, installer: Installer
) -> None:
    act(session, installs.want, boss)
    working = threading.Thread(target=installer.look)
    working.start()
    _wait_for_stage(session, "loading")
    act(session, installs.cancel, boss)
    working.join(300)
    assert not working.is_alive()
    assert only(session) is None
    assert catalogue.all_installed() == {}


def test_a_worker_that_ends_leaves_it_to_the_next(
    session: Session, boss: User, here: str, installer: Installer
) -> None:
    act(session, installs.want, boss)
    installer.start()
    _wait_for_stage(session, "loading")
    installer.end()
    row = only(session)
    assert (row.state, row.nonce) == (InstallState.WANTED, "")
    with transaction() as other:
        assert installs.claim(other, here) is not None


def test_one_that_is_killed_is_said_to_be(
    session: Session, boss: User, here: str, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operating.without_secrets.installer", lambda *_: ["tests.installs.suicide"])
    act(session, installs.want, boss)
    installer.look()
    row = only(session)
    assert row.state is InstallState.FAILED
    assert "as if it had been killed" in row.message


def _wait_for_stage(session: Session, stage: str) -> None:
    deadline = time.monotonic() + 300
    while (row := only(session)) is None or row.stage != stage:
        session.rollback()
        assert time.monotonic() < deadline
        assert row is None or row.state is InstallState.WANTED, row.message
        time.sleep(0.05)
    session.rollback()


def test_the_installer_is_told_how_to_reach_the_world_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.operating import without_secrets

    monkeypatch.setenv("https_proxy", "http://proxy:1")
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror/simple")
    monkeypatch.setenv("PGPASSWORD", "secret")
    told = without_secrets.with_network(settings())
    assert told["https_proxy"] == "http://proxy:1"
    assert told["PIP_INDEX_URL"] == "http://mirror/simple"
    assert not any(name.startswith(("UNEMBED_", "PG")) for name in told)
