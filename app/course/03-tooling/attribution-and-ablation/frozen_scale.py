"""What attribution promised

Attribution says what each head adds to a logit, *with the scale of the last norm held fixed*. A knock-out
does not hold it: without the head the stream is shorter, the norm divides by less, and everything that is
left grows.

Make the experiment that attribution describes. Silence heads, and keep the last norm dividing by the scale it
had when nobody was silent; or let it have its way. Both with one function."""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "When two measurements disagree, do not choose the one you like: find the experiment in which they must "
    "agree. What remains is the reason."
)
DIFFICULTY = 4
IMPORTANCE = 4
SHAPES = ["scale: batch pos 1", "z: batch pos head d_head", "logits: batch pos d_vocab"]
HINTS = [
    "Two hooks. One silences `heads`, as in the first lesson. The other stands on `ln_final.hook_scale` and "
    "gives back a scale that you have kept.",
    "Keep it first, from a run with all heads: `_, cache = model.run_with_cache(tokens)`, then "
    '`cache["ln_final.hook_scale"]`. Only where `frozen` is true, add '
    '`("ln_final.hook_scale", lambda scale, hook: kept)` to the hooks.',
    "`logits = model.run_with_hooks(tokens, fwd_hooks=hooks)`, and then the logit of what comes next: "
    "`logits[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]`.",
]
MINUTES = 15
CONCEPTS = ["logit-attribution", "redundancy"]
WHY = """
With the scale held, a head of the last layer has only one way to the logits, and that way is linear:
silencing it takes away its attribution, to the digit. So attribution is the *direct* effect with the norm
frozen, no more and no less. Let the norm go, and the rest of the stream is scaled up: part of the loss is
made good at once, by nobody in particular. In larger models this is one of several ways in which a network
repairs itself.
"""


def right_logits_without(
    model, tokens: Int[Tensor, "batch pos"], heads: list[tuple[int, int]], frozen: bool
) -> Float[Tensor, "batch pos-1"]:
    """The logit of the token that comes next, at each position but the last, while `heads`, as (layer, head),
    say zeros.

    frozen: the last norm (`ln_final`) divides by the scale it has when nobody is silent. All other norms have
    their way. The model must be as it was afterwards.

    >>> model = lab.load("attn-only-2l")
    >>> tokens = torch.tensor([[0, 7, 8, 9, 7, 8]])
    >>> untouched = model(tokens)[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    >>> torch.allclose(right_logits_without(model, tokens, [], True), untouched, atol=1e-4)
    True
    """

    def silence(z: Float[Tensor, "batch pos head d_head"], hook) -> Float[Tensor, "batch pos head d_head"]:
        for layer, head in heads:
            if layer == hook.layer():
                z[:, :, head] = 0
        return z

    _, cache = model.run_with_cache(tokens)
    hooks = [(lambda name: name.endswith("hook_z"), silence)]
    if frozen:
        hooks.append(("ln_final.hook_scale", lambda scale, hook: cache["ln_final.hook_scale"]))
    logits = model.run_with_hooks(tokens, fwd_hooks=hooks)
    return logits[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]


def check_model_unharmed(answer):
    """Afterwards the model is whole again."""
    model, tokens = lab.load("attn-only-2l"), _said_twice()
    for frozen in (False, True):
        after = answer.probe_logits_after(model, tokens, [(1, 3)], frozen)
        assert torch.allclose(after, _right(model(tokens), tokens), atol=1e-3), (
            "After your run the model is no longer what it was: a hook is still on it. `run_with_hooks` "
            "takes its hooks off again; `add_hook` leaves them until `model.reset_hooks()`."
        )


def check_free(answer):
    """With the norm free, one head and several."""
    for heads in ([(1, random.choice([3, 5, 6]))], [(0, random.randrange(8)), (1, 3), (1, 6)]):
        _compare(answer, heads, frozen=False)


