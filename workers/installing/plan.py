"""What installing a model will take, known before anything is fetched. No torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FOLDED_KINDS = ("gpt2", "llama")  # those of which `folding` makes a copy
_BYTES = 4  # of a number: fp32 is what can be mapped and shared
_BASE_MB = 600  # torch, transformers and TransformerLens, loaded


class Refused(Exception):
    """Why this model cannot be installed, and what to do, in a sentence or two."""


@dataclass(frozen=True)
class Plan:
    """One model, where it comes from, and what it takes."""

    name: str
    source: str  # package or hub
    download_mb: int
    disk_mb: int
    memory_mb: int  # once a machine, when it is there
    conversion_mb: int  # memory that installing it needs for some seconds
    facts: dict[str, Any] = field(default_factory=dict)  # title, licence, origin, revision: for `model.json`
    package: str = ""
    sha256: str = ""
    file: str = ""
    files: tuple[str, ...] = ()  # of the hub's repository
    snapshot: str = ""  # folder of the local cache that has them already

    def offer(self) -> dict[str, Any]:
        """What is asked before anybody decides."""
        sizes = {"download_mb": self.download_mb, "disk_mb": self.disk_mb, "memory_mb": self.memory_mb}
        return {**self.facts, **sizes}


def of_package(name: str, entry: dict[str, Any]) -> Plan:
    """From its entry of the catalogue."""
    return Plan(
        name,
        "package",
        download_mb=entry["download_mb"],
        disk_mb=entry["disk_mb"],
        memory_mb=entry["memory_mb"],
        conversion_mb=1600,  # measured: it is there twice while it is converted
        facts={key: entry[key] for key in ("title", "summary", "licence", "origin")},
        package=entry["package"],
        sha256=entry["sha256"],
        file=entry["file"],
    )


def of_hub(name: str, kind: str, numbers: int, download: int, **more: Any) -> Plan:
    """For so many `numbers` (parameters) in a model of that kind; `download` is in bytes."""
    once = mb(numbers * _BYTES)
    both = once * (2 if kind in FOLDED_KINDS else 1)
    return Plan(
        name,
        "hub",
        download_mb=mb(download),
        disk_mb=both + 10,
        memory_mb=both,
        conversion_mb=_BASE_MB + 3 * once,
        **more,
    )


def mb(count: int) -> int:
    """Bytes as megabytes, rounded up."""
    return -(-count // 10**6)
