"""What the circuit can do alone

Run the model with your `keep_places` in every layer, and measure what is left of the behaviour: the logit
difference of `right` against `wrong` at `end`, averaged over the prompts. Heads in `silent` write nothing,
wherever they stand.

The means are taken over `others`, position by position: run those prompts first, and keep each layer's
`z`."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from workers import lab

HINTS = [
    "Two runs: one over `others` that only reads `hook_z` of every layer, one over `tokens` in which each "
    "layer's "
    "`hook_z` is edited. `hook.layer()` says in which layer a hook stands.",
    "`_, cache = model.run_with_cache(others)` and then `cache['z', layer].mean(0)`: the mean over "
    "prompts alone "
    "keeps the axes pos, head and d_head.",
    "`hooks = [(f'blocks.{layer}.attn.hook_z', lambda z, hook: keep_places(z, means[hook.layer()], "
    "kept[hook.layer()])) for layer in range(model.cfg.n_layers)]`, with zeros for the silent heads, then "
    "the logits at `[row, end]`.",
]
USES = ["keep_places"]
MINUTES = 15
CONCEPTS = ["claimed-a-circuit"]
DETERMINISTIC = True
PURPOSE = """Every number of this lesson, and of the paper it follows, is this function called on another set
of places: all of them, yours, yours less some."""
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["means: layer pos head d_head", "logits: batch pos d_vocab", "difference: batch"]
WHY = """All layers are edited in *one* run. A head of the circuit in layer 2 then reads a residual stream in
which everything outside of the circuit below it is already replaced, and that is the point: the circuit has
to work on what the circuit itself provides. Patching layer by layer in separate runs would let the rest of
the model help."""


def circuit_difference(
    model,
    tokens: Int[Tensor, "batch pos"],
    others: Int[Tensor, "other pos"],
    kept: Bool[Tensor, "layer batch pos head"],
    right: Int[Tensor, "batch"],
    wrong: Int[Tensor, "batch"],
    end: Int[Tensor, "batch"],
    silent: list[tuple[int, int]],
) -> float:
    """The mean logit difference at `end` when only the `kept` places are left alone.

    The heads (layer, head) in `silent` write nothing at all: zeros at every position, kept or not.

    >>> tokens, kept = torch.arange(12).view(2, 6), torch.ones(2, 2, 6, 8, dtype=torch.bool)
    >>> model, answers, end = lab.load("attn-only-2l"), torch.tensor([5, 6]), torch.tensor([5, 5])
    >>> round(circuit_difference(model, tokens, tokens, kept, answers, answers, end, []), 3)
    0.0
    """
    _, cache = model.run_with_cache(others)
    means = [cache["z", layer].mean(0) for layer in range(model.cfg.n_layers)]

    def keep(z, hook):
        z = keep_places(z, means[hook.layer()], kept[hook.layer()])
        z[:, :, [head for layer, head in silent if layer == hook.layer()]] = 0
        return z

    hooks = [(f"blocks.{layer}.attn.hook_z", keep) for layer in range(model.cfg.n_layers)]
    row = torch.arange(len(tokens))
    last = model.run_with_hooks(tokens, fwd_hooks=hooks)[row, end]
    return (last[row, right] - last[row, wrong]).mean().item()


def check_random_places(answer):
    """Random places of two models, and ends that differ from prompt to prompt."""
    for name, batch, length in (("attn-only-2l", 3, 11), ("indirect-objects", 4, 9), ("attn-only-1l", 2, 7)):
        case = _case(lab.load(name), batch, length)
        lab.same(
            answer.circuit_difference(*case), circuit_difference(*case), tol=1e-2, name="the logit difference"
        )


def check_everything_kept(answer):
    """With everything kept it is the model's own logit difference."""
    model, tokens, others, kept, right, wrong, end, _ = _case(lab.load("indirect-objects"), 5, 10)
    row = torch.arange(5)
    last = model(tokens)[row, end]
    want = (last[row, right] - last[row, wrong]).mean().item()
    everywhere = torch.ones_like(kept)
    got = answer.circuit_difference(model, tokens, others, everywhere, right, wrong, end, [])
    lab.same(got, want, tol=1e-2, name="the whole model's logit difference")


def check_the_task(answer):
    """Who gives to whom: a random half of all heads, everywhere."""
    prompts, others = (
        lab.indirect_objects(12, seed=_seed(), frame=0),
        lab.indirect_objects(20, seed=_seed(), frame=0),
    )
    model = lab.load("indirect-objects")
    heads = torch.rand(model.cfg.n_layers, 1, 1, model.cfg.n_heads) < 0.5
    kept = heads.expand(-1, *prompts.tokens.shape, -1)
    silent = [(3, int(torch.randint(8, ()))), (2, int(torch.randint(8, ())))]
    case = (model, prompts.tokens, others.tokens, kept, prompts.receiver, prompts.giver, prompts.END, silent)
    lab.same(
        answer.circuit_difference(*case), circuit_difference(*case), tol=1e-2, name="the logit difference"
    )


def _seed() -> int:
    return int(torch.randint(10**6, 10**9, ()))


