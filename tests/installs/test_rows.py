"""The rows: who may ask for what, who does it, and what becomes of it when somebody dies or thinks again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs
from app.db import now, transaction
from app.guard import NotAllowed, NotFound, Unusable
from app.models import Install, InstallState, User
from app.running import installs

SMOL = "smollm2-135m"
OFFER = {"download_mb": 5, "disk_mb": 6, "memory_mb": 7, "licence": "MIT"}


@pytest.fixture
def two_machines(redis: Redis, change_settings: Callable[..., None]) -> None:
    """`left` has two workers, `right-1` has one."""
    change_settings(hub_models="acme/tiny")
    for worker in ("left-7", "left-8", "right-1-9"):
        jobs.sign_of_life(worker, 600)


def states(session: Session) -> dict[tuple[str, str], str]:
    session.flush()
    session.expire_all()
    return {(row.machine, row.model): row.state.value for row in session.scalars(select(Install))}


@pytest.mark.usefixtures("two_machines")
def test_a_wish_is_a_row_on_every_living_machine(session: Session, boss: User) -> None:
    installs.want(session, boss, SMOL)
    installs.want(session, boss, SMOL)
    assert states(session) == {("left", SMOL): "wanted", ("right-1", SMOL): "wanted"}
    offer = next(one for one in installs.offers(session) if one.model.name == SMOL)
    assert offer.busy
    assert not offer.installed
    assert offer.lacking == []


@pytest.mark.usefixtures("two_machines")
def test_each_machine_takes_its_own_and_each_once(session: Session, boss: User) -> None:
    installs.want(session, boss, SMOL)
    session.commit()

    def take(_: int) -> object:
        with transaction() as own:
            row = installs.claim(own, "left")
            return row and row.id

    with ThreadPoolExecutor(4) as threads:
        taken = [row for row in threads.map(take, range(4)) if row]
    assert len(taken) == 1
    assert installs.claim(session, "elsewhere") is None


@pytest.mark.usefixtures("two_machines")
def test_what_its_worker_died_over_is_taken_up_again(session: Session, boss: User) -> None:
    installs.want(session, boss, SMOL)
    first = installs.claim(session, "left")
    assert first is not None
    nonce = first.nonce
    assert installs.beat(session, first.id, nonce, "fetching", 3, 93) is False
    assert installs.claim(session, "left") is None
    first.lease_until = now() - timedelta(seconds=1)
    session.flush()
    again = installs.claim(session, "left")
    assert again is not None
    assert again.id == first.id
    assert installs.beat(session, first.id, nonce, "fetching", 4, 93) is None
    installs.settle(session, first.id, nonce, InstallState.INSTALLED, disk_mb=1)
    assert states(session)[("left", SMOL)] == "wanted"


@pytest.mark.usefixtures("two_machines")
def test_the_hub_is_asked_before_anything_is_wanted(session: Session, boss: User) -> None:
    installs.ask(session, boss, "acme/tiny")
    row = installs.claim(session, "left")
    assert row is not None
    installs.settle(session, row.id, row.nonce, InstallState.OFFERED, **OFFER)
    session.flush()
    session.expire_all()
    offer = next(one for one in installs.offers(session) if one.model.name == "acme/tiny")
    assert not offer.askable
    assert offer.model.disk_mb == 6
    installs.want(session, boss, "acme/tiny")
    installs.cancel(session, boss, "acme/tiny")
    assert states(session) == {("left", "acme/tiny"): "offered"}


@pytest.mark.usefixtures("two_machines")
def test_cancelling_reaches_who_is_at_it(session: Session, boss: User) -> None:
    installs.want(session, boss, SMOL)
    row = installs.claim(session, "left")
    assert row is not None
    installs.cancel(session, boss, SMOL)
    assert states(session) == {("left", SMOL): "wanted"}  # the other machine had not begun
    assert installs.beat(session, row.id, row.nonce, "fetching", 3, 93) is True
    installs.forget(session, row.id, row.nonce)
    assert states(session) == {}


@pytest.mark.usefixtures("two_machines")
def test_a_failure_is_kept_until_it_is_tried_again(session: Session, boss: User) -> None:
    installs.want(session, boss, SMOL)
    row = installs.claim(session, "left")
    assert row is not None
    installs.settle(session, row.id, row.nonce, InstallState.FAILED, "The disk is full.")
    installs.report(session, "left", {})
    assert states(session)[("left", SMOL)] == "failed"
    installs.want(session, boss, SMOL)
    session.flush()
    assert (row.state, row.message) == (InstallState.WANTED, "")


@pytest.mark.usefixtures("two_machines")
def test_a_machine_says_what_it_has_whoever_installed_it(session: Session, boss: User) -> None:
    installs.report(session, "left", {SMOL: {"disk_mb": 1200}, "gone/model": {"disk_mb": 3}})
    session.flush()
    offers = {one.model.name: one for one in installs.offers(session)}
    assert offers[SMOL].installed
    assert [one.machine for one in offers[SMOL].lacking] == ["right-1"]
    assert offers["gone/model"].installed
    installs.report(session, "left", {})
    assert states(session) == {}


@pytest.mark.usefixtures("two_machines")
def test_removing_is_done_by_each_machine_that_has_it(session: Session, boss: User) -> None:
    installs.report(session, "left", {SMOL: {}})
    session.flush()
    installs.remove(session, boss, SMOL)
    row = installs.claim(session, "left")
    assert row is not None
    assert row.state is InstallState.UNWANTED
    installs.report(session, "left", {SMOL: {}})  # it is still there for a moment
    installs.forget(session, row.id, row.nonce)
    session.flush()
    assert states(session) == {}


def test_a_machine_that_is_silent_for_long_is_forgotten(session: Session) -> None:
    installs.report(session, "old", {SMOL: {}})
    session.flush()
    session.scalars(select(Install)).one().seen_at = now() - timedelta(days=2)
    session.flush()
    installs.report(session, "new", {})
    assert states(session) == {}


@pytest.mark.usefixtures("two_machines")
def test_only_admins_and_only_what_there_is(session: Session, boss: User, mo: User) -> None:
    for act in (installs.ask, installs.want, installs.cancel, installs.remove):
        with pytest.raises(NotAllowed):
            act(session, mo, SMOL)
    with pytest.raises(NotFound, match="There is no model called 'gpt2'"):
        installs.want(session, boss, "gpt2")
    with pytest.raises(Unusable, match="is shipped"):
        installs.want(session, boss, "attn-only-2l")


def test_without_a_worker_nobody_could_do_it(session: Session, boss: User) -> None:
    with pytest.raises(Unusable, match="No worker is alive"):
        installs.want(session, boss, SMOL)
