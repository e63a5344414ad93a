"""Measure again without them

Your list of contributions says who wrote the name in a run in which everybody speaks. Silence some heads, and
measure everybody else's contribution *anew*, in the damaged run. What the silenced ones leave undone,
somebody may pick up.

This time return the mean over prompts."""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "A backup head looks idle in every list made from whole runs. The only way to see it is to break what "
    "it stands by for, and to measure again: the experiment behind the backup name movers of GPT-2."
)
DIFFICULTY = 4
IMPORTANCE = 5
USES = ["direct_by_head"]
MINUTES = 18
CONCEPTS = ["backup-head", "logit-attribution"]
DETERMINISTIC = True
SHAPES = ["z: prompt layer head d_head", "written: prompt layer head d_model", "mean: layer head"]
HINTS = [
    "It is `direct_by_head` on a damaged model. What has to be measured in the damaged run: the `z` of "
    "the heads, and what else?",
    "The scale of the final norm as well. Your passed `direct_by_head` stands above: all that is needed "
    "is a model on which the silencing hooks are in force while it runs.",
    "`with model.hooks(fwd_hooks=lab.ablation_hooks(model, tokens, silent)): return "
    "direct_by_head(…).mean(0)`, or a hook of your own that zeroes `z[:, :, head]`.",
]
WHY = """
`model.hooks(…)` puts hooks on for the length of a `with` block, so that any function written for the whole
model measures the damaged one. Two things change together in it: what the other heads write, and the scale by
which the final norm divides everybody. When the largest writers fall silent the stream gets shorter, so every
contribution grows somewhat, whether or not its head has done anything different. Look at the attention as
well before you call a head a backup.
"""


def direct_without(
    model,
    tokens: Int[Tensor, "prompt pos"],
    end: Int[Tensor, "prompt"],
    receiver: Int[Tensor, "prompt"],
    giver: Int[Tensor, "prompt"],
    silent: list[tuple[int, int]],
) -> Float[Tensor, "layer head"]:
    """Every head's direct contribution to the logit difference at `end`, the mean over prompts, measured
    while the heads `silent`, as (layer, head), write zeros.

    >>> model, prompts = lab.load("indirect-objects"), lab.indirect_objects(3)
    >>> arguments = (prompts.tokens, prompts.END, prompts.receiver, prompts.giver)
    >>> direct_without(model, *arguments, [(2, 3)])[2, 3].abs().item()
    0.0
    """
    silencing = [(f"blocks.{layer}.attn.hook_z", _zero(head)) for layer, head in silent]
    with model.hooks(fwd_hooks=silencing):
        return direct_by_head(model, tokens, end, receiver, giver).mean(0)


def check_nobody(answer):
    """With nobody silenced: the contributions in the whole model."""
    _compare(answer, "indirect-objects", [])
    _compare(answer, "attn-only-2l", [])


def check_one_head(answer):
    """One head silenced, in any layer but the last."""
    for layer in range(3):
        _compare(answer, "indirect-objects", [(layer, random.randrange(8))])


def check_several_heads(answer):
    """Several heads at once, the name movers among them."""
    _compare(answer, "indirect-objects", [(2, 0), (2, 3), (2, 7)])
    _compare(answer, "indirect-objects", [(1, random.randrange(8)), (2, 3), (3, random.randrange(8))])


def check_model_unharmed(answer):
    """Afterwards the model is whole again."""
    model, arguments = lab.load("indirect-objects"), _arguments()
    want = model(arguments[0])
    after = answer.probe_logits_after(model, *arguments, [(0, head) for head in range(8)])
    assert torch.allclose(after, want, atol=1e-3), (
        "After your run the model is no longer what it was: a hook is still on it. `with model.hooks(…)` and "
        "`run_with_hooks` take theirs off again; `add_hook` does not."
    )


def probe_logits_after(model, tokens, end, receiver, giver, silent) -> Float[Tensor, "prompt pos d_vocab"]:
    direct_without(model, tokens, end, receiver, giver, silent)
    after = model(tokens)
    model.reset_hooks()
    return after


def _arguments() -> tuple[Tensor, ...]:
    prompts = lab.indirect_objects(random.randint(9, 20), random.randrange(10**6), frame=None)
    return prompts.tokens, prompts.END, prompts.receiver, prompts.giver


