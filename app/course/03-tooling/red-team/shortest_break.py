"""The shortest break

The impostor again: `fixed-period-impostor` looks like induction and counts tokens. Break it with as *few*
tokens as you can. On the tokens that could be foreseen (they follow, once more, what they followed before)
the real model may lose at most 1.5 nats each, the impostor at least 3, and there have to be at least two
different ones.

What is measured is kept: “Everybody's answers” draws the length of the prompt against the gap between the
two models.
"""

import torch
from jaxtyping import Int
from torch import Tensor

from workers import lab

HINTS = [
    "How short can a text be in which two tokens can be foreseen? Count: what must have been there before?",
    "Three tokens, said twice, in the same order: the second of them can be foreseen from the first, the "
    "third from the second. Many words are several tokens; pieces count as well as words.",
    "A few words, unlikely beside each other: `soup queen soup queen`. The printed tokens show how many "
    "they are; leave out what is not needed until one of the two models changes its mind.",
]
MINUTES = 10
CONCEPTS = ["red-teamed-a-claim"]
FRONTIER = {"size": "tokens", "gap": "gap between the models, nats"}
PURPOSE = """A short counterexample is worth more than a long one: there is less in it that could be to
blame. Making it shorter until it no longer works shows what it really rests on."""
DIFFICULTY = 3
IMPORTANCE = 3
WHY = """A few tokens are enough, because a wrong theory is wrong at once. The impostor looks a fixed number
of tokens back, further than such a prompt is long, so it finds nothing there. It never needed a clever
prompt. It needed somebody who tried another one than the one that was shown."""

prompt: str = "soup queen well soup queen well soup"
"""Your prompt:"""

REAL, IMPOSTOR = "attn-only-2l", "fixed-period-impostor"
KNOWS, LOST, LEAST = 1.5, 3.0, 2


def check_prompt(answer):
    """Something comes again that could be foreseen, and it fits into the models."""
    tokens = _tokens(answer.prompt)
    assert 3 < len(tokens) <= 64, (
        f"Your prompt has {len(tokens) - 1} tokens; between 3 and 63 can be read. Say something, and say it "
        f"again."
    )
    kinds = {tokens[place].item() for place in _foreseeable(tokens)}
    assert kinds, (
        "Nothing in your prompt could be foreseen: no token follows the same token twice. Say three or more "
        "words, and then the same words again, in the same order."
    )
    assert len(kinds) >= LEAST, (
        f"Only one kind of token could be foreseen in your prompt, and {LEAST} are needed. Whoever copies "
        "blindly is right about a single one."
    )


def check_models(answer):
    """The real model foresees them, and the impostor does not."""
    check_prompt(answer)
    tokens = _tokens(answer.prompt)
    real, impostor = _surprise(REAL, tokens), _surprise(IMPOSTOR, tokens)
    answer.measured(size=len(tokens) - 1, gap=round(impostor - real, 2))
    assert real <= KNOWS, (
        f"The real model itself loses {real:.1f} nats on each token that could be foreseen; {KNOWS} are "
        f"allowed. Take words that are whole tokens and that nobody would expect beside each other, or say "
        f"them once more."
    )
    assert impostor >= LOST, (
        f"The impostor loses {impostor:.1f} nats on each, and {LOST:.0f} or more are wanted. Is the "
        f"distance its own?"
    )


def _tokens(text: str) -> Int[Tensor, "pos"]:
    """Start token and text, with a blank in front."""
    once = lab.load(REAL).to_tokens(" " + " ".join(text.split()), prepend_bos=False, truncate=False)[0]
    return torch.cat([torch.zeros(1, dtype=torch.long), once])


def _foreseeable(tokens: Int[Tensor, "pos"]) -> list[int]:
    """Positions of tokens that have followed the same token before."""
    pairs = list(zip(tokens[1:-1].tolist(), tokens[2:].tolist(), strict=True))
    return [place + 2 for place, pair in enumerate(pairs) if pair in pairs[:place]]


def _surprise(name: str, tokens: Int[Tensor, "pos"]) -> float:
    loss = lab.load(name)(tokens, return_type="loss", loss_per_token=True)[0]
    return loss[[place - 1 for place in _foreseeable(tokens)]].mean().item()


def mistake_once__prompt():
    """Nothing in it comes again, so nothing could be foreseen, by anybody."""
    return "soup queen well door"


def mistake_one_word__prompt():
    """One word over and over is one kind of token. Two different ones have to be foreseen."""
    return "soup soup soup soup soup"


def mistake_its_own_distance__prompt():
    """At the impostor's own distance, it is right, too: its heads look just as far back as your words
    return."""
    twelve = "said asked sent kept would liked either gold garden soup green purple"
    return f"{twelve} {twelve}"


def mistake_too_long__prompt():
    """Too long for the models, which read 64 tokens with the start token."""
    return " ".join(["blorp tunket frim wizzle ombo"] * 6)


def also_right_longer__prompt():
    return "door queen apple seven river glass door queen apple seven river glass"


def also_right_plain__prompt():
    return "gold garden seven door gold garden seven door"
