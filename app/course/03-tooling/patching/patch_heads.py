"""Patch every head

The map of the residual stream says *where* the answer travels. Now: *who* carries it? Leave the stream alone
and replace what one head passes on, its `z`, at all positions, by what the same head passed on in the clean
run. One run a head.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "From a behaviour to a short list of heads in one picture: this is the step at which a circuit is "
    "found, in this lesson and in the papers."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["z: batch pos head d_head", "recovered: layer head"]
HINTS = [
    "It is the same loop as before, over layers and heads instead of layers and positions. What changes "
    "is the hook's place and the slice.",
    'What a head passes on is at `f"blocks.{layer}.attn.hook_z"`, batch × position × head × d_head. One '
    "head at all positions is `z[:, :, head]`.",
    "`z[:, :, head] = cache[name][:, :, head]; return z`, and the metric of the run with that hook; a row"
    " for each layer, a column for each head.",
]
MINUTES = 12
CONCEPTS = ["patched-an-activation", "attention-head"]
SEE = {"mistake_position_axis__patch_heads": "loss_without"}
STYLE = {
    "patch_heads": "That is the library's. It is right, and what to use from now on; write it yourself once."
}
WHY = """
`z` is the last place at which heads are apart: after `W_O` they are one sum. Patching it asks what the head
*says*, whatever the reason; patching its pattern, queries, keys or values asks why. A head that recovers
much need not write the answer itself: all that later heads make of it counts as its effect.
"""


def patch_heads(
    model, clean: Int[Tensor, "batch pos"], corrupted: Int[Tensor, "batch pos"], metric
) -> Float[Tensor, "layer head"]:
    """What `metric` says of the corrupted run when one head's z is replaced, at all positions, by the clean
    run's; for each head alone.

    metric: takes logits [batch, pos, d_vocab] and gives one number.
    The model must be as it was afterwards.

    >>> model = lab.load("attn-only-2l")
    >>> prompts = torch.tensor([[0, 7, 8, 9, 7]])
    >>> patch_heads(model, prompts, prompts, lambda logits: logits[0, -1, 8]).shape
    torch.Size([2, 8])
    """
    _, cache = model.run_with_cache(clean)

    def patched(layer: int, head: int) -> Float[Tensor, ""]:
        name = f"blocks.{layer}.attn.hook_z"

        def put(z: Float[Tensor, "batch pos head d_head"], hook) -> Float[Tensor, "batch pos head d_head"]:
            z[:, :, head] = cache[name][:, :, head]
            return z

        return metric(model.run_with_hooks(corrupted, fwd_hooks=[(name, put)]))

    layers, heads = range(model.cfg.n_layers), range(model.cfg.n_heads)
    return torch.tensor([[patched(layer, head) for head in heads] for layer in layers])


def check_unharmed(answer):
    """Afterwards the model is whole."""
    clean, corrupted, right, wrong = _pairs(2)
    got = answer.probe_after("attn-only-2l", clean, corrupted, right, wrong)
    assert torch.allclose(got, lab.load("attn-only-2l")(corrupted), atol=2e-3), (
        "After your map the model is no longer what it was: a hook is still on it, and every later run has "
        "that patch in it. `run_with_hooks` takes its hooks off again; `add_hook` leaves them until "
        "`model.reset_hooks()`."
    )


def check_itself(answer):
    """A run patched from itself is itself."""
    clean, _, right, wrong = _pairs(2)
    got = answer.probe_map("attn-only-2l", clean, clean, right, wrong)
    want = torch.full((2, 8), float(_difference(lab.load("attn-only-2l")(clean), right, wrong)))
    lab.same(got, want, tol=3e-3, name="the map between a prompt and itself")


def check_two_layers(answer):
    """Eight heads in each of two layers."""
    _compare(answer, "attn-only-2l")


def check_three_layers(answer):
    """Four heads in each of three layers, with MLPs between them."""
    _compare(answer, "tiny-gpt2")


def check_any_metric(answer):
    """A metric that reads every position, and prompts that have nothing in common."""
    clean, corrupted = torch.randint(1, 1024, (2, 2, random.randint(6, 9)))
    want = lab.patch_heads(
        lab.load("attn-only-2l"),
        clean,
        corrupted,
        lambda logits: logits[:, :-1].log_softmax(-1).gather(-1, clean[:, 1:, None]).mean(),
    )
    got = answer.probe_loss_map("attn-only-2l", clean, corrupted)
    lab.same(got, want, tol=3e-3, name="the map of a metric that reads every position")


def _compare(answer, name):
    clean, corrupted, right, wrong = _pairs(2)
    model = lab.load(name)
    want = lab.patch_heads(model, clean, corrupted, lambda logits: _difference(logits, right, wrong))
    lab.same(
        answer.probe_map(name, clean, corrupted, right, wrong), want, tol=5e-3, name=f"the map of {name}"
    )


def _pairs(count):
    """A B … C D … A, and the same with A and C exchanged where they come first: then D is right, not B."""
    length = random.randint(6, 8)
    clean = torch.stack([1 + torch.randperm(1023)[:length] for _ in range(count)])
    clean = torch.cat([torch.zeros(count, 1, dtype=torch.long), clean], dim=1)
    first, second = random.randint(1, 2), random.randint(4, 5)
    clean[:, -1] = clean[:, first]
    corrupted = clean.clone()
    corrupted[:, first], corrupted[:, second] = clean[:, second], clean[:, first]
    return clean, corrupted, clean[:, first + 1], clean[:, second + 1]


def _difference(logits, right, wrong) -> Float[Tensor, ""]:
    row = torch.arange(len(right))
    return (logits[row, -1, right] - logits[row, -1, wrong]).mean()


def probe_map(model_name, clean, corrupted, right, wrong) -> Float[Tensor, "layer head"]:
    from workers import lab
    from workers.lab.away import away

    metric = lambda logits: _difference(logits, right, wrong)  # noqa: E731
    with away(patch_heads, "patch_heads"):
        return patch_heads(lab.load(model_name), clean, corrupted, metric)


def probe_after(model_name, clean, corrupted, right, wrong) -> Float[Tensor, "batch pos d_vocab"]:
    from workers import lab

    model = lab.load(model_name)
    patch_heads(model, clean, corrupted, lambda logits: _difference(logits, right, wrong))
    after = model(corrupted)
    model.reset_hooks()
    return after


def probe_loss_map(model_name, clean, corrupted) -> Float[Tensor, "layer head"]:
    from workers import lab
    from workers.lab.away import away

    def metric(logits):
        return logits[:, :-1].log_softmax(-1).gather(-1, clean[:, 1:, None]).mean()

    with away(patch_heads, "patch_heads"):
        return patch_heads(lab.load(model_name), clean, corrupted, metric)


def _patched_with(model, clean, corrupted, metric, put, where="hook_z"):
    """The map with a hook of its own: put(z, source, head)."""
    _, cache = model.run_with_cache(clean)
    values = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.attn.{where}"
        for head in range(model.cfg.n_heads):
            hook = (name, lambda z, hook, name=name, head=head: put(z, cache[name], head))
            values[layer, head] = metric(model.run_with_hooks(corrupted, fwd_hooks=[hook]))
    return values


def mistake_noising__patch_heads(model, clean, corrupted, metric):
    """You run the clean prompt and put the corrupted head into it. Here it is the other way round: the
    corrupted prompt is run, and what goes in comes from the clean one."""
    return patch_heads(model, corrupted, clean, metric)


def mistake_position_axis__patch_heads(model, clean, corrupted, metric):
    """`z[:, head]` is the second axis, and that is the position: you patch all heads at one token. One head
    at all tokens is `z[:, :, head]`."""

    def put(z, source, head):
        z[:, head] = source[:, head]
        return z

    return _patched_with(model, clean, corrupted, metric, put)


def mistake_whole_layer__patch_heads(model, clean, corrupted, metric):
    """All heads of the layer are replaced together, and so all columns of a row are the same. Replace one:
    `z[:, :, head]`."""
    return _patched_with(model, clean, corrupted, metric, lambda z, source, head: source)


def mistake_pattern__patch_heads(model, clean, corrupted, metric):
    """You patch the head's *pattern*: where it looks, not what it passes on. A head that looks at the same
    places in both runs, and reads something else there, is invisible that way. Patch `hook_z`."""

    def put(pattern, source, head):
        pattern = pattern.clone()
        pattern[:, head] = source[:, head]
        return pattern

    return _patched_with(model, clean, corrupted, metric, put, "hook_pattern")


def mistake_last_position__patch_heads(model, clean, corrupted, metric):
    """You patch the last position only. Early heads do their work at other tokens, and later heads read it
    from there; patch all positions."""

    def put(z, source, head):
        z[:, -1, head] = source[:, -1, head]
        return z

    return _patched_with(model, clean, corrupted, metric, put)


def mistake_every_layer__patch_heads(model, clean, corrupted, metric):
    """The head of that number is patched in *every* layer. Hook one layer at a time."""
    _, cache = model.run_with_cache(clean)
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
    row = []
    for head in range(model.cfg.n_heads):

        def hook_of(name, head=head):
            def put(z, hook):
                z[:, :, head] = cache[name][:, :, head]
                return z

            return name, put

        row.append(metric(model.run_with_hooks(corrupted, fwd_hooks=[hook_of(name) for name in names])))
    return torch.tensor([row] * model.cfg.n_layers)


def mistake_copy_thrown_away__patch_heads(model, clean, corrupted, metric):
    """Nothing is patched: every cell is the corrupted run. Does your hook give its tensor back?"""
    return _patched_with(model, clean, corrupted, metric, lambda z, source, head: None)


def mistake_zeroed__patch_heads(model, clean, corrupted, metric):
    """You put zeros in, and that is ablation. Patching puts in what the head says in the *clean* run."""

    def put(z, source, head):
        z[:, :, head] = 0
        return z

    return _patched_with(model, clean, corrupted, metric, put)


def mistake_left_behind__patch_heads(model, clean, corrupted, metric):
    """Your last hook stays on the model. Use `run_with_hooks`, or call `model.reset_hooks()` after the last
    run, too."""
    _, cache = model.run_with_cache(clean)
    values = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):

            def put(z, hook, layer=layer, head=head):
                z[:, :, head] = cache["z", layer][:, :, head]
                return z

            model.reset_hooks()
            model.add_hook(f"blocks.{layer}.attn.hook_z", put)
            values[layer, head] = metric(model(corrupted))
    return values


def mistake_asks_the_lab__patch_heads(model, clean, corrupted, metric):
    """`lab.patch_heads` is the very thing you are to write. After this exercise it is yours;
    here, take the model, a hook and a loop."""
    return lab.patch_heads(model, clean, corrupted, metric)


def also_right_stacked__patch_heads(model, clean, corrupted, metric):
    _, cache = model.run_with_cache(clean)
    batch, heads = len(clean), model.cfg.n_heads
    rows = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.attn.hook_z"

        def put(z, hook, name=name):
            z = z.clone()
            for head in range(heads):
                z[head * batch : (head + 1) * batch, :, head] = cache[name][:, :, head]
            return z

        logits = model.run_with_hooks(corrupted.repeat(heads, 1), fwd_hooks=[(name, put)])
        rows.append([metric(one) for one in logits.split(batch)])
    return torch.tensor(rows)


def also_right_mask__patch_heads(model, clean, corrupted, metric):
    def put(z, source, head):
        chosen = torch.zeros(z.shape[2])
        chosen[head] = 1
        return z + chosen[None, None, :, None] * (source - z)

    return _patched_with(model, clean, corrupted, metric, put)
