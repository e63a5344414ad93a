"""Why do they disagree?

The two cells above have measured every head in three ways, on tales and on random tokens said twice. Where
all three say the same, choose any. Where they do not, each disagreement says something about the head. Read
the tables, change the cells where a question asks for more, and answer. The examiner measures again, on texts
of its own.
"""

import random
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "An ablation is an answer to a question about a substitute. Whoever cannot say why two substitutes "
    "disagree has not yet understood either number."
)
DIFFICULTY = 4
IMPORTANCE = 5
HINTS = [
    "Take the differences of the tables: `costs['zero'] - costs['mean']` on tales, `costs['resample'] - "
    "costs['zero']` on random tokens. Which heads stand out?",
    "What is left of a head that says nearly the same in every tale, once its mean stands in for it? And "
    "what does an induction head say that listens to another text?",
    "Head 0.1 stands out on tales; 1.3, 1.5 and 1.6 on random tokens. For the last question, put the means "
    "of *other* texts into the cell (such in which nothing repeats), and see when the kindness ends.",
]
MINUTES = 15
CONCEPTS = ["mean-and-resample-ablation"]
WHY = """
Zero took something away that head 0.1 says in every text: a constant, on which everything above was built.
The hole hurts, and it says little about what the head *knows*. Resampling put a false witness in the place of
a silent one. And a mean is only as innocent as its data set: if all its texts have the same structure at the
same place, the mean knows that structure. None of the three is the true one. Say which you used, and why.
"""

constant: list[tuple[int, int]] = [(0, 1)]
"""On tales: silencing this head by zeros costs more than half a nat, by its mean less than 0.1, by resampling
less than 0.15."""

why_zero: Literal[
    "It says nearly the same in every tale, and the layers above count on that",
    "It knows which token comes next, and nobody else does",
    "Zeros are larger than its mean, so more is taken away",
] = "It says nearly the same in every tale, and the layers above count on that"
"""Why does that head's zero cost so much more than its mean?"""

misled: list[tuple[int, int]] = [(1, 3), (1, 5), (1, 6)]
"""On random tokens said twice: which heads of layer 1 cost at least 0.4 nats more resampled than zeroed?"""

why_resample: Literal[
    "They now name the tokens of another text, and that is worse than to say nothing",
    "Resampling also silences the heads that read from them",
    "What they say on another text is larger, so the stream overflows",
] = "They now name the tokens of another text, and that is worse than to say nothing"
"""And why is another text's voice worse for those than none?"""

why_kind: Literal[
    "All second copies here begin at the same place, so the mean of each place knows which copy it is in",
    "A mean over fewer numbers is always closer to zero",
    "Averaging over the positions mixes this head with other heads",
] = "All second copies here begin at the same place, so the mean of each place knows which copy it is in"
"""Head 1.5, on random tokens: its mean at each position costs 0.2 nats, one mean over all positions more than
a nat. Why is the mean at each position so much kinder?"""

TALES, COPIES = "tales", "random tokens said twice"


def check_constant(answer):
    """The head whose zero costs much and whose mean costs little, measured on new tales."""
    _real(answer.constant)
    assert len(answer.constant) == 1, "On tales exactly one head is meant. Which is it?"
    zero, mean, resample = _costs(answer.constant[0], TALES)
    layer, head = answer.constant[0]
    stands_out = zero > 0.4 and mean < 0.15 and resample < 0.25
    assert stands_out, (
        f"On new tales, head {layer}.{head} costs {zero:.2f} nats by zeros, {mean:.2f} by its mean, "
        f"{resample:.2f} by resampling. Look for one that is expensive in the first and cheap in the others."
    )


def check_why_zero(answer):
    """Why that zero is expensive."""
    assert answer.why_zero.startswith("It says nearly the same"), (
        "The head is right. What is the difference between the two experiments? Exactly the mean: the one "
        "leaves it, the other takes it away."
    )


def check_misled(answer):
    """The heads that are worse than silent on another text, measured on new random tokens."""
    _real(answer.misled)
    assert all(layer == 1 for layer, _ in answer.misled), "Only heads of layer 1 are asked for."
    for pair in sorted(set(answer.misled)):
        zero, _, resample = _costs(pair, COPIES)
        assert resample - zero > 0.25, (
            f"Head {pair[0]}.{pair[1]} costs {zero:.2f} nats by zeros and {resample:.2f} by resampling: that "
            "is hardly a difference."
        )
    assert len(set(answer.misled)) == 3, (
        f"You named {len(set(answer.misled))} of them; there are more in layer 1. Compare the two rows of "
        "every head."
    )


