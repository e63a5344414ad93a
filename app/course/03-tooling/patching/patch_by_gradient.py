"""All patches from one gradient

A patch replaces an activation $a$ by $a_\\text{clean}$. If the step is small, a tangent says what the metric
does:

$$\\text{effect} \\approx (a_\\text{clean} - a_\\text{corrupted}) \\cdot \\frac{\\partial\\,\\text{metric}}
{\\partial a}$$

with the gradient taken on the corrupted run, and the product summed over everything the patch would replace.
One run of each prompt and one backward pass give it for *all* heads at once. This is **attribution
patching**.

The weights of our models are frozen, and no activation has a gradient unless something before it asks for
one. Whoever hooks `blocks.0.hook_resid_pre` and gives back `resid.detach().requires_grad_(True)` has asked.
And a hook that keeps a tensor has to give back that very tensor: what it is handed is a view, and only what
it returns is what the model goes on with.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "Patching costs a run a place, and a large model has thousands of heads and many more neurons. This "
    "costs three runs, whatever the size, and says where patching is worth its price."
)
DIFFICULTY = 4
IMPORTANCE = 4
SHAPES = ["z: batch pos head d_head", "gradient: batch pos head d_head", "effects: layer head"]
HINTS = [
    "The clean run only has to be cached. The corrupted run has to keep its z *in the graph*: let hooks "
    "on every `hook_z` put the tensor itself into a dictionary, and return it.",
    "`torch.autograd.grad(metric(logits), list_of_z)` gives one gradient for each tensor of the list. "
    "Without the hook on `blocks.0.hook_resid_pre` there is no graph, and it says so.",
    "For a layer: `((clean_z - z) * gradient).sum(dim=(0, 1, 3))` leaves the head's axis. `.detach()` "
    "what you return.",
]
MINUTES = 25
CONCEPTS = ["attribution-patching"]
SEE = {"mistake_the_real_thing__patch_by_gradient": "patch_heads"}
STYLE = {
    "attribution_patch_heads": "That is the library's. It is right, and what to use from now on; write it"
    " once.",
    "backward": "That leaves gradients on whatever has asked for them. `torch.autograd.grad` leaves none.",
}
WHY = """
The gradient belongs to the corrupted run, because that is where the patch begins; at the clean run it would
estimate the opposite, noising. The sum runs over batch, positions and d_head, since a patch replaces all of
these; summing absolute values would forget that changes can cancel. What is summed is a first-order term:
whatever bends on the way (the softmax of attention above all) is not in it.
"""


def patch_by_gradient(
    model, clean: Int[Tensor, "batch pos"], corrupted: Int[Tensor, "batch pos"], metric
) -> Float[Tensor, "layer head"]:
    """An estimate of how much the metric of the corrupted run changes when one head's z is replaced, at all
    positions, by the clean run's; for every head, from one gradient.

    metric: takes logits [batch, pos, d_vocab] and gives one number.

    >>> model = lab.load("attn-only-2l")
    >>> prompts = torch.tensor([[0, 7, 8, 9, 7]])
    >>> patch_by_gradient(model, prompts, prompts, lambda logits: logits[0, -1, 8]).abs().max()
    tensor(0.)
    """
    _, cache = model.run_with_cache(clean)
    kept: dict[int, Tensor] = {}

    def ask(resid: Float[Tensor, "batch pos d_model"], hook) -> Float[Tensor, "batch pos d_model"]:
        return resid.detach().requires_grad_(True)

    def keep(z: Float[Tensor, "batch pos head d_head"], hook) -> Float[Tensor, "batch pos head d_head"]:
        kept[hook.layer()] = z
        return z

    hooks = [("blocks.0.hook_resid_pre", ask), (lambda name: name.endswith("hook_z"), keep)]
    layers = list(range(model.cfg.n_layers))
    with torch.enable_grad():
        value = metric(model.run_with_hooks(corrupted, fwd_hooks=hooks))
        gradients = torch.autograd.grad(value, [kept[layer] for layer in layers])
    steps = [cache["z", layer] - kept[layer].detach() for layer in layers]
    return torch.stack(
        [(step * gradient).sum(dim=(0, 1, 3)) for step, gradient in zip(steps, gradients, strict=True)]
    )


def check_nothing(answer):
    """Between a prompt and itself there is nothing to patch."""
    clean, _, right, wrong = _pairs(2)
    got = answer.probe_map("attn-only-2l", clean, clean, right, wrong)
    lab.same(got, torch.zeros(2, 8), tol=1e-3, name="the estimate between a prompt and itself")


def check_two_layers(answer):
    """Eight heads in each of two layers."""
    _compare(answer, "attn-only-2l")


def check_three_layers(answer):
    """Four heads in each of three layers, with MLPs between them."""
    _compare(answer, "tiny-gpt2")


def _compare(answer, name):
    clean, corrupted, right, wrong = _pairs(3)
    model = lab.load(name)
    want = patch_by_gradient(model, clean, corrupted, lambda logits: _difference(logits, right, wrong))
    got = answer.probe_map(name, clean, corrupted, right, wrong)
    lab.same(got, want, tol=2e-3, name=f"the estimates for {name}")


def _pairs(count):
    """A B … C D … A, and the same with A and C exchanged where they come first: then D is right, not B."""
    length = random.randint(7, 9)
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
    with away(patch_by_gradient, "attribution_patch_heads", "attribution_patch_heads_by_position"):
        return patch_by_gradient(lab.load(model_name), clean, corrupted, metric)


def _graph(model, tokens, metric):
    """z of every layer and the metric's gradient by it."""
    kept = {}
    hooks = [
        ("blocks.0.hook_resid_pre", lambda resid, hook: resid.detach().requires_grad_(True)),
        (lambda name: name.endswith("hook_z"), lambda z, hook: kept.setdefault(hook.layer(), z)),
    ]
    with torch.enable_grad():
        value = metric(model.run_with_hooks(tokens, fwd_hooks=hooks))
        gradients = torch.autograd.grad(value, [kept[layer] for layer in range(model.cfg.n_layers)])
    return [kept[layer].detach() for layer in range(model.cfg.n_layers)], gradients


