"""Which environment an answer was judged in: interpreter, libraries, models.

Read from files; nothing is imported.
"""

from __future__ import annotations

import hashlib
import json
import platform
from functools import lru_cache
from importlib import metadata

from app.config import SHIPPED
from app.running import catalogue

_LIBRARIES = ("torch", "transformer-lens", "numpy", "einops", "plotly")


def parts() -> dict[str, str]:
    """What the fingerprint is made of, for people: name → version; of a model, the start of its hash."""
    installed = catalogue.all_installed()
    return {**_shipped_parts(), **{name: str(facts.get("weights"))[:16] for name, facts in installed.items()}}


@lru_cache
def _shipped_parts() -> dict[str, str]:
    versions = {name: metadata.version(name) for name in _LIBRARIES}
    models = {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted(SHIPPED.rglob("*.safetensors"))
    }
    return {"python": platform.python_version(), **versions, **models}


def fingerprint() -> str:
    """64 hexadecimal digits that change when any of `parts` does."""
    return hashlib.sha256(json.dumps(parts(), sort_keys=True).encode()).hexdigest()
