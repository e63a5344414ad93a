"""Who asks, and who answers?

An attention score is a product of a query and a key, and both are made from the same sum: embedding,
position, and what each earlier head wrote. A product of two sums is a sum of products. So a score can be
taken apart into a table: for every part that may have *asked* (row) and every part that may have *answered*
(column), one number.

$$s_{qk} = \\frac{1}{\\sqrt{d_\\text{head}}} \\sum_{i} \\sum_{j} \\text{query}_i(q) \\cdot \\text{key}_j(k)$$

The norm before the layer is treated as it is: each part is centred, and divided by the scale that the run
had at that position. What is constant (the biases `b_O` written by the layers below, taken through the norm,
and the head's own `b_Q` or `b_K`) makes one last part. Write the table. Summed over both, it has to be the
score itself."""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "The first lesson asked who put the answer into the key. Here you ask both sides at once, of any head, "
    "and nothing is left over: what is not in the table is not in the model."
)
DIFFICULTY = 4
IMPORTANCE = 4
SHAPES = [
    "stream: part pos d_model",
    "queries: part pos d_head",
    "keys: part pos d_head",
    "scores: part part pos pos",
]
HINTS = [
    "First the parts of the stream *before* this layer: `hook_embed`, `hook_pos_embed`, every head of the "
    "layers below, and the sum of their `b_O` (zeros in layer 0). Stack them: part × pos × d_model.",
    "Then the norm, with the run's own scale at each position: `(stream - stream.mean(-1, keepdim=True)) / "
    'cache[f"blocks.{layer}.ln1.hook_scale"][0]`. Then `@ model.W_Q[layer, head]` for the queries, W_K for '
    "the keys.",
    "The biases are added to the last part only: `queries[-1] += model.b_Q[layer, head]`, likewise the keys. "
    "Then "
    '`torch.einsum("iqh,jkh->ijqk", queries, keys) / model.cfg.d_head**0.5`.',
]
MINUTES = 25
CONCEPTS = ["composition", "qk-and-ov-circuits"]
DETERMINISTIC = True
WHY = """
Two steps are linear (centring, and the maps to queries and keys), the product is bilinear, and the scale is
one number a position that the run has fixed. So the table is exact. It holds before the softmax only:
attention weights cannot be shared out like this, since each depends on all scores of its row. And
differences within a row are what counts; a constant added to all keys changes no pattern.
"""


def score_parts(
    model, tokens: Int[Tensor, "pos"], layer: int, head: int
) -> Float[Tensor, "part part pos pos"]:
    """The scores of one head on one text, taken apart: [query part, key part, query position, key position].

    Parts of the stream before the layer, in this order: embedding, position, the heads of layer 0, of layer 1
    and so on up to the layer below, and last what is constant: 2 + layer · n_heads + 1. All pairs of
    positions are wanted, also those that the causal mask will remove. Summed over both parts it is q · k /
    √d_head.

    >>> model = lab.load("attn-only-2l")
    >>> score_parts(model, torch.tensor([0, 7, 8, 7]), layer=1, head=5).shape
    torch.Size([11, 11, 4, 4])
    """
    _, cache = model.run_with_cache(tokens[None])
    parts = [cache["hook_embed"][0], cache["hook_pos_embed"][0]]
    for below in range(layer):
        z = cache["z", below][0]
        parts += [z[:, early] @ model.W_O[below, early] for early in range(model.cfg.n_heads)]
    constant = sum((model.b_O[below] for below in range(layer)), torch.zeros(model.cfg.d_model))
    stream = torch.stack([*parts, constant.expand_as(parts[0])])
    stream = (stream - stream.mean(-1, keepdim=True)) / cache[f"blocks.{layer}.ln1.hook_scale"][0]
    queries, keys = stream @ model.W_Q[layer, head], stream @ model.W_K[layer, head]
    queries[-1] += model.b_Q[layer, head]
    keys[-1] += model.b_K[layer, head]
    return torch.einsum("iqh,jkh->ijqk", queries, keys) / model.cfg.d_head**0.5