def mistake_gradient_of_the_clean_run__patch_by_gradient(model, clean, corrupted, metric):
    """You take the gradient on the clean run. The patch is made in the corrupted one, so the tangent has to
    be taken there; at the other end it estimates what noising takes away."""
    z, gradients = _graph(model, clean, metric)
    old, _ = _graph(model, corrupted, metric)
    return torch.stack([((z[i] - old[i]) * gradients[i]).sum(dim=(0, 1, 3)) for i in range(len(z))])


def mistake_step_backwards__patch_by_gradient(model, clean, corrupted, metric):
    """The step goes from corrupted to clean: clean minus corrupted. Yours has the opposite sign."""
    return -patch_by_gradient(model, clean, corrupted, metric)


def mistake_activation_for_step__patch_by_gradient(model, clean, corrupted, metric):
    """You multiply the gradient with the clean activation itself. What counts is how far the patch moves it:
    clean minus corrupted."""
    new, _ = _graph(model, clean, metric)
    _, gradients = _graph(model, corrupted, metric)
    return torch.stack([(new[i] * gradients[i]).sum(dim=(0, 1, 3)) for i in range(len(new))])


def mistake_absolute__patch_by_gradient(model, clean, corrupted, metric):
    """You add up absolute values. Changes at different places may cancel, and a head may work against the
    answer: keep the signs."""
    new, _ = _graph(model, clean, metric)
    old, gradients = _graph(model, corrupted, metric)
    return torch.stack([((new[i] - old[i]) * gradients[i]).abs().sum(dim=(0, 1, 3)) for i in range(len(new))])


def mistake_mean_for_sum__patch_by_gradient(model, clean, corrupted, metric):
    """You average over batch, positions and d_head. A patch replaces all of these numbers, so their terms
    add up: take the sum. The mean over prompts is in the metric already."""
    new, _ = _graph(model, clean, metric)
    old, gradients = _graph(model, corrupted, metric)
    return torch.stack([((new[i] - old[i]) * gradients[i]).mean(dim=(0, 1, 3)) for i in range(len(new))])


def mistake_last_position__patch_by_gradient(model, clean, corrupted, metric):
    """Only the last position is in your sum. The patch replaces the head at all positions, and early heads
    do their work at others."""
    new, _ = _graph(model, clean, metric)
    old, gradients = _graph(model, corrupted, metric)
    return torch.stack([((new[i] - old[i]) * gradients[i])[:, -1].sum(dim=(0, 2)) for i in range(len(new))])


def mistake_the_real_thing__patch_by_gradient(model, clean, corrupted, metric):
    """That is real patching: a run a head, and exact. The question is how far one gets with a single
    gradient, and no patch at all."""
    new, old = model.run_with_cache(clean)[1], metric(model(corrupted))
    values = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):

            def put(z, hook, layer=layer, head=head):
                z[:, :, head] = new["z", layer][:, :, head]
                return z

            hook = (f"blocks.{layer}.attn.hook_z", put)
            values[layer, head] = metric(model.run_with_hooks(corrupted, fwd_hooks=[hook])) - old
    return values


def mistake_asks_the_lab__patch_by_gradient(model, clean, corrupted, metric):
    """`lab.attribution_patch_heads` is the very thing you are to write. After this exercise it is yours;
    here, take the model, two hooks and `torch.autograd.grad`."""
    return lab.attribution_patch_heads(model, clean, corrupted, metric)


def also_right_backward__patch_by_gradient(model, clean, corrupted, metric):
    new, kept = model.run_with_cache(clean)[1], {}

    def keep(z, hook):
        z.retain_grad()
        kept[hook.layer()] = z
        return z

    def ask(resid, hook):
        return resid.detach().requires_grad_(True)

    hooks = [("blocks.0.hook_resid_pre", ask), (lambda name: name.endswith("hook_z"), keep)]
    metric(model.run_with_hooks(corrupted, fwd_hooks=hooks)).backward()
    rows = [
        torch.einsum("bphd,bphd->h", new["z", layer] - z.detach(), z.grad)
        for layer, z in sorted(kept.items())
    ]
    return torch.stack(rows)


def also_right_weights_that_ask__patch_by_gradient(model, clean, corrupted, metric):
    new, kept = model.run_with_cache(clean)[1], {}
    model.requires_grad_(True)
    try:
        every_z = [(lambda name: name.endswith("hook_z"), lambda z, hook: kept.setdefault(hook.layer(), z))]
        value = metric(model.run_with_hooks(corrupted, fwd_hooks=every_z))
        rows = []
        for layer in range(model.cfg.n_layers):
            (gradient,) = torch.autograd.grad(value, kept[layer], retain_graph=True)
            rows.append(((new["z", layer] - kept[layer]) * gradient).sum(-1).sum(1).sum(0).detach())
    finally:
        model.requires_grad_(False)
    return torch.stack(rows)