def _compare(answer, name: str, silent: list[tuple[int, int]]) -> None:
    model, arguments = lab.load(name), _arguments()
    got, want = answer.direct_without(model, *arguments, silent), direct_without(model, *arguments, silent)
    lab.same(got, want, tol=5e-3, name=f"the contributions in {name} without {silent}")


def _zero(head: int):
    def silence(z, hook):
        z = z.clone()
        z[:, :, head] = 0
        return z

    return silence


def mistake_struck_from_the_list__direct_without(model, tokens, end, receiver, giver, silent):
    """You measured the whole model and struck the silenced heads from the list. The others do not stay as
    they were: run the model again without those heads, and measure in *that* run."""
    direct = direct_by_head(model, tokens, end, receiver, giver).mean(0)
    for layer, head in silent:
        direct[layer, head] = 0
    return direct


def mistake_the_whole_model__direct_without(model, tokens, end, receiver, giver, silent):
    """Silencing has no effect on your numbers: the hooks are not in force while you measure, or they throw
    their change away. (If they compare `hook.name`: inside of a hook that is `blocks.0.attn.o.hook_in`,
    whatever name you hooked. Compare `hook.layer()`.)"""
    return direct_by_head(model, tokens, end, receiver, giver).mean(0)


def mistake_old_scale__direct_without(model, tokens, end, receiver, giver, silent):
    """You divide by the final norm's scale of the *whole* run. In the damaged run the stream is shorter, and
    the contributions add up only with its own scale."""
    row = torch.arange(len(tokens))
    silencing = [(f"blocks.{layer}.attn.hook_z", _zero(head)) for layer, head in silent]
    _, whole = model.run_with_cache(tokens)
    with model.hooks(fwd_hooks=silencing):
        direct = direct_by_head(model, tokens, end, receiver, giver)
        _, damaged = model.run_with_cache(tokens)
    ratio = damaged["ln_final.hook_scale"][row, end] / whole["ln_final.hook_scale"][row, end]
    return (direct * ratio[:, None]).mean(0)


def mistake_every_layer__direct_without(model, tokens, end, receiver, giver, silent):
    """You silence the heads of those numbers in every layer. Compare the layer with `hook.layer()` first, or
    hook that layer alone."""
    every = [(layer, head) for layer in range(model.cfg.n_layers) for _, head in silent]
    return direct_without(model, tokens, end, receiver, giver, every)


def mistake_difference__direct_without(model, tokens, end, receiver, giver, silent):
    """These are changes against the whole model. Asked for are the contributions themselves."""
    whole = direct_by_head(model, tokens, end, receiver, giver).mean(0)
    return direct_without(model, tokens, end, receiver, giver, silent) - whole


def mistake_only_the_last__direct_without(model, tokens, end, receiver, giver, silent):
    """Only one head of the list is silenced."""
    return direct_without(model, tokens, end, receiver, giver, silent[-1:])


def also_right_ablation_hooks__direct_without(model, tokens, end, receiver, giver, silent):
    with model.hooks(fwd_hooks=lab.ablation_hooks(model, tokens, silent)):
        return direct_by_head(model, tokens, end, receiver, giver).mean(0)


def also_right_by_hand__direct_without(model, tokens, end, receiver, giver, silent):
    row, z, scale = torch.arange(len(tokens)), [], []

    def silence_and_keep(value, hook):
        for layer, head in silent:
            if layer == hook.layer():
                value[:, :, head] = 0
        z.append(value[row, end].clone())
        return value

    hooks = [
        (lambda name: name.endswith("attn.hook_z"), silence_and_keep),
        ("ln_final.hook_scale", lambda value, hook: scale.append(value[row, end])),
    ]
    model.run_with_hooks(tokens, fwd_hooks=hooks)
    W_U = model.W_U - model.W_U.mean(0)
    direction = (W_U[:, receiver] - W_U[:, giver]).T / scale[0]
    return torch.stack([
        torch.einsum("p h d, h d m, p m -> h", each, model.W_O[layer], direction) / len(tokens)
        for layer, each in enumerate(z)
    ])  # fmt: skip
