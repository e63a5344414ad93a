"""What is not installed, and the sentence for it: nothing of it stays, and none of its code is run."""

from __future__ import annotations

import json
import pickle
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app import machine
from tests.installing import tiny
from tests.installing.conftest import Said
from workers.installing import converting, folding, hub, network, place, plan
from workers.installing.plan import Refused

PLAN = plan.of_hub("acme/tiny", "gpt2", numbers=10**6, download=4 * 10**6)


class _Bomb:
    """Read as a pickle it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.fixture
def refusal(models: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Why the plan for this model of the cache is refused."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))

    def why(name: str) -> str:
        with pytest.raises(Refused) as refused:
            hub.plan(name)
        return str(refused.value)

    return why


def test_pickled_weights_are_never_read(
    tiny_gpt2: Path, install: Callable[..., Said], models: Path, tmp_path: Path
) -> None:
    (tiny_gpt2 / "model.safetensors").unlink()
    (tiny_gpt2 / "pytorch_model.bin").write_bytes(pickle.dumps(_Bomb(tmp_path / "exploded")))
    said = install("acme/tiny")
    assert said.status == 1
    assert "has no weights as safetensors" in said.last["refused"]
    assert not (tmp_path / "exploded").exists()
    assert [path.name for path in models.iterdir()] == [".lock"]


def test_code_of_a_model_s_own_is_never_run(tiny_gpt2: Path, refusal: Callable[[str], str]) -> None:
    tiny.change_config(tiny_gpt2, auto_map={"AutoModelForCausalLM": "modeling.Tiny"})
    (tiny_gpt2 / "modeling.py").write_text("raise SystemExit('run')")
    assert "brings code of its own, which is never run here" in refusal("acme/tiny")


def test_another_kind_of_model_is_refused(tiny_gpt2: Path, refusal: Callable[[str], str]) -> None:
    tiny.change_config(tiny_gpt2, architectures=["BertForMaskedLM"])
    assert "is no causal language model (BertForMaskedLM)" in refusal("acme/tiny")


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00"])
def test_a_damaged_config_is_refused(tiny_gpt2: Path, refusal: Callable[[str], str], text: str) -> None:
    (tiny_gpt2 / "config.json").write_text(text)
    assert "damaged" in refusal("acme/tiny")


@pytest.mark.parametrize(
    "data", [b"", b"\xff" * 64, b"\x02" + bytes(7) + b"[]", b"\x09" + bytes(7) + b'{"a": {}}']
)
def test_damaged_weights_are_refused(tiny_gpt2: Path, refusal: Callable[[str], str], data: bytes) -> None:
    (tiny_gpt2 / "model.safetensors").write_bytes(data)
    assert "damaged" in refusal("acme/tiny")


def test_a_part_of_a_model_is_refused(tiny_gpt2: Path, refusal: Callable[[str], str]) -> None:
    shards = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (tiny_gpt2 / hub._INDEX).write_text(json.dumps(shards))
    assert "model-2.safetensors is missing" in refusal("acme/tiny")


def test_a_revision_leads_nowhere_else(tiny_gpt2: Path, refusal: Callable[[str], str]) -> None:
    (tiny_gpt2.parents[1] / "refs" / "main").write_text("../../../../../etc")
    assert "has no such model" in refusal("acme/tiny")


def test_weights_that_do_not_fit_are_refused_with_a_sentence(tiny_gpt2: Path, tmp_path: Path) -> None:
    tiny.change_config(tiny_gpt2, n_embd=64)
    made = tmp_path / "made"
    made.mkdir()
    with pytest.raises(Refused, match="acme/tiny cannot be read"):
        converting.convert(PLAN, tiny_gpt2, made, lambda stage: None)


def test_a_folded_copy_that_says_something_else_is_thrown_away(
    tiny_gpt2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(model: object) -> object:
        model.lm_head.weight[3] += 1
        return model

    monkeypatch.setitem(folding._FOLDS, "gpt2", spoil)
    facts = converting.convert(PLAN, tiny_gpt2, tmp_path, lambda stage: None)
    assert facts["folded"] is False
    assert not (tmp_path / "folded").exists()


def test_weights_that_are_not_finite_are_refused(cache: Path, tmp_path: Path) -> None:
    model = tiny.gpt2()
    model.transformer.wpe.weight.data.fill_(float("inf"))
    folder = tiny.lay_out(cache, "acme/tiny", model)
    made = tmp_path / "made"
    made.mkdir()
    with pytest.raises(Refused, match="not finite"):
        converting.convert(PLAN, folder, made, lambda stage: None)


def test_folding_knows_the_kinds_that_the_plan_counts_with() -> None:
    assert set(folding._FOLDS) == set(plan.FOLDED_KINDS)


# -- room and network ------------------------------------------------------------------------------


def test_a_disk_that_is_too_small_is_said_first(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = plan.of_hub("acme/huge", "gpt2", numbers=10**15, download=10**15)
    with pytest.raises(Refused, match=r"acme/huge needs .* MB on the disk of .* UNEMBED_MODELS_DIR"):
        place.check_room(large, models)


def test_a_memory_that_is_too_small_is_said_first(models: Path) -> None:
    available = machine.available_memory()
    if available is None:
        pytest.skip("this system does not say how much memory is free")
    large = plan.Plan("acme/huge", "hub", 1, 1, 1, conversion_mb=2 * available)
    with pytest.raises(Refused, match=r"Installing acme/huge needs .* MB of memory"):
        place.check_room(large, models)


def test_without_a_network_that_is_said_once_and_soon(install: Callable[..., Said]) -> None:
    began = time.monotonic()
    said = install(
        "acme/tiny", HF_HUB_OFFLINE="", HF_ENDPOINT=f"http://127.0.0.1:{_closed_port()}", **_NO_PROXY
    )
    assert said.last["refused"].startswith("acme/tiny cannot be fetched: http://127.0.0.1:")
    assert time.monotonic() - began < 120  # a library left alone tries for minutes, and each file anew


def test_who_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    for name, value in _NO_PROXY.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        assert network.is_offline()
    assert time.monotonic() - began < 10 * network.SECONDS


def test_without_a_network_what_the_cache_has_is_installed(
    tiny_gpt2: Path, install: Callable[..., Said]
) -> None:
    said = install("acme/tiny", "--ask", **_no_hub())
    assert said.last["offer"]["revision"] == tiny.REVISION


def test_without_an_index_the_package_is_refused_with_a_sentence(install: Callable[..., Said]) -> None:
    index = f"http://127.0.0.1:{_closed_port()}/simple"
    said = install(
        "smollm2-135m", PIP_INDEX_URL=index, PIP_EXTRA_INDEX_URL=index, PIP_CONFIG_FILE="/dev/null"
    )
    assert said.last["refused"].startswith(
        "smollm2-135m cannot be fetched: the package index does not answer"
    )


@pytest.mark.parametrize("name", ["../escape", "a/b/c", "attn-only-2l"])
def test_names_that_are_none_or_are_shipped(install: Callable[..., Said], models: Path, name: str) -> None:
    said = install(name)
    assert said.status == 1
    assert "is no name of a model" in said.last["refused"] or "is shipped" in said.last["refused"]
    assert [path.name for path in models.iterdir()] in ([".lock"], [])


_NO_PROXY = {"no_proxy": "*", "NO_PROXY": "*"}


def _no_hub() -> dict[str, str]:
    return {"HF_HUB_OFFLINE": "", "HF_ENDPOINT": f"http://127.0.0.1:{_closed_port()}", **_NO_PROXY}


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


def test_planning_imports_no_torch() -> None:
    import subprocess

    program = "import sys, workers.installing.__main__; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2]).returncode == 0
