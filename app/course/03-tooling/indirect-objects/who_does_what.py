"""Who does what?

Put the parts together. For each job, name all heads of the model that do it, as `layer.head`. The examiner
silences the heads you name and watches the rest, on sentences that you have not seen.

There are seven of them. One of the seven is invisible in every picture of the whole model."""

import random
from typing import Literal

import torch

from workers import lab

PURPOSE = (
    "A list of heads with jobs, each job backed by an experiment that could have failed: that is what a "
    "claimed circuit is. The list in the paper has 26 heads; yours has seven."
)
DIFFICULTY = 3
IMPORTANCE = 4
MINUTES = 12
CONCEPTS = ["name-mover", "backup-head"]
HINTS = [
    "Each cell above finds one job: the contributions find the name movers, the path into their queries "
    "finds the S-inhibition heads, the path into *their* values the duplicate-token head.",
    "The backup shows when the name movers are silenced. Which head's contribution, and attention to IO, "
    "is near zero in the whole model and large in the damaged one?",
    "Three name movers in layer 2, two S-inhibition heads in layer 1, one duplicate-token head in layer "
    "0, one backup in layer 3: the brightest squares of the four pictures.",
]
WHY = """
Each list rests on more than one kind of evidence: what the head looks at, what its silence does to others,
what it writes. For the backup that matters most. In the whole model it contributes nothing, is not missed
when it is silenced, and looks at no name. Only an experiment on a *broken* model finds it.
"""

movers: list[tuple[int, int]] = [(2, 0), (2, 3), (2, 7)]
"""Name movers: at END they look at IO, and write its name."""

inhibition: list[tuple[int, int]] = [(1, 2), (1, 6)]
"""S-inhibition heads: at END they look at S2; without them the name movers do not know whom to leave out."""

duplicate: list[tuple[int, int]] = [(0, 5)]
"""Duplicate-token heads: at S2 they look at S1."""

backup: list[tuple[int, int]] = [(3, 4)]
"""Backup name movers: they write next to nothing, until the name movers are silenced."""

why_missed: Literal[
    "It looks at the name, but its words cancel out",
    "It looks at no name as long as the stream holds one",
    "It speaks only in sentences the name movers cannot handle",
] = "It looks at no name as long as the stream holds one"
"""Why does the backup contribute nothing in the whole model? (Compare what it looks at, before and after.)"""


def check_movers(answer):
    """Each looks at IO and writes it; together they write most of what heads write."""
    _exist(answer.movers, "name mover")
    direct, pattern, prompts = _measured([])
    for layer, head in answer.movers:
        looks = _paid(pattern, prompts.END, prompts.IO)[layer, head]
        assert looks > 0.5, f"At END, head {layer}.{head} pays only {looks:.0%} of its attention to IO."
        wrote = direct[layer, head]
        assert wrote > 0.5, f"Head {layer}.{head} writes {wrote:+.2f} logits: no name mover."
    named = sum(direct[head] for head in answer.movers)
    assert named > 0.65 * direct.clamp(min=0).sum(), (
        f"Your name movers write {named:.1f} of the {direct.clamp(min=0).sum():.1f} logits that heads "
        "contribute. There is at least one more."
    )


def check_inhibition(answer):
    """Each looks at S2; without all of them the name movers no longer tell IO from S1."""
    _exist(answer.inhibition, "S-inhibition head")
    _, pattern, prompts = _measured([])
    for layer, head in answer.inhibition:
        assert layer < 2, f"Head {layer}.{head} is not before the name movers, so it can tell them nothing."
        looks = _paid(pattern, prompts.END, prompts.S2)[layer, head]
        assert looks > 0.5, f"At END, head {layer}.{head} pays only {looks:.0%} of its attention to S2."
    _, damaged, prompts = _measured(answer.inhibition)
    to_io, to_s = (_paid(damaged, prompts.END, key)[2, [0, 3, 7]].mean() for key in (prompts.IO, prompts.S1))
    assert to_io - to_s < 0.3, (
        f"Without the heads you name, the name movers still pay {to_io:.0%} to IO and {to_s:.0%} to S1: "
        "somebody else still tells them. There is at least one more."
    )


