"""The whole Llama

All four parts are yours. Put them together: embed, then for each layer attention and MLP, each reading a
normalised stream and adding to it, then the last norm and the unembedding.

The weights come in a dictionary, under the names that they have in Hugging Face's files (`[out, in]`, no
biases):

| name | what |
|---|---|
| `model.embed_tokens.weight` | [d_vocab, d_model] |
| `model.layers.0.input_layernorm.weight` | the norm before attention |
| `model.layers.0.self_attn.q_proj.weight`, `k_proj`, `v_proj`, `o_proj` | W_Q, W_K, W_V, W_O |
| `model.layers.0.post_attention_layernorm.weight` | the norm before the MLP |
| `model.layers.0.mlp.gate_proj.weight`, `up_proj`, `down_proj` | W_gate, W_up, W_down |
| `model.norm.weight` | the last norm |
| `lm_head.weight` | the unembedding; often **not there**: then it is the embedding again |

How many layers there are is to be seen from the names. To within 1e-3.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from workers import lab

HINTS = [
    "Write it for one layer first, with a small function that gives you that layer's weight of a name. "
    "Count the layers by counting the names that end in `input_layernorm.weight`.",
    "In each layer: `x = x + grouped_attention(rms_norm(x, …), …)`, then `x = x + gated_mlp(rms_norm(x, "
    "…), …)`. Tied weights: `weights.get('lm_head.weight', weights['model.embed_tokens.weight'])`.",
    "`x = W_E[tokens]`; for each layer `part = lambda name: weights[f'model.layers.{layer}.{name}.weight']`, "
    "both additions; at the end `rms_norm(x, weights['model.norm.weight'], eps) @ W_U.T`.",
]
USES = ["rms_norm", "rotary", "gated_mlp", "grouped_attention"]
MINUTES = 15
CONCEPTS = ["llama", "wrote-a-transformer"]
DETERMINISTIC = True
PURPOSE = """Real weights run through code that you can read to the last line. Whatever you later learn about
a Llama-shaped model with hooks, you know which of your own lines the hook sits in."""
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = [
    "tokens: batch pos",
    "stream: batch pos d_model",
    "normalised: batch pos d_model",
    "logits: batch pos d_vocab",
]
WHY = """The skeleton is GPT-2's: a stream, and parts that read it normalised and add to it. Only the parts
are others. That is why so much of what is known about one kind of model carries over to the next.

Tied embeddings deserve a thought. One matrix says both what a token brings in and what direction predicts it,
so the direct path from token to token, `W_E W_Eᵀ`, is symmetric (but for the norm), and a table of bigrams is
not. Layers have to make the difference."""
SEE = {"mistake_not_added__llama_model": "transformer_block"}


def llama_model(
    tokens: Int[Tensor, "batch pos"],
    weights: dict[str, Tensor],
    n_heads: int,
    n_kv_heads: int,
    theta: float,
    eps: float,
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits for what comes after each token.

    >>> ends = {"model.embed_tokens.weight": torch.eye(2), "model.norm.weight": torch.ones(2)}
    >>> llama_model(torch.tensor([[0, 1]]), ends, 1, 1, 100.0, 0.0)  # no layers
    tensor([[[1.4142, 0.0000],
             [0.0000, 1.4142]]])
    """
    W_E = weights["model.embed_tokens.weight"]
    x = W_E[tokens]
    for layer in range(sum(name.endswith("input_layernorm.weight") for name in weights)):
        at = f"model.layers.{layer}."
        heads = [weights[f"{at}self_attn.{part}_proj.weight"] for part in "qkvo"]
        normalised = rms_norm(x, weights[f"{at}input_layernorm.weight"], eps)
        x = x + grouped_attention(normalised, *heads, n_heads, n_kv_heads, theta)
        neurons = [weights[f"{at}mlp.{part}_proj.weight"] for part in ("gate", "up", "down")]
        x = x + gated_mlp(rms_norm(x, weights[f"{at}post_attention_layernorm.weight"], eps), *neurons)
    return rms_norm(x, weights["model.norm.weight"], eps) @ weights.get("lm_head.weight", W_E).T


def check_no_layers(answer):
    """Without layers: embedding, norm, and the embedding again."""
    _compare(answer, n_layers=0, n_heads=2, n_kv_heads=1, tied=True)


