"""Installing from the hub's cache: what is there afterwards, and what `lab.load` makes of it."""

from __future__ import annotations

import copy
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.installing import fake_hub, tiny
from tests.installing.conftest import Said
from workers import lab, values
from workers.installing import place
from workers.lab.models import loading

pytestmark = pytest.mark.timeout(1800)  # on a machine that is busy with other things, too
TOKENS = torch.arange(20).reshape(2, 10) * 7
LLAMA = "acme/lama"


def test_a_model_of_either_kind_is_installed_with_a_folded_copy(
    tmp_path: Path, cache: Path, install: Callable[..., Said], models: Path
) -> None:
    """One out of the cache, one from the hub."""
    tiny.lay_out(cache, "acme/tiny", tiny.gpt2())
    _check_installed(install("acme/tiny"), models, "acme/tiny", tiny.gpt2())
    with fake_hub.serve(LLAMA, tiny.lay_out(tmp_path / "theirs", LLAMA, tiny.llama())) as hub:
        _check_installed(install(LLAMA, **hub.environment), models, LLAMA, tiny.llama())
    assert f"/{LLAMA}/resolve/{tiny.REVISION}/model.safetensors" in hub.asked
    assert not [path for path in hub.asked if path.endswith(tuple(fake_hub.TEMPTING))]
    assert list(cache.glob("models--acme--lama")) == []
    assert [entry.name for entry in lab.models()][-2:] == ["acme/lama", "acme/tiny"]
    assert sorted(path.name for path in models.iterdir()) == [".lock", "acme--lama", "acme--tiny"]
    _check_modes(models)
    place.move_out(models / "acme--tiny")
    loading.forget_removed()
    assert list(loading._booted) == [models / "acme--lama", models / "acme--lama" / "folded"]
    with pytest.raises(lab.UnknownModel):
        lab.load("acme/tiny")


def _check_installed(said: Said, models: Path, name: str, made: torch.nn.Module) -> None:
    assert said.status == 0, said.errors
    assert said.stages == ["asking", "fetching", "loading", "converting", "folding", "checking"]
    _check_facts(json.loads((models / name.replace("/", "--") / "model.json").read_text()), name)
    _check_like(made, name)


def _check_modes(models: Path) -> None:
    """Every user may read it, as runs have ids of their own; nobody else may change it."""
    for path in models.glob("acme--*/**/*"):
        assert path.stat().st_mode & 0o466 == 0o444, path


def _check_facts(facts: dict[str, object], name: str) -> None:
    assert (facts["name"], facts["source"], facts["revision"]) == (name, "hub", tiny.REVISION)
    assert (facts["n_layers"], facts["n_heads"], facts["d_model"], facts["d_vocab"]) == (2, 4, 32, 1024)
    assert facts["folded"] is True
    assert len(str(facts["weights"])) == 64


def _check_like(made: torch.nn.Module, name: str) -> None:
    """As its makers wrote it; and folded, as compatibility mode has it at every hook."""
    model, folded = lab.load(name), lab.load(name, folded=True)
    assert model is lab.load(name)
    assert not model.training
    assert not any(weight.requires_grad for weight in model.parameters())
    assert (
        model.to_string(model.to_tokens("Anna gave the map to Henry.")[0, 1:])
        == "Anna gave the map to Henry."
    )
    with torch.no_grad():
        lab.same(model(TOKENS), made(TOKENS).logits)
        processed = copy.deepcopy(model)
        processed.enable_compatibility_mode(disable_warnings=True)
        logits, cache = folded.run_with_cache(TOKENS)
        want, hooks = processed.run_with_cache(TOKENS)
    assert values.unpack(*values.pack([model, folded])) == [model, folded]
    lab.same(logits, want)
    names = [f"blocks.{layer}.{hook}" for layer in (0, 1) for hook in ("attn.hook_z", "hook_resid_post")]
    for name in (*names, "hook_embed", "ln_final.hook_normalized"):
        lab.same(cache[name], hooks[name], name=name)


def test_it_is_asked_first_what_it_takes(tiny_gpt2: Path, install: Callable[..., Said], models: Path) -> None:
    said = install("acme/tiny", "--ask")
    assert said.last["offer"]["title"] == "acme/tiny"
    assert said.last["offer"]["disk_mb"] > 0
    assert list(models.iterdir()) == []


def test_installed_again_it_is_replaced_and_leftovers_go(models: Path) -> None:
    leftover = models / ".new-killed"
    leftover.mkdir()
    for size in (1, 2):
        with place.alone(models, "acme/tiny"), place.beside(models) as work:
            (work / "made").mkdir()
            place.move_in(work / "made", models, {"name": "acme/tiny", "disk_mb": size})
    assert json.loads((models / "acme--tiny" / "model.json").read_text())["disk_mb"] == 2
    assert sorted(path.name for path in models.iterdir()) == [".lock", "acme--tiny"]


def test_a_killed_installation_leaves_only_what_the_next_removes(
    tiny_gpt2: Path, start: Callable[..., object], install: Callable[..., Said], models: Path
) -> None:
    killed = start("acme/tiny")
    while '"loading"' not in killed.stdout.readline():
        assert killed.poll() is None
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert [path.name[:5] for path in models.iterdir() if path.name != ".lock"] == [".new-"]
    assert install("acme/tiny", "--remove").status == 0
    assert [path.name for path in models.iterdir()] == [".lock"]


def test_of_two_at_once_the_second_says_so(
    tiny_gpt2: Path, start: Callable[..., object], install: Callable[..., Said]
) -> None:
    first = start("acme/tiny")
    while '"loading"' not in first.stdout.readline():
        assert first.poll() is None
    said = install("acme/other")
    first.kill()
    first.communicate()
    assert said.status == 1
    assert said.last["refused"].startswith("acme/tiny is being installed into")


@pytest.mark.parametrize("spoil", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_model_is_said_to_be(models: Path, spoil: str) -> None:
    tiny.installed(models, "acme/tiny", tiny.gpt2())
    (models / "acme--tiny" / spoil).write_bytes(b"{}")
    with pytest.raises(lab.ModelUnavailable, match=r"are damaged\. An admin of this site can remove it"):
        lab.load("acme/tiny")
