"""Steer with a direction

A probe reads. To find out whether the model reads the same direction, write there and see what it does.

Write `number_direction`, the **difference of means**: from where the activations of sentences about one lie,
on average, to where those about many lie. And `steered_logits`: while the model runs, add that direction,
times a strength, to the residual stream after one layer, at the last position only.

The examiner steers with your direction on sentences about nouns that were not used to find it.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "A mean of each set over its examples (axis 0), then the difference, many minus one. The sets may be of "
    "different sizes.",
    'The residual stream after a layer is `f"blocks.{layer}.hook_resid_post"`, batch × position × d_model. '
    "A hook there that changes `[:, -1]` and returns the tensor is all.",
    "`residual[:, -1] += strength * direction` inside the hook; then "
    '`model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_post", push)])[:, -1]`.',
]
MINUTES = 15
CONCEPTS = ["steering"]
DETERMINISTIC = True
PURPOSE = """Steering is the causal half of a claim about a direction, and a tool of its own: the same few
lines with a larger model make it talk about weddings, or refuse."""
DIFFICULTY = 2
IMPORTANCE = 5
SHAPES = ["mean: d_model", "residual: batch pos d_model", "logits: batch pos d_vocab"]
WHY = """The difference of means keeps its length on purpose: strength 1 moves the average sentence about one
to where the average sentence about many lies, so a strength is a number one can compare. A probe's direction
has no such unit, and it avoids directions that vary for other reasons, whether the model writes there or not.

