"""The same quiz, for any model

Now without choices, and for every model at once: say the shape of a tensor from the model's *config* and
from how many texts and tokens it reads. The examiner asks about sizes drawn by lot, and about live models: it
loads them, lets them read, and looks.

| name | what it is |
|---|---|
| `resid_post` | the residual stream after a block |
| `attn_out` | what a layer's attention adds to the stream |
| `q`, `k`, `v`, `z` | queries, keys, values, and what each head has collected |
| `attn_scores`, `pattern` | before and after the softmax |
| `post` | the neurons of one MLP, after the nonlinearity |
| `logits` | what comes out |
| `W_Q`, `W_K`, `W_V`, `W_O` | the weights of one attention layer, as TransformerLens stacks them |

The config has `d_vocab`, `n_ctx`, `d_model`, `n_heads`, `d_head` and `d_mlp`.
"""

import random

import torch

from workers import lab

PURPOSE = (
    "`run_with_cache` gives you tensors by name, and most errors in interpretability code are about their "
    "shapes. Whoever can say a shape from name and config writes the right `einsum` at once."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = [
    "resid_post: batch pos d_model",
    "q: batch pos n_heads d_head",
    "pattern: batch n_heads pos pos",
    "z: batch pos n_heads d_head",
    "logits: batch pos d_vocab",
]
HINTS = [
    "There are only a few different answers. Sort the names first: who lies in the stream, who belongs to a "
    "head, who lies between two positions, who is a weight?",
    "Activations begin with `batch`. The four that belong to one head for one token end in "
    "`cfg.n_heads, cfg.d_head`; scores and patterns have the heads right after the batch, then `pos` twice.",
    "Weights have neither batch nor position. `W_Q`, `W_K`, `W_V`: `[n_heads, d_model, d_head]`; `W_O` leads "
    "back: `[n_heads, d_head, d_model]`.",
]
MINUTES = 8
CONCEPTS = ["shapes"]
DETERMINISTIC = True
WHY = """
A table of rules, and nothing else: four kinds of activation and two kinds of weight. Only two names hide
surprises. A pattern has two position axes and has its heads *before* them, because it is one table a head.
And `n_ctx` occurs nowhere: it is the longest text that a model can read, not the one that it reads now.

In a model with fewer key than query heads, as the Llama of the last lesson of this step, `k` and `v` have
fewer heads than `q`. The rule to remember is the question: for each *what* is there one vector?
"""

IN_STREAM = ("resid_post", "attn_out")
OF_HEADS = ("q", "k", "v", "z")
TABLES = ("attn_scores", "pattern")
READING = ("W_Q", "W_K", "W_V")


def shape_of(name: str, cfg, batch: int, pos: int) -> list[int]:
    """The shape of the tensor of that name, in a model of this config that reads `batch` texts of `pos`
    tokens.

    >>> cfg = lab.load("tiny-gpt2").cfg
    >>> shape_of("resid_post", cfg, batch=2, pos=10)
    [2, 10, 128]
    >>> shape_of("W_O", cfg, batch=2, pos=10)
    [4, 32, 128]
    """
    if name in ("resid_post", "attn_out"):
        return [batch, pos, cfg.d_model]
    if name in ("q", "k", "v", "z"):
        return [batch, pos, cfg.n_heads, cfg.d_head]
    if name in ("attn_scores", "pattern"):
        return [batch, cfg.n_heads, pos, pos]
    if name in ("W_Q", "W_K", "W_V"):
        return [cfg.n_heads, cfg.d_model, cfg.d_head]
    if name == "W_O":
        return [cfg.n_heads, cfg.d_head, cfg.d_model]
    return [batch, pos, cfg.d_mlp if name == "post" else cfg.d_vocab]


def check_in_the_stream(answer):
    """What lies in the residual stream or is added to it."""
    _compare(answer, *IN_STREAM)


def check_of_heads(answer):
    """What each head has for each token."""
    _compare(answer, *OF_HEADS)


def check_tables(answer):
    """Scores and patterns: from each token to each token."""
    _compare(answer, *TABLES)


def check_ends(answer):
    """The neurons of an MLP, and the logits."""
    _compare(answer, "post", "logits")


def check_weights(answer):
    """The weights of an attention layer."""
    _compare(answer, *READING, "W_O")


def check_live_models(answer):
    """All of them, as they are found in live models that read a text."""
    for model in ("attn-only-2l", "tiny-gpt2"):
        batch, pos = random.randint(2, 4), random.randint(5, 30)
        for name, shape in _found(model, batch, pos).items():
            got = _as_list(answer.probe_live(name, model, batch, pos))
            assert got == shape, (
                f"{model} has read {batch} texts of {pos} tokens, and its `{name}` has the shape {shape}. "
                f"You said {got}."
            )


def probe_sizes(name: str, sizes: dict, batch: int, pos: int) -> list[int]:
    return shape_of(name, _config(sizes), batch, pos)


def probe_live(name: str, model: str, batch: int, pos: int) -> list[int]:
    return shape_of(name, lab.load(model).cfg, batch, pos)


def _compare(answer, *names: str) -> None:
    for name in names:
        sizes, (batch, pos) = _sizes(), random.sample(range(2, 9), 2)
        got, want = (
            _as_list(answer.probe_sizes(name, sizes, batch, pos)),
            shape_of(name, _config(sizes), batch, pos),
        )
        assert got == want, (
            f"With {', '.join(f'{size}={value}' for size, value in sizes.items())}, reading {batch} texts of "
            f"{pos} tokens, `{name}` has the shape {want}. You said {got}."
        )


def _sizes() -> dict[str, int]:
    """No two alike, and n_heads · d_head is not d_model."""
    names = ("n_heads", "d_head", "d_model", "d_mlp", "n_ctx", "d_vocab")
    return dict(zip(names, sorted(random.sample(range(10, 200), len(names))), strict=True))


def _config(sizes: dict):
    """Something that has these sizes, as a model's config has them."""
    return type("Config", (), sizes)


def _as_list(said) -> list[int] | None:
    return list(said) if isinstance(said, list | tuple) else said


def _found(name: str, batch: int, pos: int) -> dict[str, list[int]]:
    """What is there, once the model has read: nothing is calculated from its config."""
    model = lab.load(name)
    layer = random.randrange(model.cfg.n_layers)
    logits, cache = model.run_with_cache(torch.randint(1, model.cfg.d_vocab, (batch, pos)))
    tensors = {key: cache[key, layer] for key in (*IN_STREAM, *OF_HEADS, *TABLES)}
    tensors |= {key: getattr(model.blocks[layer].attn, key) for key in (*READING, "W_O")}
    if name == "tiny-gpt2":
        tensors["post"] = cache["post", layer]
    return {key: list(tensor.shape) for key, tensor in {**tensors, "logits": logits}.items()}


def mistake_heads_before_positions__shape_of(name, cfg, batch, pos):
    """You put the heads before the positions everywhere. That is so for scores and patterns; queries, keys,
    values and z come in the order batch, position, head, d_head."""
    if name in OF_HEADS:
        return [batch, cfg.n_heads, pos, cfg.d_head]
    return shape_of(name, cfg, batch, pos)


def mistake_no_heads__shape_of(name, cfg, batch, pos):
    """You have left out the heads: each has a query, a key, a value and a pattern of its own."""
    if name in (*OF_HEADS, *TABLES):
        return [batch, pos, pos if name in TABLES else cfg.d_head]
    return shape_of(name, cfg, batch, pos)


def mistake_full_context__shape_of(name, cfg, batch, pos):
    """You count n_ctx positions. That is the longest text the model could read; there are as many positions
    as the text has tokens."""
    return shape_of(name, cfg, batch, cfg.n_ctx)


def mistake_table_of_texts__shape_of(name, cfg, batch, pos):
    """Your pattern has its heads at the end. It is one table for each head: batch, head, query, key."""
    if name in TABLES:
        return [batch, pos, pos, cfg.n_heads]
    return shape_of(name, cfg, batch, pos)


def mistake_same_way_back__shape_of(name, cfg, batch, pos):
    """Your W_O reads the stream, as W_Q does. It leads the other way: from a head's d_head numbers back to
    d_model."""
    return shape_of("W_Q" if name == "W_O" else name, cfg, batch, pos)


def mistake_weights_per_text__shape_of(name, cfg, batch, pos):
    """Your weights have an axis for the texts. Weights were there before any text was read: neither batch nor
    position."""
    shape = shape_of(name, cfg, batch, pos)
    return [batch, *shape] if name.startswith("W_") else shape


def mistake_joined_heads__shape_of(name, cfg, batch, pos):
    """You join the heads into one axis of d_model. TransformerLens keeps them apart, in an axis of their
    own."""
    if name in OF_HEADS:
        return [batch, pos, cfg.d_model]
    return shape_of(name, cfg, batch, pos)


def mistake_logits_in_the_stream__shape_of(name, cfg, batch, pos):
    """Logits are not in the stream any more: there is one for each token of the vocabulary."""
    return [batch, pos, cfg.d_model] if name == "logits" else shape_of(name, cfg, batch, pos)


def also_right_words__shape_of(name, cfg, batch, pos):
    kinds = {
        "batch pos d_model": "resid_post attn_out",
        "batch pos n_heads d_head": "q k v z",
        "batch n_heads pos pos": "attn_scores pattern",
        "batch pos d_mlp": "post",
        "batch pos d_vocab": "logits",
        "n_heads d_model d_head": "W_Q W_K W_V",
        "n_heads d_head d_model": "W_O",
    }
    sizes = {"batch": batch, "pos": pos}
    axes = next(axes for axes, names in kinds.items() if name in names.split())
    return [sizes[axis] if axis in sizes else getattr(cfg, axis) for axis in axes.split()]


def also_right_a_tuple__shape_of(name, cfg, batch, pos):
    match name:
        case "attn_scores" | "pattern":
            return (batch, cfg.n_heads, pos, pos)
        case "W_O":
            return (cfg.n_heads, cfg.d_head, cfg.d_model)
        case "W_Q" | "W_K" | "W_V":
            return (cfg.n_heads, cfg.d_model, cfg.d_head)
        case "q" | "k" | "v" | "z":
            return tuple(torch.empty(batch, pos, cfg.n_heads, cfg.d_head, device="meta").shape)
    return (batch, pos, {"post": cfg.d_mlp, "logits": cfg.d_vocab}.get(name, cfg.d_model))
