"""What the last token says alone

The dullest explanation of all: the model does not look at the rest of the prompt. Measure it. Show the model
nothing but the start token and the *last* token of each prompt, and take the logit difference of `right`
against `wrong` there.

If that is already the logit difference of the whole prompt, there is nothing else to explain."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "Which two columns of `tokens` are left? Make prompts of two tokens out of them.",
    "`torch.stack([tokens[:, 0], tokens[:, -1]], dim=1)` has the shape prompt × 2. The answer stands in the "
    "logits after the second of them.",
    "`last = model(short)[:, -1]`, then `gather` the logits of `right` and of `wrong`, one a prompt, and "
    "subtract.",
]
MINUTES = 8
CONCEPTS = ["ruled-out-the-dull"]
DETERMINISTIC = True
PURPOSE = """Half of the behaviours that look clever in a small model are bigrams, and many in large ones.
This takes two lines, and saves weeks. The next three baselines are made the same way."""
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["short: prompt 2", "last: prompt d_vocab"]
WHY = """The model itself is asked, not a table of word pairs: so it works for any model, and nothing is said
about where its bigrams come from (embedding, first layer, all of it). One thing is not quite fair: in the
short prompt the last token stands at position 1, where it may never have stood. That is a reason to be
careful with a *small* bigram share; a large one speaks for itself."""


def bigram_difference(
    model, tokens: Int[Tensor, "prompt pos"], right: Int[Tensor, "prompt"], wrong: Int[Tensor, "prompt"]
) -> Float[Tensor, "prompt"]:
    """The logit difference after the start token and the last token of each prompt, with nothing between.

    >>> model, tokens = lab.load("attn-only-1l"), torch.tensor([[0, 5, 6, 7], [0, 8, 9, 7]])
    >>> first, second = bigram_difference(model, tokens, torch.tensor([1, 1]), torch.tensor([2, 2]))
    >>> bool(first == second)
    True
    """
    short = torch.stack([tokens[:, 0], tokens[:, -1]], dim=1)
    last, row = model(short)[:, -1], torch.arange(len(tokens))
    return last[row, right] - last[row, wrong]


def check_random_prompts(answer):
    """Random prompts of three models, of any length."""
    for name, count, length in (("attn-only-1l", 3, 7), ("attn-only-2l", 5, 4), ("tiny-gpt2", 4, 9)):
        case = _case(lab.load(name), count, length)
        lab.same(
            answer.bigram_difference(*case), bigram_difference(*case), tol=1e-2, name="the logit differences"
        )


def check_the_middle_does_not_matter(answer):
    """Prompts that differ in the middle alone have the same answer."""
    model, tokens, right, wrong = _case(lab.load("attn-only-2l"), 4, 8)
    other = tokens.clone()
    other[:, 1:-1] = torch.randint(1, 1024, (4, 6))
    got = answer.bigram_difference(model, other, right, wrong)
    lab.same(got, bigram_difference(model, tokens, right, wrong), tol=1e-2, name="the logit differences")


def check_a_whole_prompt(answer):
    """In a prompt of two tokens it is the whole logit difference."""
    model, tokens, right, wrong = _case(lab.load("attn-only-1l"), 6, 2)
    last, row = model(tokens)[:, -1], torch.arange(6)
    want = last[row, right] - last[row, wrong]
    lab.same(
        answer.bigram_difference(model, tokens, right, wrong), want, tol=1e-2, name="the logit differences"
    )


def _case(model, count: int, length: int) -> tuple:
    tokens = torch.randint(1, 1024, (count, length))
    tokens[:, 0] = 0
    return model, tokens, torch.randint(1, 512, (count,)), torch.randint(512, 1024, (count,))


def mistake_last_two__bigram_difference(model, tokens, right, wrong):
    """You keep the last *two* tokens of the prompt. A bigram knows the last one alone; in front of it stands
    the start token."""
    short = torch.cat([tokens[:, :1], tokens[:, -2:]], dim=1)
    last, row = model(short)[:, -1], torch.arange(len(tokens))
    return last[row, right] - last[row, wrong]


def mistake_no_start__bigram_difference(model, tokens, right, wrong):
    """The start token is missing. The models have never read a text without one."""
    last, row = model(tokens[:, -1:])[:, -1], torch.arange(len(tokens))
    return last[row, right] - last[row, wrong]


def mistake_first_token__bigram_difference(model, tokens, right, wrong):
    """You keep the first word of the prompt. The answer follows the *last* token."""
    last, row = model(tokens[:, :2])[:, -1], torch.arange(len(tokens))
    return last[row, right] - last[row, wrong]


def mistake_whole_prompt__bigram_difference(model, tokens, right, wrong):
    """That is the logit difference of the whole prompt. Take the middle out."""
    last, row = model(tokens)[:, -1], torch.arange(len(tokens))
    return last[row, right] - last[row, wrong]


def mistake_turned_round__bigram_difference(model, tokens, right, wrong):
    """The sign is turned round: right less wrong."""
    return -bigram_difference(model, tokens, right, wrong)


def mistake_after_the_start__bigram_difference(model, tokens, right, wrong):
    """You read the logits after the start token. They do not know the last token yet: read after it."""
    short = torch.stack([tokens[:, 0], tokens[:, -1]], dim=1)
    first, row = model(short)[:, 0], torch.arange(len(tokens))
    return first[row, right] - first[row, wrong]


def mistake_probabilities__bigram_difference(model, tokens, right, wrong):
    """That is a difference of probabilities. Subtract logits: it is them that add up."""
    short = torch.stack([tokens[:, 0], tokens[:, -1]], dim=1)
    last, row = model(short)[:, -1].softmax(-1), torch.arange(len(tokens))
    return last[row, right] - last[row, wrong]


def also_right_log_probs__bigram_difference(model, tokens, right, wrong):
    log_probs = model(tokens[:, [0, -1]])[:, 1].log_softmax(-1)
    return (log_probs.gather(1, right[:, None]) - log_probs.gather(1, wrong[:, None])).squeeze(1)


def also_right_loop__bigram_difference(model, tokens, right, wrong):
    found = []
    for prompt, yes, no in zip(tokens, right, wrong, strict=True):
        logits = model(torch.tensor([[prompt[0], prompt[-1]]]))[0, -1]
        found.append(logits[yes] - logits[no])
    return torch.stack(found)
