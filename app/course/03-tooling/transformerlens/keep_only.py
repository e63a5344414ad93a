"""Keep what you need

`run_with_cache` keeps everything, and everything is a lot: at GPT-2 small's size, a hundred tokens leave 220
MB. A `names_filter` is a function that is asked for each name and says whether to keep it.

You want to attribute a logit to heads. For that you need what every head says (`z`, in all layers) and the
residual stream at the very end (`resid_post` of the last layer), and nothing else. The examiner runs a model
with your filter and weighs what it kept, in bytes.
"""

import random

import torch

from workers import lab

PURPOSE = (
    "With real models the cache is what runs out first. A filter of one line turns an experiment that "
    "needs a large machine into one that runs beside the lunch you are having."
)
DIFFICULTY = 2
IMPORTANCE = 3
HINTS = [
    "Names look like `blocks.3.attn.hook_z` and `blocks.3.hook_resid_post`. Strings have `endswith`.",
    "The last layer is `n_layers - 1`. Compare the whole name: `blocks.1` is also how `blocks.11` begins.",
    '`name.endswith("attn.hook_z") or name == f"blocks.{n_layers - 1}.hook_resid_post"`.',
]
MINUTES = 6
CONCEPTS = ["cached-activations"]
DETERMINISTIC = True
SHAPES = ["hook_z: batch pos head d_head", "hook_resid_post: batch pos d_model"]
WHY = """
`endswith` for what is wanted of every layer, equality for what is wanted once. A filter with `in` would be
shorter and wrong some day: `"hook_z"` is safe, but `"resid_post"` is in every layer, and `blocks.1` begins
the names of layers 10 to 19.
"""


def keep(name: str, n_layers: int) -> bool:
    """Whether to keep the activation of this name, in a model of so many layers.

    Used as `model.run_with_cache(tokens, names_filter=lambda name: keep(name, model.cfg.n_layers))`.

    >>> keep("blocks.0.attn.hook_pattern", 2)
    False
    """
    return name.endswith("attn.hook_z") or name == f"blocks.{n_layers - 1}.hook_resid_post"


def check_what_is_needed(answer):
    """What is needed is kept, in models of any depth."""
    for n_layers in (1, 2, 3, random.randint(11, 14)):
        for layer in range(n_layers):
            name = f"blocks.{layer}.attn.hook_z"
            assert answer.keep(name, n_layers), f"`{name}` is needed, and yours does not keep it."
        name = f"blocks.{n_layers - 1}.hook_resid_post"
        assert answer.keep(name, n_layers), (
            f"Where n_layers is {n_layers}, `{name}` is the last, and yours drops it."
        )


def check_bytes(answer):
    """And nothing else: the bytes are counted."""
    for name in ("attn-only-2l", "tiny-gpt2"):
        model = lab.load(name)
        tokens = torch.randint(1, model.cfg.d_vocab, (1, random.randint(7, 30)))
        _, cache = model.run_with_cache(tokens)
        layers = model.cfg.n_layers
        kept = [key for key in model.hook_dict if key in cache and answer.keep(key, layers)]
        got, needed = _bytes(cache, kept), _bytes(cache, [key for key in cache if keep(key, layers)])
        assert got <= needed, (
            f"On {name} yours keeps {got:,} bytes where {needed:,} are enough; for example "
            f"`{next(key for key in kept if not keep(key, layers))}`."
        )


def check_deep(answer):
    """In a deep model, only the last layer's residual stream."""
    for n_layers in (12, random.randint(20, 30)):
        for layer in range(n_layers - 1):
            name = f"blocks.{layer}.hook_resid_post"
            assert not answer.keep(name, n_layers), f"Where n_layers is {n_layers}, `{name}` is not the last."


def _bytes(cache, names: list[str]) -> int:
    """Memory of these entries; two names of one tensor count once."""
    sizes = {cache[name].data_ptr(): cache[name].numel() * cache[name].element_size() for name in names}
    return sum(sizes.values())


def mistake_every_residual__keep(name, n_layers):
    """You keep `resid_post` of every layer. Only the last one is needed: compare the whole name."""
    return name.endswith(("attn.hook_z", "hook_resid_post"))


def mistake_beginning__keep(name, n_layers):
    """`blocks.1` is also how `blocks.10` to `blocks.19` begin. Compare the whole name."""
    return name.endswith("attn.hook_z") or any(
        name.startswith(f"blocks.{str(n_layers - 1)[0]}") and name.endswith("resid_post") for _ in [0]
    )


def mistake_last_layer_missing__keep(name, n_layers):
    """The residual stream of the last layer is missing. Layers count from 0: the last is `n_layers - 1`, and
    its name is `blocks.….hook_resid_post`."""
    return name.endswith("attn.hook_z") or name == f"blocks.{n_layers}.hook_resid_post"


def mistake_all_of_attention__keep(name, n_layers):
    """All that attention computes is more than what the heads say: patterns, queries and keys come, too. End
    the name with `hook_z`."""
    return ".attn." in name or name == f"blocks.{n_layers - 1}.hook_resid_post"


def mistake_short_names__keep(name, n_layers):
    """`z` and `resid_post` are how the cache may be asked; the filter sees the whole names,
    `blocks.0.attn.hook_z`."""
    return name in ("z", "resid_post")


def also_right_set__keep(name, n_layers):
    wanted = {f"blocks.{layer}.attn.hook_z" for layer in range(n_layers)}
    return name in wanted | {f"blocks.{n_layers - 1}.hook_resid_post"}


def also_right_parts__keep(name, n_layers):
    parts = name.split(".")
    if parts[0] != "blocks":
        return False
    return parts[2:] == ["attn", "hook_z"] or (
        parts[2:] == ["hook_resid_post"] and int(parts[1]) == n_layers - 1
    )
