"""Write the knock-out yourself

To *ablate* a head is to take its voice away and see what the model can no longer do. The simplest way is
zero-ablation: let the head do its work, then replace what it says by zeros, before it reaches the residual
stream. What a head says is called `z` (`hook_z`, batch × position × head × d_head).

This time the hook must change something. It may change the tensor in place or return a new one.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "To see a head light up is a correlation. Taking it away and watching what breaks is the experiment, "
    "and every causal claim in this field is a variation of it."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["z: batch pos head d_head", "losses: batch pos-1"]
HINTS = [
    "Hook every `hook_z`. Inside, go through `heads` and zero those whose layer is `hook.layer()`.",
    "The axes of z are batch, position, head, d_head: `z[:, :, head] = 0` silences one head at all "
    "positions. And return z, so that it is clear you changed it.",
    'Run it with `model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=[(lambda '
    'name: name.endswith("hook_z"), silence)])`; those hooks are gone after the run.',
]
MINUTES = 12
CONCEPTS = ["ablated-a-head"]
WHY = """
`hook_z` is what a head says before `W_O` mixes the heads, so here one head is one slice. Zeroing its pattern
has the same effect, as nothing is read any more, but a row of attention that sums to zero is no pattern. And
zeros are the crudest substitute: a head's mean, or what it says on another text, is more like what the layers
above are used to.
"""


def loss_without(
    model, tokens: Int[Tensor, "batch pos"], heads: list[tuple[int, int]]
) -> Float[Tensor, "batch pos-1"]:
    """The model's loss at each token while some heads are silenced: their outputs are zero at every position.

    heads: (layer, head) pairs, e.g. [(0, 3), (1, 5)]; an empty list silences nobody.
    The model must be as it was afterwards.

    >>> model = lab.load("attn-only-2l")
    >>> tokens = torch.tensor([[0, 7, 8, 9, 7, 8]])
    >>> loss_without(model, tokens, [(1, 5)]).shape
    torch.Size([1, 5])
    >>> untouched = model(tokens, return_type="loss", loss_per_token=True)
    >>> torch.allclose(loss_without(model, tokens, []), untouched)
    True
    """

    def silence(z: Float[Tensor, "batch pos head d_head"], hook) -> Float[Tensor, "batch pos head d_head"]:
        for layer, head in heads:
            if layer == hook.layer():
                z[:, :, head] = 0
        return z

    every_z = [(lambda name: name.endswith("hook_z"), silence)]
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=every_z)


def check_model_unharmed(answer):
    """After a knock-out the model is whole again."""
    tokens, model = _said_twice(), lab.load("attn-only-2l")
    want = model(tokens, return_type="loss", loss_per_token=True)
    after = answer.probe_loss_after(model, tokens, [(0, head) for head in range(8)])
    assert torch.allclose(after, want, atol=1e-3), (
        "After your knock-out the model is no longer what it was: a hook is still on it. `run_with_hooks` "
        "takes its hooks off again; `add_hook` leaves them until `model.reset_hooks()`."
    )


def check_nobody(answer):
    """Silencing nobody changes nothing."""
    tokens = _said_twice()
    model = lab.load("attn-only-2l")
    want = model(tokens, return_type="loss", loss_per_token=True)
    lab.same(answer.loss_without(model, tokens, []), want, tol=1e-3, name="`loss_without(model, tokens, [])`")


def check_one_head(answer):
    """Any single head, in either layer."""
    for layer in (0, 1):
        _compare(answer, [(layer, random.randrange(8))])


def check_several_heads(answer):
    """Several heads at once, in both layers."""
    _compare(answer, [(0, random.randrange(8)), *((1, head) for head in random.sample(range(8), 3))])


def _compare(answer, heads):
    """The answer's losses without these heads against ours."""
    tokens = _said_twice()
    model = lab.load("attn-only-2l")
    got, want = answer.loss_without(model, tokens, heads), loss_without(model, tokens, heads)
    lab.same(got, want, tol=2e-3, name=f"`loss_without(model, tokens, {heads})`")


def _said_twice() -> Int[Tensor, "batch pos"]:
    once = torch.stack([1 + torch.randperm(1023)[:20] for _ in range(3)])
    return torch.cat([torch.zeros(3, 1, dtype=torch.long), once, once], dim=1)


def probe_loss_after(model, tokens, heads) -> Float[Tensor, "batch pos-1"]:
    loss_without(model, tokens, heads)
    after = model(tokens, return_type="loss", loss_per_token=True)
    model.reset_hooks()
    return after


def mistake_positions__loss_without(model, tokens, heads):
    """`z[:, head]` is the second axis, and that is the position: you silence all heads at one token instead
    of one head at all tokens. Write `z[:, :, head]`."""

    def silence(z, hook):
        for layer, head in heads:
            if layer == hook.layer():
                z[:, head] = 0
        return z

    every_z = [(lambda name: name.endswith("hook_z"), silence)]
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=every_z)


def mistake_every_layer__loss_without(model, tokens, heads):
    """You silence the head of that number in *every* layer. Compare the layer with `hook.layer()` first."""

    def silence(z, hook):
        z[:, :, [head for _, head in heads]] = 0
        return z

    every_z = [(lambda name: name.endswith("hook_z"), silence)]
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=every_z)


def mistake_only_the_first__loss_without(model, tokens, heads):
    """Only the first head of the list is silenced. Does a `return` inside your loop end it too early?"""
    return loss_without(model, tokens, heads[:1])


def mistake_copy_thrown_away__loss_without(model, tokens, heads):
    """Nothing changes: your hook silences a copy and throws it away. Return the changed tensor, or change `z`
    in place."""
    return model(tokens, return_type="loss", loss_per_token=True)


def mistake_all_but__loss_without(model, tokens, heads):
    """It is the other way round: you silence everybody except the heads in the list."""
    everyone = [(layer, head) for layer in range(model.cfg.n_layers) for head in range(model.cfg.n_heads)]
    return loss_without(model, tokens, [pair for pair in everyone if pair not in heads])


def mistake_left_behind__loss_without(model, tokens, heads):
    """Your hooks stay on the model after the run, so whoever uses it next has a damaged one. Use
    `run_with_hooks`, or `model.reset_hooks()` at the end."""

    def silence(z, hook):
        for layer, head in heads:
            if layer == hook.layer():
                z[:, :, head] = 0
        return z

    for layer in range(model.cfg.n_layers):
        model.add_hook(f"blocks.{layer}.attn.hook_z", silence)
    return model(tokens, return_type="loss", loss_per_token=True)


def also_right_pattern__loss_without(model, tokens, heads):
    def look_nowhere(pattern, hook):
        silent = torch.tensor([(hook.layer(), head) in heads for head in range(pattern.shape[1])])
        return pattern * ~silent[None, :, None, None]

    every_pattern = [(lambda name: name.endswith("hook_pattern"), look_nowhere)]
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=every_pattern)


def also_right_mask__loss_without(model, tokens, heads):
    keep = torch.ones(model.cfg.n_layers, model.cfg.n_heads)
    for layer, head in heads:
        keep[layer, head] = 0
    hooks = [
        (f"blocks.{layer}.attn.hook_z", lambda z, hook: torch.einsum("bphd,h->bphd", z, keep[hook.layer()]))
        for layer in range(model.cfg.n_layers)
    ]
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks)
