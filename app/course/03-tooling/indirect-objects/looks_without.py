"""Where do they look now?

Knock heads out, and watch what the *others* look at. This is how to find out what a head was telling them:
the name movers find their place by a query, and somebody has written into it.

Return the attention that every head pays from one position of each prompt to another, while some heads are
silenced (their `z` is zero, everywhere)."""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "An effect on the loss says that a head matters. What it does to the attention of later heads says "
    "for what: the step from a list of parts to a circuit."
)
DIFFICULTY = 3
IMPORTANCE = 4
MINUTES = 15
CONCEPTS = ["ablated-a-head"]
DETERMINISTIC = True
SHAPES = ["pattern: prompt head query key", "paid: prompt layer head"]
HINTS = [
    "Two kinds of hooks in one run: one on every `hook_z` that silences, one on every `hook_pattern` that "
    "looks and keeps what it needs.",
    "In the second hook, `pattern[row, :, query, key]` with `row = torch.arange(len(tokens))` is prompt × "
    "head. Put it into a list; layers come in order.",
    "`model.run_with_hooks(tokens, fwd_hooks=[(is_z, silence), (is_pattern, look)])`, then "
    "`torch.stack(paid, 1)`. `with model.hooks(fwd_hooks=…): _, cache = model.run_with_cache(tokens)` "
    "works as well.",
]
WHY = """
The silenced run and the observed run have to be the *same* run: a pattern from the cache of the whole model
knows nothing of what you broke. And note the direction of time. Heads before the silenced one, and beside it
in its own layer, cannot change; if they do, something is wrong with the experiment.
"""


def looks_without(
    model,
    tokens: Int[Tensor, "prompt pos"],
    query: Int[Tensor, "prompt"],
    key: Int[Tensor, "prompt"],
    silent: list[tuple[int, int]],
) -> Float[Tensor, "prompt layer head"]:
    """What each head pays, in each prompt, from position `query` to position `key`, without the heads
    `silent`.

    silent: (layer, head) pairs; an empty list silences nobody. The model must be as it was afterwards.

    >>> model, prompts = lab.load("indirect-objects"), lab.indirect_objects(3)
    >>> looks_without(model, prompts.tokens, prompts.END, prompts.IO, [(1, 2)]).shape
    torch.Size([3, 4, 8])
    """
    row, paid = torch.arange(len(tokens)), []

    def silence(z, hook):
        for layer, head in silent:
            if layer == hook.layer():
                z[:, :, head] = 0
        return z

    def look(pattern, hook):
        paid.append(pattern[row, :, query, key])

    hooks = [
        (lambda name: name.endswith("hook_z"), silence),
        (lambda name: name.endswith("hook_pattern"), look),
    ]
    model.run_with_hooks(tokens, fwd_hooks=hooks)
    return torch.stack(paid, 1)


def check_nobody(answer):
    """With nobody silenced: the attention of the whole model."""
    for name in ("indirect-objects", "attn-only-2l"):
        _compare(answer, name, [])


def check_one_head(answer):
    """One head of an early layer silenced."""
    _compare(answer, "indirect-objects", [(0, random.randrange(8))])
    _compare(answer, "indirect-objects", [(1, random.choice([2, 6]))])


def check_several_heads(answer):
    """Several heads, of several layers."""
    silent = [(0, random.randrange(8)), *((1, head) for head in random.sample(range(8), 3)), (2, 3)]
    _compare(answer, "indirect-objects", silent)


def check_model_unharmed(answer):
    """After a run with silenced heads the model is whole again."""
    model, prompts = lab.load("indirect-objects"), _prompts()
    want = model(prompts.tokens)
    silent = [(0, head) for head in range(8)]
    after = answer.probe_logits_after(model, prompts.tokens, prompts.END, prompts.IO, silent)
    assert torch.allclose(after, want, atol=1e-3), (
        "After your run the model is no longer what it was: a hook is still on it. `run_with_hooks` takes "
        "its hooks off again; `add_hook` leaves them until `model.reset_hooks()`."
    )


