"""Which models there are, and what each is good for. Knows names and sizes; `loading` knows how to load.

The catalogue is a file that the site reads, too. What is installed beside the shipped ones is a folder each,
with a `model.json` of facts, in the place that `look_in` was told of.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

CATALOGUE = Path(__file__).with_name("catalogue.toml")
FACTS = "model.json"


class UnknownModel(LookupError):
    """Nobody ships or offers a model of that name; the message names close ones and all there are."""

    def __str__(self) -> str:
        return str(self.args[0])


class ModelUnavailable(RuntimeError):
    """The model is known, but not installed here, or its files are missing or damaged."""


@dataclass(frozen=True)
class ModelInfo:
    """One line of the catalogue. Sizes as TransformerLens calls them."""

    name: str
    title: str
    n_layers: int
    n_heads: int
    d_model: int
    n_ctx: int
    d_vocab: int
    summary: str
    folder: Path | None = None  # where it is installed; None of one that is shipped
    folded: bool = False  # `load(name, folded=True)` gives a copy whose norms are folded into the weights
    # What follows is told of shipped ones alone.
    d_mlp: int | None = None  # None: attention alone
    act_fn: str = "gelu"  # of its MLPs
    norm: Literal["LN", "LNPre", "none"] = "LNPre"
    bidirectional: bool = False  # every position sees all others, as in BERT
    d_head: int | None = None  # None: d_model / n_heads
    d_vocab_out: int | None = None  # what it chooses from, where that is not d_vocab
    tokenizer: str = "tokenizer"  # a folder beside the weights, or "none": it reads token ids alone

    @property
    def is_gpt2(self) -> bool:
        """Whether it has GPT-2's parts: learned positions and norms, MLPs that are not gated."""
        if self.folder is None:
            return self.d_mlp is not None and (self.act_fn, self.norm) == ("gelu_new", "LN")
        try:
            facts = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
            return facts["model_type"] == "gpt2" and facts.get("activation_function") in (None, "gelu_new")
        except (OSError, ValueError, LookupError, TypeError):
            return False


_SIZES = {field.name for field in fields(ModelInfo)} - {"name", "folder"}

_place: Path | None = None
_offered: frozenset[str] = frozenset()


def look_in(folder: Path | None, offered: Iterable[str] = ()) -> None:
    """From now on models are installed in `folder`; those `offered` may be, too, beside the catalogue's."""
    global _place, _offered
    _place, _offered = folder, frozenset(offered)


def models() -> list[ModelInfo]:
    """The models that can be loaded here now, smallest first."""
    return [*_shipped().values(), *installed().values()]


def installed() -> dict[str, ModelInfo]:
    """Those of them that did not come with the repository; an installation that ends is seen at once."""
    if _place is None:
        return {}
    try:
        return _installed(_place, os.stat(_place).st_mtime_ns)
    except OSError:
        return {}


def info(name: str) -> ModelInfo:
    """The entry of that name. Raises `UnknownModel` or `ModelUnavailable`."""
    try:
        found = _shipped().get(name) or installed().get(name)
    except TypeError:  # no text
        found = None
    if found is not None:
        return found
    if isinstance(name, str) and (name in _catalogue() or name in _offered):
        raise ModelUnavailable(_not_installed(name))
    raise UnknownModel(_unknown(name))


@lru_cache(maxsize=4)
def _installed(folder: Path, _changed: int) -> dict[str, ModelInfo]:
    """A folder's time changes when one appears in it or goes."""
    found = [entry for path in folder.iterdir() if (entry := _read(path)) is not None]
    found.sort(key=lambda entry: (entry.n_layers * entry.d_model**2, entry.name))
    return {entry.name: entry for entry in found}


def _read(folder: Path) -> ModelInfo | None:
    """The entry of an installed model; None for anything else, half made or damaged."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        sizes = {key: facts[key] for key in _SIZES if key in facts}
        return ModelInfo(name=str(facts["name"]), folder=folder, **sizes)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    return tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))


@cache
def _shipped() -> dict[str, ModelInfo]:
    shipped = {name: entry for name, entry in _catalogue().items() if entry["source"] == "shipped"}
    return {
        name: ModelInfo(name=name, **{key: entry[key] for key in _SIZES if key in entry})
        for name, entry in shipped.items()
    }


def _not_installed(name: str) -> str:
    return (
        f"{name} is not installed here. An admin of this site can install it: /models says what it takes. "
        f"Here now: {', '.join(entry.name for entry in models())}."
    )


def _unknown(name: object) -> str:
    known = [*dict.fromkeys((*_catalogue(), *sorted(_offered), *installed()))]
    close = get_close_matches(str(name).lower(), known, n=2, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    here = ", ".join(entry.name for entry in models())
    return f"There is no model called {name!r}. {hint}Here now: {here}."
