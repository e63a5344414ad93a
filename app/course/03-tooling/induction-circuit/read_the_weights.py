"""What the weights say, and what they don't

The cells above have put four numbers beside every head: its copying score, its top-1 accuracy, its
composition with each early head, its share of matched tokens. Use them to answer, and mind what each of them
is about."""

from typing import Literal

import torch

from workers import lab

PURPOSE = (
    "Every score in this lesson is high for some head that does something else. To know which question a "
    "number answers is most of what there is to know about it."
)
DIFFICULTY = 3
IMPORTANCE = 4
HINTS = [
    "The table of copying scores has sixteen rows. Do not forget the first layer.",
    "A head is two circuits: where it looks, and what it says. Copying is one of them. Composition is about "
    "where one writes and another reads, not about what is said there.",
    "Five heads score above 0.95: two in layer 0, three in layer 1. The impostor's strongest readers of 0.0 "
    "are not her bright heads, so the score cannot be a proof of induction.",
]
MINUTES = 8
CONCEPTS = ["copying-head", "composition-scores"]
WHY = """
Copying is about OV, matching about QK, and a head needs both to do induction: 0.1 copies better than any
induction head, and looks anywhere. A composition score says that one head writes where another reads. It
does not say what is written there, nor whether it decides anything. For that you need the whole circuit,
from token to token, and in the end an intervention.
"""

copiers: list[tuple[int, int]] = [(0, 1), (0, 2), (1, 3), (1, 5), (1, 6)]
"""Which heads of `attn-only-2l` have a copying score above 0.95?"""

not_induction: Literal[
    "Copying is about what a head says; where it looks is decided by another circuit",
    "They are in the first layer, where scores cannot be computed",
    "Their eigenvalues are positive by chance",
] = "Copying is about what a head says; where it looks is decided by another circuit"
"""Some of them are no induction heads. How can that be?"""

impostor: Literal[
    "That these heads read where 0.0 writes; not what is written there, nor what it is used for",
    "That the impostor does induction after all",
    "That the random baseline was drawn too small",
] = "That these heads read where 0.0 writes; not what is written there, nor what it is used for"
"""In the impostor, several heads of layer 1 compose with 0.0 at more than 15 standard deviations. What
follows?"""

linear: Literal[
    "Its centring; the scale is one number a token that depends on the whole stream",
    "All of it, since there are no weights in it",
    "Nothing; a norm can never be folded into weights",
] = "Its centring; the scale is one number a token that depends on the whole stream"
"""Between the layers stands a norm without weights of its own (LNPre). Which part of it is linear?"""

ENOUGH = 0.95


def check_copiers(answer):
    """The heads that copy, by the eigenvalues of their OV circuits."""
    cfg = lab.load("attn-only-2l").cfg
    for layer, head in answer.copiers:
        exists = 0 <= layer < cfg.n_layers and 0 <= head < cfg.n_heads
        assert exists, f"There is no head {layer}.{head}: layers are 0 and 1, heads 0 to {cfg.n_heads - 1}."
        score = _copying(layer, head)
        assert score > ENOUGH, f"Head {layer}.{head} has a copying score of {score:.2f}, not above 0.95."
    missing = [
        (layer, head)
        for layer in range(cfg.n_layers)
        for head in range(cfg.n_heads)
        if _copying(layer, head) > ENOUGH and (layer, head) not in answer.copiers
    ]
    assert not missing, (
        f"All you named do copy, but {len(missing)} of them {'is' if len(missing) == 1 else 'are'} missing. "
        "Go through both layers."
    )


def check_not_induction(answer):
    """Copying without induction."""
    assert answer.not_induction.startswith("Copying is about"), (
        "Look at their patterns in the first lesson, or in the weights: what else must an induction head do?"
    )


def check_impostor(answer):
    """What a composition score proves."""
    assert answer.impostor.startswith("That these heads read"), (
        "Her bright heads are 1.2, 1.5 and 1.7. Are they the ones with the high scores? And what does the "
        "score measure?"
    )


def check_linear(answer):
    """What is linear in a norm."""
    assert answer.linear.startswith("Its centring"), (
        "Take the two steps one by one: subtract the mean, divide by the size. For which of them is f(a + "
        "b) = f(a) + f(b)?"
    )


def _copying(layer: int, head: int) -> float:
    model = lab.load("attn-only-2l")
    centred = model.W_E - model.W_E.mean(-1, keepdim=True)
    E = centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
    small = model.W_O[layer, head] @ model.W_U @ E @ model.W_V[layer, head]
    eigenvalues = torch.linalg.eigvals(small)
    return (eigenvalues.real.sum() / eigenvalues.abs().sum()).item()


def mistake_second_layer_only__copiers():
    """Those are the induction heads. Two heads of the first layer copy at least as well."""
    return [(1, 3), (1, 5), (1, 6)]


def mistake_too_many__copiers():
    """0.6 comes close with 0.92, but it is not above 0.95."""
    return [(0, 1), (0, 2), (0, 6), (1, 3), (1, 5), (1, 6)]


def mistake_by_accuracy__copiers():
    """That looks like the order of the top-1 accuracies. The question is about the eigenvalues' score."""
    return [(0, 1), (1, 3)]


def mistake_first_layer__not_induction():
    """Scores can be computed for any layer, and were: it is the same product of four matrices."""
    return "They are in the first layer, where scores cannot be computed"


def mistake_by_chance__not_induction():
    """Sixteen eigenvalues that are nearly all positive are no chance. These heads do copy what they read;
    but what do they read?"""
    return "Their eigenvalues are positive by chance"


def mistake_induction_after_all__impostor():
    """You have broken her model yourself, with a prompt. And the heads that score high here are not the ones
    that look like induction heads."""
    return "That the impostor does induction after all"


def mistake_small_baseline__impostor():
    """A few hundred pairs are plenty to tell 15 standard deviations from none. The overlap is real; the
    question is what it means."""
    return "That the random baseline was drawn too small"


def mistake_all_linear__linear():
    """Twice the vector, and the result is the same: that is not linear. Only one of the two steps is."""
    return "All of it, since there are no weights in it"


def mistake_never_folded__linear():
    """The mean can be subtracted in the weights that write, once and for all. You have seen the logits stay
    the same."""
    return "Nothing; a norm can never be folded into weights"
