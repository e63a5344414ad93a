"""The four dull explanations: each explains what it should, and none what it should not."""

from __future__ import annotations

import pytest
import torch
from jaxtyping import Int
from torch import Tensor

from workers import lab
from workers.lab.baselines import NAMES, _fit


def repeated(texts: int = 32, period: int = 12) -> tuple[Tensor, Tensor, Tensor]:
    """Nonsense said twice, cut where the next token is due; right, and another of the same text."""
    torch.manual_seed(3)
    once = torch.stack([1 + torch.randperm(1023)[:period] for _ in range(texts)])
    whole = torch.cat([torch.zeros(texts, 1, dtype=torch.long), once, once], dim=1)
    return whole[:, :-4], whole[:, -4], once[:, 2]


def random_prompts(texts: int = 40, length: int = 9) -> tuple[Int[Tensor, "text pos"], Tensor, Tensor]:
    torch.manual_seed(4)
    tokens = torch.cat(
        [torch.zeros(texts, 1, dtype=torch.long), torch.randint(1, 1024, (texts, length))], dim=1
    )
    return tokens, torch.randint(1, 512, (texts,)), torch.randint(512, 1024, (texts,))


def test_induction_explains_a_model_that_does_induction() -> None:
    found = lab.baselines(lab.load("attn-only-2l"), *repeated())
    assert found.logit_difference.mean() > 8
    assert found.alone["induction"] > 0.9
    assert found.alone["copying"] == 0, "right and wrong have both been there once"
    assert abs(found.unexplained) < 0.1 * found.logit_difference.mean()


def test_a_bigram_explains_a_model_without_layers() -> None:
    model = lab.load("attn-only-0l")
    tokens, right, wrong = random_prompts()
    better = model(tokens)[:, -1].gather(1, right[:, None]) > model(tokens)[:, -1].gather(1, wrong[:, None])
    right, wrong = torch.where(better[:, 0], right, wrong), torch.where(better[:, 0], wrong, right)
    found = lab.baselines(model, tokens, right, wrong)
    assert found.alone["bigram"] > 0.8
    assert torch.corrcoef(torch.stack([found.fitted, found.logit_difference]))[0, 1] > 0.9


def test_what_none_of_them_says_is_left_unexplained() -> None:
    tokens, right, wrong = random_prompts()

    def knows(some: Tensor) -> Tensor:
        """Three nats for the right answers, if the whole prompt is there: no baseline can know why."""
        logits = torch.zeros(*some.shape, 1024)
        if some.shape[1] == tokens.shape[1]:
            logits[:, -1, :512] = 3.0
        return logits

    found = lab.baselines(knows, tokens, right, wrong)  # type: ignore[arg-type]
    assert found.explained == pytest.approx(0, abs=0.05)
    assert found.unexplained == pytest.approx(3, abs=0.15)
    assert "Left unexplained: 3.0" in repr(found) or "Left unexplained: 2.9" in repr(found)


def test_an_explanation_is_not_turned_round() -> None:
    """A model that avoids what was said: copying has the wrong sign, and explains nothing."""
    tokens, _, wrong = random_prompts()
    tokens[:, 4] = wrong
    tokens[:, -1] = 7

    def avoids(some: Tensor) -> Tensor:
        logits = torch.zeros(*some.shape, 1024)
        logits[:, -1].scatter_(1, some, -5.0)
        return logits

    found = lab.baselines(avoids, tokens, torch.full_like(wrong, 3), wrong)  # type: ignore[arg-type]
    assert found.alone["copying"] == 0
    assert found.alone["skip-trigram"] > 0.95


def test_weights_are_those_of_least_squares_where_that_has_none_below_zero() -> None:
    torch.manual_seed(0)
    features, truth = torch.rand(50, 4), torch.tensor([0.5, 2.0, 0.0, 1.0])
    assert torch.allclose(_fit(features, features @ truth), truth, atol=1e-4)
    against = _fit(features[:, :1], -features[:, 0])
    assert against.tolist() == [0.0]


def test_the_table_names_all_four() -> None:
    text = repr(lab.baselines(lab.load("attn-only-1l"), *repeated()))
    assert all(name in text for name in (*NAMES, "all together"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t, r, w: (t[:5], r[:5], w[:5]), "5 prompts are too few"),
        (lambda t, r, w: (t[:, :2], r, w), "at least three tokens"),
        (lambda t, r, w: (t[0], r, w), "at least three tokens"),
        (lambda t, r, w: (t, r[:3], w), "`right` has shape"),
        (lambda t, r, w: (t, r, r), "the same token"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(change: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.baselines(lab.load("attn-only-1l"), *change(*repeated()))  # type: ignore[operator]