def check_why_resample(answer):
    """Why another text is worse than silence."""
    assert answer.why_resample.startswith("They now name"), (
        "The heads are right. What do induction heads do, and what do they do it with when they hear another "
        "text?"
    )


def check_why_kind(answer):
    """What a mean can know."""
    assert answer.why_kind.startswith("All second copies"), (
        "Try it: take the mean at each position from texts in which nothing repeats, or in which the second "
        "copy begins elsewhere. Does the kindness stay?"
    )


def _real(heads: list[tuple[int, int]]) -> None:
    cfg = lab.load("attn-only-2l").cfg
    for layer, head in heads:
        exists = 0 <= layer < cfg.n_layers and 0 <= head < cfg.n_heads
        assert exists, f"There is no head {layer}.{head}: layers are 0 and 1, heads 0 to {cfg.n_heads - 1}."


def _costs(pair: tuple[int, int], kind_of_text: str) -> tuple[float, ...]:
    """What this head's silence costs by zeros, by the mean and by resampling."""
    model = lab.load("attn-only-2l")
    tokens, other = _tales() if kind_of_text == TALES else (_said_twice(), _said_twice())
    first = 0 if kind_of_text == TALES else 21
    head, name = pair[1], f"blocks.{pair[0]}.attn.hook_z"
    heard = model.run_with_cache(other)[1][name][:, :, head]

    def loss(hooks):
        each = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks)
        return each[:, first:].mean().item()

    def put(instead):
        def replace(z, hook):
            z[:, :, head] = instead
            return z

        return [(name, replace)]

    whole = loss([])
    return tuple(loss(put(instead)) - whole for instead in (0, heard.mean(0), heard))


def _tales() -> tuple[Int[Tensor, "text pos"], Int[Tensor, "text pos"]]:
    """Two batches of tales, cut into pieces of 63 tokens after a start token."""
    text = lab.load("attn-only-2l").to_tokens(" ".join(lab.tales(400)), prepend_bos=False, truncate=False)[0]
    pieces = text[: len(text) // 63 * 63].view(-1, 63)
    chosen = pieces[torch.tensor(random.sample(range(len(pieces)), 160))]
    return tuple(torch.cat([torch.zeros(len(chosen), 1, dtype=torch.long), chosen], dim=1).chunk(2))


def _said_twice() -> Int[Tensor, "batch pos"]:
    once = torch.stack([1 + torch.randperm(1023)[:20] for _ in range(32)])
    return torch.cat([torch.zeros(32, 1, dtype=torch.long), once, once], dim=1)


def mistake_the_pillar__constant():
    """0.0 is expensive by zeros, but its mean costs a good deal, too, and resampling a whole nat: on tales it
    does say something that depends on the text. Look for a head whose mean costs next to nothing."""
    return [(0, 0)]


def mistake_a_resting_head__constant():
    """1.7 is cheap in all three ways. The head that is meant is expensive by zeros."""
    return [(1, 7)]


def mistake_knows_more__why_zero():
    """If it knew something about the text, then its mean, which knows nothing of any single text, would cost
    as much as zeros."""
    return "It knows which token comes next, and nobody else does"


def mistake_larger_zeros__why_zero():
    """Zeros are the smallest thing a head can say. The difference between the two experiments is exactly the
    mean: one leaves it in, the other takes it out."""
    return "Zeros are larger than its mean, so more is taken away"


def mistake_one_of_three__misled():
    """That is one of them, but not the only one."""
    return [(1, 6)]


def mistake_resting_ones__misled():
    """Those heads of layer 1 rest on the start token and say little. Whatever they hear, it costs nothing
    here."""
    return [(1, 0), (1, 1), (1, 2)]


def mistake_first_layer__misled():
    """Heads of layer 0 can be misled as well, but the question is about layer 1."""
    return [(0, 4), (0, 5), (0, 7)]


def mistake_silences_readers__why_resample():
    """Nobody reads from a head of the last layer, except the unembedding."""
    return "Resampling also silences the heads that read from them"


def mistake_overflow__why_resample():
    """The other text is of the same kind, so the head's output there is just as large. It is about something
    else."""
    return "What they say on another text is larger, so the stream overflows"


def mistake_closer_to_zero__why_kind():
    """The mean over all positions runs over *more* numbers, and it is not closer to zero: zeros themselves
    cost 0.2 nats only."""
    return "A mean over fewer numbers is always closer to zero"


def mistake_mixed_heads__why_kind():
    """Both means are of this head alone. What is mixed in the second one is positions: those of the first
    copy with those of the second."""
    return "Averaging over the positions mixes this head with other heads"
