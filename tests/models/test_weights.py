"""`lab.weights` and `lab.config`: a GPT-2 by the names that a transformer written by hand gives its parts."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from app import lessons
from app.config import ROOT
from tests.installing import tiny
from workers import lab
from workers.lab.models import registry

MILESTONE = "transformer"


def by_hand(name: str) -> torch.nn.Module:
    """The course's own transformer, with this model's weights."""
    course = lessons.load(ROOT / "app" / "course")
    names: dict[str, Any] = {}
    for exercise in (*course.beneath(MILESTONE), MILESTONE):
        exec(course.exercises[exercise].solution, names)
    model: torch.nn.Module = names["Transformer"](names["Config"](**lab.config(name)))
    model.load_state_dict(lab.weights(name), strict=True)
    return model


@pytest.fixture
def installed(tmp_path: Path):
    """A GPT-2 and a Llama, tiny and with random weights, where an operator installs models."""
    tiny.installed(tmp_path, "acme/gpt2", tiny.gpt2())
    tiny.installed(tmp_path, "acme/llama", tiny.llama())
    registry.look_in(tmp_path, ["acme/gpt2", "acme/llama"])
    yield
    registry.look_in(None)


def test_a_transformer_written_by_hand_computes_what_tiny_gpt2_computes():
    tokens = torch.randint(1024, (2, lab.config("tiny-gpt2")["n_ctx"]))
    logits = by_hand("tiny-gpt2")(tokens)
    torch.testing.assert_close(logits, lab.load("tiny-gpt2")(tokens), rtol=1e-4, atol=1e-4)


def test_the_shapes_are_those_of_transformer_lens():
    shapes = {name: list(weight.shape) for name, weight in lab.weights("tiny-gpt2").items()}
    assert len(shapes) == 2 + 3 * 16 + 4
    assert shapes["embed.W_E"] == [1024, 128]
    assert shapes["blocks.2.attn.W_O"] == [4, 32, 128]
    assert shapes["blocks.0.attn.b_K"] == [4, 32]
    assert shapes["blocks.1.mlp.W_in"] == [128, 512]
    assert shapes["unembed.W_U"] == [128, 1024]


def test_a_copy_trains_without_harm_to_the_shared_model():
    mine, before = by_hand("tiny-gpt2"), lab.load("tiny-gpt2")("Anna gave the map to")
    with torch.no_grad():
        for weight in mine.parameters():
            weight.zero_()
    torch.testing.assert_close(lab.load("tiny-gpt2")("Anna gave the map to"), before)


def test_an_installed_gpt2_gives_its_weights_too(installed):
    assert lab.gpt2s() == ["tiny-gpt2", "acme/gpt2"]
    tokens = torch.randint(1024, (2, 20))
    torch.testing.assert_close(
        by_hand("acme/gpt2")(tokens), lab.load("acme/gpt2")(tokens), rtol=1e-4, atol=1e-4
    )


class Scaled(nn.Linear):
    """With something of its own beside its parameters."""

    def __init__(self) -> None:
        super().__init__(2, 3)
        self.register_buffer("scale", torch.full((3,), 7.0))


def test_weights_are_loaded_by_name_and_what_a_module_keeps_for_itself_stays():
    module, given = Scaled(), {"weight": torch.ones(3, 2), "bias": torch.zeros(3)}
    lab.load_weights(module, given)
    assert torch.equal(module.weight, given["weight"])
    assert module.weight is not given["weight"]
    assert torch.equal(module.scale, torch.full((3,), 7.0))


def test_a_parameter_with_two_names_needs_one_weight():
    module, given = Scaled(), {"weight": torch.ones(3, 2), "bias": torch.zeros(3)}
    module.again = module.bias
    lab.load_weights(module, given)
    assert torch.equal(module.again, given["bias"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"weight": (3, 2)}, "There is no weight for the parameter 'bias': given are weight."),
        (
            {"weight": (2, 3)},
            "The weight 'weight' [2, 3] has the shape [3, 2] there: the module has weight, bias, scale.",
        ),
        ({"W": (3, 2)}, "The weight 'W' [3, 2] has no place there: the module has weight, bias, scale."),
    ],
)
def test_weights_that_do_not_fit_are_named(given, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        lab.load_weights(Scaled(), {name: torch.zeros(shape) for name, shape in given.items()})


@pytest.mark.parametrize("name", ["attn-only-2l", "acme/llama"])
def test_another_architecture_is_refused_with_the_names_of_those_that_fit(installed, name):
    for ask in (lab.weights, lab.config):
        with pytest.raises(ValueError, match=f"{name} is no GPT-2.*tiny-gpt2"):
            ask(name)


def test_an_unknown_name_is_said_as_by_load():
    with pytest.raises(lab.UnknownModel):
        lab.weights("tiny-gtp2")


def test_an_installed_llama_gives_its_weights_and_sizes(installed):
    made, given = tiny.llama(), lab.llama_weights("acme/llama")
    for name, weight in made.state_dict().items():
        if name in given:  # the unembedding is tied to the embedding, and kept once
            torch.testing.assert_close(given[name], weight)
    assert made.state_dict().keys() - given.keys() <= {"lm_head.weight"}
    sizes = lab.llama_sizes("acme/llama")
    assert sizes == {"n_heads": 4, "n_kv_heads": 2, "theta": 10_000.0, "eps": made.config.rms_norm_eps}


def test_what_is_no_llama_is_refused(installed):
    for ask in (lab.llama_weights, lab.llama_sizes):
        with pytest.raises(lab.ModelUnavailable, match="no weights of Llama's shape"):
            ask("acme/gpt2")
