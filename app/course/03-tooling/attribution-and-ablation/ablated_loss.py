"""Three ways to silence a head

In the first lesson a silenced head said zeros. But a head never says zeros of its own accord, and the layers
above have never met one that does. Two other substitutes are on offer:

- **zero**: nothing, at every position;
- **mean**: what the head says *on average over a data set*, at each position an average of its own;
- **resample**: what it says, at the same position, in another text.

The data set, `reference`, has as many texts as `tokens`, and of the same length. Its means are one vector for
each position, averaged over its texts and not over its positions: at the tenth token the head should say what
it usually says at the tenth token. For resampling, text number $i$ gets what the head says on text number $i$
of the reference.

Write the loss at each token of `tokens`, while one head is replaced."""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "“We ablated it” means three different experiments, and papers that mix them up disagree for no reason. "
    "With all three in hand you can say which question you have asked."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["z: batch pos head d_head", "usual: batch pos d_head", "losses: batch pos-1"]
HINTS = [
    "First run the model on `reference` and keep one tensor: `_, cache = model.run_with_cache(reference)`, "
    'then `cache["z", layer][:, :, head]`, which is batch × pos × d_head.',
    "The three substitutes: zeros; the mean of that tensor over axis 0, the texts, which leaves pos × "
    "d_head; or the tensor as it is.",
    "A hook on `blocks.{layer}.attn.hook_z` puts it in: `z[:, :, head] = said_instead; return z`. Zeros and "
    "the mean spread over the texts by broadcasting.",
]
MINUTES = 20
CONCEPTS = ["mean-and-resample-ablation", "ablated-a-head"]
WHY = """
The three differ in what they leave. Zero leaves nothing, also of what the head says always. The mean leaves
what it always says at that place, and takes away only what depends on the text. Resampling leaves a voice
that is real in every respect, except that it speaks of another text: nothing is off-distribution, but what it
says may be wrong, and not merely absent. One mean over all positions would be a fourth experiment: a token
late in the text would hear what is usual early in it.
"""


def ablated_loss(
    model,
    tokens: Int[Tensor, "batch pos"],
    layer: int,
    head: int,
    kind: str,
    reference: Int[Tensor, "batch pos"],
) -> Float[Tensor, "batch pos-1"]:
    """The loss at each token of `tokens` while one head says something else.

    kind: "zero", "mean" (of its `hook_z` on the texts of `reference`, one for each position) or "resample"
    (text i of `tokens` gets what the head says on text i of `reference`).
    The model must be as it was afterwards.

    >>> model = lab.load("attn-only-2l")
    >>> tokens, other = torch.tensor([[0, 7, 8, 7, 8]]), torch.tensor([[0, 5, 6, 5, 6]])
    >>> ablated_loss(model, tokens, 1, 5, "mean", other).shape
    torch.Size([1, 4])
    """
    _, cache = model.run_with_cache(reference)
    heard = cache["z", layer][:, :, head]
    instead = {"zero": torch.zeros_like(heard), "mean": heard.mean(0), "resample": heard}[kind]

    def replace(z: Float[Tensor, "batch pos head d_head"], hook) -> Float[Tensor, "batch pos head d_head"]:
        z[:, :, head] = instead
        return z

    hooks = [(f"blocks.{layer}.attn.hook_z", replace)]
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks)


def ablation_scores(model, tokens, kind, reference, first: int = 0) -> Float[Tensor, "layer head"]:
    # By how much each head's silence raises the mean loss, counted from prediction number `first` on.
    whole = model(tokens, return_type="loss", loss_per_token=True)[:, first:].mean()
    scores = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            loss = ablated_loss(model, tokens, layer, head, kind, reference)
            scores[layer, head] = loss[:, first:].mean() - whole
    return scores


def check_model_unharmed(answer):
    """After each kind of silence the model is whole again."""
    model, tokens, other = lab.load("attn-only-2l"), _said_twice(), _said_twice()
    want = model(tokens, return_type="loss", loss_per_token=True)
    for kind in ("zero", "mean", "resample"):
        after = answer.probe_loss_after(model, tokens, 0, 0, kind, other)
        assert torch.allclose(after, want, atol=1e-3), (
            f"After “{kind}” the model is no longer what it was: a hook is still on it. `run_with_hooks` "
            "takes its hooks off again; `add_hook` leaves them until `model.reset_hooks()`."
        )


