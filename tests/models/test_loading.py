"""What `lab.load` and `lab.models` promise, whoever trained the weights."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from workers import lab
from workers.lab.models import loading

NAMES = [
    "attn-only-0l",
    "attn-only-1l",
    "attn-only-2l",
    "fixed-period-impostor",
    "modular-addition",
    "tiny-gpt2",
    "indirect-objects",
    "brackets",
]
READERS = [entry.name for entry in lab.models() if entry.tokenizer != "none"]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty directory in the place of the shipped files, and nothing loaded yet."""
    monkeypatch.setattr(loading, "SHIPPED", tmp_path)
    loading._load.cache_clear()
    loading._tokenizer.cache_clear()
    yield tmp_path
    loading._load.cache_clear()
    loading._tokenizer.cache_clear()


def test_the_catalogue_lists_what_can_be_loaded():
    assert [entry.name for entry in lab.models()] == NAMES
    for entry in lab.models():
        config = lab.load(entry.name).cfg
        sizes = config.n_layers, config.n_heads, config.d_model, config.n_ctx, config.d_vocab
        assert sizes == (entry.n_layers, entry.n_heads, entry.d_model, entry.n_ctx, entry.d_vocab)
        assert entry.title
        assert entry.summary


@pytest.mark.parametrize("name", READERS)
def test_a_model_comes_ready_to_read(name):
    model = lab.load(name)
    assert not model.training
    assert not any(weight.requires_grad for weight in model.parameters())
    logits, cache = model.run_with_cache("Anna gave the map to Henry.")
    assert logits.shape[-1] == 1024
    assert logits.isfinite().all()
    assert "hook_embed" in cache


def test_loading_twice_gives_the_same_object_at_once():
    assert lab.load("attn-only-2l") is lab.load("attn-only-2l")


def test_a_copy_may_be_changed_without_harm_to_the_shared_model():
    model = lab.load("attn-only-1l")
    tokens = model.to_tokens("The capital of France is")
    before = model(tokens)
    mine = copy.deepcopy(model)
    with torch.no_grad():
        mine.unembed.W_U.zero_()
    torch.testing.assert_close(model(tokens), before)
    assert not torch.allclose(mine(tokens), before)


def test_gradients_can_be_switched_on():
    model = copy.deepcopy(lab.load("attn-only-1l")).requires_grad_(True)
    model("The owl saw Ruth.", return_type="loss").backward()
    assert any(weight.grad is not None for weight in model.parameters())


def test_text_becomes_tokens_behind_bos_and_back():
    model = lab.load("attn-only-2l")
    text = "When Anna and Henry went to the mill, Anna sold the kite to Henry."
    tokens = model.to_tokens(text)
    assert tokens[0, 0] == 0
    assert model.to_str_tokens(text)[0] == "<|endoftext|>"
    assert model.to_string(tokens[0, 1:]) == text
    assert model.to_single_token(" Henry") == tokens[0, -2]


def test_any_text_survives_the_tokenizer():
    model = lab.load("attn-only-0l")
    text = "Ünïcode → 東京 🦉\n\ttabs"
    assert model.to_string(model.to_tokens(text)[0, 1:]) == text


@pytest.mark.parametrize("name", ["attn-only-3l", "attn_only_2l", "impostor", "gpt2", ""])
def test_an_unknown_name_is_answered_with_the_names_there_are(name):
    with pytest.raises(lab.UnknownModel) as error:
        lab.load(name)
    assert isinstance(error.value, LookupError)
    assert all(known in str(error.value) for known in NAMES)


def test_a_near_miss_is_answered_with_the_near_name():
    with pytest.raises(lab.UnknownModel, match="Did you mean attn-only-2l"):
        lab.load("attn_only_2l")


def test_a_name_that_is_not_text_is_unknown_too():
    with pytest.raises(lab.UnknownModel):
        lab.load(["attn-only-2l"])


def test_missing_files_are_said_plainly(elsewhere):
    with pytest.raises(lab.ModelUnavailable, match="attn-only-2l are missing or damaged"):
        lab.load("attn-only-2l")


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "another"])
def test_damaged_weights_are_said_plainly(elsewhere, damage):
    shipped = Path(loading.__file__).parent / "shipped"
    (elsewhere / "tokenizer").symlink_to(shipped / "tokenizer")
    whole = (shipped / "attn-only-2l.safetensors").read_bytes()
    other = (shipped / "attn-only-1l.safetensors").read_bytes()
    content = {"empty": b"", "cut": whole[:5000], "text": b"<html>404</html>" * 9, "another": other}[damage]
    (elsewhere / "attn-only-2l.safetensors").write_bytes(content)
    with pytest.raises(lab.ModelUnavailable, match=r"python -m workers\.training attn-only-2l"):
        lab.load("attn-only-2l")


def test_the_catalogue_needs_no_files(elsewhere):
    assert len(lab.models()) == len(NAMES)


def _fresh(code: str) -> str:
    """What a new interpreter prints; without proxy, cache or home directory to lean on."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True, timeout=120
    )
    return done.stdout


def test_the_lab_and_the_training_know_nothing_of_the_web():
    walls = "('app', 'fastapi', 'sqlalchemy', 'celery')"
    imports = "import workers.lab.models, workers.training.__main__"
    assert _fresh(f"import sys; {imports}; print([m for m in {walls} if m in sys.modules])") == "[]\n"


def test_importing_the_models_does_not_import_transformer_lens():
    code = "import sys, workers.lab.models; print('transformer_lens' in sys.modules)"
    assert _fresh(code) == "False\n"


def test_it_loads_with_an_unwritable_home():
    assert _fresh("from workers import lab; print(lab.load('attn-only-2l').cfg.n_layers)") == "2\n"