def check_sums_to_the_scores(answer):
    """Summed over both parts, the table is the score."""
    model = lab.load("attn-only-2l")
    for layer in (1, 0):
        tokens, head = _text(), random.randrange(8)
        total = answer.score_parts(model, tokens, layer, head).sum((0, 1))
        _, cache = model.run_with_cache(tokens[None])
        want = cache["q", layer][0, :, head] @ cache["k", layer][0, :, head].T / model.cfg.d_head**0.5
        lab.same(total, want, tol=3e-3, name=f"the sum of all parts of head {layer}.{head}")


def check_each_part(answer):
    """Each entry of the table, not only the sum."""
    for name in ("attn-only-2l", "fixed-period-impostor"):
        model, tokens, head = lab.load(name), _text(), random.randrange(8)
        got, want = answer.score_parts(model, tokens, 1, head), score_parts(model, tokens, 1, head)
        lab.same(got, want, tol=3e-3, name=f"the parts of head 1.{head} of {name}")


def check_random_model(answer):
    """The third layer of a model that nobody has trained: two layers lie below."""
    seed, tokens, head = random.randrange(10**6), torch.randint(0, 40, (8,)), random.randrange(3)
    got = answer.probe_random_model(seed, tokens, head)
    lab.same(got, score_parts(_random_model(seed), tokens, 2, head), tol=3e-3, name="the parts in layer 2")


def probe_random_model(seed: int, tokens, head: int) -> Float[Tensor, "part part pos pos"]:
    return score_parts(_random_model(seed), tokens, 2, head)


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


def _text() -> Int[Tensor, "pos"]:
    once = 1 + torch.randperm(1023)[: random.randint(6, 11)]
    return torch.cat([torch.zeros(1, dtype=torch.long), once, once])


def _stream(model, tokens, layer):
    """The parts of the stream before the layer, not yet normalised, and the norm's scale."""
    _, cache = model.run_with_cache(tokens[None])
    parts = [cache["hook_embed"][0], cache["hook_pos_embed"][0]]
    for below in range(layer):
        parts += [cache["z", below][0, :, h] @ model.W_O[below, h] for h in range(model.cfg.n_heads)]
    constant = sum((model.b_O[below] for below in range(layer)), torch.zeros(model.cfg.d_model))
    return torch.stack([*parts, constant.expand_as(parts[0])]), cache[f"blocks.{layer}.ln1.hook_scale"][0]


def _table(model, stream, layer, head, biases="last"):
    queries, keys = stream @ model.W_Q[layer, head], stream @ model.W_K[layer, head]
    if biases == "last":
        queries[-1] += model.b_Q[layer, head]
        keys[-1] += model.b_K[layer, head]
    if biases == "all":
        queries, keys = queries + model.b_Q[layer, head], keys + model.b_K[layer, head]
    return torch.einsum("iqh,jkh->ijqk", queries, keys) / model.cfg.d_head**0.5


def _centred(stream):
    return stream - stream.mean(-1, keepdim=True)


def mistake_no_norm__score_parts(model, tokens, layer, head):
    """The norm before the layer is missing: each part is centred, and divided by `ln1.hook_scale` of that
    layer, before queries and keys are made."""
    stream, _ = _stream(model, tokens, layer)
    return _table(model, stream, layer, head)


def mistake_not_centred__score_parts(model, tokens, layer, head):
    """You divide by the scale, but each part's mean is still in it. Subtract its mean over d_model first."""
    stream, scale = _stream(model, tokens, layer)
    return _table(model, stream / scale, layer, head)