def check_duplicate(answer):
    """Each looks from S2 to S1; without them the task is lost."""
    _exist(answer.duplicate, "duplicate-token head")
    whole, pattern, prompts = _measured([])
    for layer, head in answer.duplicate:
        looks = _paid(pattern, prompts.S2, prompts.S1)[layer, head]
        assert looks > 0.5, f"At S2, head {layer}.{head} pays only {looks:.0%} of its attention to S1."
    damaged, *_ = _measured(answer.duplicate)
    assert damaged.sum() < 0.7 * whole.sum(), (
        f"Without the heads you name, heads still contribute {damaged.sum():.1f} logits of "
        f"{whole.sum():.1f}: keep looking in the earliest layer."
    )


def check_backup(answer):
    """Each is silent in the whole model, and writes the name when the name movers are silenced."""
    _exist(answer.backup, "backup")
    whole, *_ = _measured([])
    damaged, *_ = _measured([(2, 0), (2, 3), (2, 7)])
    for layer, head in answer.backup:
        before, after = whole[layer, head], damaged[layer, head]
        assert before < 0.5, f"Head {layer}.{head} writes {before:+.2f} logits in the whole model: no backup."
        assert after > 2, (
            f"Without the name movers, head {layer}.{head} writes {after:+.2f} logits: no backup."
        )


def check_why_missed(answer):
    """Why the backup is invisible in the whole model."""
    assert answer.why_missed == "It looks at no name as long as the stream holds one", (
        "The heads are found. As to the reason: what does the backup look at in the whole model, and what "
        "without the name movers?"
    )


def _exist(heads: list[tuple[int, int]], job: str) -> None:
    every = [(layer, head) for layer in range(4) for head in range(8)]
    assert heads, f"Name at least one {job}."
    for layer, head in heads:
        assert (layer, head) in every, f"There is no head {layer}.{head}: layers are 0 to 3, heads 0 to 7."


def _measured(silent: list[tuple[int, int]]):
    """Mean direct contributions [layer, head] and patterns [prompt, layer, head, query, key], with the
    prompts."""
    model = lab.load("indirect-objects")
    prompts = lab.indirect_objects(48, random.randrange(10**6), frame=random.randrange(20))
    with model.hooks(fwd_hooks=lab.ablation_hooks(model, prompts.tokens, silent)):
        direct = lab.direct_logit_attribution(model, prompts.tokens, prompts.receiver, prompts.giver).heads
        _, cache = model.run_with_cache(prompts.tokens)
    return direct, torch.stack([cache["pattern", layer] for layer in range(4)], 1), prompts


def _paid(pattern, query, key):
    """Mean attention [layer, head] from one place to another."""
    return pattern[torch.arange(len(query)), :, :, query, key].mean(0)


def mistake_one_mover__movers():
    """That is the strongest of them, and not the only one: look for every head that looks at IO and writes
    it."""
    return [(2, 0)]


def mistake_backup_among_movers__movers():
    """One of these does not look at any name in the whole model. It belongs elsewhere."""
    return [(2, 0), (2, 3), (2, 7), (3, 4)]


def mistake_counted_from_one__movers():
    """Layers and heads are counted from 0: the third layer is 2, and its first head 2.0."""
    return [(3, 1), (3, 4), (3, 7)]


def mistake_one_inhibitor__inhibition():
    """Silence that one alone: the name movers hardly notice, because another head tells them the same."""
    return [(1, 2)]


def mistake_movers_as_inhibitors__inhibition():
    """These look at IO. S-inhibition heads look at S2, and come a layer earlier."""
    return [(2, 0), (2, 3)]


def mistake_inhibitors_as_duplicates__duplicate():
    """These look from END to S2. The head that notices the repetition stands at S2 itself and looks back to
    S1."""
    return [(1, 2), (1, 6)]


def mistake_everybody_late__backup():
    """Not every head of the last layer takes over. Measure all contributions again, without the name
    movers."""
    return [(3, head) for head in range(8)]


def mistake_mover_as_backup__backup():
    """That one writes the name in the whole model already. A backup starts when others have stopped."""
    return [(2, 3)]


def mistake_cancels__why_missed():
    """Open its pattern in the whole model: there is nothing to cancel, because it looks at BOS and not at
    names."""
    return "It looks at the name, but its words cancel out"


def mistake_hard_sentences__why_missed():
    """It takes over in the very same sentences, as soon as the name movers are silenced."""
    return "It speaks only in sentences the name movers cannot handle"
