"""Only a circuit's parts work; all others speak about another prompt."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from workers import lab

PREVIOUS, INDUCTION = (0, 0), [(1, 3), (1, 5), (1, 6)]
BESIDE = [(0, head) for head in range(1, 8)]  # of layer 0, which on other prompts disturb what is read above
EVERY = [(layer, head) for layer in range(2) for head in range(8)]


@pytest.fixture(scope="module")
def model() -> Any:
    return lab.load("attn-only-2l")


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    """Nonsense said twice up to the place where the next token is due; other nonsense, said once."""
    torch.manual_seed(5)
    once = torch.stack([1 + torch.randperm(1023)[:12] for _ in range(8)])
    whole = torch.cat([torch.zeros(8, 1, dtype=torch.long), once, once], dim=1)
    return whole[:, :-3], torch.cat([whole[:, :1], torch.randint(1, 1024, (8, 21))], dim=1)


def right(pair: tuple[Tensor, Tensor]) -> Tensor:
    return pair[0][:, 10]


def chance(logits: Tensor, pair: tuple[Tensor, Tensor]) -> float:
    return logits[:, -1].softmax(-1).gather(1, right(pair)[:, None]).mean().item()


@pytest.mark.parametrize("how", ["mean", "resample"])
def test_all_heads_together_are_the_model(how: Any, model: Any, pair: tuple[Tensor, Tensor]) -> None:
    assert torch.allclose(lab.run_circuit(model, *pair, EVERY, how), model(pair[0]), atol=1e-4)


@pytest.mark.parametrize("how", ["mean", "resample"])
def test_no_heads_say_what_they_say_elsewhere(how: Any, model: Any, pair: tuple[Tensor, Tensor]) -> None:
    logits = lab.run_circuit(model, *pair, [], how)
    cache = model.run_with_cache(pair[1])[1]

    def other(layer: int) -> Tensor:
        z = cache["z", layer]
        return z.mean(0, keepdim=True).expand_as(z) if how == "mean" else z

    hooks = [(f"blocks.{layer}.attn.hook_z", lambda z, hook: other(hook.layer())) for layer in (0, 1)]
    assert torch.allclose(logits, model.run_with_hooks(pair[0], fwd_hooks=hooks), atol=1e-4)
    assert chance(logits, pair) < 0.01


def test_means_are_taken_over_as_many_prompts_as_there_are(model: Any, pair: tuple[Tensor, Tensor]) -> None:
    some, more = lab.run_circuit(model, *pair, []), lab.run_circuit(model, pair[0], pair[1].repeat(3, 1), [])
    assert torch.allclose(some, more, atol=1e-4)
    with pytest.raises(ValueError, match="each needs its counterpart"):
        lab.run_circuit(model, pair[0], pair[1].repeat(3, 1), [], "resample")


def test_other_prompts_of_another_length_are_told_in_a_sentence(
    model: Any, pair: tuple[Tensor, Tensor]
) -> None:
    with pytest.raises(ValueError, match="have to be equally long"):
        lab.run_circuit(model, pair[0], pair[1][:, :-1], [])
    with pytest.raises(ValueError, match="no how='zero'"):
        lab.run_circuit(model, *pair, [], "zero")  # type: ignore[arg-type]


def test_the_induction_circuit_alone_does_the_job(model: Any, pair: tuple[Tensor, Tensor]) -> None:
    assert chance(lab.run_circuit(model, *pair, [PREVIOUS, *BESIDE, *INDUCTION]), pair) > 0.8
    assert chance(lab.run_circuit(model, *pair, [*BESIDE, *INDUCTION]), pair) < 0.1
    assert chance(lab.run_circuit(model, *pair, [PREVIOUS, *BESIDE]), pair) < 0.1


def test_a_part_may_count_at_one_position_only(model: Any, pair: tuple[Tensor, Tensor]) -> None:
    """The previous-token head is needed where the right answer stood first, and nowhere else."""
    readers = [*BESIDE, *((*head, -1) for head in INDUCTION)]
    assert chance(lab.run_circuit(model, *pair, [(0, 0, 10), *readers]), pair) > 0.5
    assert chance(lab.run_circuit(model, *pair, [(0, 0, 9), *readers]), pair) < 0.1
    assert (
        chance(lab.run_circuit(model, *pair, [(0, 0, 10), *((*head, -2) for head in INDUCTION)]), pair) < 0.1
    )


def test_positions_may_differ_from_prompt_to_prompt(model: Any, pair: tuple[Tensor, Tensor]) -> None:
    places = torch.tensor([10, 9] * 4)
    logits = lab.run_circuit(model, *pair, [(0, 0, places), *BESIDE, *INDUCTION])
    single = logits[:, -1].softmax(-1).gather(1, right(pair)[:, None])[:, 0]
    assert single[::2].min() > single[1::2].max()


def test_silent_heads_write_nothing_whether_named_or_not(model: Any, pair: tuple[Tensor, Tensor]) -> None:
    def silence(z: Tensor, hook: Any) -> None:
        z[:, :, [3, 5]] = 0

    wanted = model.run_with_hooks(pair[0], fwd_hooks=[("blocks.1.attn.hook_z", silence)])
    found = lab.run_circuit(model, *pair, EVERY, silent=[(1, 3), (1, 5)])
    assert torch.allclose(found, wanted, atol=1e-4)
    unnamed = lab.run_circuit(model, *pair, [PREVIOUS, *BESIDE, (1, 6)], silent=[(1, 3), (1, 5)])
    assert not torch.allclose(unnamed, lab.run_circuit(model, *pair, [PREVIOUS, *BESIDE, (1, 6)]), atol=1e-2)
    with pytest.raises(ValueError, match="There is no head 1"):
        lab.run_circuit(model, *pair, EVERY, silent=[(1, 8)])


@pytest.mark.parametrize(
    ("circuit", "sentence"),
    [
        ([(0, 9)], "There is no head 0.9"),
        ([(2, 0)], "There is no head 2.0"),
        ([3], "A part of a circuit is"),
        ([(1, 3, 5, 7)], "A part of a circuit is"),
        ([(1, 3, 99)], "There is no position 99"),
        ([(1, 3, torch.tensor([1, 2]))], "one for each of the 8 prompts"),
        ([(1, 3, 0.5)], "A position is a whole number"),
    ],
)
def test_parts_that_do_not_exist_are_told_in_a_sentence(
    circuit: Any, sentence: str, model: Any, pair: tuple[Tensor, Tensor]
) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.run_circuit(model, *pair, circuit)
