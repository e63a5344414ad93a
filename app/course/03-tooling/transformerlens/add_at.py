"""An exact hook

Add a vector to the residual stream before one layer, at one position, and nowhere else. This is the smallest
intervention there is, and steering, patching and activation addition are all made of it.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "An experiment is only as good as what it leaves alone. Steering adds a direction, patching swaps one "
    "in, and both begin with a hook that changes exactly one place."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["resid: batch pos d_model", "logits: batch pos d_vocab"]
HINTS = [
    "What enters a layer is `blocks.N.hook_resid_pre`, [batch, pos, d_model].",
    "In the hook: `resid[:, position] += vector`. That is one position, in all texts of the batch.",
    'model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_pre", add)])',
]
MINUTES = 7
CONCEPTS = ["hooked-a-head"]
WHY = """
`run_with_hooks` takes its hooks off again, so the model is as it was. Changing `resid` in place works because
the hook is given the very tensor that the model goes on with; giving back a changed copy works as well, and
is what you need where two branches share a tensor.
"""


def add_at(
    model, tokens: Int[Tensor, "batch pos"], layer: int, position: int, vector: Float[Tensor, "d_model"]
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits while `vector` is added to what enters `layer`, at `position` of every text.

    `position` may count from the end: -1 is the last. The model must be as it was afterwards.

    >>> model = lab.load("attn-only-2l")
    >>> add_at(model, torch.tensor([[0, 7, 8]]), 1, -1, torch.zeros(128)).shape
    torch.Size([1, 3, 1024])
    """

    def add(resid: Float[Tensor, "batch pos d_model"], hook) -> Float[Tensor, "batch pos d_model"]:
        resid[:, position] += vector
        return resid

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_pre", add)])


def check_left_as_it_was(answer):
    """Afterwards the model is as it was."""
    model, tokens, vector = _drawn("attn-only-2l")
    after = answer.probe_after(model, tokens, vector)
    assert torch.allclose(after, model(tokens), atol=1e-3), (
        "After your function the model still adds something: a hook has stayed on it. `run_with_hooks` takes "
        "its hooks off; `add_hook` leaves them until `model.reset_hooks()`."
    )


def check_anywhere(answer):
    """In either model, at any layer and position."""
    for name in ("attn-only-2l", "tiny-gpt2"):
        model, tokens, vector = _drawn(name)
        layer, position = random.randrange(model.cfg.n_layers), random.randrange(tokens.shape[1])
        _compare(answer, model, tokens, layer, position, vector)


def check_from_the_end(answer):
    """Positions may count from the end."""
    model, tokens, vector = _drawn("attn-only-2l")
    _compare(answer, model, tokens, 1, -random.randint(1, 3), vector)


def check_untouched(answer):
    """Before that position nothing changes: nobody looks ahead."""
    model, tokens, vector = _drawn("tiny-gpt2")
    position = random.randint(2, tokens.shape[1] - 2)
    got = answer.add_at(model, tokens, 1, position, vector)[:, :position]
    lab.same(got, model(tokens)[:, :position], tol=2e-3, name="the logits before the position")


def _drawn(name: str):
    model = lab.load(name)
    tokens = torch.randint(1, model.cfg.d_vocab, (3, random.randint(6, 11)))
    return model, tokens, 3 * torch.randn(model.cfg.d_model)


def _compare(answer, model, tokens, layer, position, vector):
    got = answer.add_at(model, tokens, layer, position, vector)
    want = add_at(model, tokens, layer, position, vector)
    lab.same(got, want, tol=2e-3, name=f"`add_at(model, tokens, layer={layer}, position={position}, …)`")


def probe_after(model, tokens, vector) -> Float[Tensor, "batch pos d_vocab"]:
    add_at(model, tokens, 0, 1, vector)
    after = model(tokens)
    model.reset_hooks()
    return after


def mistake_everywhere__add_at(model, tokens, layer, position, vector):
    """You add the vector at every position. `resid[:, position]` is one of them."""
    hooks = [(f"blocks.{layer}.hook_resid_pre", lambda resid, hook: resid + vector)]
    return model.run_with_hooks(tokens, fwd_hooks=hooks)


def mistake_first_text__add_at(model, tokens, layer, position, vector):
    """The first axis is the batch: `resid[0, position]` changes only the first text. Write
    `resid[:, position]`."""

    def add(resid, hook):
        resid[0, position] += vector

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_pre", add)])


def mistake_after_the_layer__add_at(model, tokens, layer, position, vector):
    """That is what *leaves* the layer, `hook_resid_post`. The vector has to enter it: `hook_resid_pre`."""

    def add(resid, hook):
        resid[:, position] += vector

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_post", add)])


def mistake_replaced__add_at(model, tokens, layer, position, vector):
    """You put the vector in the place of what was there. It has to be added: `+=`."""

    def add(resid, hook):
        resid[:, position] = vector

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_pre", add)])


def mistake_never_from_the_end__add_at(model, tokens, layer, position, vector):
    """A negative position is never met when you compare it with 0, 1, 2 …: nothing is added. Index with it,
    `resid[:, position]`, or take it modulo the length."""

    def add(resid, hook):
        here = torch.arange(resid.shape[1]) == position
        return resid + here[:, None] * vector

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_pre", add)])


def mistake_thrown_away__add_at(model, tokens, layer, position, vector):
    """Nothing changes. Does your hook change a copy and keep it to itself? Return it, or change `resid` in
    place."""
    return model(tokens)


def mistake_left_behind__add_at(model, tokens, layer, position, vector):
    """Your hook stays on the model after the run. Use `run_with_hooks`, or `model.reset_hooks()` at the
    end."""

    def add(resid, hook):
        resid[:, position] += vector

    model.add_hook(f"blocks.{layer}.hook_resid_pre", add)
    return model(tokens)


def also_right_copy__add_at(model, tokens, layer, position, vector):
    def add(resid, hook):
        changed = torch.zeros_like(resid)
        changed[:, position] = vector
        return resid + changed

    with model.hooks(fwd_hooks=[(f"blocks.{layer}.hook_resid_pre", add)]):
        return model(tokens)


def also_right_canonical__add_at(model, tokens, layer, position, vector):
    def add(resid, hook):
        resid = resid.clone()
        resid[:, position, :] = resid[:, position, :] + vector[None]
        return resid

    model.add_hook(f"blocks.{layer}.hook_in", add)
    try:
        return model(tokens)
    finally:
        model.reset_hooks()
