"""Models of the Hugging Face hub, or of its cache on this machine: what they take, and their files.

Only safetensors are ever read, and no code of a model's own is run.
"""

from __future__ import annotations

import fnmatch
import json
import math
import struct
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from workers.installing import network
from workers.installing.plan import Plan, Refused, of_hub

_WANTED = (
    *("config.json", "generation_config.json", "tokenizer*", "vocab.*", "merges.txt", "chat_template*"),
    *("special_tokens_map.json", "added_tokens.json", "*.model", "LICENSE*"),
)
_WEIGHTS = "*.safetensors"
_INDEX = "model.safetensors.index.json"
_CAUSAL = ("ForCausalLM", "LMHeadModel")
_ASK_SECONDS = 15.0
_LARGEST_HEADER = 100 << 20  # bytes, which safetensors itself allows

Progress = Callable[[int, int], None]


def plan(name: str) -> Plan:
    """What this model takes. Raises Refused, also where it cannot be had from here."""
    return _plan_from_cache(name) if network.is_offline() else _plan_from_hub(name)


def fetch(plan: Plan, into: Path, progress: Progress) -> Path:
    """The folder with the model's files, fetched `into` there if they are not here. Raises Refused."""
    if plan.snapshot:
        return Path(plan.snapshot)
    from huggingface_hub import snapshot_download

    trouble: list[Exception] = []

    def download() -> None:
        try:
            revision, files = plan.facts["revision"], [*plan.files]
            snapshot_download(plan.name, revision=revision, local_dir=into, allow_patterns=files)
        except Exception as error:  # whatever it is, the main thread says it
            trouble.append(error)

    downloading = threading.Thread(target=download, daemon=True)
    downloading.start()
    while downloading.is_alive():
        downloading.join(0.5)
        progress(size_below(into), plan.download_mb * 10**6)
    if trouble:
        raise _why(plan.name, trouble[0])
    return into


def size_below(folder: Path) -> int:
    """Bytes of all files, those that come and go meanwhile left out."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


# -- from the hub ------------------------------------------------------------------------------------


def _plan_from_hub(name: str) -> Plan:
    from huggingface_hub import HfApi

    try:
        found = HfApi().model_info(name, files_metadata=True, timeout=_ASK_SECONDS)
    except Exception as error:  # its library raises many kinds, and each has a sentence
        raise _why(name, error) from error
    sizes = {file.rfilename: file.size or 0 for file in found.siblings or []}
    files = _choose(name, sizes)
    config: dict[str, Any] = found.config or {}
    _check_config(name, config)
    weights = sum(sizes[file] for file in fnmatch.filter(files, _WEIGHTS))
    numbers = found.safetensors.total if found.safetensors else weights // 2
    kind, download = str(config.get("model_type")), sum(sizes[file] for file in files)
    facts = _facts(name, str(found.sha), _licence(found.card_data))
    return of_hub(name, kind, numbers, download, files=tuple(files), facts=facts)


def _licence(card: Any) -> str:
    said = card.get("license") if card else None
    return str(said[0] if isinstance(said, list) and said else said or "not stated")


def _why(name: str, error: Exception) -> Refused:
    """What the hub's library means."""
    kind = type(error).__name__
    if kind == "GatedRepoError":
        return Refused(f"{name} wants its terms accepted at huggingface.co, and a HF_TOKEN here.")
    if kind in ("RepositoryNotFoundError", "RevisionNotFoundError", "HFValidationError"):
        return Refused(f"The hub has no model {name}, or not for everybody: mend UNEMBED_HUB_MODELS.")
    if isinstance(error, OSError) and "No space left" in str(error):
        return Refused("The disk is full: free some, or point UNEMBED_MODELS_DIR to another one.")
    return Refused(f"{network.endpoint()} did not give {name} ({kind}: {error}). Try again later.")


# -- from the cache ----------------------------------------------------------------------------------


def _plan_from_cache(name: str) -> Plan:
    from huggingface_hub.constants import HF_HUB_CACHE

    cache = Path(HF_HUB_CACHE)
    snapshot = _snapshot(cache / f"models--{name.replace('/', '--')}")
    if snapshot is None:
        raise Refused(
            f"{name} cannot be fetched: {network.endpoint()} does not answer from here, and the cache "
            f"{cache} has no such model. Mend the network, or bring a cache that has it, and try again."
        )
    sizes = {path.name: path.stat().st_size for path in snapshot.iterdir() if path.is_file()}
    weights = fnmatch.filter(_choose(name, sizes), _WEIGHTS)
    config = read_config(name, snapshot)
    _check_complete(name, snapshot, weights)
    numbers = sum(_numbers(name, snapshot / file) for file in weights)
    facts = _facts(name, snapshot.name, "not stated")
    return of_hub(name, str(config.get("model_type")), numbers, 0, snapshot=str(snapshot), facts=facts)


def _snapshot(repository: Path) -> Path | None:
    try:
        revision = (repository / "refs" / "main").read_text().strip()
    except OSError:
        return None
    folder = repository / "snapshots" / revision
    return folder if revision.isalnum() and folder.is_dir() else None


def _check_complete(name: str, folder: Path, weights: list[str]) -> None:
    """All the files that its index names are there."""
    if not (folder / _INDEX).is_file():
        return
    try:
        named = set(json.loads((folder / _INDEX).read_text())["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError):
        raise _damaged(name) from None
    if missing := named - set(weights):
        raise Refused(f"The cache has only a part of {name}: {sorted(missing)[0]} is missing.")


def _numbers(name: str, file: Path) -> int:
    """How many a file holds, by its header."""
    try:
        with file.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            header = json.loads(opened.read(min(length, _LARGEST_HEADER)))
        return sum(math.prod(entry["shape"]) for key, entry in header.items() if key != "__metadata__")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        raise _damaged(name) from None


# -- what is refused ---------------------------------------------------------------------------------


def _choose(name: str, files: Iterable[str]) -> list[str]:
    """Those to fetch. Raises Refused without safetensors."""
    patterns = (*_WANTED, _WEIGHTS, _INDEX)
    outer = [file for file in files if "/" not in file]
    wanted = [file for file in outer if any(fnmatch.fnmatchcase(file, one) for one in patterns)]
    if not fnmatch.filter(wanted, _WEIGHTS):
        raise Refused(
            f"{name} has no weights as safetensors. Pickled ones can run code when they are read, so they "
            "never are here: take a model, or a revision of it, that has safetensors."
        )
    return sorted(wanted)


def read_config(name: str, folder: Path) -> dict[str, Any]:
    """Its `config.json`. Raises Refused for one that we do not install."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _damaged(name) from None
    if not isinstance(config, dict):
        raise _damaged(name)
    _check_config(name, config)
    return config


def _check_config(name: str, config: dict[str, Any]) -> None:
    if "auto_map" in config:
        raise Refused(
            f"{name} brings code of its own, which is never run here: take a model that needs none."
        )
    kinds = config.get("architectures") or []
    if not any(str(kind).endswith(_CAUSAL) for kind in kinds):
        named = ", ".join(map(str, kinds)) or "its config names no kind"
        raise Refused(f"{name} is no causal language model ({named}), and only those are installed.")


def _damaged(name: str) -> Refused:
    return Refused(f"The files of {name} are damaged. Delete it from the hub's cache, and install it again.")


def _facts(name: str, revision: str, licence: str) -> dict[str, Any]:
    summary = "A model of the Hugging Face hub; its card there says what it is good for."
    origin = f"https://huggingface.co/{name}"
    return {"title": name, "summary": summary, "licence": licence, "origin": origin, "revision": revision}
