"""What cannot be meant is answered by a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from workers import lab

MODEL = lab.load("attn-only-2l")
CLEAN, CORRUPTED = " Emma saw Emma", " Harriet saw Emma"


def metric(logits: torch.Tensor) -> torch.Tensor:
    return logits[:, -1, 5].mean() - logits[:, -1, 6].mean()


def tokens(*shape: int) -> torch.Tensor:
    return torch.randint(1, 1024, shape)


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "lengths": (lambda: lab.patch_heads(MODEL, "Emma saw", "Emma saw Anne", metric), "equally long"),
    "a batch of lengths": (
        lambda: lab.patch_heads(MODEL, ["Emma", "Emma saw"], [CLEAN], metric),
        "all have to be equally long",
    ),
    "counterparts": (
        lambda: lab.patch_residual(MODEL, tokens(3, 5), tokens(2, 5), metric),
        "each needs its counterpart",
    ),
    "a vector": (
        lambda: lab.patch_heads(MODEL, CLEAN, CORRUPTED, lambda logits: logits[0, -1]),
        r"returned shape \[1024\]. Take its `.mean\(\)`",
    ),
    "nothing": (
        lambda: lab.patch_heads(MODEL, CLEAN, CORRUPTED, lambda logits: None),
        "return one number; it returned a NoneType",
    ),
    "NaN": (
        lambda: lab.patch_heads(MODEL, CLEAN, CORRUPTED, lambda logits: logits.sum() * float("nan")),
        "returned NaN",
    ),
    "no function": (lambda: lab.patch_heads(MODEL, CLEAN, CORRUPTED, 3.0), "has to be a function"),
    "no gradient": (
        lambda: lab.attribution_patch_heads(MODEL, CLEAN, CORRUPTED, lambda logits: logits.sum().item()),
        "no gradient",
    ),
    "two tokens": (
        lambda: lab.direct_logit_attribution(MODEL, CLEAN, " Emmanuelle"),
        "is not one token for attn-only-2l",
    ),
    "no such token": (lambda: lab.answer_tokens(MODEL, 1024), "There is no token 1024"),
    "answers": (
        lambda: lab.direct_logit_attribution(MODEL, tokens(3, 5), [1, 2]),
        "2 answers for 3 prompts",
    ),
    "texts as answers": (
        lambda: lab.logit_difference(torch.zeros(1, 2, 8), " Emma", 1),
        r"lab.answer_tokens\(model, ' Emma'\)",
    ),
    "too many answers": (lambda: lab.logit_difference(torch.zeros(3, 2, 8), [1, 2], 1), "3 prompts"),
    "an answer outside": (lambda: lab.logit_difference(torch.zeros(3, 2, 8), 8, 1), "outside of 0 to 7"),
    "no batch": (lambda: lab.logit_difference(torch.zeros(2, 8), 1, 2), r"these are \[2, 8\]"),
    "a position": (lambda: lab.logit_difference(torch.zeros(1, 2, 8), 1, 2, pos=2), "no position 2"),
    "another position": (lambda: lab.direct_logit_attribution(MODEL, CLEAN, 1, pos=9), "no position 9"),
    "a part": (lambda: lab.patch_heads(MODEL, CLEAN, CORRUPTED, metric, "keys"), "'keys' is none"),
    "a place": (lambda: lab.patch_residual(MODEL, CLEAN, CORRUPTED, metric, "mlp_out"), "has no MLPs"),
    "an unknown place": (lambda: lab.patch_residual(MODEL, CLEAN, CORRUPTED, metric, "resid"), "is none"),
    "no difference": (lambda: lab.normalised(MODEL, CLEAN, CLEAN, metric), "cannot tell them apart"),
    "a head": (lambda: lab.ablate(MODEL, CLEAN, [(2, 0)]), "There is no head 2.0: layers are 0 to 1"),
    "a number as head": (lambda: lab.ablate(MODEL, CLEAN, [3]), r"a list of \(layer, head\)"),
    "a receiver": (lambda: lab.path_patch(MODEL, CLEAN, CORRUPTED, metric, [(1, 8)]), "no head 1.8"),
    "no receiver": (lambda: lab.path_patch(MODEL, CLEAN, CORRUPTED, metric, []), "at least one receiver"),
    "an input": (lambda: lab.path_patch(MODEL, CLEAN, CORRUPTED, metric, [(1, 0)], "z"), "q, k or v"),
    "an MLP": (lambda: lab.ablate(MODEL, CLEAN, mlps=[0]), "no MLPs to ablate"),
    "a layer": (lambda: lab.ablate(lab.load("tiny-gpt2"), CLEAN, mlps=[3]), "no layer 3"),
    "how": (lambda: lab.ablate(MODEL, CLEAN, [(0, 0)], "median"), "'median' is none"),
    "alone": (lambda: lab.ablate(MODEL, CLEAN, [(0, 0)], "resample"), "no other to resample from"),
    "data": (lambda: lab.ablate(MODEL, tokens(1, 5), [(0, 0)], "mean", data=tokens(2, 6)), "equal lengths"),
    "no repetition": (lambda: lab.head_scores(MODEL, torch.arange(9)), "no token comes twice"),
    "a habit": (lambda: lab.head_scores(MODEL, CLEAN, "next"), "'next' is none"),
    "floats": (lambda: lab.logit_lens(MODEL, torch.zeros(1, 4)), "float32 with shape"),
    "too long": (
        lambda: lab.logit_lens(MODEL, tokens(1, 65)),
        "65 tokens, but attn-only-2l reads at most 64",
    ),
    "nothing to read": (lambda: lab.logit_lens(MODEL, []), "a text, a list of texts"),
    "too much": (lambda: lab.logit_lens(MODEL, tokens(400, 60)), "give a metric"),
    "no layers": (
        lambda: lab.patch_heads(lab.load("attn-only-0l"), CLEAN, CORRUPTED, metric),
        "has no layers",
    ),
}


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_sentence_says_what_to_do(mistake: str) -> None:
    call, sentence = MISTAKES[mistake]
    with pytest.raises(ValueError, match=sentence):
        call()
