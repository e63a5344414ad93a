"""Straight to the logits

Patching a head shows its *total* effect: what it writes, and all that later heads make of it. To have its
**direct** effect alone, hold everybody else still. Run the corrupted prompt; give every head the z it had in
the corrupted run anyway, whatever its input now says; and only the sender gets its clean z. Then nothing can
reach the logits but what the sender has written itself. This is **path patching**, with the shortest of all
paths.

Write it for every head as sender. The models have attention only.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "Total against direct effect tells a head that says the answer from one that tells others where it "
    "is. Every arrow in a drawing of a circuit is a path that somebody patched."
)
DIFFICULTY = 4
IMPORTANCE = 4
SHAPES = ["z: batch pos head d_head", "recovered: layer head"]
HINTS = [
    "You need two caches, of the clean and of the corrupted run. In every run of the sweep *all* layers "
    "have a hook on `hook_z`, and it replaces the whole tensor.",
    "The hook of a layer gives back the corrupted run's z. In the sender's layer it is a copy of that, in"
    " which the sender's slice `[:, :, head]` comes from the clean cache.",
    '`held = old["z", hook.layer()].clone()`; if `hook.layer()` is the sender\'s layer, `held[:, :, head] '
    '= new["z", layer][:, :, head]`; `return held`. Hook it with `(lambda name: name.endswith("hook_z"), '
    "hold)`.",
]
MINUTES = 20
CONCEPTS = ["path-patching"]
SEE = {"mistake_total_effect__path_to_logits": "patch_heads"}
STYLE = {
    "path_patch": "That is the library's. It is right, and what to use from now on; write it yourself once."
}
WHY = """
Earlier heads would not have changed anyway, and heads of the same layer cannot hear the sender; holding all
of them is simply easier to write than saying whom. In a model with MLPs one has to decide whether they
belong to the path: Wang et al. compute them anew. The last norm is computed anew as well, so this is not
quite the direct attribution's difference, whose scale is frozen.
"""


def path_to_logits(
    model, clean: Int[Tensor, "batch pos"], corrupted: Int[Tensor, "batch pos"], metric
) -> Float[Tensor, "layer head"]:
    """What `metric` says of the corrupted run when one head's z is the clean run's and all other heads are
    held at the corrupted run's; for each head as sender.

    metric: takes logits [batch, pos, d_vocab] and gives one number.

    >>> model = lab.load("attn-only-2l")
    >>> prompts = torch.tensor([[0, 7, 8, 9, 7]])
    >>> path_to_logits(model, prompts, prompts, lambda logits: logits[0, -1, 8]).shape
    torch.Size([2, 8])
    """
    _, new = model.run_with_cache(clean)
    _, old = model.run_with_cache(corrupted)

    def sent(layer: int, head: int) -> Float[Tensor, ""]:
        def hold(z: Float[Tensor, "batch pos head d_head"], hook) -> Float[Tensor, "batch pos head d_head"]:
            held = old["z", hook.layer()].clone()
            if hook.layer() == layer:
                held[:, :, head] = new["z", layer][:, :, head]
            return held

        every_z = [(lambda name: name.endswith("hook_z"), hold)]
        return metric(model.run_with_hooks(corrupted, fwd_hooks=every_z))

    layers, heads = range(model.cfg.n_layers), range(model.cfg.n_heads)
    return torch.tensor([[sent(layer, head) for head in heads] for layer in layers])


def check_one_layer(answer):
    """With a single layer nobody can pass anything on: direct and total effect are the same."""
    _compare(answer, "attn-only-1l")


def check_two_layers(answer):
    """With two layers, only the direct effect is left of the first."""
    _compare(answer, "attn-only-2l")


def check_any_metric(answer):
    """A metric that reads every position, and prompts that have nothing in common."""
    clean, corrupted = torch.randint(1, 1024, (2, 2, random.randint(6, 9)))
    want = path_to_logits(
        lab.load("attn-only-2l"),
        clean,
        corrupted,
        lambda logits: logits[:, :-1].log_softmax(-1).gather(-1, clean[:, 1:, None]).mean(),
    )
    got = answer.probe_loss_map("attn-only-2l", clean, corrupted)
    lab.same(got, want, tol=3e-3, name="the map of a metric that reads every position")


def _compare(answer, name):
    clean, corrupted, right, wrong = _pairs(3)
    model = lab.load(name)
    want = path_to_logits(model, clean, corrupted, lambda logits: _difference(logits, right, wrong))
    got = answer.probe_map(name, clean, corrupted, right, wrong)
    lab.same(got, want, tol=2e-3, name=f"the direct effects in {name}")


def _pairs(count):
    """A B … C D … A; and all of the corrupted prompt but its end is another one, so that every head
    differs."""
    length = random.randint(7, 9)
    clean = torch.stack([1 + torch.randperm(1023)[:length] for _ in range(count)])
    clean = torch.cat([torch.zeros(count, 1, dtype=torch.long), clean], dim=1)
    first, second = random.randint(1, 2), random.randint(4, 5)
    clean[:, -1] = clean[:, first]
    corrupted = clean.roll(1, dims=0).clone()
    corrupted[:, -1] = clean[:, -1]
    corrupted[:, second] = clean[:, first]
    return clean, corrupted, clean[:, first + 1], corrupted[:, second + 1]


def _difference(logits, right, wrong) -> Float[Tensor, ""]:
    row = torch.arange(len(right))
    return (logits[row, -1, right] - logits[row, -1, wrong]).mean()


def probe_map(model_name, clean, corrupted, right, wrong) -> Float[Tensor, "layer head"]:
    from workers import lab
    from workers.lab.away import away

    metric = lambda logits: _difference(logits, right, wrong)  # noqa: E731
    with away(path_to_logits, "path_patch"):
        return path_to_logits(lab.load(model_name), clean, corrupted, metric)


def probe_loss_map(model_name, clean, corrupted) -> Float[Tensor, "layer head"]:
    from workers import lab
    from workers.lab.away import away

    def metric(logits):
        return logits[:, :-1].log_softmax(-1).gather(-1, clean[:, 1:, None]).mean()

    with away(path_to_logits, "path_patch"):
        return path_to_logits(lab.load(model_name), clean, corrupted, metric)


def _sent_with(model, held, sent, metric, tokens, others=None):
    """The map in which heads are held at `held` and the sender has `sent`; others: which layers are held."""
    values = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):

            def hold(z, hook, layer=layer, head=head):
                still = held["z", hook.layer()] if others is None or others(hook.layer(), layer) else z
                still = still.clone()
                if hook.layer() == layer:
                    still[:, :, head] = sent["z", layer][:, :, head]
                return still

            every_z = [(lambda name: name.endswith("hook_z"), hold)]
            values[layer, head] = metric(model.run_with_hooks(tokens, fwd_hooks=every_z))
    return values


def _caches(model, clean, corrupted):
    return model.run_with_cache(clean)[1], model.run_with_cache(corrupted)[1]


def mistake_total_effect__path_to_logits(model, clean, corrupted, metric):
    """That is the head's *total* effect: later heads read what it wrote and answer to it. Hold all others at
    what they said in the corrupted run."""
    new, _ = _caches(model, clean, corrupted)
    return _sent_with(model, new, new, metric, corrupted, others=lambda here, sender: False)


def mistake_held_at_clean__path_to_logits(model, clean, corrupted, metric):
    """You hold the other heads at the *clean* run, and so they bring the answer themselves. Everything but
    the sender stays as it was in the corrupted run."""
    new, _ = _caches(model, clean, corrupted)
    return _sent_with(model, new, new, metric, corrupted)


def mistake_noising__path_to_logits(model, clean, corrupted, metric):
    """The two runs have changed places: you hold everything at the clean run and send the corrupted head."""
    return path_to_logits(model, corrupted, clean, metric)


def mistake_sender_not_sent__path_to_logits(model, clean, corrupted, metric):
    """All heads are held, the sender too: every cell is the corrupted run. In the sender's layer its own
    slice has to come from the clean cache."""
    _, old = _caches(model, clean, corrupted)
    return _sent_with(model, old, old, metric, corrupted)


def mistake_whole_layer_sends__path_to_logits(model, clean, corrupted, metric):
    """All heads of the sender's layer send their clean z. Only the sender may: the others in its layer are
    held."""
    new, old = _caches(model, clean, corrupted)
    values = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):

        def hold(z, hook, layer=layer):
            return new["z", layer] if hook.layer() == layer else old["z", hook.layer()]

        every_z = [(lambda name: name.endswith("hook_z"), hold)]
        values[layer] = metric(model.run_with_hooks(corrupted, fwd_hooks=every_z))
    return values


def mistake_last_norm_frozen__path_to_logits(model, clean, corrupted, metric):
    """You add the sender's change to the logits with the last norm's scale frozen, as in direct attribution.
    The change alters the scale, too: put it into the stream and let the norm see it."""
    new, old = _caches(model, clean, corrupted)
    logits = model(corrupted)
    scale = old["ln_final.hook_scale"]
    values = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            change = (new["z", layer] - old["z", layer])[:, :, head] @ model.W_O[layer, head]
            change = (change - change.mean(-1, keepdim=True)) / scale
            values[layer, head] = metric(logits + change @ model.W_U)
    return values


def mistake_last_position_sends__path_to_logits(model, clean, corrupted, metric):
    """Only the last position of the sender gets its clean z. That is enough for a metric that reads the last
    logits, and not for one that reads others: take all positions, `[:, :, head]`."""
    new, old = _caches(model, clean, corrupted)
    values = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):

            def hold(z, hook, layer=layer, head=head):
                held = old["z", hook.layer()].clone()
                if hook.layer() == layer:
                    held[:, -1, head] = new["z", layer][:, -1, head]
                return held

            every_z = [(lambda name: name.endswith("hook_z"), hold)]
            values[layer, head] = metric(model.run_with_hooks(corrupted, fwd_hooks=every_z))
    return values


def mistake_asks_the_lab__path_to_logits(model, clean, corrupted, metric):
    """`lab.path_patch` is the very thing you are to write. After this exercise it is yours;
    here, take the model, a hook and a loop."""
    return lab.path_patch(model, clean, corrupted, metric)


def also_right_by_the_stream__path_to_logits(model, clean, corrupted, metric):
    new, old = _caches(model, clean, corrupted)
    last = old["ln_final.hook_in"]
    rows = []
    for layer in range(model.cfg.n_layers):
        change = torch.einsum("bphd,hdm->hbpm", new["z", layer] - old["z", layer], model.W_O[layer])
        rows.append([metric(model.unembed(model.ln_final(last + one))) for one in change])
    return torch.tensor(rows)


def also_right_only_later_ones_held__path_to_logits(model, clean, corrupted, metric):
    new, old = _caches(model, clean, corrupted)
    return _sent_with(model, old, new, metric, corrupted, others=lambda here, sender: here > sender)