def check_zero(answer):
    """Zero, in both layers."""
    for layer in (0, 1):
        _compare(answer, "attn-only-2l", layer, "zero")


def check_mean(answer):
    """The mean over the reference texts, in both layers."""
    for layer in (0, 1):
        _compare(answer, "attn-only-2l", layer, "mean")


def check_resample(answer):
    """Resampling, in both layers."""
    for layer in (0, 1):
        _compare(answer, "attn-only-2l", layer, "resample")


def check_another_model(answer):
    """A random kind on another model."""
    _compare(answer, "attn-only-1l", 0, random.choice(["zero", "mean", "resample"]))


def _compare(answer, name: str, layer: int, kind: str) -> None:
    """The answer's losses against ours, for the head that matters most there: any mix-up shows."""
    model, tokens, other = lab.load(name), _said_twice(), _said_twice()
    head = {0: random.choice([0, 0, 4, 5]), 1: random.choice([3, 5, 6])}[layer]
    got = answer.ablated_loss(model, tokens, layer, head, kind, other)
    want = ablated_loss(model, tokens, layer, head, kind, other)
    lab.same(
        got, want, tol=2e-3, name=f"`ablated_loss({name}, tokens, {layer}, {head}, {kind!r}, reference)`"
    )


def _said_twice() -> Int[Tensor, "batch pos"]:
    once = torch.stack([1 + torch.randperm(1023)[:12] for _ in range(4)])
    return torch.cat([torch.zeros(4, 1, dtype=torch.long), once, once], dim=1)


def probe_loss_after(model, tokens, layer, head, kind, reference) -> Float[Tensor, "batch pos-1"]:
    ablated_loss(model, tokens, layer, head, kind, reference)
    after = model(tokens, return_type="loss", loss_per_token=True)
    model.reset_hooks()
    return after


def _with(model, tokens, layer, head, instead):
    def replace(z, hook):
        z[:, :, head] = instead
        return z

    hooks = [(f"blocks.{layer}.attn.hook_z", replace)]
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks)


def _heard(model, texts, layer, head):
    _, cache = model.run_with_cache(texts)
    return cache["z", layer][:, :, head]


def mistake_mean_over_positions__ablated_loss(model, tokens, layer, head, kind, reference):
    """Your mean runs over the texts *and* over the positions: one vector for the whole text. Then a token
    late in the text hears what is usual early in it. Keep the positions apart: `.mean(0)`."""
    if kind != "mean":
        return ablated_loss(model, tokens, layer, head, kind, reference)
    return _with(model, tokens, layer, head, _heard(model, reference, layer, head).mean((0, 1)))


def mistake_mean_within_each_text__ablated_loss(model, tokens, layer, head, kind, reference):
    """You average over the positions of each text instead of over the texts: axis 0 of the cache is the
    text, axis 1 the position."""
    if kind != "mean":
        return ablated_loss(model, tokens, layer, head, kind, reference)
    return _with(model, tokens, layer, head, _heard(model, reference, layer, head).mean(1, keepdim=True))


def mistake_mean_of_these_texts__ablated_loss(model, tokens, layer, head, kind, reference):
    """Your mean comes from `tokens`, the texts that are tested: it knows something of what they say. Take it
    from `reference`."""
    if kind != "mean":
        return ablated_loss(model, tokens, layer, head, kind, reference)
    return _with(model, tokens, layer, head, _heard(model, tokens, layer, head).mean(0))


def mistake_mean_over_heads__ablated_loss(model, tokens, layer, head, kind, reference):
    """You average over the heads. The mean of *this* head over the texts is meant: choose the head first,
    then take the mean over axis 0."""
    if kind != "mean":
        return ablated_loss(model, tokens, layer, head, kind, reference)
    _, cache = model.run_with_cache(reference)
    return _with(model, tokens, layer, head, cache["z", layer].mean(2).mean(0))


def mistake_resampled_from_itself__ablated_loss(model, tokens, layer, head, kind, reference):
    """Resampling changes nothing: the head gets what it says on the very same texts. Take it from
    `reference`."""
    if kind != "resample":
        return ablated_loss(model, tokens, layer, head, kind, reference)
    return model(tokens, return_type="loss", loss_per_token=True)


