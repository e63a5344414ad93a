"""docker-compose.yml as Compose reads it: merged parts, variables put in, and what a service is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from app.config import ROOT

FILE = ROOT / "docker-compose.yml"
OURS = ("web", "worker", "examiner", "runner", "migrate", "backup")
_VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?::([-?])([^}]*))?\})")


@dataclass(frozen=True)
class Mount:
    """A volume, or a file or folder of the host (which begins with a dot), at its place in the container."""

    source: str
    target: str
    read_only: bool


@dataclass(frozen=True)
class Service:
    """What the tests need to know of one."""

    name: str
    command: list[str]
    user: tuple[int, int]
    environment: dict[str, str]
    mounts: tuple[Mount, ...]
    tmpfs: dict[str, str]  # place → options
    secrets: dict[str, str]  # name in /run/secrets → file of the host
    networked: bool
    read_only: bool


def read(**variables: str) -> dict[str, Any]:
    """The whole file with these variables in it. Raises KeyError for one that has to be set."""
    found: dict[str, Any] = _put_in(yaml.safe_load(FILE.read_text()), variables)
    return found


def service(name: str, **variables: str) -> Service:
    """One service of it."""
    file = read(**variables)
    said = file["services"][name]
    user, _, group = said.get("user", "0:0").partition(":")
    tmpfs = (place.partition(":") for place in said.get("tmpfs", []))
    return Service(
        name=name,
        command=said.get("command", []),
        user=(int(user), int(group)),
        environment={key: str(value) for key, value in said.get("environment", {}).items()},
        mounts=tuple(map(_mount, said.get("volumes", []))),
        tmpfs={place: options for place, _, options in tmpfs},
        secrets={secret: file["secrets"][secret]["file"] for secret in said.get("secrets", [])},
        networked=said.get("network_mode") != "none",
        read_only=said.get("read_only", False),
    )


def _mount(written: str) -> Mount:
    source, target, *options = written.split(":")
    return Mount(source, target, "ro" in options)


def _put_in(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _put_in(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [_put_in(inner, variables) for inner in value]
    return _VARIABLE.sub(lambda match: _said(match, variables), value) if isinstance(value, str) else value


def _said(match: re.Match[str], variables: Mapping[str, str]) -> str:
    name, how, otherwise = match.groups()
    if name is None:  # $$
        return "$"
    if how == "?":
        return variables[name]
    return variables.get(name) or otherwise or ""
