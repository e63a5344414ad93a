"""What a notebook elsewhere needs: the pinned requirements, and the lab as a zip beside it."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

from app.config import ROOT, settings

LOCK = ROOT / "app" / "requirements.lock"
NEEDED = (  # what the lab and the lessons import, and nbformat, without which Plotly draws nothing in Jupyter
    *("torch", "transformer-lens", "einops", "jaxtyping", "numpy", "pandas", "plotly", "matplotlib"),
    *("safetensors", "nbformat"),
)
_ROOM = ROOT / "workers"
_BESIDE = (  # of the workers, what the lab stands on
    *("__init__.py", "digits.py", "values.py", "wire.py"),
    *(f"training/{name}.py" for name in ("__init__", "bracket_strings", "corpus", "giving", "lexicon")),
)


@lru_cache
def requirements() -> tuple[str, ...]:
    """Those packages at exactly the versions of this site: `torch==2.13.0`, …"""
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.M))
    return tuple(f"{name}=={pins[name]}" for name in NEEDED)


@lru_cache
def lab_version() -> str:
    """Eight characters that change whenever a file of the lab does."""
    digest = hashlib.sha256()
    for file in _files():
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:8]


def packed_lab() -> Path:
    """The lab with the models that are shipped, as a zip in the data folder; made when first asked for."""
    packed = settings().data_dir / "cache" / f"unembed-lab-{lab_version()}.zip"
    if not packed.is_file():
        packed.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=packed.parent, suffix=".zip")
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
            for one in _files():
                made.write(one, one.relative_to(ROOT))
        os.replace(name, packed)  # whoever asks at the same moment makes the same
    return packed


def _files() -> list[Path]:
    lab = (file for file in (_ROOM / "lab").rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return [*(_ROOM / name for name in _BESIDE), *sorted(lab)]
