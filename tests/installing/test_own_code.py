"""What learners wrote, on models that an operator installed: their transformer on GPT-2 small's sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from transformers import GPT2Config, GPT2LMHeadModel

from app.config import ROOT
from app.lessons import load
from tests.installing import tiny
from tests.installing.conftest import Said
from tests.installing.lesson_cells import run_cell
from workers.examiner.hand_in import Sockets, hand_in
from workers.examiner.machines import temporary

COURSE = load(ROOT / "app" / "course")
NAME = "acme/gpt2-small"
END = "return self.unembed(self.ln_final(residual))"


@pytest.fixture
def sockets(
    cache: Path, models: Path, install: Callable[..., Said], change_settings: Callable[..., None]
) -> Iterator[Sockets]:
    """Runner and examiner, beside which a model as large as GPT-2 small has been installed."""
    tiny.lay_out(cache, NAME, _gpt2_small())
    said = install(NAME)
    assert said.status == 0, said.errors
    change_settings(models_dir=models)
    with temporary(COURSE.dir) as started:
        yield started


def _gpt2_small() -> GPT2LMHeadModel:
    """Its twelve layers, 768 wide; the vocabulary is that of the shipped tokenizer."""
    config = GPT2Config(vocab_size=tiny.VOCABULARY, bos_token_id=0, eos_token_id=0)
    return GPT2LMHeadModel(config).eval()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_transformer_of_ones_own_is_judged_on_gpt2_small_and_runs_it(sockets: Sockets) -> None:
    solution = COURSE.exercises["transformer"].solution
    assert solution.count(END) == 1
    assert _judged(sockets, solution)["verdict"] == "passed"
    only_there = _judged(sockets, solution.replace(END, f"{END} + 0.01 * (self.cfg.d_model == 768)"))
    assert only_there["verdict"] == "failed"
    assert f"the logits of {NAME}" in only_there["message"]
    assert "The Eiffel Tower is in the city of" in run_cell(sockets.runner, "whole-model", "gpt2")


def _judged(sockets: Sockets, answer: str) -> dict[str, Any]:
    given = [(used, COURSE.exercises[used].solution) for used in COURSE.beneath("transformer")]
    return hand_in(sockets, COURSE.exercises["transformer"], answer, given)