def mistake_one_text_for_all__ablated_loss(model, tokens, layer, head, kind, reference):
    """All your texts hear the first text of the reference. Each should hear its own: text i of `tokens` gets
    text i of `reference`."""
    if kind != "resample":
        return ablated_loss(model, tokens, layer, head, kind, reference)
    return _with(model, tokens, layer, head, _heard(model, reference, layer, head)[:1])


def mistake_the_whole_layer__ablated_loss(model, tokens, layer, head, kind, reference):
    """You replace all heads of the layer. The axes of z are batch, position, head, d_head: only
    `z[:, :, head]` is to change."""
    _, cache = model.run_with_cache(reference)
    heard = cache["z", layer]
    instead = {"zero": 0, "mean": heard.mean(0), "resample": heard}[kind]
    return _with(model, tokens, layer, slice(None), instead)


def mistake_every_layer__ablated_loss(model, tokens, layer, head, kind, reference):
    """You silence the head of that number in *every* layer. Put the hook on `blocks.{layer}.attn.hook_z`
    alone."""
    _, cache = model.run_with_cache(reference)

    def replace(z, hook):
        heard = cache["z", hook.layer()][:, :, head]
        z[:, :, head] = {"zero": torch.zeros_like(heard), "mean": heard.mean(0), "resample": heard}[kind]
        return z

    every_z = [(lambda name: name.endswith("hook_z"), replace)]
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=every_z)


def mistake_positions__ablated_loss(model, tokens, layer, head, kind, reference):
    """`z[:, head]` is the second axis, and that is the position: you replace all heads at one token instead
    of one head at all tokens. Write `z[:, :, head]`."""
    _, cache = model.run_with_cache(reference)
    heard = cache["z", layer][:, head]

    def replace(z, hook):
        z[:, head] = {"zero": torch.zeros_like(heard), "mean": heard.mean(0), "resample": heard}[kind]
        return z

    hooks = [(f"blocks.{layer}.attn.hook_z", replace)]
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks)


def mistake_always_zero__ablated_loss(model, tokens, layer, head, kind, reference):
    """All three kinds do the same: the head says zeros. Does your code look at `kind`?"""
    return ablated_loss(model, tokens, layer, head, "zero", reference)


def mistake_the_rise__ablated_loss(model, tokens, layer, head, kind, reference):
    """You return by how much the loss rises. Return the loss itself; `ablation_scores` subtracts."""
    whole = model(tokens, return_type="loss", loss_per_token=True)
    return ablated_loss(model, tokens, layer, head, kind, reference) - whole


def mistake_left_behind__ablated_loss(model, tokens, layer, head, kind, reference):
    """Your hook stays on the model after the run, so whoever uses it next has a damaged one. Use
    `run_with_hooks`, or `model.reset_hooks()` at the end."""
    heard = _heard(model, reference, layer, head)
    instead = {"zero": torch.zeros_like(heard), "mean": heard.mean(0), "resample": heard}[kind]

    def replace(z, hook):
        z[:, :, head] = instead
        return z

    model.add_hook(f"blocks.{layer}.attn.hook_z", replace)
    return model(tokens, return_type="loss", loss_per_token=True)


def also_right_branches__ablated_loss(model, tokens, layer, head, kind, reference):
    name = f"blocks.{layer}.attn.hook_z"
    store = {}

    def listen(z, hook):
        store["z"] = z.clone()

    model.run_with_hooks(reference, return_type=None, fwd_hooks=[(name, listen)])

    def speak(z, hook):
        new = z.clone()
        if kind == "zero":
            new[:, :, head] = 0.0
        elif kind == "mean":
            new[:, :, head, :] = store["z"].mean(dim=0, keepdim=True)[:, :, head, :]
        else:
            new[:, :, head, :] = store["z"][:, :, head, :]
        return new

    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=[(name, speak)])


def also_right_logits__ablated_loss(model, tokens, layer, head, kind, reference):
    heard = _heard(model, reference, layer, head)
    said = {"zero": 0 * heard, "mean": heard.mean(0).expand_as(heard), "resample": heard}[kind]

    def replace(z, hook):
        return torch.cat([z[:, :, :head], said[:, :, None], z[:, :, head + 1 :]], dim=2)

    model.add_hook(f"blocks.{layer}.attn.hook_z", replace)
    log_probs = model(tokens).log_softmax(-1)
    model.reset_hooks()
    return -log_probs[:, :-1].gather(-1, tokens[:, 1:, None]).squeeze(-1)