def check_one_layer(answer):
    """One layer."""
    _compare(answer, n_layers=1, n_heads=2, n_kv_heads=2, tied=True)


def check_several_layers(answer):
    """Several layers, with groups."""
    _compare(answer, n_layers=3, n_heads=4, n_kv_heads=2, tied=True)
    _compare(answer, n_layers=2, n_heads=3, n_kv_heads=1, tied=True)


def check_many_layers(answer):
    """A dozen layers, one after the other."""
    _compare(answer, n_layers=12, n_heads=2, n_kv_heads=1, tied=True)


def check_untied(answer):
    """An unembedding of its own, where there is one."""
    _compare(answer, n_layers=1, n_heads=2, n_kv_heads=1, tied=False)


def _compare(answer, n_layers: int, n_heads: int, n_kv_heads: int, tied: bool) -> None:
    weights = _weights(n_layers, n_heads, n_kv_heads, tied)
    tokens = torch.randint(13, (2, 6))
    asked = (tokens, weights, n_heads, n_kv_heads, 100.0, 1e-2)
    name = f"the logits of {n_layers} layers of {n_heads} heads with {n_kv_heads} keys"
    lab.same(answer.llama_model(*asked), llama_model(*asked), tol=1e-3, name=name)


def _weights(n_layers: int, n_heads: int, n_kv_heads: int, tied: bool) -> dict[str, Tensor]:
    d_model, d_head, d_mlp, d_vocab = 10, 4, 7, 13
    shapes = {"model.embed_tokens": (d_vocab, d_model), "model.norm": (d_model,)}
    shapes |= {} if tied else {"lm_head": (d_vocab, d_model)}
    for layer in range(n_layers):
        shapes |= {
            f"model.layers.{layer}.input_layernorm": (d_model,),
            f"model.layers.{layer}.self_attn.q_proj": (n_heads * d_head, d_model),
            f"model.layers.{layer}.self_attn.k_proj": (n_kv_heads * d_head, d_model),
            f"model.layers.{layer}.self_attn.v_proj": (n_kv_heads * d_head, d_model),
            f"model.layers.{layer}.self_attn.o_proj": (d_model, n_heads * d_head),
            f"model.layers.{layer}.post_attention_layernorm": (d_model,),
            f"model.layers.{layer}.mlp.gate_proj": (d_mlp, d_model),
            f"model.layers.{layer}.mlp.up_proj": (d_mlp, d_model),
            f"model.layers.{layer}.mlp.down_proj": (d_model, d_mlp),
        }
    return {
        f"{name}.weight": torch.randn(shape) / shape[-1] ** 0.5 + (len(shape) == 1)
        for name, shape in shapes.items()
    }


def mistake_sorted_as_text__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    """Your layers come in the order of the alphabet: 0, 1, 10, 11, 2, … Their names hold numbers: sort them
    as numbers, or count up."""
    numbers = sorted({name.split(".")[2] for name in weights if name.startswith("model.layers.")})
    places = {number: str(place) for place, number in enumerate(numbers)}
    renamed = {}
    for name, weight in weights.items():
        start, _, rest = name.partition("model.layers.")
        number, _, part = rest.partition(".")
        renamed[name if start else f"model.layers.{places[number]}.{part}"] = weight
    return llama_model(tokens, renamed, n_heads, n_kv_heads, theta, eps)


def mistake_one_layer_too_few__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    """The last layer is missing. Layers are counted from 0: there is one more than the highest number
    says."""
    numbers = {int(name.split(".")[2]) for name in weights if name.startswith("model.layers.")}
    last = f"model.layers.{max(numbers, default=0)}."
    kept = {name: weight for name, weight in weights.items() if not name.startswith(last)}
    return llama_model(tokens, kept, n_heads, n_kv_heads, theta, eps)


def mistake_not_added__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    """The parts *replace* the stream. They add to it: `x = x + …`, both times."""
    W_E = weights["model.embed_tokens.weight"]
    x = W_E[tokens]
    for layer in range(sum(name.endswith("input_layernorm.weight") for name in weights)):
        at = f"model.layers.{layer}."
        heads = [weights[f"{at}self_attn.{part}_proj.weight"] for part in "qkvo"]
        x = grouped_attention(
            rms_norm(x, weights[f"{at}input_layernorm.weight"], eps), *heads, n_heads, n_kv_heads, theta
        )
        neurons = [weights[f"{at}mlp.{part}_proj.weight"] for part in ("gate", "up", "down")]
        x = gated_mlp(rms_norm(x, weights[f"{at}post_attention_layernorm.weight"], eps), *neurons)
    return rms_norm(x, weights["model.norm.weight"], eps) @ weights.get("lm_head.weight", W_E).T


