"""Split a logit into who said it

The residual stream is a sum. Before the unembedding it is normalised, and in these models (`LNPre`) that
means two steps: subtract the mean of the 128 numbers, divide by a **scale**. The first step is linear. The
second is not, but it is one number for each token, and the cache has kept it. Hold it fixed, and the logits
are a sum, too:

$$\\text{logit}(t) = \\sum_{\\text{parts } p} \\frac{p - \\overline{p}}{\\text{scale}} \\cdot W_U[:, t].$$

This is **direct logit attribution**. Write it for the token that really comes next: one number for the
embedding, one for the position, one for each head, one for all biases (`b_O`) together. Their sum has to be
the model's own logit, to the last digit that matters.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "Who is responsible for this prediction? It is the first question about any behaviour, and this answers "
    "it with one run and a sum that has to come out."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = [
    "z: batch pos head d_head",
    "parts: batch pos part d_model",
    "scale: batch pos 1",
    "directions: batch pos-1 d_model",
]
HINTS = [
    "Begin with the parts, and see that they add up to the last `hook_resid_post`: `hook_embed`, "
    "`hook_pos_embed`, for each head `z[:, :, head] @ model.W_O[layer, head]`, and the sum of `model.b_O` "
    "over layers.",
    "Stack them, subtract from each part *its own* mean over d_model, and divide by "
    '`cache["ln_final.hook_scale"]`: the same scale for all parts of a token, not one for each.',
    "The direction of the token that comes next is a column of W_U: `model.W_U.T[tokens[:, 1:]]`. Then "
    '`torch.einsum("bpnd,bpd->bpn", parts[:, :-1], directions)`: the last position predicts nothing we know.',
]
MINUTES = 25
CONCEPTS = ["logit-attribution"]
DETERMINISTIC = True
WHY = """
Subtracting a mean is linear: the mean of a sum is the sum of the means, so each part may be centred alone.
Dividing is not: had you normalised each part by its own size, all parts would come out equally long and the
sum would be wrong. The scale belongs to the whole stream of that token. Holding it fixed is a choice, and it
has consequences that you will meet below: take one part away, and the real scale changes.
"""
SEE = {"mistake_each_its_own_scale__logit_attribution": "layer_norm"}


def logit_attribution(model, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos-1 part"]:
    """What each part of an attention-only model adds to the logit of the token that comes next.

    Parts, in this order: embedding, position, the heads of layer 0, the heads of layer 1 (and so on), and
    last all output biases `b_O` together: 2 + n_layers · n_heads + 1. What a head's own value bias says
    belongs to the head (it is in `hook_z` already). At each position but the last, the parts sum to the
    logit that the model gives to `tokens[:, 1:]`.

    >>> model = lab.load("attn-only-2l")
    >>> logit_attribution(model, torch.tensor([[0, 7, 8, 9, 7, 8]])).shape
    torch.Size([1, 5, 19])
    """
    _, cache = model.run_with_cache(tokens)
    said = [cache["hook_embed"], cache["hook_pos_embed"]]
    for layer in range(model.cfg.n_layers):
        z = cache["z", layer]
        said += [z[:, :, head] @ model.W_O[layer, head] for head in range(model.cfg.n_heads)]
    said.append(model.b_O.sum(0).expand_as(said[0]))
    parts = torch.stack(said, dim=2)
    parts = (parts - parts.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"][:, :, None]
    directions = model.W_U.T[tokens[:, 1:]]
    return torch.einsum("bpnd,bpd->bpn", parts[:, :-1], directions)


def check_sums_to_the_logits(answer):
    """The parts of each token sum to the logit that the model gave it."""
    for name in random.sample(["attn-only-1l", "attn-only-2l", "fixed-period-impostor"], 2):
        model, tokens = lab.load(name), _said_twice()
        total = answer.logit_attribution(model, tokens).sum(-1)
        lab.same(total, _right_logits(model, tokens), tol=1e-3, name=f"the sum of all parts in {name}")


def check_each_part(answer):
    """Each part, not only their sum."""
    for name in random.sample(["attn-only-1l", "attn-only-2l", "fixed-period-impostor"], 2):
        model, tokens = lab.load(name), _said_twice()
        got, want = answer.logit_attribution(model, tokens), logit_attribution(model, tokens)
        lab.same(got, want, tol=1e-3, name=f"the parts in {name}")


def check_random_model(answer):
    """A model that nobody has trained, with three layers of three heads."""
    seed, tokens = random.randrange(10**6), torch.randint(0, 40, (2, 9))
    got = answer.probe_random_model(seed, tokens)
    lab.same(
        got, logit_attribution(_random_model(seed), tokens), tol=1e-3, name="the parts in a random model"
    )


def probe_random_model(seed: int, tokens) -> Float[Tensor, "batch pos-1 part"]:
    return logit_attribution(_random_model(seed), tokens)


def _random_model(seed: int):
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    sizes = {"n_layers": 3, "n_heads": 3, "d_head": 5, "d_model": 15, "n_ctx": 16, "d_vocab": 40}
    config = TransformerBridgeConfig(
        **sizes, attn_only=True, normalization_type="LNPre", act_fn="relu", seed=1, device="cpu"
    )
    model = TransformerBridge.boot_native(config, device="cpu")
    chance = torch.Generator().manual_seed(seed)
    for weight in model.parameters():
        weight.data = 0.5 * torch.randn(weight.shape, generator=chance)
    return model.eval().requires_grad_(False)


def _said_twice() -> Int[Tensor, "batch pos"]:
    once = torch.randint(1, 1024, (random.randint(2, 3), random.randint(8, 15)))
    return torch.cat([torch.zeros(len(once), 1, dtype=torch.long), once, once], dim=1)


def _right_logits(model, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos-1"]:
    return model(tokens)[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]


def _stream(model, tokens):
    """The parts before the last norm, its scale, and the directions of the tokens that come next."""
    _, cache = model.run_with_cache(tokens)
    said = [cache["hook_embed"], cache["hook_pos_embed"]]
    for layer in range(model.cfg.n_layers):
        said += [cache["z", layer][:, :, head] @ model.W_O[layer, head] for head in range(model.cfg.n_heads)]
    said.append(model.b_O.sum(0).expand_as(said[0]))
    parts = torch.stack(said, dim=2)[:, :-1]
    return parts, cache["ln_final.hook_scale"][:, :-1, None], model.W_U.T[tokens[:, 1:]]


def mistake_no_norm__logit_attribution(model, tokens):
    """The last norm is missing: the stream is centred and divided by its scale before W_U reads it. The scale
    of the run is in `cache["ln_final.hook_scale"]`."""
    parts, _, directions = _stream(model, tokens)
    return torch.einsum("bpnd,bpd->bpn", parts, directions)


def mistake_not_centred__logit_attribution(model, tokens):
    """You divide by the scale, but the mean is still in it. LayerNorm subtracts the mean over d_model first,
    and each part has its own."""
    parts, scale, directions = _stream(model, tokens)
    return torch.einsum("bpnd,bpd->bpn", parts / scale, directions)


def mistake_each_its_own_scale__logit_attribution(model, tokens):
    """You normalise each part by its own size, so that all are equally long. The norm divides the whole
    stream of a token by one number; take that number, from the cache, for all parts."""
    parts, _, directions = _stream(model, tokens)
    parts = parts - parts.mean(-1, keepdim=True)
    parts = parts / (parts.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
    return torch.einsum("bpnd,bpd->bpn", parts, directions)


def mistake_current_token__logit_attribution(model, tokens):
    """That is the logit of the token which stands at the position. It predicts the *next* one: at position p
    take the direction of `tokens[:, p + 1]`."""
    parts, scale, _ = _stream(model, tokens)
    parts = (parts - parts.mean(-1, keepdim=True)) / scale
    return torch.einsum("bpnd,bpd->bpn", parts, model.W_U.T[tokens[:, :-1]])


def mistake_shifted_the_wrong_way__logit_attribution(model, tokens):
    """Position and prediction do not belong together: you pair the stream *at* a token with the direction of
    that token. Take the stream without its last position (`[:, :-1]`), the tokens without the first."""
    _, cache = model.run_with_cache(tokens)
    said = [cache["hook_embed"], cache["hook_pos_embed"]]
    for layer in range(model.cfg.n_layers):
        said += [cache["z", layer][:, :, head] @ model.W_O[layer, head] for head in range(model.cfg.n_heads)]
    said.append(model.b_O.sum(0).expand_as(said[0]))
    parts = torch.stack(said, dim=2)
    parts = (parts - parts.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"][:, :, None]
    return torch.einsum("bpnd,bpd->bpn", parts[:, 1:], model.W_U.T[tokens[:, 1:]])


def mistake_no_position__logit_attribution(model, tokens):
    """The position is not among your parts (it is 0). It is in the stream like the embedding:
    `cache["hook_pos_embed"]`."""
    parts = logit_attribution(model, tokens)
    parts[..., 1] = 0
    return parts


def mistake_no_bias__logit_attribution(model, tokens):
    """The last part, the biases, is 0. Each layer adds `model.b_O[layer]` at every position; take their
    sum."""
    parts = logit_attribution(model, tokens)
    parts[..., -1] = 0
    return parts


def mistake_only_last_bias__logit_attribution(model, tokens):
    """Only the last layer's bias is counted. Every layer writes its `b_O` into the stream: sum over
    layers."""
    parts, scale, directions = _stream(model, tokens)
    parts[:, :, -1] = model.b_O[-1] if model.cfg.n_layers > 1 else 0
    parts = (parts - parts.mean(-1, keepdim=True)) / scale
    return torch.einsum("bpnd,bpd->bpn", parts, directions)


def mistake_bias_in_each_head__logit_attribution(model, tokens):
    """`b_O` is written once a layer, not once a head: leave it out of the heads, and put it into the last
    part."""
    parts, scale, directions = _stream(model, tokens)
    for layer in range(model.cfg.n_layers):
        first = 2 + layer * model.cfg.n_heads
        parts[:, :, first : first + model.cfg.n_heads] += model.b_O[layer]
    parts = (parts - parts.mean(-1, keepdim=True)) / scale
    return torch.einsum("bpnd,bpd->bpn", parts, directions)


def mistake_scale_at_the_wrong_place__logit_attribution(model, tokens):
    """Your scale belongs to the next position. Cut all three alike: parts and scale without the last
    position."""
    parts, _, directions = _stream(model, tokens)
    _, cache = model.run_with_cache(tokens)
    parts = (parts - parts.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"][:, 1:, None]
    return torch.einsum("bpnd,bpd->bpn", parts, directions)


def also_right_differences__logit_attribution(model, tokens):
    _, cache = model.run_with_cache(tokens)
    centred = model.W_U.T[tokens[:, 1:]]
    centred = (centred - centred.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"][:, :-1]
    columns = [cache["hook_embed"], cache["hook_pos_embed"].expand_as(cache["hook_embed"])]
    for layer in range(model.cfg.n_layers):
        heads = torch.einsum("bphk,hkd->hbpd", cache["z", layer], model.W_O[layer])
        columns.extend(heads)
    numbers = [(column[:, :-1] * centred).sum(-1) for column in columns]
    numbers.append((model.b_O.sum(0) * centred).sum(-1))
    return torch.stack(numbers, dim=-1)


def also_right_all_logits__logit_attribution(model, tokens):
    _, cache = model.run_with_cache(tokens)
    scale = cache["ln_final.hook_scale"]
    read = model.W_U - model.W_U.mean(0)  # centring moved into the weights that read

    def of_next(vector):
        logits = vector / scale @ read
        return logits[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]

    said = [cache["hook_embed"], cache["hook_pos_embed"]]
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            said.append(cache[f"blocks.{layer}.attn.hook_z"][:, :, head, :] @ model.W_O[layer, head])
    bias = sum(model.b_O[layer] for layer in range(model.cfg.n_layers))
    said.append(torch.zeros_like(said[0]) + bias)
    return torch.stack([of_next(vector) for vector in said], dim=-1)