def _case(model, batch: int, length: int) -> tuple:
    tokens = torch.randint(1, 1024, (batch, length))
    others = torch.randint(1, 1024, (batch + 3, length))
    kept = torch.rand(model.cfg.n_layers, batch, length, model.cfg.n_heads) < 0.5
    right, wrong = torch.randint(1, 512, (batch,)), torch.randint(512, 1024, (batch,))
    silent = [(model.cfg.n_layers - 1, head) for head in torch.randperm(model.cfg.n_heads)[:2].tolist()]
    return model, tokens, others, kept, right, wrong, torch.randint(length // 2, length, (batch,)), silent


def mistake_last_position__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    """You read the logits at the last position of the tensor. Shorter prompts are filled up behind: `end`
    says where each of them ends."""
    last = torch.full_like(end, tokens.shape[1] - 1)
    return circuit_difference(model, tokens, others, kept, right, wrong, last, silent)


def mistake_own_means__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    """Your means are taken over `tokens`. They hold what these very prompts say; take them over `others`."""
    return circuit_difference(model, tokens, tokens, kept, right, wrong, end, silent)


def mistake_mean_over_positions__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    """You average over positions, too. What a head says of a verb then stands in the place of what it says
    of a name: the mean is over prompts alone."""
    return _measured(model, tokens, others, kept, right, wrong, end, silent, over=(0, 1))


def mistake_zeros__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    """You replace by zeros, which no head ever says. Take each position's mean over `others`."""
    return _measured(model, tokens, others, kept, right, wrong, end, silent, scale=0.0)


def mistake_one_layer__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    """Only the last layer is edited. In the layers below it, everything still works, whether the claim names
    it or not."""
    kept = kept.clone()
    kept[:-1] = True
    return circuit_difference(model, tokens, others, kept, right, wrong, end, silent)


def mistake_the_other_way_round__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    """You knock out what the claim names, and keep the rest. That measures whether it is *needed*; asked is
    whether it is *enough*."""
    return circuit_difference(model, tokens, others, ~kept, right, wrong, end, silent)


def mistake_probabilities__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    """That is a difference of probabilities. The logit difference is taken before the softmax."""
    return _measured(model, tokens, others, kept, right, wrong, end, silent, probabilities=True)


def mistake_turned_round__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    """The sign is turned round: right less wrong."""
    return circuit_difference(model, tokens, others, kept, wrong, right, end, silent)


def _measured(
    model, tokens, others, kept, right, wrong, end, silent, over=(0,), scale=1.0, probabilities=False
) -> float:
    _, cache = model.run_with_cache(others)
    layers = range(model.cfg.n_layers)
    every_z = [cache["z", layer] for layer in layers]
    means = [scale * z.mean(over, keepdim=True).expand_as(z)[0] for z in every_z]

    def replace(z, hook):
        z = torch.where(kept[hook.layer()][..., None], z, means[hook.layer()])
        z[:, :, [head for layer, head in silent if layer == hook.layer()]] = 0
        return z

    hooks = [(f"blocks.{layer}.attn.hook_z", replace) for layer in layers]
    row = torch.arange(len(tokens))
    last = model.run_with_hooks(tokens, fwd_hooks=hooks)[row, end]
    last = last.softmax(-1) if probabilities else last
    return (last[row, right] - last[row, wrong]).mean().item()


def mistake_silent_before__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    """Your silent heads still say their mean. Silent means zeros, at every position, whatever the claim
    names."""
    kept = kept.clone()
    for layer, head in silent:
        kept[layer, :, :, head] = False
    return circuit_difference(model, tokens, others, kept, right, wrong, end, [])


def mistake_silence_forgotten__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    """Nobody is silent in your run: the heads in `silent` have to write zeros."""
    return circuit_difference(model, tokens, others, kept, right, wrong, end, [])


def also_right_gather__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    means = {}

    def remember(z, hook):
        means[hook.layer()] = z.mean(dim=0)

    def keep(z, hook):
        z = keep_places(z, means[hook.layer()], kept[hook.layer()])
        for layer, head in silent:
            if layer == hook.layer():
                z[:, :, head] = 0
        return z

    every_z = lambda name: name.endswith("attn.hook_z")  # noqa: E731 - as one types it in a notebook
    model.run_with_hooks(others, fwd_hooks=[(every_z, remember)])
    log_probs = model.run_with_hooks(tokens, fwd_hooks=[(every_z, keep)]).log_softmax(-1)
    last = log_probs.gather(1, end[:, None, None].expand(-1, 1, log_probs.shape[-1]))[:, 0]
    return float((last.gather(1, right[:, None]) - last.gather(1, wrong[:, None])).mean())


def also_right_with_a_context__circuit_difference(model, tokens, others, kept, right, wrong, end, silent):
    cache = model.run_with_cache(others, names_filter=lambda name: "hook_z" in name)[1]
    hooks = []
    for layer in range(model.cfg.n_layers):
        mean = torch.einsum("b...->...", cache[f"blocks.{layer}.attn.hook_z"]) / len(others)
        loud = torch.ones(model.cfg.n_heads, 1)
        loud[[head for its_layer, head in silent if its_layer == layer]] = 0

        def keep(z, hook, mean=mean, here=kept[layer], loud=loud):
            return keep_places(z, mean, here) * loud

        hooks.append((f"blocks.{layer}.attn.hook_z", keep))
    with model.hooks(fwd_hooks=hooks):
        logits = model(tokens)
    differences = [
        logits[i, place, yes] - logits[i, place, no]
        for i, (place, yes, no) in enumerate(zip(end.tolist(), right.tolist(), wrong.tolist(), strict=True))
    ]
    return sum(differences).item() / len(differences)