def probe_logits_after(model, tokens, query, key, silent) -> Float[Tensor, "prompt pos d_vocab"]:
    looks_without(model, tokens, query, key, silent)
    after = model(tokens)
    model.reset_hooks()
    return after


def _prompts():
    return lab.indirect_objects(random.randint(9, 20), random.randrange(10**6), frame=None)


def _compare(answer, name: str, silent: list[tuple[int, int]]) -> None:
    model, prompts = lab.load(name), _prompts()
    for query, key in ((prompts.END, prompts.IO), (prompts.END, prompts.S2), (prompts.S2, prompts.S1)):
        got = answer.looks_without(model, prompts.tokens, query, key, silent)
        want = looks_without(model, prompts.tokens, query, key, silent)
        lab.same(got, want, tol=1e-3, name=f"the attention in {name} without {silent}")


def mistake_the_whole_model__looks_without(model, tokens, query, key, silent):
    """Silencing changes nothing in your numbers: you read patterns of a run in which everybody speaks. (If
    your hook compares `hook.name`: inside of a hook that is `blocks.0.attn.o.hook_in`, whatever name you
    hooked. Compare `hook.layer()`.)"""
    return looks_without(model, tokens, query, key, [])


def mistake_turned__looks_without(model, tokens, query, key, silent):
    """Query and key are exchanged. A pattern's last two axes are query, then key: who looks, then at whom."""
    return looks_without(model, tokens, key, query, silent)


def mistake_every_layer__looks_without(model, tokens, query, key, silent):
    """You silence the heads of those numbers in *every* layer. Compare the layer with `hook.layer()`
    first."""
    every = [(layer, head) for layer in range(model.cfg.n_layers) for _, head in silent]
    return looks_without(model, tokens, query, key, every)


def mistake_only_the_first__looks_without(model, tokens, query, key, silent):
    """Only the first head of the list is silenced. Does a `return` inside your loop end it too early?"""
    return looks_without(model, tokens, query, key, silent[:1])


def mistake_blinded__looks_without(model, tokens, query, key, silent):
    """You set the *pattern* of the silenced heads to zero in what you report. Their words are taken away, not
    their eyes: what they look at stays to be seen."""
    paid = looks_without(model, tokens, query, key, silent).clone()
    for layer, head in silent:
        paid[:, layer, head] = 0
    return paid


def mistake_positions__looks_without(model, tokens, query, key, silent):
    """`z[:, head]` is the second axis, and that is the position. Write `z[:, :, head] = 0`."""
    row, paid = torch.arange(len(tokens)), []

    def silence(z, hook):
        for layer, head in silent:
            if layer == hook.layer():
                z[:, head] = 0
        return z

    hooks = [
        (lambda name: name.endswith("hook_z"), silence),
        (lambda name: name.endswith("hook_pattern"), lambda p, hook: paid.append(p[row, :, query, key])),
    ]
    model.run_with_hooks(tokens, fwd_hooks=hooks)
    return torch.stack(paid, 1)


def also_right_cache__looks_without(model, tokens, query, key, silent):
    def silence(head):
        def hook(z, hook):
            z = z.clone()
            z[:, :, head] = 0.0
            return z

        return hook

    hooks = [(f"blocks.{layer}.attn.hook_z", silence(head)) for layer, head in silent]
    with model.hooks(fwd_hooks=hooks):
        _, cache = model.run_with_cache(tokens)
    layers = [cache["pattern", layer] for layer in range(model.cfg.n_layers)]
    return torch.stack([
        torch.stack([p[i, :, query[i], key[i]] for i in range(len(tokens))]) for p in layers
    ], 1)  # fmt: skip


def also_right_ablation_hooks__looks_without(model, tokens, query, key, silent):
    seen = {}

    def look(pattern, hook):
        seen[hook.layer()] = pattern

    hooks = [*lab.ablation_hooks(model, tokens, silent), (lambda name: name.endswith("hook_pattern"), look)]
    model.run_with_hooks(tokens, fwd_hooks=hooks)
    stacked = torch.stack([seen[layer] for layer in sorted(seen)], 1)
    return stacked[torch.arange(len(tokens)), :, :, query, key]
