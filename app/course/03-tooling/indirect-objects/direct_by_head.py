"""Who writes the name?

Everything in the residual stream was added by somebody, and the logits are read off it by one norm and one
matrix. So the logit difference can be split: each head adds a vector at the last token, and its **direct
contribution** is what that vector, centred and divided by the scale of the final norm, says about the
receiver rather than the giver.

Give it for every head, on every prompt. The examiner adds up your numbers: with what embedding and biases
contribute, they have to be the whole logit difference."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "Direct logit attribution is how the name movers of GPT-2 were found: one forward pass, no "
    "intervention, a ranking of all heads. You write it once by hand, so that you know what is in it and "
    "what is not."
)
DIFFICULTY = 3
IMPORTANCE = 5
MINUTES = 20
CONCEPTS = ["logit-attribution"]
DETERMINISTIC = True
SHAPES = [
    "z: prompt layer head d_head",
    "written: prompt layer head d_model",
    "direction: prompt d_model",
    "direct: prompt layer head",
]
HINTS = [
    "What a head adds at a position is its `z` there, times its own `W_O`. `run_with_cache` gives you the "
    "`hook_z` of each layer, and `ln_final.hook_scale`: the number by which the final norm divides.",
    "Stack each layer's `hook_z` at `[row, end]`. With `model.W_O` (layer, head, d_head, d_model) an einsum "
    "gives what each head writes. The final norm takes its mean over d_model away, then divides.",
    "Then `direction = (model.W_U[:, receiver] - model.W_U[:, giver]).T`, and the answer is "
    "`einsum('p l h m, p m -> p l h', written - written.mean(-1, keepdim=True), direction)`, divided by the "
    "scale at `end`.",
]
WHY = """
The norm is not linear, and here it is treated as if it were: its scale is *frozen* at what it was in this
run. That makes the split exact for this run. It does not say what would happen without a head: then the scale
would be another, and other heads might answer. Direct contribution is a statement about who wrote what, not
about who is needed. The lesson ends on a case in which the two come apart.
"""
STYLE = {"loop": "One `einsum` over all layers and heads does it."}


def direct_by_head(
    model,
    tokens: Int[Tensor, "prompt pos"],
    end: Int[Tensor, "prompt"],
    receiver: Int[Tensor, "prompt"],
    giver: Int[Tensor, "prompt"],
) -> Float[Tensor, "prompt layer head"]:
    """What each head adds, by its own output at `end`, to the logit of the receiver minus that of the giver.

    The model has attention only, and a final norm without weights (LNPre).

    >>> model, prompts = lab.load("indirect-objects"), lab.indirect_objects(3)
    >>> arguments = (prompts.tokens, prompts.END, prompts.receiver, prompts.giver)
    >>> direct_by_head(model, *arguments).shape
    torch.Size([3, 4, 8])
    """
    _, cache = model.run_with_cache(tokens)
    row = torch.arange(len(tokens))
    z = torch.stack(
        [cache[f"blocks.{layer}.attn.hook_z"][row, end] for layer in range(model.cfg.n_layers)], 1
    )
    written = torch.einsum("p l h d, l h d m -> p l h m", z, model.W_O)
    direction = (model.W_U[:, receiver] - model.W_U[:, giver]).T
    centred = written - written.mean(-1, keepdim=True)
    direct = torch.einsum("p l h m, p m -> p l h", centred, direction)
    return direct / cache["ln_final.hook_scale"][row, end][:, None]


def check_adds_up(answer):
    """All heads, with embedding and biases, give the whole logit difference, to within 0.01 logits."""
    for name in ("indirect-objects", "attn-only-2l"):
        model, arguments = lab.load(name), _arguments(int(torch.randint(9, 30, ())))
        heads = answer.direct_by_head(model, *arguments).sum((1, 2))
        rest, whole = _rest_and_whole(model, *arguments)
        lab.same(heads + rest, whole, tol=1e-2, name="the sum of all contributions")


def check_each_head(answer):
    """Every single head, on models with four, two and one layers, and prompts of different lengths."""
    for name in ("indirect-objects", "attn-only-2l", "attn-only-1l"):
        model, arguments = lab.load(name), _arguments(int(torch.randint(9, 30, ())))
        got, want = answer.direct_by_head(model, *arguments), direct_by_head(model, *arguments)
        lab.same(got, want, tol=5e-3, name=f"the contributions in {name}")


def _arguments(count: int) -> tuple[Tensor, ...]:
    prompts = lab.indirect_objects(count, int(torch.randint(10**6, ())), frame=None)
    return prompts.tokens, prompts.END, prompts.receiver, prompts.giver


def _rest_and_whole(model, tokens, end, receiver, giver) -> tuple[Tensor, Tensor]:
    """What embedding, position and biases contribute; and the whole logit difference."""
    logits, cache = model.run_with_cache(tokens)
    row = torch.arange(len(tokens))
    last, direction = logits[row, end], (model.W_U[:, receiver] - model.W_U[:, giver]).T
    written = model.W_E[tokens[row, end]] + model.W_pos[end] + model.b_O.sum(0)
    centred = (written - written.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"][row, end]
    bias = model.b_U[receiver] - model.b_U[giver]
    return (centred * direction).sum(-1) + bias, last[row, receiver] - last[row, giver]


def mistake_not_scaled__direct_by_head(model, tokens, end, receiver, giver):
    """The contributions are not divided by the scale of the final norm, so they do not add up to the logit
    difference: multiply your vectors by 1 / `ln_final.hook_scale` at `end`."""
    _, cache = model.run_with_cache(tokens)
    scale = cache["ln_final.hook_scale"][torch.arange(len(tokens)), end]
    return direct_by_head(model, tokens, end, receiver, giver) * scale[:, None]


def mistake_not_centred__direct_by_head(model, tokens, end, receiver, giver):
    """The final norm takes the mean over d_model away before it divides, and `W_U` is not centred here.
    Subtract each vector's mean (or the direction's)."""
    _, cache = model.run_with_cache(tokens)
    row = torch.arange(len(tokens))
    z = torch.stack(
        [cache[f"blocks.{layer}.attn.hook_z"][row, end] for layer in range(model.cfg.n_layers)], 1
    )
    direction = (model.W_U[:, receiver] - model.W_U[:, giver]).T
    direct = torch.einsum("p l h d, l h d m, p m -> p l h", z, model.W_O, direction)
    return direct / cache["ln_final.hook_scale"][row, end][:, None]


def mistake_last_position__direct_by_head(model, tokens, end, receiver, giver):
    """You read what heads write at position −1. The prompts end at `end`; behind it there is only filling."""
    return direct_by_head(model, tokens, torch.full_like(end, tokens.shape[1] - 1), receiver, giver)


def mistake_only_the_receiver__direct_by_head(model, tokens, end, receiver, giver):
    """These are contributions to the receiver's logit alone. A head that raises both names would look like a
    name mover: the direction is receiver minus giver."""
    _, cache = model.run_with_cache(tokens)
    row = torch.arange(len(tokens))
    z = torch.stack(
        [cache[f"blocks.{layer}.attn.hook_z"][row, end] for layer in range(model.cfg.n_layers)], 1
    )
    written = torch.einsum("p l h d, l h d m -> p l h m", z, model.W_O)
    centred = written - written.mean(-1, keepdim=True)
    direct = torch.einsum("p l h m, m p -> p l h", centred, model.W_U[:, receiver])
    return direct / cache["ln_final.hook_scale"][row, end][:, None]


def mistake_turned__direct_by_head(model, tokens, end, receiver, giver):
    """The sign is turned: what speaks for the receiver should be positive."""
    return -direct_by_head(model, tokens, end, receiver, giver)


def mistake_each_its_own_scale__direct_by_head(model, tokens, end, receiver, giver):
    """You normalise each head's vector by its own length, as if it were alone in the stream. The norm divides
    the sum, once: all heads share one scale."""
    _, cache = model.run_with_cache(tokens)
    row = torch.arange(len(tokens))
    z = torch.stack(
        [cache[f"blocks.{layer}.attn.hook_z"][row, end] for layer in range(model.cfg.n_layers)], 1
    )
    written = torch.einsum("p l h d, l h d m -> p l h m", z, model.W_O)
    normed = torch.nn.functional.layer_norm(written, written.shape[-1:])
    direction = (model.W_U[:, receiver] - model.W_U[:, giver]).T
    return torch.einsum("p l h m, p m -> p l h", normed, direction)


def also_right_centred_direction__direct_by_head(model, tokens, end, receiver, giver):
    _, cache = model.run_with_cache(tokens)
    W_U = model.W_U - model.W_U.mean(0)
    result = torch.zeros(len(tokens), model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        z = cache["z", layer]
        for head in range(model.cfg.n_heads):
            out = z[:, :, head] @ model.W_O[layer, head] / cache["ln_final.hook_scale"]
            logits = torch.stack([out[i, end[i]] @ W_U for i in range(len(tokens))])
            row = torch.arange(len(tokens))
            result[:, layer, head] = logits[row, receiver] - logits[row, giver]
    return result


def also_right_by_hand__direct_by_head(model, tokens, end, receiver, giver):
    _, cache = model.run_with_cache(tokens, names_filter=lambda name: "hook_z" in name or "hook_scale" in name
                                    or "hook_pattern" in name or "hook_v" in name)  # fmt: skip
    row = torch.arange(len(tokens))
    parts = []
    for layer in range(model.cfg.n_layers):
        looks = cache["pattern", layer][row, :, end]
        z = torch.einsum("p h k, p k h d -> p h d", looks, cache["v", layer])
        read_out = model.W_O[layer] @ model.W_U
        mean = model.W_O[layer].mean(-1)
        by_name = torch.einsum("p h d, h d v -> p h v", z, read_out)
        shift = torch.einsum("p h d, h d -> p h", z, mean)
        columns = model.W_U.sum(0)
        difference = by_name[row, :, receiver] - by_name[row, :, giver]
        parts.append(difference - shift * (columns[receiver] - columns[giver])[:, None])
    scale = cache["ln_final.hook_scale"][row, end]
    return torch.stack(parts, 1) / scale[:, None]
