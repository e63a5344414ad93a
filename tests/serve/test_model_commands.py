"""`unembed models`, `unembed doctor`, and the environment's fingerprint, with a model installed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.config import ROOT, settings
from app.operating import doctor, model_commands
from app.running import catalogue
from app.running.fingerprint import fingerprint, parts
from app.steps import Failed
from tests.installing import tiny

TINY = "acme/tiny"


@pytest.fixture
def with_tiny(change_settings: Callable[..., None]) -> Path:
    """A models folder that has it."""
    change_settings(hub_models=TINY)
    settings().models_dir.mkdir(parents=True)
    tiny.installed(settings().models_dir, TINY, tiny.gpt2())
    return settings().models_dir


def test_the_list_says_what_is_here(with_tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model_commands.show()
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "shipped" in lines["attn-only-2l"]
    assert "not installed (93 MB to download)" in lines["smollm2-135m"]
    assert "2 layers, 4 heads" in lines[TINY]
    assert "not installed" not in lines[TINY]


def test_a_model_changes_the_fingerprint(with_tiny: Path) -> None:
    with_it = fingerprint()
    assert len(parts()[TINY]) == 16
    model_commands.remove(TINY)
    assert fingerprint() != with_it
    assert TINY not in parts()
    with pytest.raises(Failed, match="acme/tiny is not installed here"):
        model_commands.remove(TINY)


def test_the_doctor_knows_what_is_installed_and_what_is_lost(with_tiny: Path) -> None:
    shipped = sorted(entry.name for entry in catalogue.models() if entry.shipped)
    assert doctor._models() == ("ok", ", ".join([*shipped, TINY]))
    (with_tiny / "acme--tiny" / "model.safetensors").unlink()
    how, sentence = doctor._models()
    assert how == "fail"
    assert "`unembed models install acme/tiny`" in sentence


def unembed(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "UNEMBED_DATA_DIR": str(settings().data_dir), "HF_HUB_OFFLINE": "1", **variables}
    command = [sys.executable, "-m", "app.cli", "models", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def test_the_terminal_hears_why_it_cannot_be(tmp_path: Path) -> None:
    told = unembed("install", TINY, UNEMBED_HUB_MODELS=TINY, HF_HUB_CACHE=str(tmp_path))
    assert told.returncode == 2
    assert "acme/tiny cannot be fetched" in told.stderr
    assert "Installing acme/tiny: stopped" in told.stdout
    assert "There is no model called 'gpt3'" in unembed("install", "gpt3").stderr
    assert "which? unembed models remove NAME" in unembed("remove").stderr
