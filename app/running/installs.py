"""Models on machines: what admins want, what each machine has, and how far it is. A row a model and machine.

::

    (ask) ASKED ──▶ OFFERED            of the hub's models: what would it take?
    (want) WANTED ──▶ INSTALLED | FAILED
    (remove) UNWANTED ──▶ no row

Each machine's worker sees to its own rows on the left: it claims one, which gives it a nonce and a lease,
beats while it is at it, and a row whose worker died is taken up again.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from redis import RedisError
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import jobs
from app.config import settings
from app.db import now
from app.guard import NotFound, Unusable, admin_only
from app.models import Install, InstallState, User
from app.running import catalogue
from app.running.catalogue import Model

TO_DO = (InstallState.ASKED, InstallState.WANTED, InstallState.UNWANTED)
_SEEN = timedelta(hours=1)  # how old the word of a machine may be: nobody writes without need
_FORGOTTEN = timedelta(days=1)  # after which a machine that says nothing is believed to be gone


@dataclass(frozen=True)
class OnMachine:
    """One model on one machine; without a row it is not there, and nobody asked for it."""

    machine: str
    alive: bool
    row: Install | None

    @property
    def state(self) -> str:
        return self.row.state.value if self.row else ""

    @property
    def busy(self) -> bool:
        return self.row is not None and self.row.state in TO_DO


@dataclass(frozen=True)
class Offer:
    """A model and where it is."""

    model: Model  # with what any machine knows of it
    machines: tuple[OnMachine, ...]  # those that live, and those that have it

    @property
    def installed(self) -> bool:
        return self.model.shipped or any(one.state == InstallState.INSTALLED for one in self.machines)

    @property
    def lacking(self) -> list[OnMachine]:
        """Living machines on which it could be installed."""
        missing = (InstallState.OFFERED, InstallState.FAILED, "")
        return [one for one in self.machines if one.alive and one.state in missing]

    @property
    def busy(self) -> bool:
        return any(one.busy for one in self.machines)

    @property
    def askable(self) -> bool:
        """Nobody knows yet what it would take."""
        return self.model.disk_mb is None


# ── for everybody, and for admins ───────────────────────────────────────────


def offers(session: Session) -> list[Offer]:
    """Every model of the catalogue, then others that a machine still has."""
    alive, rows = _alive(), session.scalars(select(Install).order_by(Install.machine)).all()
    models = {model.name: model for model in catalogue.models()}
    for row in rows:
        models.setdefault(row.model, Model(row.model, "hub", row.model, "No longer offered here."))
    return [
        _offer(model, [row for row in rows if row.model == model.name], alive) for model in models.values()
    ]


def _offer(model: Model, rows: list[Install], alive: set[str]) -> Offer:
    for row in rows:
        model = catalogue.with_facts(model, row.facts)
    here = {row.machine: row for row in rows}
    named = sorted(alive | set(here)) if not model.shipped else []
    return Offer(model, tuple(OnMachine(machine, machine in alive, here.get(machine)) for machine in named))


def ask(session: Session, admin: User, name: str) -> None:
    """Have every living machine find out what this model would take. Raises Refused."""
    _set(session, admin, name, InstallState.ASKED)


def want(session: Session, admin: User, name: str) -> None:
    """Have it installed on every living machine that has not got it. Raises Refused."""
    _set(session, admin, name, InstallState.WANTED)


def remove(session: Session, admin: User, name: str) -> None:
    """Have it removed from every machine that has it. Raises Refused."""
    admin_only(admin)
    has = [InstallState.INSTALLED, InstallState.FAILED, InstallState.OFFERED]
    which = update(Install).where(Install.model == name, Install.state.in_(has))
    session.execute(which.values(state=InstallState.UNWANTED, **_FREE))


def cancel(session: Session, admin: User, name: str) -> None:
    """Stop what is under way on all machines. Raises Refused."""
    admin_only(admin)
    under_way = (Install.model == name, Install.state.in_((InstallState.ASKED, InstallState.WANTED)))
    session.execute(update(Install).where(*under_way, _held()).values(cancel_requested=True))
    for row in session.scalars(select(Install).where(*under_way, ~_held())):
        _put_away(session, row)


def _set(session: Session, admin: User, name: str, state: InstallState) -> None:
    admin_only(admin)
    model = _known(name)
    machines = _alive()
    if not machines:
        raise Unusable("No worker is alive to install it: start one (`unembed serve`, or `unembed worker`).")
    lacking = [InstallState.OFFERED, InstallState.FAILED]
    rows = {row.machine: row for row in session.scalars(select(Install).where(Install.model == model.name))}
    for machine in sorted(machines):
        row = rows.get(machine) or _new(session, machine, model.name)
        if row is not None and (row.state in lacking or (row.nonce == "" and row.state is not _HAS)):
            row.state, row.message, row.seen_at = state, "", now()
            row.cancel_requested = False


_HAS = InstallState.INSTALLED
_FREE: dict[str, Any] = {"nonce": "", "lease_until": None, "stage": "", "done": 0, "total": 0}


def _known(name: str) -> Model:
    try:
        model = catalogue.find(name)
    except catalogue.NoSuchModel as error:
        raise NotFound(str(error)) from None
    if model.shipped:
        raise Unusable(f"{name} is shipped: it is there already.")
    return model


def _new(session: Session, machine: str, model: str) -> Install | None:
    """None if somebody else has just made it."""
    row = Install(machine=machine, model=model, state=InstallState.OFFERED, seen_at=now(), facts={})
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    return row


def _alive() -> set[str]:
    try:
        return jobs.machines_alive()
    except RedisError:
        return set()


# ── for the worker of a machine ─────────────────────────────────────────────


def claim(session: Session, machine: str) -> Install | None:
    """Take something to do on this machine: it is ours until the lease ends."""
    mine = (Install.machine == machine, Install.state.in_(TO_DO), ~_held())
    first = session.scalar(select(Install.id).where(*mine).order_by(Install.created_at).limit(1))
    if first is None:
        return None
    values = {"nonce": secrets.token_hex(16), "lease_until": _lease_end(), "seen_at": now()}
    taken = update(Install).where(Install.id == first, *mine).values(values).returning(Install)
    return session.scalars(taken).one_or_none()


def beat(session: Session, row_id: UUID, nonce: str, stage: str, done: int, total: int) -> bool | None:
    """Renew the lease and say how far it is. Returns whether to stop; None if it is no longer ours."""
    values = {"stage": stage, "done": done, "total": total, "lease_until": _lease_end(), "seen_at": now()}
    ours = update(Install).where(Install.id == row_id, Install.nonce == nonce)
    return session.scalars(ours.values(values).returning(Install.cancel_requested)).one_or_none()


def give_back(session: Session, row_id: UUID, nonce: str) -> None:
    """Let another worker take it, or us when we are here again."""
    session.execute(update(Install).where(Install.id == row_id, Install.nonce == nonce).values(_FREE))


def settle(
    session: Session, row_id: UUID, nonce: str, state: InstallState, message: str = "", **facts: Any
) -> None:
    """Write down what became of it; of what is no longer ours, nothing."""
    values: dict[str, Any] = {"state": state, "message": message, "cancel_requested": False, **_FREE}
    if facts:
        values["facts"] = facts
    session.execute(update(Install).where(Install.id == row_id, Install.nonce == nonce).values(values))


def forget(session: Session, row_id: UUID, nonce: str) -> None:
    """It was removed, or cancelled: what was asked before is offered again, if that is known."""
    row = session.scalar(select(Install).where(Install.id == row_id, Install.nonce == nonce))
    if row is not None:
        _put_away(session, row)


def report(session: Session, machine: str, here: Mapping[str, Mapping[str, Any]]) -> None:
    """What this machine has just now, whoever installed it: model → its facts. Old rows of others go."""
    rows = {row.model: row for row in session.scalars(select(Install).where(Install.machine == machine))}
    for model, facts in here.items():
        row = rows.get(model) or _new(session, machine, model)
        if row is not None and row.state not in TO_DO and (row.state is not _HAS or row.facts != facts):
            row.state, row.facts, row.message = _HAS, dict(facts), ""
    for row in rows.values():
        if row.state is _HAS and row.model not in here:
            session.delete(row)
        elif row.seen_at < now() - _SEEN:
            row.seen_at = now()
    for row in session.scalars(select(Install).where(Install.seen_at < now() - _FORGOTTEN)):
        session.delete(row)


def _put_away(session: Session, row: Install) -> None:
    if row.facts and row.state is InstallState.WANTED:
        row.state, row.cancel_requested = InstallState.OFFERED, False
        row.nonce, row.lease_until, row.stage, row.done, row.total = "", None, "", 0, 0
    else:
        session.delete(row)


def _held() -> ColumnElement[bool]:
    return and_(Install.nonce != "", or_(Install.lease_until.is_(None), Install.lease_until >= now()))


def _lease_end() -> Any:
    return now() + timedelta(seconds=settings().lease_seconds)
