"""Break the impostor

Write a prompt that says something twice. On every token that could be foreseen from the first time, the
examiner measures how surprised each model is. You win if `attn-only-2l` knows what comes, and the impostor
does not.
"""

import torch
from jaxtyping import Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "A score on one kind of input is a claim about that kind of input. Looking for the input that breaks "
    "a claim, your own first of all, is what separates a finding from a hope."
)
DIFFICULTY = 3
IMPORTANCE = 4
HINTS = [
    "What could a model learn that has only ever seen texts repeat after *the same* number of tokens? It "
    "need not look for anything.",
    "Change `period` in the cell above and look at the impostor's loss. Which periods does it cope with?",
    "It always reads the same number of tokens back. Say six or seven words that nobody would expect, then "
    "say them again: any distance will do, except its own.",
]
MINUTES = 6
CONCEPTS = ["red-teamed-a-claim"]
WHY = """
On its own period the impostor and the real thing cannot be told apart, by loss or by score. What differs is
the *reason*: one looks for a matching token, the other counts. Any distance the impostor never trained on
shows it, and that is the general recipe: ask which other mechanism would give the same numbers, then build
the input on which the two disagree.
"""

prompt: str = "blorp tunket frim wizzle ombo blorp tunket frim wizzle ombo"
"""Your prompt (up to 63 tokens, something said twice in it):"""

REAL, IMPOSTOR = "attn-only-2l", "fixed-period-impostor"
LEAST_FORESEEABLE = 5  # tokens that repeat, after a token that repeats
KNOWS, LOST = 1.5, 3.0  # nats


def check_prompt(answer):
    """Something in the prompt is said twice, and it fits into the models."""
    tokens = _tokens(answer.prompt)
    context = lab.load(REAL).cfg.n_ctx
    assert len(tokens) <= context, (
        f"Your prompt has {len(tokens) - 1} tokens; the models read {context - 1} at most. Use fewer or "
        "plainer words."
    )
    count = len(_foreseeable(tokens))
    assert count >= LEAST_FORESEEABLE, (
        f"Only {count} tokens of your prompt could be foreseen from an earlier occurrence, and "
        f"{LEAST_FORESEEABLE} are needed. Say a handful of words, then the same words again, in the same "
        "order."
    )


def check_not_one_word(answer):
    """It says different things."""
    check_prompt(answer)
    tokens = _tokens(answer.prompt)
    kinds = len({tokens[place].item() for place in _foreseeable(tokens)})
    assert kinds >= 4, (
        f"What returns in your prompt is made of only {kinds} different tokens. Whoever copies blindly is "
        "right then."
    )


def check_real_model(answer):
    """The real model foresees what is said again."""
    check_not_one_word(answer)
    tokens = _tokens(answer.prompt)
    loss = _surprise(REAL, tokens)
    assert loss <= KNOWS, (
        f"On the {len(_foreseeable(tokens))} tokens that could be foreseen, {REAL} itself pays {loss:.1f} "
        f"nats each; it should be at most {KNOWS}. Avoid words that share their pieces: then it cannot tell "
        "which one is meant."
    )


def check_impostor(answer):
    """The impostor does not."""
    check_real_model(answer)
    tokens = _tokens(answer.prompt)
    loss = _surprise(IMPOSTOR, tokens)
    assert loss >= LOST, (
        f"{REAL} copes, but so does the impostor: {loss:.1f} nats for each token that could be foreseen; you "
        f"need {LOST:.0f} or more. How far back does it look, and does your prompt repeat at just that "
        "distance?"
    )


def _tokens(text: str) -> Int[Tensor, "pos"]:
    """Start token and text. A blank in front, so that the first word looks like any later one."""
    once = lab.load(REAL).to_tokens(" " + " ".join(text.split()), prepend_bos=False, truncate=False)[0]
    return torch.cat([torch.zeros(1, dtype=torch.long), once])


def _foreseeable(tokens: Int[Tensor, "pos"]) -> list[int]:
    """Positions of tokens that have followed the same token before: what a perfect induction head gets
    right."""
    pairs = list(zip(tokens[1:-1].tolist(), tokens[2:].tolist(), strict=True))
    return [place + 2 for place, pair in enumerate(pairs) if pair in pairs[:place]]


def _surprise(name: str, tokens: Int[Tensor, "pos"]) -> float:
    """The mean loss, in nats, over the tokens that could be foreseen (and that the model can read)."""
    model = lab.load(name)
    tokens = tokens[: model.cfg.n_ctx]
    loss = model(tokens, return_type="loss", loss_per_token=True)[0]
    return loss[[place - 1 for place in _foreseeable(tokens)]].mean().item()


def mistake_its_own_period__prompt():
    """The impostor reads a fixed number of tokens back and copies what comes there. Whenever your words
    return at just that distance, it is right by luck. Say them again a little earlier or later."""
    twelve = "said asked sent kept would liked either gold garden soup green purple"
    return f"{twelve} {twelve}"


def mistake_one_word__prompt():
    """Always the same word is no test: wherever a model looks, it finds it."""
    return " ".join(["dog"] * 20)


def mistake_nothing_twice__prompt():
    """What is said twice must be long enough to measure: about six words that nobody would expect, and then
    the same words in the same order."""
    return "blorp tunket frim wizzle ombo crast"


def mistake_too_long__prompt():
    """Too long for the models, which read 64 tokens with the start token."""
    return " ".join(["blorp tunket frim wizzle ombo"] * 6)


def also_right_plain_words__prompt():
    return "door queen apple seven river glass door queen apple seven river glass"


def also_right_after_a_break__prompt():
    return "green stone winter lamp . and then she went home and said : green stone winter lamp"