def mistake_last_norm__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    """The last norm is missing, the one before the unembedding."""
    W_E = weights["model.embed_tokens.weight"]
    x = W_E[tokens]
    for layer in range(sum(name.endswith("input_layernorm.weight") for name in weights)):
        at = f"model.layers.{layer}."
        heads = [weights[f"{at}self_attn.{part}_proj.weight"] for part in "qkvo"]
        x = x + grouped_attention(
            rms_norm(x, weights[f"{at}input_layernorm.weight"], eps), *heads, n_heads, n_kv_heads, theta
        )
        neurons = [weights[f"{at}mlp.{part}_proj.weight"] for part in ("gate", "up", "down")]
        x = x + gated_mlp(rms_norm(x, weights[f"{at}post_attention_layernorm.weight"], eps), *neurons)
    return x @ weights.get("lm_head.weight", W_E).T


def mistake_norms_exchanged__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    """The two norms of a layer have changed places. `post_attention_layernorm` is a strange name for the norm
    *before the MLP*."""
    first, second = "input_layernorm", "post_attention_layernorm"
    exchanged = {}
    for name, weight in weights.items():
        other = name.replace(first, "?").replace(second, first).replace("?", second)
        exchanged[other] = weight
    return llama_model(tokens, exchanged, n_heads, n_kv_heads, theta, eps)


def mistake_gate_and_up__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    """`gate_proj` and `up_proj` have changed places."""
    exchanged = {}
    for name, weight in weights.items():
        exchanged[name.replace("gate_proj", "?").replace("up_proj", "gate_proj").replace("?", "up_proj")] = (
            weight
        )
    return llama_model(tokens, exchanged, n_heads, n_kv_heads, theta, eps)


def mistake_always_layer_zero__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    """Every layer uses the weights of layer 0. Put the layer's number into the names."""
    same = {}
    for name in weights:
        parts = name.split(".")
        of_zero = [*parts[:2], "0", *parts[3:]] if parts[1] == "layers" else parts
        same[name] = weights[".".join(of_zero)]
    return llama_model(tokens, same, n_heads, n_kv_heads, theta, eps)


def mistake_always_tied__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    """You always unembed with the embedding. Where there is a `lm_head.weight`, that is the unembedding."""
    tied = {name: weight for name, weight in weights.items() if name != "lm_head.weight"}
    return llama_model(tokens, tied, n_heads, n_kv_heads, theta, eps)


def mistake_no_head__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    """There need not be a `lm_head.weight`: with tied weights the embedding is used again. `weights.get(name,
    otherwise)` asks without an error."""
    weights["lm_head.weight"] + 0
    return llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps)


def also_right_one_norm_at_a_time__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    stream, layer = F.embedding(tokens, weights["model.embed_tokens.weight"]), 0
    while f"model.layers.{layer}.input_layernorm.weight" in weights:
        mine = {
            name.split(".", 3)[3].removesuffix(".weight"): weight
            for name, weight in weights.items()
            if name.startswith(f"model.layers.{layer}.")
        }
        looks = [mine[f"self_attn.{name}"] for name in ("q_proj", "k_proj", "v_proj", "o_proj")]
        normal = F.rms_norm(stream, stream.shape[-1:], mine["input_layernorm"], eps)
        stream = stream + grouped_attention(normal, *looks, n_heads, n_kv_heads, theta)
        normal = F.rms_norm(stream, stream.shape[-1:], mine["post_attention_layernorm"], eps)
        stream = stream + gated_mlp(normal, *(mine[f"mlp.{name}_proj"] for name in ("gate", "up", "down")))
        layer += 1
    unembed = (
        weights["lm_head.weight"] if "lm_head.weight" in weights else weights["model.embed_tokens.weight"]
    )
    return F.linear(F.rms_norm(stream, stream.shape[-1:], weights["model.norm.weight"], eps), unembed)


def also_right_text_by_text__llama_model(tokens, weights, n_heads, n_kv_heads, theta, eps):
    return torch.cat([llama_model(text[None], weights, n_heads, n_kv_heads, theta, eps) for text in tokens])
