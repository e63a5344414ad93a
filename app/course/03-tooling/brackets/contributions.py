"""Whose vote is it?

The verdict is read at the first position: two logits, unbalanced (0) and balanced (1). What decides is their
difference, and the residual stream there is a *sum* of what every component wrote. So the difference is a
sum, too, as soon as the norm before the unembedding is dealt with:

$$\\text{unbalanced} - \\text{balanced} = \\sum_c \\frac{x_c - \\bar{x}_c}{\\sigma} \\cdot (\\gamma \\odot d)
\\; + \\; \\beta \\cdot d \\; + \\; b_0 - b_1, \\qquad d = W_U[:, 0] - W_U[:, 1].$$

$x_c$ is what the component wrote at the first position and $\\bar{x}_c$ its mean over d_model; $\\gamma$ and
$\\beta$ are the weights and biases of the last norm, and $\\sigma$ is the scale by which it divides. That
scale belongs to the string as a whole. Each string keeps its own, held fixed; that is the one liberty we
take.

Write `contributions`: one row for each component, one column for each string, and all rows together have to
give the difference of the logits. In this order: the embeddings (token and position together); then for each
layer its heads, its attention bias `b_O`, its MLP; and at the end a row for the constants.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "Everything is in the cache: `blocks.0.hook_resid_pre` are the embeddings, `blocks.L.attn.hook_z` what "
    "the heads read (times `model.W_O[L, head]` it is what they write), `blocks.L.hook_mlp_out` the MLP. You "
    "need position 0 of each.",
    "The scale is that of the whole residual stream at position 0 after the last layer: "
    "`(x.var(-1, correction=0) + model.cfg.eps).sqrt()`, one number a string. The norm's weights are "
    "`model.ln_final.weight` and `model.ln_final.bias`.",
    "Collect the components in a list, `torch.stack` them to component × string × d_model, subtract the mean "
    "over the last axis, multiply with `model.ln_final.weight * d` and divide by the scale. The last row is "
    "`model.ln_final.bias @ d + model.b_U[0] - model.b_U[1]`, the same for all strings.",
]
MINUTES = 30
CONCEPTS = ["direct-attribution-through-a-norm"]
DETERMINISTIC = True
PURPOSE = """Direct attribution is the first look at any model: who votes for the answer? Here it is done
through a LayerNorm with weights, as in GPT-2, and to the last digit."""
DIFFICULTY = 4
IMPORTANCE = 4
SHAPES = ["parts: component string d_model", "d: d_model", "scale: string"]
WHY = """LayerNorm is linear but for its scale: centring and the weights are linear maps, and the scale is one
number a string. Held fixed it makes the sum exact. It remains a liberty, for without a component the scale
would have been another: attribution says how the votes were counted, not what happens without the voter.

