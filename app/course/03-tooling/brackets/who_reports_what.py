"""Who reports which failure?

The pictures above show each component's vote on strings that fail in one way only. Two heads stand out, each
in one of the pictures. The examiner silences the heads that you name, at the first position, on strings of
its own, and counts which failures the model still sees.
"""

from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from workers import lab

HINTS = [
    "Look at the bars of strings whose count is wrong but which never fall below zero: which component votes "
    "for unbalanced there, and hardly votes at all on strings that only fall below zero?",
    "Both sit in the last layer, and no MLP does it. There are two heads there: 2.0 and 2.1.",
    "2.0 reports the wrong count and 2.1 the fall below zero. Without 2.1, a string like `())(` passes as "
    "balanced.",
]
MINUTES = 8
CONCEPTS = ["bracket-circuit"]
PURPOSE = """A vote says what a component writes. That the verdict rests on it is a claim about what happens
without it, and needs a knock-out. Attribution first, ablation second: that is the order of daily work."""
DIFFICULTY = 2
IMPORTANCE = 4
WHY = """A logical *or* is needed: unbalanced if either fails. The model makes it by adding. Each head is
silent, or votes a little for balanced, as long as its own condition holds, and shouts when it fails; one
shout is enough to turn the verdict. Hence the large votes: one head has to drown out everything that speaks
for balanced.

That the division is this clean is our doing (training asked each head for its own verdict). In models without
that pressure you would find the same two reports, mixed over more components."""

wrong_count: list[tuple[int, int]] = [(2, 0)]
"""The head that reports a wrong count (layer.head):"""

below_zero: list[tuple[int, int]] = [(2, 1)]
"""The head that reports a fall below zero:"""

without_it: Literal["`())(`", "`(()`", "`()()`"] = "`())(`"
"""Silence the head that reports a fall below zero. Which of these does the model then mistake?"""


def check_heads(answer):
    """One head each, and heads that the model has."""
    for name, heads in (("a wrong count", answer.wrong_count), ("a fall below zero", answer.below_zero)):
        assert len(heads) == 1, f"Name one head for {name}; you named {len(heads)}."
        layer, head = heads[0]
        exists = layer in range(3) and head in range(2)
        assert exists, f"There is no head {layer}.{head}: layers are 0 to 2, heads 0 and 1."


def check_wrong_count(answer):
    """Without the first, wrong counts go unseen, and falls below zero do not."""
    _compare(answer.wrong_count[0], "count", "below", "a wrong count", "a fall below zero")


def check_below_zero(answer):
    """Without the second, falls below zero go unseen, and wrong counts do not."""
    _compare(answer.below_zero[0], "below", "count", "a fall below zero", "a wrong count")


def check_without(answer):
    """What the model mistakes without the second head."""
    assert answer.without_it == "`())(`", (
        "The heads are found. Now go through the three strings: which of them fails in the one way that "
        "nobody reports any more?"
    )


def _compare(head: tuple[int, int], own: str, other: str, said: str, unsaid: str) -> None:
    seen = {kind: _seen(kind, head) for kind in (own, other)}
    assert seen[own] < 0.5, (
        f"With head {head[0]}.{head[1]} silent at the first position, the model still sees {said} in "
        f"{seen[own]:.0%} of the strings. Somebody else reports it."
    )
    assert seen[other] > 0.8, (
        f"With head {head[0]}.{head[1]} silent, the model does miss {said}, but {unsaid}, too: it sees only "
        f"{seen[other]:.0%} of those. Is there a head that reports the one and not the other?"
    )


def _seen(kind: str, head: tuple[int, int]) -> float:
    """The share of strings that fail in this way alone and are still called unbalanced."""
    tokens = _tokens(kind)

    def silence(z, hook):
        z[:, 0, head[1]] = 0
        return z

    hooks = [(f"blocks.{head[0]}.attn.hook_z", silence)]
    logits = lab.load("brackets").run_with_hooks(tokens, fwd_hooks=hooks)[:, 0]
    return (logits[:, 0] > logits[:, 1]).float().mean().item()


def _tokens(kind: str) -> Int[Tensor, "string pos"]:
    return lab.brackets.tokens(lab.brackets.draw(200, kind, seed=int(torch.randint(10_000, ()))))


def mistake_swapped__wrong_count():
    """The two have changed places: this head is loud where the count is right and the string falls below
    zero."""
    return [(2, 1)]


def mistake_early_head__wrong_count():
    """A head of the first layer votes a little here and there. Silent at the first position, it is hardly
    missed."""
    return [(0, 1)]


def mistake_swapped__below_zero():
    """The two have changed places: this head is loud where the count is wrong, also if the string never falls
    below zero."""
    return [(2, 0)]


def mistake_counted_from_one__below_zero():
    """Heads are counted from 0: the second head of the last layer is 2.1."""
    return [(2, 2)]


def mistake_both__below_zero():
    """Silencing both makes the model see nothing. The question is which of the two sees what."""
    return [(2, 0), (2, 1)]


def mistake_wrong_count__without_it():
    """`(()` never falls below zero; its count is wrong, and that is reported by the other head."""
    return "`(()`"


def mistake_balanced__without_it():
    """`()()` is balanced and stays so: with one voice against it fewer, all the more."""
    return "`()()`"
