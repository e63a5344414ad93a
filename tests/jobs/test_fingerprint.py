"""The environment's fingerprint: the same wherever it is taken, without importing what it names."""

from __future__ import annotations

import json
import subprocess
import sys

from app.config import ROOT
from app.running.fingerprint import fingerprint, parts


def test_it_names_interpreter_libraries_and_every_shipped_model() -> None:
    shipped = (ROOT / "workers" / "lab" / "models" / "shipped").rglob("*.safetensors")
    assert {"python", "torch", "transformer-lens"} | {path.stem for path in shipped} <= set(parts())
    assert len(fingerprint()) == 64


def test_another_process_finds_the_same_without_torch() -> None:
    script = (
        "import json, sys; from app.running.fingerprint import fingerprint;"
        "print(json.dumps([fingerprint(), 'torch' in sys.modules]))"
    )
    found = json.loads(subprocess.check_output([sys.executable, "-c", script], cwd=ROOT))
    assert found == [fingerprint(), False]