ARENA's version fits a linear regression to the norm and reads the direction from that. It is nearly as
good where norms vary little, and needs to be checked; the exact scale needs no check and comes from the same
cache."""


def contributions(model, tokens: Int[Tensor, "string pos"]) -> Float[Tensor, "component string"]:
    """What each component adds to the logit of unbalanced minus that of balanced, at the first position.

    Rows: embeddings; for each layer its heads, its attention bias, its MLP; constants.

    >>> contributions(lab.load("brackets"), lab.brackets.tokens(["()", "(()"])).shape
    torch.Size([14, 2])
    """
    _, cache = model.run_with_cache(tokens)
    parts = [cache["blocks.0.hook_resid_pre"][:, 0]]
    for layer in range(model.cfg.n_layers):
        z = cache[f"blocks.{layer}.attn.hook_z"][:, 0]
        parts += [z[:, head] @ model.W_O[layer, head] for head in range(model.cfg.n_heads)]
        parts += [model.b_O[layer].expand(len(tokens), -1), cache[f"blocks.{layer}.hook_mlp_out"][:, 0]]
    stack, whole = torch.stack(parts), sum(parts)
    d = model.W_U[:, 0] - model.W_U[:, 1]
    scale = (whole.var(-1, correction=0) + model.cfg.eps).sqrt()
    votes = (stack - stack.mean(-1, keepdim=True)) @ (model.ln_final.weight * d) / scale
    constants = model.ln_final.bias @ d + model.b_U[0] - model.b_U[1]
    return torch.cat([votes, constants.expand(1, len(tokens))])


def check_rows(answer):
    """A row for each component: 14 in this model."""
    model, tokens = lab.load("brackets"), _tokens(5)
    rows = answer.contributions(model, tokens).shape[0]
    assert rows == 14, (
        f"You give {rows} rows. It should be 14: the embeddings; three times two heads, an attention bias "
        "and an MLP; the constants."
    )


def check_sum(answer):
    """All rows together are the difference of the logits, for every string."""
    model, tokens = lab.load("brackets"), _tokens(40)
    got = answer.contributions(model, tokens).sum(0)
    logits = model(tokens)[:, 0]
    want = logits[:, 0] - logits[:, 1]
    assert not torch.allclose(got, -want, atol=1e-2), (
        "Your votes sum to balanced minus unbalanced. The question is what speaks for *unbalanced*."
    )
    off = (got - want).abs().max().item()
    assert off < 5e-3, (
        f"Your rows sum to something else than the difference of the logits: for one string they are "
        f"{off:.3g} apart. Every part of the residual stream counts once, divided by the scale of the whole; "
        "and do not forget the constants."
    )


def check_each(answer):
    """Each row for itself."""
    model, tokens = lab.load("brackets"), _tokens(30)
    got, want = answer.contributions(model, tokens), contributions(model, tokens)
    for row, name in enumerate(_NAMES):
        lab.same(got[row], want[row], tol=5e-3, name=f"the row of {name}")


def check_other_weights(answer):
    """The same of a model with other weights, in which the last MLP and the constants speak, too."""
    seed, tokens = int(torch.randint(10_000, ())), _tokens(12)
    got = answer.probe_other_weights(tokens, seed)
    want = contributions(_other(seed), tokens)
    for row, name in enumerate(_NAMES):
        lab.same(got[row], want[row], tol=5e-3, name=f"in a model with other weights, the row of {name}")


_NAMES = [
    "the embeddings",
    *(f"{part}{layer}{rest}" for layer in range(3) for part, rest in (
        ("head ", ".0"), ("head ", ".1"), ("the attention bias of layer ", ""), ("the MLP of layer ", "")
    )),
    "the constants",
]  # fmt: skip


def _tokens(count: int) -> Int[Tensor, "string pos"]:
    return lab.brackets.tokens(lab.brackets.draw(count, seed=int(torch.randint(10_000, ()))))


def _other(seed: int):
    """The shipped model with noise on all of its weights."""
    from copy import deepcopy

    model, random = deepcopy(lab.load("brackets")), torch.Generator().manual_seed(seed)
    for weight in model.parameters():
        weight.add_(0.2 * torch.randn(weight.shape, generator=random))
    return model


def _votes(model, tokens, weights=True, own_scale=False, centred=True):
    """Ways to get the norm wrong."""
    _, cache = model.run_with_cache(tokens)
    parts = [cache["resid_pre", 0][:, 0]]
    for layer in range(3):
        z = cache["z", layer][:, 0]
        parts += [z[:, head] @ model.W_O[layer, head] for head in range(2)]
        parts += [model.b_O[layer].expand(len(tokens), -1), cache["mlp_out", layer][:, 0]]
    stack, d = torch.stack(parts), model.W_U[:, 0] - model.W_U[:, 1]
    scale = (stack if own_scale else stack.sum(0)).std(-1, correction=0) + 1e-3
    centre = stack.mean(-1, keepdim=True) if centred else 0
    votes = (stack - centre) @ (model.ln_final.weight * d if weights else d) / scale
    constants = model.ln_final.bias @ d + model.b_U[0] - model.b_U[1]
    return torch.cat([votes, constants.expand(1, len(tokens))])


def probe_other_weights(tokens, seed) -> Float[Tensor, "component string"]:
    return contributions(_other(seed), tokens)


def mistake_turned__contributions(model, tokens):
    """The sign is wrong: logit 0 is unbalanced, and that minus logit 1 is asked for."""
    return -contributions(model, tokens)


def mistake_no_constants__contributions(model, tokens):
    """The constants are missing: the norm's bias speaks for one of the verdicts, whatever the string."""
    got = contributions(model, tokens).clone()
    got[-1] = 0
    return got