def check_frozen_is_attribution(answer):
    """With the norm frozen, heads of the last layer cost just what attribution says they add."""
    model, tokens = lab.load("attn-only-2l"), _said_twice()
    heads = [(1, head) for head in random.sample(range(8), 3)]
    _, cache = model.run_with_cache(tokens)
    said = sum(cache["z", layer][:, :, head] @ model.W_O[layer, head] for layer, head in heads)
    added = (said - said.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"] @ model.W_U
    want = _right(model(tokens) - added, tokens)
    got = answer.right_logits_without(model, tokens, heads, True)
    lab.same(got, want, tol=3e-3, name=f"the logits without {heads}, with the scale frozen,")


def check_frozen_below(answer):
    """With the norm frozen, a head of the first layer: the layers above hear the difference."""
    _compare(answer, [(0, random.choice([0, 0, 4, 5]))], frozen=True)
    _compare(answer, [(0, 0), (1, 5)], frozen=True)


def _compare(answer, heads, frozen):
    model, tokens = lab.load("attn-only-2l"), _said_twice()
    got = answer.right_logits_without(model, tokens, heads, frozen)
    want = right_logits_without(model, tokens, heads, frozen)
    lab.same(got, want, tol=3e-3, name=f"`right_logits_without(model, tokens, {heads}, frozen={frozen})`")


def _right(logits: Float[Tensor, "batch pos d_vocab"], tokens) -> Float[Tensor, "batch pos-1"]:
    return logits[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]


def _said_twice() -> Int[Tensor, "batch pos"]:
    period = random.randint(8, 14)
    once = torch.stack([1 + torch.randperm(1023)[:period] for _ in range(3)])
    return torch.cat([torch.zeros(3, 1, dtype=torch.long), once, once], dim=1)


def probe_logits_after(model, tokens, heads, frozen) -> Float[Tensor, "batch pos-1"]:
    right_logits_without(model, tokens, heads, frozen)
    after = model(tokens)
    model.reset_hooks()
    return after[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]


def _silencer(heads):
    def silence(z, hook):
        for layer, head in heads:
            if layer == hook.layer():
                z[:, :, head] = 0
        return z

    return (lambda name: name.endswith("hook_z"), silence)


def mistake_never_frozen__right_logits_without(model, tokens, heads, frozen):
    """The scale is never held: `frozen` makes no difference in your answer. A hook on `ln_final.hook_scale`
    has to *return* the scale of the whole run."""
    return right_logits_without(model, tokens, heads, False)


def mistake_always_frozen__right_logits_without(model, tokens, heads, frozen):
    """The scale is held also where `frozen` is false. Add that hook only if it is asked for."""
    return right_logits_without(model, tokens, heads, True)


def mistake_every_norm_frozen__right_logits_without(model, tokens, heads, frozen):
    """You hold the scales of all norms. Only the last one, `ln_final`, is meant: the norms below have their
    way."""
    _, cache = model.run_with_cache(tokens)
    scales = {}
    for layer in range(model.cfg.n_layers):
        scales[f"blocks.{layer}.ln1.hook_scale"] = cache[f"blocks.{layer}.ln1.hook_scale"]
    scales["ln_final.hook_scale"] = cache["ln_final.hook_scale"]
    hooks = [_silencer(heads)]
    if frozen:
        hooks += [(name, lambda scale, hook, kept=kept: kept) for name, kept in scales.items()]
    return _right(model.run_with_hooks(tokens, fwd_hooks=hooks), tokens)


def mistake_subtracts_the_parts__right_logits_without(model, tokens, heads, frozen):
    """You subtract what the heads add themselves. For heads of the last layer that is all; a head of the
    first layer is also heard by the second. Silence it in a run."""
    if not frozen:
        return right_logits_without(model, tokens, heads, False)
    logits, cache = model.run_with_cache(tokens)
    for layer, head in heads:
        said = cache["z", layer][:, :, head] @ model.W_O[layer, head]
        logits = logits - (said - said.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"] @ model.W_U
    return _right(logits, tokens)


def mistake_wrong_scale__right_logits_without(model, tokens, heads, frozen):
    """You hold the scale of another norm. The one before the unembedding is `ln_final.hook_scale`."""
    _, cache = model.run_with_cache(tokens)
    hooks = [_silencer(heads)]
    if frozen:
        kept = cache[f"blocks.{model.cfg.n_layers - 1}.ln1.hook_scale"]
        hooks.append(("ln_final.hook_scale", lambda scale, hook: kept))
    return _right(model.run_with_hooks(tokens, fwd_hooks=hooks), tokens)


def mistake_the_drop__right_logits_without(model, tokens, heads, frozen):
    """You return by how much the logit falls. Return the logit that is left."""
    return _right(model(tokens), tokens) - right_logits_without(model, tokens, heads, frozen)


def mistake_this_token__right_logits_without(model, tokens, heads, frozen):
    """That is the logit of the token that stands at the position, not of the one that comes next: gather with
    `tokens[:, 1:]`."""
    _, cache = model.run_with_cache(tokens)
    hooks = [_silencer(heads)]
    if frozen:
        hooks.append(("ln_final.hook_scale", lambda scale, hook: cache["ln_final.hook_scale"]))
    logits = model.run_with_hooks(tokens, fwd_hooks=hooks)
    return logits[:, :-1].gather(-1, tokens[:, :-1, None])[..., 0]


def mistake_log_probabilities__right_logits_without(model, tokens, heads, frozen):
    """These are log-probabilities. Attribution is about logits, before the softmax."""
    _, cache = model.run_with_cache(tokens)
    hooks = [_silencer(heads)]
    if frozen:
        hooks.append(("ln_final.hook_scale", lambda scale, hook: cache["ln_final.hook_scale"]))
    return _right(model.run_with_hooks(tokens, fwd_hooks=hooks).log_softmax(-1), tokens)


def also_right_by_hand__right_logits_without(model, tokens, heads, frozen):
    _, whole = model.run_with_cache(tokens)
    silence = _silencer(heads)
    kept = {}

    def note(stream, hook):
        kept["stream"] = stream

    last = f"blocks.{model.cfg.n_layers - 1}.hook_resid_post"
    model.run_with_hooks(tokens, return_type=None, fwd_hooks=[silence, (last, note)])
    stream = kept["stream"] - kept["stream"].mean(-1, keepdim=True)
    own = (stream.pow(2).mean(-1, keepdim=True) + model.cfg.eps).sqrt()
    scale = whole["ln_final.hook_scale"] if frozen else own
    directions = model.W_U.T[tokens[:, 1:]]
    return (stream / scale)[:, :-1].mul(directions).sum(-1)


def also_right_pattern__right_logits_without(model, tokens, heads, frozen):
    scales = []
    keep = [("ln_final.hook_scale", lambda scale, hook: scales.append(scale.clone()))]
    model.run_with_hooks(tokens, return_type=None, fwd_hooks=keep)
    hooks = []
    for layer in {layer for layer, _ in heads}:
        mask = torch.ones(model.cfg.n_heads)
        mask[[head for at, head in heads if at == layer]] = 0
        hooks.append((f"blocks.{layer}.attn.hook_z", lambda z, hook, mask=mask: z * mask[:, None]))
    if frozen:
        hooks.append(("ln_final.hook_scale", lambda scale, hook: scales[0]))
    return _right(model.run_with_hooks(tokens, fwd_hooks=hooks), tokens)
