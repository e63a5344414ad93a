"""Patch the residual stream

Let the model read the corrupted prompt, and at *one* position, before *one* layer, put in what the residual
stream held there in the clean run. Then let it go on, and ask your metric how much came back. Do that for
every layer and every position: the map that comes out shows where the answer travels.

`metric` is a function that takes logits and gives one number, like the one you have just written.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "This map is the first thing to draw about a behaviour you do not understand: it finds the positions "
    "that matter before you have any idea which heads do."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["resid: batch pos d_model", "recovered: layer pos"]
HINTS = [
    "One clean run with `run_with_cache` gives you all you will ever put in. Then there is one corrupted "
    "run for every layer and position, each with one hook.",
    'The hook stands at `f"blocks.{layer}.hook_resid_pre"`. Its tensor is batch × position × d_model: '
    "replace `[:, pos]` by the same slice of the cache, and give the tensor back.",
    "`resid[:, pos] = cache[name][:, pos]; return resid` is the hook; "
    "`metric(model.run_with_hooks(corrupted, fwd_hooks=[(name, put)]))` is one cell of the map. Make the "
    "hook in a function of its own, so that each has its own `pos`.",
]
MINUTES = 20
CONCEPTS = ["patched-an-activation", "residual-stream"]
SEE = {"mistake_left_behind__patch_residual": "loss_without"}
STYLE = {
    "patch_residual": "That is the library's. It is right, and what to use from now on; write it yourself"
    " once."
}
WHY = """
Before layer 0 the stream is the tokens themselves, so the first row shows where the prompts differ. Each row
below shows where that difference has got to. All that came later is computed anew from the patched stream,
so a cell says what *everything* that reads this position from here on makes of it. `run_with_hooks` takes
the hook off again: a hook that stays is part of every later cell.
"""


def patch_residual(
    model, clean: Int[Tensor, "batch pos"], corrupted: Int[Tensor, "batch pos"], metric
) -> Float[Tensor, "layer pos"]:
    """What `metric` says of the corrupted run when the residual stream before a layer is replaced, at one
    position, by the clean run's; for each layer and each position alone.

    metric: takes logits [batch, pos, d_vocab] and gives one number.
    The model must be as it was afterwards.

    >>> model = lab.load("attn-only-2l")
    >>> prompts = torch.tensor([[0, 7, 8, 9, 7]])
    >>> patch_residual(model, prompts, prompts, lambda logits: logits[0, -1, 8]).shape
    torch.Size([2, 5])
    """
    _, cache = model.run_with_cache(clean)

    def patched(layer: int, pos: int) -> Float[Tensor, ""]:
        name = f"blocks.{layer}.hook_resid_pre"

        def put(resid: Float[Tensor, "batch pos d_model"], hook) -> Float[Tensor, "batch pos d_model"]:
            resid[:, pos] = cache[name][:, pos]
            return resid

        return metric(model.run_with_hooks(corrupted, fwd_hooks=[(name, put)]))

    layers, positions = range(model.cfg.n_layers), range(clean.shape[1])
    return torch.tensor([[patched(layer, pos) for pos in positions] for layer in layers])


def check_unharmed(answer):
    """Afterwards the model is whole."""
    clean, corrupted, right, wrong = _pairs(2)
    want = lab.load("attn-only-2l")(corrupted)
    got = answer.probe_after("attn-only-2l", clean, corrupted, right, wrong)
    assert torch.allclose(got, want, atol=2e-3), (
        "After your map the model is no longer what it was: a hook is still on it, and every later run "
        "has that "
        "patch in it. `run_with_hooks` takes its hooks off again; `add_hook` leaves them until "
        "`model.reset_hooks()`."
    )


def check_first_row(answer):
    """Before layer 0, one position that differs is everything, and the others are nothing."""
    clean, corrupted, right, wrong = _pairs(2)
    corrupted = clean.clone()
    place = random.randrange(2, clean.shape[1] - 1)
    corrupted[:, place] = 1023 - clean[:, place]
    got = answer.probe_map("attn-only-2l", clean, corrupted, right, wrong)
    model = lab.load("attn-only-2l")
    want = torch.full((clean.shape[1],), _difference(model(corrupted), right, wrong))
    want[place] = _difference(model(clean), right, wrong)
    lab.same(got[0], want, tol=2e-3, name=f"the first row of the map, where only position {place} differs")


def check_two_layers(answer):
    """Several pairs of prompts, and all of the map, on a model of two layers."""
    _compare(answer, "attn-only-2l")


def check_three_layers(answer):
    """The same on a model of three layers with MLPs."""
    _compare(answer, "tiny-gpt2")


def _compare(answer, name):
    clean, corrupted, right, wrong = _pairs(2)
    model = lab.load(name)
    want = lab.patch_residual(model, clean, corrupted, lambda logits: _difference(logits, right, wrong))
    got = answer.probe_map(name, clean, corrupted, right, wrong)
    lab.same(got, want, tol=5e-3, name=f"the map of {name}")


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


def probe_map(model_name, clean, corrupted, right, wrong) -> Float[Tensor, "layer pos"]:
    from workers import lab
    from workers.lab.away import away

    metric = lambda logits: _difference(logits, right, wrong)  # noqa: E731
    with away(patch_residual, "patch_residual"):
        return patch_residual(lab.load(model_name), clean, corrupted, metric)


def probe_after(model_name, clean, corrupted, right, wrong) -> Float[Tensor, "batch pos d_vocab"]:
    from workers import lab

    model = lab.load(model_name)
    patch_residual(model, clean, corrupted, lambda logits: _difference(logits, right, wrong))
    after = model(corrupted)
    model.reset_hooks()
    return after


def mistake_noising__patch_residual(model, clean, corrupted, metric):
    """You run the clean prompt and put the corrupted run's stream into it. That is *noising*, and asks what
    is necessary. Here the corrupted prompt is run, and the clean stream goes in."""
    return patch_residual(model, corrupted, clean, metric)


def _patched_with(model, clean, corrupted, metric, put, where="hook_resid_pre"):
    """The map with a hook of its own: put(resid, source, pos)."""
    _, cache = model.run_with_cache(clean)
    values = torch.zeros(model.cfg.n_layers, clean.shape[1])
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.{where}"
        for pos in range(clean.shape[1]):
            hook = (name, lambda resid, hook, name=name, pos=pos: put(resid, cache[name], pos))
            values[layer, pos] = metric(model.run_with_hooks(corrupted, fwd_hooks=[hook]))
    return values


def mistake_every_position__patch_residual(model, clean, corrupted, metric):
    """Your hook replaces the whole stream of the layer, all positions at once, and then everything always
    comes back. Replace one position: `resid[:, pos]`."""
    return _patched_with(model, clean, corrupted, metric, lambda resid, source, pos: source)


def mistake_after_the_layer__patch_residual(model, clean, corrupted, metric):
    """You patch the stream *after* each layer. The question is about the stream before it: `hook_resid_pre`;
    the first row should show the tokens."""

    def put(resid, source, pos):
        resid[:, pos] = source[:, pos]
        return resid

    return _patched_with(model, clean, corrupted, metric, put, "hook_resid_post")


def mistake_first_prompt__patch_residual(model, clean, corrupted, metric):
    """Only the first prompt of the batch is patched: `resid[0, pos]`. All of them are meant: `resid[:,
    pos]`."""

    def put(resid, source, pos):
        resid[0, pos] = source[0, pos]
        return resid

    return _patched_with(model, clean, corrupted, metric, put)


def mistake_copy_thrown_away__patch_residual(model, clean, corrupted, metric):
    """Nothing is patched: every cell is the corrupted run. Your hook changes a copy and does not give it
    back. End it with `return resid`."""
    return _patched_with(model, clean, corrupted, metric, lambda resid, source, pos: None)


def mistake_up_to_here__patch_residual(model, clean, corrupted, metric):
    """Your slice goes from the start up to the position, `:pos` or `:pos + 1`, and so the map only ever
    grows. One position alone is `[:, pos]`."""

    def put(resid, source, pos):
        resid[:, : pos + 1] = source[:, : pos + 1]
        return resid

    return _patched_with(model, clean, corrupted, metric, put)


def mistake_change__patch_residual(model, clean, corrupted, metric):
    """You give the *change* against the corrupted run. What the metric says of the patched run is asked for,
    as it is; a normalised metric makes it a change by itself."""
    return patch_residual(model, clean, corrupted, metric) - metric(model(corrupted))


def mistake_left_behind__patch_residual(model, clean, corrupted, metric):
    """Your hooks stay on the model, and so each cell has all earlier patches in it, too. `run_with_hooks`
    takes its hooks off again; after `add_hook` call `model.reset_hooks()`."""
    _, cache = model.run_with_cache(clean)
    values = torch.zeros(model.cfg.n_layers, clean.shape[1])
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.hook_resid_pre"
        for pos in range(clean.shape[1]):

            def put(resid, hook, name=name, pos=pos):
                resid[:, pos] = cache[name][:, pos]
                return resid

            model.add_hook(name, put)
            values[layer, pos] = metric(model(corrupted))
    return values


def mistake_asks_the_lab__patch_residual(model, clean, corrupted, metric):
    """`lab.patch_residual` is the very thing you are to write. After this exercise it is yours;
    here, take the model, a hook and a loop."""
    return lab.patch_residual(model, clean, corrupted, metric)


def also_right_stacked__patch_residual(model, clean, corrupted, metric):
    _, cache = model.run_with_cache(clean)
    batch, length = clean.shape
    rows = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.hook_resid_pre"

        def put(resid, hook, name=name):
            resid = resid.clone().unflatten(0, (length, batch))
            for pos in range(length):
                resid[pos, :, pos] = cache[name][:, pos]
            return resid.flatten(0, 1)

        logits = model.run_with_hooks(corrupted.repeat(length, 1), fwd_hooks=[(name, put)])
        rows.append(torch.stack([metric(each) for each in logits.split(batch)]))
    return torch.stack(rows)


def also_right_where__patch_residual(model, clean, corrupted, metric):
    here = torch.eye(clean.shape[1], dtype=torch.bool)

    def put(resid, source, pos):
        return torch.where(here[pos][None, :, None], source, resid)

    return _patched_with(model, clean, corrupted, metric, put)


def also_right_added_hooks__patch_residual(model, clean, corrupted, metric):
    _, cache = model.run_with_cache(clean)
    values = torch.zeros(model.cfg.n_layers, clean.shape[1])
    for layer in range(model.cfg.n_layers):
        for pos in range(clean.shape[1]):
            name = f"blocks.{layer}.hook_resid_pre"

            def put(resid, hook, name=name, pos=pos):
                resid[:, pos, :] = cache[name][:, pos, :]

            model.reset_hooks()
            model.add_hook(name, put)
            values[layer, pos] = float(metric(model(corrupted)))
    model.reset_hooks()
    return values