def mistake_own_scales__score_parts(model, tokens, layer, head):
    """You divide each part by its own size. The norm divides all parts of a position by one number, which the
    cache holds: `blocks.{layer}.ln1.hook_scale`."""
    stream, _ = _stream(model, tokens, layer)
    stream = _centred(stream)
    stream = stream / (stream.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
    return _table(model, stream, layer, head)


def mistake_last_norm__score_parts(model, tokens, layer, head):
    """You use the scale of the last norm. Each layer has a norm of its own before it:
    `blocks.{layer}.ln1.hook_scale`."""
    stream, _ = _stream(model, tokens, layer)
    _, cache = model.run_with_cache(tokens[None])
    return _table(model, _centred(stream) / cache["ln_final.hook_scale"][0], layer, head)


def mistake_not_scaled__score_parts(model, tokens, layer, head):
    """The scores are not divided by √d_head."""
    return score_parts(model, tokens, layer, head) * model.cfg.d_head**0.5


def mistake_turned__score_parts(model, tokens, layer, head):
    """Queries and keys have changed places: rows of the table, and of the scores, belong to the token that
    looks."""
    return score_parts(model, tokens, layer, head).permute(1, 0, 3, 2)


def mistake_parts_turned__score_parts(model, tokens, layer, head):
    """The two axes of parts have changed places: the first is the part of the *query*."""
    return score_parts(model, tokens, layer, head).transpose(0, 1)


def mistake_no_biases__score_parts(model, tokens, layer, head):
    """The head's own biases b_Q and b_K are missing. They belong to the last part."""
    stream, scale = _stream(model, tokens, layer)
    return _table(model, _centred(stream) / scale, layer, head, biases="none")


def mistake_biases_everywhere__score_parts(model, tokens, layer, head):
    """You add b_Q and b_K to every part, so they are counted many times. Once is enough: in the last part."""
    stream, scale = _stream(model, tokens, layer)
    return _table(model, _centred(stream) / scale, layer, head, biases="all")


def mistake_no_output_biases__score_parts(model, tokens, layer, head):
    """The biases b_O of the layers below are missing. They are in the stream like everything else: the last
    part."""
    stream, scale = _stream(model, tokens, layer)
    stream[-1] = 0
    return _table(model, _centred(stream) / scale, layer, head)


def mistake_no_position__score_parts(model, tokens, layer, head):
    """The position is 0 in your table. It is a part of the stream: `hook_pos_embed`."""
    stream, scale = _stream(model, tokens, layer)
    stream[1] = 0
    return _table(model, _centred(stream) / scale, layer, head)


def mistake_masked__score_parts(model, tokens, layer, head):
    """You have put zeros where the causal mask will be. All pairs of positions are wanted."""
    return score_parts(model, tokens, layer, head).tril()


def also_right_loops__score_parts(model, tokens, layer, head):
    _, cache = model.run_with_cache(tokens.unsqueeze(0))
    scale = cache[f"blocks.{layer}.ln1.hook_scale"][0]
    vectors = [cache["hook_embed"][0], cache["hook_pos_embed"][0]]
    for below in range(layer):
        for early in range(model.cfg.n_heads):
            vectors.append(cache[f"blocks.{below}.attn.hook_z"][0, :, early] @ model.W_O[below, early])
    vectors.append(torch.zeros_like(vectors[0]))
    for below in range(layer):
        vectors[-1] = vectors[-1] + model.b_O[below]
    queries, keys = [], []
    for vector in vectors:
        normed = (vector - vector.mean(-1, keepdim=True)) / scale
        queries.append(normed @ model.W_Q[layer, head])
        keys.append(normed @ model.W_K[layer, head])
    queries[-1] = queries[-1] + model.b_Q[layer, head]
    keys[-1] = keys[-1] + model.b_K[layer, head]
    root = model.cfg.d_head**0.5
    return torch.stack([torch.stack([q @ k.T / root for k in keys]) for q in queries])


def also_right_by_difference__score_parts(model, tokens, layer, head):
    stream, scale = _stream(model, tokens, layer)
    _, cache = model.run_with_cache(tokens[None])
    queries = _centred(stream[:-1]) / scale @ model.W_Q[layer, head]
    keys = _centred(stream[:-1]) / scale @ model.W_K[layer, head]
    rest_q = cache["q", layer][0, :, head] - queries.sum(0)  # what is left is constant
    rest_k = cache["k", layer][0, :, head] - keys.sum(0)
    queries, keys = torch.cat([queries, rest_q[None]]), torch.cat([keys, rest_k[None]])
    return (queries[:, None] @ keys[None].transpose(-1, -2)) * model.cfg.d_head**-0.5
