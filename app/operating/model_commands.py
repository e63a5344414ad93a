"""`unembed models …`: the models there are; install one on this machine, or remove it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from app.config import ROOT, settings
from app.operating import without_secrets
from app.processes import spawn, stop
from app.running import catalogue
from app.steps import Failed, Step


def show() -> None:
    """Every model, one a line: its sizes, whether it is here, and what it is good for."""
    for model in catalogue.models():
        print(f"{model.name:24}{_shape(model):22}{_state(model):34}{model.summary}")


def install(name: str) -> None:
    """Install it here, with a line of progress. Raises Failed."""
    _known(name)
    facts = _work(name, "installed", f"Installing {name}")
    folded = ", and folded" if facts.get("folded") else ""
    print(f'{name} is installed ({facts["disk_mb"]} MB): lab.load("{name}"){folded}.')


def remove(name: str) -> None:
    """Remove it from this machine. Raises Failed."""
    if name not in catalogue.all_installed():
        raise Failed(f"{name} is not installed here.")
    _work(name, "removed", f"Removing {name}", "--remove")


def _known(name: str) -> None:
    try:
        catalogue.find(name)
    except catalogue.NoSuchModel as error:
        raise Failed(str(error)) from None


def _work(name: str, last: str, title: str, *options: str) -> Any:
    """What the installer says at last. It does not outlive us, however we end. Raises Failed."""
    command = [sys.executable, "-m", *without_secrets.installer(settings(), name, *options)]
    env, said = without_secrets.with_network(settings()), {}
    log = settings().data_dir / "install.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as errors:
        process = spawn(command, env=env, cwd=ROOT, output=subprocess.PIPE, errors=errors)
    try:
        with Step(title) as step:
            said = _follow(process, step)
            if last not in said:
                raise Failed(said.get("refused", f"It ended without a word; {log} may have one."))
    finally:
        stop([process], 2)
    return said[last]


def _follow(process: subprocess.Popen[bytes], step: Step) -> dict[str, Any]:
    said: dict[str, Any] = {}
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            said = json.loads(line)
            if "stage" in said:
                far = f" {said['done']} of {said['total']} MB" if said["total"] else ""
                step.say(said["stage"] + far)
    return said


def _shape(model: catalogue.Model) -> str:
    return "" if model.n_layers is None else f"{model.n_layers} layers, {model.n_heads} heads"


def _state(model: catalogue.Model) -> str:
    if model.shipped:
        return "shipped"
    if catalogue.installed(model.name):
        return "installed"
    size = "" if model.download_mb is None else f" ({model.download_mb} MB to download)"
    return f"not installed{size}"
