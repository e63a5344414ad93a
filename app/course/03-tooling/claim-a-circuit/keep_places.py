"""Leave the circuit alone, and nothing else

A claim about a circuit is a list of heads and of positions at which they matter. To try it, the model runs
once more, and at every place that the claim does *not* name, a head's output is replaced by its mean over
other prompts: there it says what it always says, and nothing about this one.

Write the replacement for one layer. `kept` is true where the claim names the head at that position."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "It is a choice between two tensors, place by place. PyTorch has a function for that.",
    "`kept` has one truth value for each head at each position; `z` has d_head numbers there. One of them "
    "needs a further axis at the end. And `mean` has no batch axis: broadcasting supplies it.",
    "`torch.where(kept[..., None], z, mean)`",
]
MINUTES = 8
CONCEPTS = ["claimed-a-circuit"]
DETERMINISTIC = True
PURPOSE = """This one line is the whole machinery behind “these heads are enough”. What stands in the other
branch (zeros, a mean, another prompt) decides what the sentence means."""
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["kept: batch pos head 1", "mean: 1 pos head d_head"]
WHY = """`torch.where` neither multiplies nor adds, so nothing of what is thrown away can leak through, not
even as 0 · inf. And it returns a new tensor: a hook that writes into `z` itself would change what the cache
holds, too."""


def keep_places(
    z: Float[Tensor, "batch pos head d_head"],
    mean: Float[Tensor, "pos head d_head"],
    kept: Bool[Tensor, "batch pos head"],
) -> Float[Tensor, "batch pos head d_head"]:
    """`z` where it is kept, and the mean of its position and head everywhere else.

    >>> z, mean = torch.ones(1, 2, 1, 1), torch.zeros(2, 1, 1)
    >>> keep_places(z, mean, torch.tensor([[[True], [False]]])).flatten()
    tensor([1., 0.])
    """
    return torch.where(kept[..., None], z, mean)


def check_random(answer):
    """Random places of any size."""
    for batch, pos, head, d_head in ((2, 5, 3, 4), (3, 2, 4, 1), (1, 6, 2, 5)):
        z, mean = torch.randn(batch, pos, head, d_head), torch.randn(pos, head, d_head)
        kept = torch.rand(batch, pos, head) < 0.4
        lab.same(answer.keep_places(z, mean, kept), keep_places(z, mean, kept), name="the layer's output")


def check_everything_and_nothing(answer):
    """A claim that names everything changes nothing, and one that names nothing leaves only means."""
    z, mean = torch.randn(2, 4, 3, 5), torch.randn(4, 3, 5)
    everywhere = torch.ones(2, 4, 3, dtype=torch.bool)
    lab.same(answer.keep_places(z, mean, everywhere), z, name="the output with everything kept")
    lab.same(
        answer.keep_places(z, mean, ~everywhere),
        mean.expand(2, 4, 3, 5),
        name="the output with nothing kept",
    )


def check_as_a_hook(answer):
    """In the model: the second layer of the shipped one, some heads kept at some positions."""
    model = lab.load("attn-only-2l")
    tokens = torch.cat([torch.zeros(3, 1, dtype=torch.long), torch.randint(1, 1024, (3, 9))], dim=1)
    kept = torch.rand(3, 10, 8) < 0.5
    mean = torch.randn(10, 8, 16)
    hook = ("blocks.1.attn.hook_z", lambda z, hook: keep_places(z, mean, kept))
    want = model.run_with_hooks(tokens, fwd_hooks=[hook])
    lab.same(answer.probe_hooked(model, tokens, mean, kept), want, tol=1e-3, name="the logits")


def probe_hooked(
    model,
    tokens: Int[Tensor, "batch pos"],
    mean: Float[Tensor, "pos head d_head"],
    kept: Bool[Tensor, "batch pos head"],
) -> Float[Tensor, "batch pos d_vocab"]:
    hook = ("blocks.1.attn.hook_z", lambda z, hook: keep_places(z, mean, kept))
    return model.run_with_hooks(tokens, fwd_hooks=[hook])


def mistake_the_other_way_round__keep_places(z, mean, kept):
    """It is the other way round: what the claim names is left as it is, the rest is replaced."""
    return torch.where(kept[..., None], mean, z)


def mistake_zeros__keep_places(z, mean, kept):
    """You put zeros where the mean belongs. A head that says nothing at all is something the model has never
    met; a head that says what it always says is not."""
    return torch.where(kept[..., None], z, torch.zeros_like(z))


def mistake_own_mean__keep_places(z, mean, kept):
    """You take the mean over these prompts. `mean` was taken over *other* prompts, so that it tells nothing
    of these."""
    return torch.where(kept[..., None], z, z.mean(0, keepdim=True))


def mistake_whole_heads__keep_places(z, mean, kept):
    """You keep a head at every position as soon as it is kept at one. The claim says *where* it matters."""
    return torch.where(kept.any(1, keepdim=True)[..., None], z, mean)


def mistake_whole_positions__keep_places(z, mean, kept):
    """You keep all heads at a position as soon as one of them is kept there."""
    return torch.where(kept.any(2, keepdim=True)[..., None], z, mean)


def mistake_first_prompt__keep_places(z, mean, kept):
    """You use the first prompt's places for all prompts. Positions may differ: `kept` has a batch axis."""
    return torch.where(kept[:1, ..., None], z, mean)


def mistake_added__keep_places(z, mean, kept):
    """You add the mean to what is kept. It only stands in for what is not."""
    return z * kept[..., None] + mean


def also_right_blend__keep_places(z, mean, kept):
    weight = kept.unsqueeze(-1).float()
    return weight * z + (1 - weight) * mean


def also_right_clone__keep_places(z, mean, kept):
    z = z.clone()
    z[~kept] = mean.expand_as(z)[~kept]
    return z


def also_right_loop__keep_places(z, mean, kept):
    rows = []
    for one, here in zip(z, kept, strict=True):
        rows.append(mean.clone().masked_scatter(here[..., None].expand_as(one), one[here]))
    return torch.stack(rows)
