"""One number for the whole task

Two names are in the running, and the model has an opinion about each. The **logit difference** is how far it
puts the one who receives above the one who gives, at the last token of the prompt: the metric of Wang et al.

The prompts are sentences of different lengths, each filled up behind its end with `BOS` tokens so that they
fit into one tensor. The prediction you want stands at each prompt's own `end`."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "Every heat map, every attribution and every claim of this lesson is measured with this number. If it "
    "reads the wrong place, all of them lie."
)
DIFFICULTY = 1
IMPORTANCE = 5
MINUTES = 6
CONCEPTS = ["logit-difference"]
DETERMINISTIC = True
SHAPES = ["last: prompt d_vocab", "difference: prompt"]
HINTS = [
    "First get, for each prompt, the logits at its own last position. Which two indices does that take?",
    "`logits[row, end]` with `row = torch.arange(len(logits))` pairs prompt 0 with end 0, prompt 1 with "
    "end 1, and so on: shape prompt × d_vocab.",
    "`last = logits[row, end]`, then `last[row, receiver] - last[row, giver]`.",
]
WHY = """
Why a difference, and why of logits? The softmax divides both names by the same sum, so the difference of
their logits is the difference of their log-probabilities: one that nothing else in the vocabulary can
disturb. And it is linear in the last residual stream, up to the final norm, so that it can be split among
those who wrote it. What it cannot see is a third name that beats both. Keep an eye on the accuracy as well.
"""
STYLE = {"loop": "Two index tensors side by side pick one element a prompt; no loop is needed."}


def receiver_over_giver(
    logits: Float[Tensor, "prompt pos d_vocab"],
    end: Int[Tensor, "prompt"],
    receiver: Int[Tensor, "prompt"],
    giver: Int[Tensor, "prompt"],
) -> Float[Tensor, "prompt"]:
    """The logit of the receiver's token minus that of the giver's, at each prompt's last position `end`.

    >>> logits = torch.zeros(2, 4, 6)
    >>> logits[0, 3, 5], logits[1, 1, 2] = 2.0, 1.5
    >>> receiver_over_giver(logits, torch.tensor([3, 1]), torch.tensor([5, 4]), torch.tensor([0, 2]))
    tensor([ 2.0000, -1.5000])
    """
    row = torch.arange(len(logits))
    last = logits[row, end]
    return last[row, receiver] - last[row, giver]


def check_random_logits(answer):
    """Random logits of any size, prompts of different lengths."""
    for prompts, pos, d_vocab in ((5, 7, 11), (3, 9, 4), (1, 2, 6)):
        logits = torch.randn(prompts, pos, d_vocab)
        end = torch.randint(pos, (prompts,))
        names = torch.stack([torch.randperm(d_vocab)[:2] for _ in range(prompts)])
        got = answer.receiver_over_giver(logits, end, names[:, 0], names[:, 1])
        want = receiver_over_giver(logits, end, names[:, 0], names[:, 1])
        lab.same(got, want, name="the differences")


def check_shipped_model(answer):
    """The shipped model, on sentences drawn for this grading."""
    seed = int(torch.randint(10**6, ()))
    prompts = lab.indirect_objects(24, seed, frame=None, new_frames=bool(torch.rand(()) < 0.5))
    logits = lab.load("indirect-objects")(prompts.tokens)
    arguments = (prompts.END, prompts.receiver, prompts.giver)
    got, want = answer.receiver_over_giver(logits, *arguments), receiver_over_giver(logits, *arguments)
    lab.same(got, want, tol=1e-3, name="the differences")


def mistake_last_position__receiver_over_giver(logits, end, receiver, giver):
    """You read position −1 of every prompt. Shorter ones are filled up behind their end, and what the model
    says there is of no interest: use `end`."""
    return receiver_over_giver(logits, torch.full_like(end, logits.shape[1] - 1), receiver, giver)


def mistake_turned__receiver_over_giver(logits, end, receiver, giver):
    """The sign is turned: a model that does the task well should come out positive, receiver minus giver."""
    return -receiver_over_giver(logits, end, receiver, giver)


def mistake_probabilities__receiver_over_giver(logits, end, receiver, giver):
    """This is a difference of probabilities. They saturate: from 0.98 on, nothing that you do to the model
    moves them much. Take the logits as they are."""
    return receiver_over_giver(logits.softmax(-1), end, receiver, giver)


def mistake_one_before__receiver_over_giver(logits, end, receiver, giver):
    """You read one position before the end. The logits *at* a position are about the token after it, so the
    one that predicts the name is the last token of the prompt itself."""
    return receiver_over_giver(logits, (end - 1).clamp(min=0), receiver, giver)


def mistake_only_the_receiver__receiver_over_giver(logits, end, receiver, giver):
    """That is the receiver's logit alone. A head that raises every name would look helpful; subtract the
    giver's."""
    row = torch.arange(len(logits))
    return logits[row, end, receiver]


def mistake_first_prompts_names__receiver_over_giver(logits, end, receiver, giver):
    """You compare the same two names in every prompt. Each prompt has its own: index with the row as well."""
    last = logits[torch.arange(len(logits)), end]
    return last[:, receiver[0]] - last[:, giver[0]]


def also_right_gather__receiver_over_giver(logits, end, receiver, giver):
    last = logits.gather(1, end[:, None, None].expand(-1, 1, logits.shape[-1]))[:, 0]
    pair = last.gather(1, torch.stack([receiver, giver], 1))
    return pair[:, 0] - pair[:, 1]


def also_right_loop__receiver_over_giver(logits, end, receiver, giver):
    each = [
        logits[i, end[i]].log_softmax(-1)[receiver[i]] - logits[i, end[i]].log_softmax(-1)[giver[i]]
        for i in range(len(logits))
    ]
    return torch.stack(each)