Writing at one position after one layer is the smallest intervention that can answer the question. What
follows, all later layers, is left to the model. `run_with_hooks` takes its hooks off again, so nothing stays
bent when you look away."""


def number_direction(
    many: Float[Tensor, "many d_model"], one: Float[Tensor, "one d_model"]
) -> Float[Tensor, "d_model"]:
    """From the mean of `one` to the mean of `many`.

    >>> number_direction(torch.tensor([[4.0, 1.0], [6.0, 1.0]]), torch.tensor([[2.0, 1.0]]))
    tensor([3., 0.])
    """
    return many.mean(0) - one.mean(0)


def steered_logits(
    model,
    tokens: Int[Tensor, "batch pos"],
    direction: Float[Tensor, "d_model"],
    layer: int,
    strength: float,
) -> Float[Tensor, "batch d_vocab"]:
    """The logits after the last token, while `strength * direction` is added to the residual stream after
    that layer, at the last position. The model must be as it was afterwards."""

    def push(residual: Float[Tensor, "batch pos d_model"], hook) -> Float[Tensor, "batch pos d_model"]:
        residual[:, -1] += strength * direction
        return residual

    hooks = [(f"blocks.{layer}.hook_resid_post", push)]
    return model.run_with_hooks(tokens, fwd_hooks=hooks)[:, -1]


def check_direction(answer):
    """Sets of different sizes, drawn at random."""
    for many, one in ((5, 9), (12, 3)):
        clouds = torch.randn(many, 6) + 2, torch.randn(one, 6) - 1
        lab.same(answer.number_direction(*clouds), number_direction(*clouds), name="the direction")


def check_model_unharmed(answer):
    """After steering, the model is whole again."""
    model, batch = lab.load("tiny-gpt2"), lab.agreement(6, _seed())
    after = answer.probe_logits_after(model, batch.tokens, torch.randn(128), 1, 3.0)
    assert torch.allclose(after, model(batch.tokens)[:, -1], atol=1e-3), (
        "After your run the model still steers: a hook has stayed on it. `run_with_hooks` takes its hooks "
        "off again; `add_hook` leaves them until `model.reset_hooks()`."
    )


def check_any_direction(answer):
    """Random directions of any strength, after each layer."""
    model, batch = lab.load("tiny-gpt2"), lab.agreement(5, _seed())
    for layer, strength in ((0, 2.5), (1, -1.5), (2, 0.7)):
        direction = torch.randn(128)
        got = answer.steered_logits(model, batch.tokens, direction, layer, strength)
        want = steered_logits(model, batch.tokens, direction, layer, strength)
        lab.same(got, want, tol=2e-3, name=f"the logits, steered after layer {layer} by {strength}")


def check_verbs_turn(answer):
    """Your direction, used by the examiner on sentences about unseen nouns, turns the verb."""
    model, seen = lab.load("tiny-gpt2"), lab.agreement(300, _seed())
    unseen = lab.agreement(120, _seed(), held_out=True)
    _, cache = model.run_with_cache(seen.tokens, names_filter="blocks.1.hook_resid_post")
    last = cache["resid_post", 1][:, -1]
    direction = answer.number_direction(last[seen.many], last[~seen.many])
    turned = (_turned(model, unseen, direction, 1) + _turned(model, unseen, direction, -1)) / 2
    assert turned >= 0.75, (
        f"With three times your direction, after layer 1, the verb turned in {turned:.0%} of the sentences. "
        "From the mean of one to the mean of many it is three out of four, at the least."
    )


def _turned(model, batch: lab.Agreement, direction: Tensor, sign: int) -> float:
    """The share of sentences about one (sign 1) or many (−1) after which the steered model says the other."""
    chosen = batch.tokens[batch.many == (sign < 0)]
    logits = steered_logits(model, chosen, direction, 1, 3.0 * sign)
    says_many = logits[:, batch.verbs[1]] > logits[:, batch.verbs[0]]
    return (says_many == (sign > 0)).float().mean().item()


def _seed() -> int:
    return int(torch.randint(1, 10_000, ()))


def probe_logits_after(model, tokens, direction, layer, strength) -> Float[Tensor, "batch d_vocab"]:
    steered_logits(model, tokens, direction, layer, strength)
    after = model(tokens)[:, -1]
    model.reset_hooks()
    return after


def mistake_turned__number_direction(many, one):
    """Your direction points from many to one. Adding it should make a sentence *more* plural."""
    return one.mean(0) - many.mean(0)


def mistake_sums__number_direction(many, one):
    """You subtract sums. The two sets need not be of the same size: subtract their means."""
    return many.sum(0) - one.sum(0)


def mistake_unit_length__number_direction(many, one):
    """You scale the direction to length 1. Its length says how far apart the means lie: keep it, so that
    strength 1 is exactly that distance."""
    return torch.nn.functional.normalize(many.mean(0) - one.mean(0), dim=0)


def mistake_of_all__number_direction(many, one):
    """You subtract the mean of *all* examples. Only half of the way, when the sets are of one size: from the
    middle to many, not from one to many."""
    return many.mean(0) - torch.cat([many, one]).mean(0)


def mistake_everywhere__steered_logits(model, tokens, direction, layer, strength):
    """You push at every position, and the words before are changed, too. Only the last one: `[:, -1]`."""

    def push(residual, hook):
        return residual + strength * direction

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_post", push)])[:, -1]


def mistake_before_the_layer__steered_logits(model, tokens, direction, layer, strength):
    """You push *before* that layer (`hook_resid_pre`). After it is `hook_resid_post`."""

    def push(residual, hook):
        residual[:, -1] += strength * direction
        return residual

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_pre", push)])[:, -1]


def mistake_first_sentence__steered_logits(model, tokens, direction, layer, strength):
    """`residual[-1]` is the last *sentence* of the batch, at all its positions. The last position of every
    sentence is `residual[:, -1]`."""

    def push(residual, hook):
        residual[-1] += strength * direction
        return residual

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_post", push)])[:, -1]


def mistake_no_strength__steered_logits(model, tokens, direction, layer, strength):
    """The strength is not used: you always add the direction once."""
    return steered_logits(model, tokens, direction, layer, 1.0)


def mistake_thrown_away__steered_logits(model, tokens, direction, layer, strength):
    """Nothing is steered: your hook changes a copy and keeps it to itself. Return the changed tensor, or
    change `residual` in place. (If it compares `hook.name`: inside of a hook that is `blocks.0.hook_out`,
    whatever name you hooked. Compare `hook.layer()`.)"""
    return model(tokens)[:, -1]


def mistake_left_behind__steered_logits(model, tokens, direction, layer, strength):
    """Your hook stays on the model, so whoever uses it next is steered, too. Use `run_with_hooks`, or
    `model.reset_hooks()` at the end."""

    def push(residual, hook):
        residual[:, -1] += strength * direction
        return residual

    model.add_hook(f"blocks.{layer}.hook_resid_post", push)
    return model(tokens)[:, -1]


def also_right_einsum__number_direction(many, one):
    return torch.einsum("nd->d", many) / len(many) - torch.einsum("nd->d", one) / len(one)


def also_right_new_tensor__steered_logits(model, tokens, direction, layer, strength):
    here = torch.zeros(tokens.shape[1], 1)
    here[-1] = strength
    hook = (f"blocks.{layer}.hook_resid_post", lambda residual, hook: residual + here * direction)
    return model.run_with_hooks(tokens, fwd_hooks=[hook])[:, -1, :]


def also_right_added_and_reset__steered_logits(model, tokens, direction, layer, strength):
    def push(residual, hook):
        residual = residual.clone()
        residual[:, tokens.shape[1] - 1] += direction * strength
        return residual

    model.add_hook(f"blocks.{layer}.hook_resid_post", push)
    logits = model(tokens)
    model.reset_hooks()
    return logits[:, -1]