def mistake_no_norm_weights__contributions(model, tokens):
    """The norm's weights are missing: after centring and scaling it multiplies every coordinate by a weight
    of its own, `model.ln_final.weight`."""
    return _votes(model, tokens, weights=False)


def mistake_own_scale__contributions(model, tokens):
    """You divide each component by a scale of its own. The norm sees only the sum of all, and divides
    everything by the scale of that sum."""
    return _votes(model, tokens, own_scale=True)


def mistake_not_centred__contributions(model, tokens):
    """The parts are not centred: the norm subtracts the mean over d_model, of each part its share."""
    return _votes(model, tokens, centred=False)


def mistake_not_scaled__contributions(model, tokens):
    """The scale is missing: the norm divides by the standard deviation of the residual stream."""
    _, cache = model.run_with_cache(tokens)
    whole = cache[f"blocks.{model.cfg.n_layers - 1}.hook_resid_post"][:, 0]
    got = contributions(model, tokens).clone()
    got[:-1] *= whole.std(-1, correction=0)
    return got


def mistake_last_position__contributions(model, tokens):
    """You read the last position, which is padding. The verdict is read at the first, 0."""
    return contributions(model, tokens.flip(1))


def mistake_no_attention_bias__contributions(model, tokens):
    """The rows of the attention biases are zero: each layer adds its `b_O`, whatever its heads do."""
    got = contributions(model, tokens).clone()
    got[[3, 7, 11]] = 0
    return got


def mistake_bias_shared_out__contributions(model, tokens):
    """Heads and attention bias are not kept apart: a head writes its `z` times its `W_O`, and `b_O` has a row
    of its own."""
    got = contributions(model, tokens).clone()
    for bias in (3, 7, 11):
        got[bias - 2 : bias] += got[bias] / 2
        got[bias] = 0
    return got


def also_right_norm_itself__contributions(model, tokens):
    _, cache = model.run_with_cache(tokens)
    d, layers, heads = model.W_U[:, 0] - model.W_U[:, 1], model.cfg.n_layers, model.cfg.n_heads
    whole = cache["resid_post", layers - 1][:, 0]
    scale = (whole - whole.mean(-1, keepdim=True)).pow(2).mean(-1).add(model.cfg.eps).sqrt()
    gain = model.ln_final.weight * d
    gain = gain - gain.mean()  # instead of centring every part
    rows = [cache["resid_pre", 0][:, 0] @ gain / scale]
    for layer in range(layers):
        for head in range(heads):
            out = torch.einsum("sd,dm->sm", cache["z", layer][:, 0, head], model.W_O[layer, head])
            rows.append(out @ gain / scale)
        rows.append(model.b_O[layer] @ gain / scale)
        rows.append(cache["mlp_out", layer][:, 0] @ gain / scale)
    rows.append(torch.full_like(scale, (model.ln_final.bias @ d + model.b_U[0] - model.b_U[1]).item()))
    return torch.stack(rows)


def also_right_by_difference__contributions(model, tokens):
    _, cache = model.run_with_cache(tokens)
    eps, d = model.cfg.eps, model.W_U[:, 0] - model.W_U[:, 1]
    whole = cache["resid_post", model.cfg.n_layers - 1][:, :1]
    scale = (whole.var(-1, correction=0) + eps).sqrt()[:, 0]
    parts = [cache["resid_pre", 0][:, 0]]
    for layer in range(model.cfg.n_layers):
        written = torch.einsum("shd,hdm->hsm", cache["z", layer][:, 0], model.W_O[layer])
        parts.extend(written)
        parts.append(cache["attn_out", layer][:, 0] - written.sum(0))
        parts.append(cache["mlp_out", layer][:, 0])
    centred = torch.stack([part - part.mean(-1, keepdim=True) for part in parts])
    votes = torch.einsum("csm,m,m,s->cs", centred, model.ln_final.weight, d, 1 / scale)
    logits = model(tokens)[:, 0]
    return torch.cat([votes, (logits[:, 0] - logits[:, 1] - votes.sum(0))[None]])
