"""The one that holds it up

Use the cell above: change `silent` and see what each head is worth. One single head of this model cannot be
spared. Which is it? The examiner will silence it on texts of its own and measure.
"""

import random
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "Knocking out one head and seeing no change does not prove that it does nothing. Redundancy is the "
    "commonest reason why an honest ablation misleads."
)
DIFFICULTY = 2
IMPORTANCE = 4
HINTS = [
    "The bright heads of layer 1 stand in for each other. So look in layer 0: which head's square is bright "
    "in the picture of who looks one back?",
    "Put `silent = [(0, head)]` into the cell above, for each head from 0 to 7, and compare the losses.",
    "It is the head of layer 0 with by far the highest previous-token score; without it the second copy "
    "costs as much as the first.",
]
MINUTES = 6
CONCEPTS = ["ablated-a-head", "previous-token-head", "redundancy"]
WHY = """
Several heads of layer 1 do the same job, so each of them can be spared. What none of them can spare is the
one head of layer 0 that tells every token which one stood before it: it has no stand-in, and without it all
of them read keys that say nothing. Look for the place that everything has to pass through.
"""

heads: list[tuple[int, int]] = [(0, 0)]
"""The one head that cannot be spared (layer.head):"""

why: Literal[
    "Attention heads matter little in general",
    "Other heads do the same job, and carry on",
    "A silenced head is replaced by the layer below",
] = "Other heads do the same job, and carry on"
"""And why did silencing the brightest head cost so little?"""


def check_one_head(answer):
    """Exactly one head, and one that the model has."""
    cfg = lab.load("attn-only-2l").cfg
    assert len(answer.heads) == 1, f"Name exactly one head; you named {len(answer.heads)}."
    layer, head = answer.heads[0]
    exists = 0 <= layer < cfg.n_layers and 0 <= head < cfg.n_heads
    assert exists, f"There is no head {layer}.{head}: layers are 0 and 1, heads 0 to {cfg.n_heads - 1}."


def check_collapse(answer):
    """Without it, the second copy is as surprising as the first."""
    (layer, head), tokens = answer.heads[0], _said_twice()
    whole, damaged = _second_copy(tokens, None), _second_copy(tokens, (layer, head))
    assert damaged > 4, (
        f"Without head {layer}.{head} the second copy costs {damaged:.2f} nats instead of {whole:.2f}. "
        "That is not a collapse: the model still knows more or less what comes. Keep looking."
    )


def check_looks_one_back(answer):
    """It is a previous-token head."""
    layer, head = answer.heads[0]
    _, cache = lab.load("attn-only-2l").run_with_cache(_said_twice())
    one_back = cache["pattern", layer][:, head].diagonal(-1, dim1=-2, dim2=-1).mean().item()
    assert one_back > 0.4, (
        f"Head {layer}.{head} pays only {one_back:.0%} of its attention to the token before."
    )


def check_why(answer):
    """Why one bright head can be spared."""
    right = "Other heads do the same job, and carry on"
    assert answer.why == right, (
        "The head is found. The reason isn't: what did it take to break the model in layer 1?"
    )


def _said_twice() -> Int[Tensor, "batch pos"]:
    period = random.choice([15, 20, 25])
    once = torch.stack([1 + torch.randperm(1023)[:period] for _ in range(16)])
    return torch.cat([torch.zeros(16, 1, dtype=torch.long), once, once], dim=1)


def _second_copy(tokens: Int[Tensor, "batch pos"], silent: tuple[int, int] | None) -> float:
    """The mean loss over the second copy, its first token left out, with one head silenced."""

    def silence(z, hook):
        if silent and hook.layer() == silent[0]:
            z[:, :, silent[1]] = 0
        return z

    every_z = [(lambda name: name.endswith("hook_z"), silence)]
    model = lab.load("attn-only-2l")
    loss = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=every_z)
    return loss[:, tokens.shape[1] // 2 + 1 :].mean().item()


def mistake_brightest__heads():
    """That is one of the induction heads. It does the work everybody sees, but others do the same work beside
    it. Look for the head that all of them depend on."""
    return [(1, 3)]


def mistake_all_bright_ones__heads():
    """Those are the induction heads. Silencing all of them does break the model, but the question is about a
    single head that cannot be spared."""
    return [(1, 3), (1, 5), (1, 6)]


def mistake_counted_from_one__heads():
    """Layers and heads are counted from 0: the first head of the first layer is 0.0, not 1.1."""
    return [(1, 1)]


def mistake_heads_matter_little__why():
    """Silence all the bright heads and nearly everything is lost, so they do matter. One of them alone does
    not, because the others remain."""
    return "Attention heads matter little in general"


def mistake_layer_below__why():
    """Nothing below takes over: the first layer has done its work before. It is the neighbours in the same
    layer that carry on."""
    return "A silenced head is replaced by the layer below"
