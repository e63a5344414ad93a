"""Without the lab

You have leaned on `lab` for a whole step. This task is without it. Somebody sends you a model the way models
travel: a dictionary of sizes and a dictionary of weights. Load it with TransformerLens alone, and say which
of its heads looks one token back.

`TransformerBridge.boot_native(TransformerBridgeConfig(**sizes), device="cpu")` builds a model of these
sizes, and `load_state_dict` fills it. In one of its heads we have planted what you look for; the others look
at themselves, two or three back, or at the start token. While your function runs, `lab` is out of the room.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "The lab stays here when you leave. Whoever can load, cache and measure with the library alone can go on "
    "in any notebook on any machine, and that is what this step was for."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["pattern: batch head query key"]
HINTS = [
    "`from transformer_lens import TransformerBridge, TransformerBridgeConfig`. Build, fill, then "
    "`run_with_cache(tokens)`.",
    'The patterns are `cache["pattern", layer]`, [batch, head, query, key]. Attention to one back is on the '
    "diagonal below the main one: `pattern.diagonal(-1, dim1=-2, dim2=-1)`.",
    "Stack the mean of that diagonal for all layers into [layer, head]; `argmax` of the whole gives an index "
    "to be taken apart with `divmod(index, n_heads)`.",
]
MINUTES = 15
CONCEPTS = ["alone-with-transformerlens"]
WHY = """
Three lines load any model of this kind, one runs it, and the rest is plain torch. The mean over texts and
positions keeps a head that was lucky once from winning. `divmod` turns the index in the flattened table back
into layer and head.
"""
STYLE = {"load": "`lab.load` would not be there on another machine."}


def one_back_head(
    sizes: dict[str, int | str], weights: dict[str, Tensor], tokens: Int[Tensor, "batch pos"]
) -> Int[Tensor, "2"]:
    """Layer and head of the one that pays most attention to the token just before, as tensor([layer, head]).

    sizes: what `TransformerBridgeConfig` wants to know. weights: a state dict of such a model. Use no `lab`.

    >>> from transformer_lens import TransformerBridge, TransformerBridgeConfig
    >>> sizes = {"n_layers": 1, "n_heads": 1, "d_model": 4, "d_head": 4, "n_ctx": 6, "d_vocab": 9}
    >>> sizes |= {"attn_only": True, "act_fn": "gelu", "normalization_type": "LNPre"}
    >>> model = TransformerBridge.boot_native(TransformerBridgeConfig(**sizes), device="cpu")
    >>> one_back_head(sizes, model.state_dict(), torch.tensor([[1, 2, 3]]))
    tensor([0, 0])
    """
    from transformer_lens import TransformerBridge, TransformerBridgeConfig

    model = TransformerBridge.boot_native(TransformerBridgeConfig(**sizes), device="cpu")
    model.load_state_dict(weights)
    _, cache = model.run_with_cache(tokens)
    scores = [
        cache["pattern", layer].diagonal(-1, dim1=-2, dim2=-1).mean(dim=(0, -1))
        for layer in range(model.cfg.n_layers)
    ]
    return torch.tensor(divmod(int(torch.stack(scores).argmax()), model.cfg.n_heads))


def check_planted_head(answer):
    """The planted head is found, wherever it is."""
    for last in (False, True):
        sizes, weights, planted = _model_with_a_plant(last)
        tokens = torch.randint(1, sizes["d_vocab"], (3, random.randint(9, sizes["n_ctx"])))
        got = answer.one_back_head(sizes, weights, tokens).tolist()
        assert got == list(planted), (
            f"The head that looks one back is {planted}, and yours says {tuple(got)}."
        )


def check_without_lab(answer):
    """And it is found without the lab."""
    sizes, weights, planted = _model_with_a_plant(random.random() < 0.5)
    tokens = torch.randint(1, sizes["d_vocab"], (2, 12))
    got = answer.probe_alone(sizes, weights, tokens).tolist()
    assert got[0] == 0, (
        "Your function asks the lab for something. It is a good friend, and this once it stays outside: "
        "TransformerBridge, the cache and torch have all you need."
    )
    assert got[1:] == list(planted), f"Without the lab the head was {planted}, and yours says {got[1:]}."


_START = -1  # the habit of looking at the first token, however far back that is


def _model_with_a_plant(last: bool) -> tuple[dict[str, int | str], dict[str, Tensor], tuple[int, int]]:
    """Sizes and weights of a random model whose heads attend by position, one of them to one back: in the
    last layer, or before it."""
    from transformer_lens import TransformerBridge, TransformerBridgeConfig

    layers, heads, length = random.randint(2, 3), random.randint(3, 4), 16
    sizes = {
        **{"n_layers": layers, "n_heads": heads, "d_head": length, "d_model": 48, "n_ctx": length},
        **{"d_vocab": 50, "attn_only": True, "act_fn": "gelu", "normalization_type": "LNPre"},
    }
    empty = TransformerBridgeConfig(**sizes, init_weights=False)
    model = TransformerBridge.boot_native(empty, device="cpu")
    weights = {name: 0.02 * torch.randn_like(value) for name, value in model.state_dict().items()}
    places, names = _orthonormal(length, 48), _orthonormal(length, length)
    weights["pos_embed.weight"] = 3 * places
    deep = layers - 1 if last else random.randrange(layers - 1)
    planted = deep, random.choice([head for head in range(heads) if head != deep])
    habits = [0, 2, 3, _START, *random.choices([0, 2, 2, 3, _START], k=layers * heads)][: layers * heads - 1]
    random.shuffle(habits)
    for layer in range(layers):
        for head in range(heads):
            habit = 1 if (layer, head) == planted else habits.pop()
            rests = habit == _START
            asked = 2 * names[:1].expand(length, -1) if rests else 0.8 * names
            offered = 2 * names if rests else 0.8 * names.roll(-habit, 0)
            rows = slice(head * length, (head + 1) * length)
            weights[f"blocks.{layer}.attn.q.weight"][rows] = (places.T @ asked).T
            weights[f"blocks.{layer}.attn.k.weight"][rows] = (places.T @ offered).T
    return sizes, weights, planted


def _orthonormal(rows: int, columns: int) -> Float[Tensor, "rows columns"]:
    return torch.linalg.qr(torch.randn(columns, columns)).Q[:rows]


def probe_alone(sizes, weights, tokens) -> Int[Tensor, "3"]:
    import sys

    import workers

    class _Outside:
        asked = 0

        def __getattr__(self, name):
            _Outside.asked += 1
            raise AttributeError("`lab` is out of the room in this task.")

    real, outside = sys.modules["workers.lab"], _Outside()
    names = one_back_head.__globals__
    mine = [name for name, value in names.items() if value is real]
    try:
        sys.modules["workers.lab"] = workers.lab = outside
        for name in mine:
            names[name] = outside
        found = one_back_head(sizes, weights, tokens)
    except Exception:
        if not _Outside.asked:
            raise
        found = torch.tensor([-1, -1])
    finally:
        sys.modules["workers.lab"] = workers.lab = real
        for name in mine:
            names[name] = real
    return torch.cat([torch.tensor([_Outside.asked]), found.flatten()[:2].long()])


def mistake_with_lab__one_back_head(sizes, weights, tokens):
    """It is the right head, but the lab has helped to find it. This once it stays outside:
    TransformerBridge, the cache and torch have all you need."""
    lab.device()
    return one_back_head(sizes, weights, tokens)


def mistake_not_filled__one_back_head(sizes, weights, tokens):
    """The model has the right sizes and random weights: `load_state_dict(weights)` is missing."""
    from transformer_lens import TransformerBridge, TransformerBridgeConfig

    model = TransformerBridge.boot_native(TransformerBridgeConfig(**sizes), device="cpu")
    return one_back_head(sizes, model.state_dict(), tokens)


def mistake_head_first__one_back_head(sizes, weights, tokens):
    """Layer and head have changed places."""
    return one_back_head(sizes, weights, tokens).flip(0)


def _best(sizes, weights, tokens, offset):
    """The head with most attention on this diagonal."""
    from transformer_lens import TransformerBridge, TransformerBridgeConfig

    model = TransformerBridge.boot_native(TransformerBridgeConfig(**sizes), device="cpu")
    model.load_state_dict(weights)
    _, cache = model.run_with_cache(tokens)
    layers = range(model.cfg.n_layers)
    scores = [
        cache["pattern", layer].diagonal(offset, dim1=-2, dim2=-1).mean(dim=(0, -1)) for layer in layers
    ]
    return torch.tensor(divmod(int(torch.stack(scores).argmax()), model.cfg.n_heads))


def mistake_itself__one_back_head(sizes, weights, tokens):
    """That is a head that looks at its own token. One back is the diagonal below: `diagonal(-1, …)`."""
    return _best(sizes, weights, tokens, 0)


def mistake_two_back__one_back_head(sizes, weights, tokens):
    """That head looks two back. One back is `diagonal(-1, …)`."""
    return _best(sizes, weights, tokens, -2)


def mistake_second_token_alone__one_back_head(sizes, weights, tokens):
    """You look at the second token only. One back from there is the start, and a head that always rests on
    the start looks the same. Average over all positions but the first."""
    from transformer_lens import TransformerBridge, TransformerBridgeConfig

    model = TransformerBridge.boot_native(TransformerBridgeConfig(**sizes), device="cpu")
    model.load_state_dict(weights)
    _, cache = model.run_with_cache(tokens)
    scores = torch.stack([cache["pattern", layer][:, :, 1, 0].mean(0) for layer in range(model.cfg.n_layers)])
    return torch.tensor(divmod(int(scores.argmax()), model.cfg.n_heads))


def mistake_last_layer_only__one_back_head(sizes, weights, tokens):
    """You look for it in the last layer only. Go through all of them."""
    from transformer_lens import TransformerBridge, TransformerBridgeConfig

    model = TransformerBridge.boot_native(TransformerBridgeConfig(**sizes), device="cpu")
    model.load_state_dict(weights)
    _, cache = model.run_with_cache(tokens)
    last = model.cfg.n_layers - 1
    scores = cache["pattern", last].diagonal(-1, dim1=-2, dim2=-1).mean(dim=(0, -1))
    return torch.tensor([last, int(scores.argmax())])


def also_right_hooks__one_back_head(sizes, weights, tokens):
    import transformer_lens as tl

    model = tl.TransformerBridge.boot_native(tl.TransformerBridgeConfig(**sizes), device="cpu").eval()
    model.load_state_dict(weights)
    scores = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)

    def note(pattern, hook):
        query = torch.arange(1, pattern.shape[-1])
        scores[hook.layer()] = pattern[:, :, query, query - 1].mean((0, 2))

    with torch.no_grad():
        hooks = [(lambda name: name.endswith("hook_pattern"), note)]
        model.run_with_hooks(tokens, return_type=None, fwd_hooks=hooks)
    return (scores == scores.max()).nonzero()[0]


def also_right_by_hand__one_back_head(sizes, weights, tokens):
    from transformer_lens import TransformerBridge, TransformerBridgeConfig

    model = TransformerBridge.boot_native(TransformerBridgeConfig(**sizes), device="cpu")
    model.load_state_dict(weights)
    _, cache = model.run_with_cache(tokens, names_filter=lambda name: name.endswith("hook_pattern"))
    best, where = -1.0, [0, 0]
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            pattern = cache[f"blocks.{layer}.attn.hook_pattern"][:, head]
            score = sum(float(pattern[:, q, q - 1].sum()) for q in range(1, pattern.shape[-1]))
            if score > best:
                best, where = score, [layer, head]
    return torch.tensor(where)
