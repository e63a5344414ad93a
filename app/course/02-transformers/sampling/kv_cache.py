"""Never compute a key twice

To write the hundredth token, a model reads the ninety-nine before it. To write the next one it reads them
all again. But the keys and values of old tokens have not changed: causal attention does not let them see what
came later. So keep them.

Write one step of one attention head that remembers. `cache` is a dictionary that is empty at the start of a
text, and whatever you put into it is there in the next step. The result has to be the same as if the head had
read the whole text at once, to within 1e-4, and the multiplications of your step are counted.

This is a bonus. It changes nothing about what a model computes, only how often.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "In each step there is one new query, one new key and one new value. Which of the three will later steps "
    "need?",
    "Append the new key and the new value to the old ones *before* you attend: a token also attends to "
    "itself. No mask is needed, because everything in the cache lies in the past.",
    "`keys = torch.cat([cache.get('keys', x.new_zeros(0, d_head)), (x @ W_K)[None]])`, the same for the "
    "values; put both into the cache; then `(keys @ (x @ W_Q) / d_head**0.5).softmax(-1) @ values`.",
]
MINUTES = 20
CONCEPTS = ["kv-cache"]
PURPOSE = """Every program that talks to a language model does this; it is why memory, not arithmetic, limits
long texts. For interpretability it is a fact about *information*: after a token is read, all that later
tokens can ever learn from it stands in its keys and values."""
DIFFICULTY = 3
IMPORTANCE = 2
SHAPES = [
    "x: d_model",
    "query: d_head",
    "keys: past+1 d_head",
    "values: past+1 d_head",
    "pattern: past+1",
    "out: d_head",
]
WHY = """One step costs three products with the weights, whatever the length of the text, and two products
with the cache, which grow by one row a step. Without the cache, the products with $W_K$ and $W_V$ are done
for every earlier token again, and a text of $n$ tokens costs about $n^2$ of them instead of $n$.

It works because keys and values at a position depend only on what stands at or before it. Change that (a
model that reads both ways, a prompt edited in the middle, positions that are counted anew) and the cache is
wrong without any sign of it. When you patch activations, switch it off or know what you do."""

D_MODEL, D_HEAD = 48, 8


def attend_next(
    x: Float[Tensor, "d_model"],
    cache: dict,
    W_Q: Float[Tensor, "d_model d_head"],
    W_K: Float[Tensor, "d_model d_head"],
    W_V: Float[Tensor, "d_model d_head"],
) -> Float[Tensor, "d_head"]:
    """What the head hands on at the newest token: its values, weighted by softmax(query · keys / √d_head).

    x: the newest token's (normalised) residual stream. cache: what you left there in earlier steps of the
    same text; empty at its first token. Changes only `cache`.

    >>> cache, one = {}, torch.eye(2)
    >>> attend_next(torch.tensor([1.0, 2.0]), cache, one, one, one)
    tensor([1., 2.])
    >>> attend_next(torch.tensor([0.0, 0.0]), cache, one, one, one)  # both keys score 0
    tensor([0.5000, 1.0000])
    """
    keys, values = (x @ W_K)[None], (x @ W_V)[None]
    if cache:
        keys, values = torch.cat([cache["keys"], keys]), torch.cat([cache["values"], values])
    cache["keys"], cache["values"] = keys, values
    pattern = (keys @ (x @ W_Q) / W_Q.shape[1] ** 0.5).softmax(-1)
    return pattern @ values


def check_first_token(answer):
    """At the first token of a text there is only itself to read, whatever was read before with another
    cache."""
    weights = _weights()
    for text in (_text(1), _text(1)):
        got = answer.probe_steps(text, *weights)
        lab.same(got, text @ weights[2], name="what the head hands on at the first token")


def check_every_step(answer):
    """At every later token, the same as the whole text read at once."""
    for length in (2, random.randint(5, 9)):
        text, weights = _text(length), _weights()
        lab.same(
            answer.probe_steps(text, *weights),
            _at_once(text, *weights),
            name=f"what the head hands on in {length} steps",
        )


def check_two_texts(answer):
    """Two texts, each with a cache of its own, do not mix, also when their steps alternate."""
    one, other, weights = _text(6), _text(6), _weights()
    got = answer.probe_in_turns(one, other, *weights)
    assert not torch.allclose(got[0], got[1]), "Two different texts gave the same."
    want = torch.stack([_at_once(one, *weights), _at_once(other, *weights)])
    lab.same(got, want, name="what the head hands on in two texts that take turns")


def check_inputs_unharmed(answer):
    """The token's vector and the weights are as they were."""
    changed = answer.probe_change(_text(4), *_weights())
    assert changed == 0, (
        "After your steps the input or a weight is no longer what it was. Change only the cache."
    )


def check_multiplications(answer):
    """A step multiplies with the weights for the newest token only: at the 40th token at most twice as many
    multiplications as our own, of which there are 1,800 (without a cache it would be 31,000)."""
    counts = answer.probe_multiplications(_text(40), *_weights())
    limit = 2 * (3 * D_MODEL * D_HEAD + 2 * 40 * D_HEAD)
    assert counts[-1] > 0, (
        "No product of tensors was seen in your 40th step. Where do query, key and value come from? If "
        "plain Python or NumPy makes them, write it with tensors (`@`, `einsum`): only those can be counted."
    )
    assert counts[-1] <= limit, (
        f"The outputs are right, but your 40th step makes {counts[-1]:,} multiplications where {limit:,} are "
        "allowed: something that was known already is computed again."
    )


def _text(length: int) -> Float[Tensor, "pos d_model"]:
    return torch.randn(length, D_MODEL)


def _weights() -> tuple[Tensor, Tensor, Tensor]:
    return tuple(torch.randn(D_MODEL, D_HEAD) / 4 for _ in range(3))


def _at_once(text, W_Q, W_K, W_V) -> Float[Tensor, "pos d_head"]:
    """The whole text read in one pass, under a causal mask."""
    scores = (text @ W_Q) @ (text @ W_K).T / D_HEAD**0.5
    future = torch.ones(len(text), len(text), dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(-1) @ (text @ W_V)


def probe_steps(text, W_Q, W_K, W_V) -> Float[Tensor, "pos d_head"]:
    cache = {}
    return torch.stack([attend_next(x, cache, W_Q, W_K, W_V) for x in text])


def probe_in_turns(one, other, W_Q, W_K, W_V) -> Float[Tensor, "2 pos d_head"]:
    caches = {}, {}
    outs = [
        [attend_next(x, cache, W_Q, W_K, W_V) for x, cache in zip(pair, caches, strict=True)]
        for pair in zip(one, other, strict=True)
    ]
    return torch.stack([torch.stack(each) for each in zip(*outs, strict=True)])


def probe_change(text, W_Q, W_K, W_V) -> float:
    things = [text, W_Q, W_K, W_V]
    before = [thing.clone() for thing in things]
    cache = {}
    for x in text:
        attend_next(x, cache, W_Q, W_K, W_V)
    return float(sum((a - b).abs().sum() for a, b in zip(things, before, strict=True)))


def probe_multiplications(text, W_Q, W_K, W_V) -> list[int]:
    """Of each step: of matrix products and of element-wise ones, wherever they hide (einsum, attention)."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Count(TorchDispatchMode):
        total = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            name = func.overloadpacket.__name__
            shapes = [each.shape for each in args if isinstance(each, torch.Tensor)]
            if name in ("mm", "bmm", "mv", "dot", "vdot"):
                self.total += out.numel() * shapes[0][-1]
            elif name in ("addmm", "addmv", "baddbmm"):
                self.total += out.numel() * shapes[1][-1]
            elif "attention" in name:
                self.total += 2 * shapes[0].numel() * shapes[1][-2]
            elif name in ("mul", "mul_"):
                self.total += out.numel()
            return out

    cache, counts = {}, []
    for x in text:
        with Count() as count:
            attend_next(x, cache, W_Q, W_K, W_V)
        counts.append(count.total)
    return counts


def mistake_all_over_again__attend_next(x, cache, W_Q, W_K, W_V):
    """You keep the old inputs and make all keys and values from them anew in every step. Keep the keys and
    values themselves."""
    cache["text"] = torch.cat([cache.get("text", x.new_zeros(0, len(x))), x[None]])
    keys, values = cache["text"] @ W_K, cache["text"] @ W_V
    return (keys @ (x @ W_Q) / W_Q.shape[1] ** 0.5).softmax(-1) @ values


def mistake_not_itself__attend_next(x, cache, W_Q, W_K, W_V):
    """A token attends to itself as well: append its key and value before you attend, not after."""
    key, value = (x @ W_K)[None], (x @ W_V)[None]
    keys, values = cache.get("keys", key), cache.get("values", value)
    out = (keys @ (x @ W_Q) / W_Q.shape[1] ** 0.5).softmax(-1) @ values
    cache["keys"] = torch.cat([cache["keys"], key]) if "keys" in cache else key
    cache["values"] = torch.cat([cache["values"], value]) if "values" in cache else value
    return out


def mistake_overwritten__attend_next(x, cache, W_Q, W_K, W_V):
    """The cache holds nothing but the last token: you put the new key and value in the place of the old ones.
    Append them."""
    keys = torch.cat([cache.get("keys", x.new_zeros(0, W_K.shape[1])), (x @ W_K)[None]])
    values = torch.cat([cache.get("values", x.new_zeros(0, W_V.shape[1])), (x @ W_V)[None]])
    cache["keys"], cache["values"] = (x @ W_K)[None], (x @ W_V)[None]
    return (keys @ (x @ W_Q) / W_Q.shape[1] ** 0.5).softmax(-1) @ values


def mistake_not_scaled__attend_next(x, cache, W_Q, W_K, W_V):
    """The scores are not divided by √d_head."""
    return attend_next(x, cache, W_Q * W_Q.shape[1] ** 0.5, W_K, W_V)


def mistake_values_forgotten__attend_next(x, cache, W_Q, W_K, W_V):
    """You weigh the keys. The pattern says how much of each *value* is fetched, so values need a cache,
    too."""
    cache["keys"] = torch.cat([cache.get("keys", x.new_zeros(0, W_K.shape[1])), (x @ W_K)[None]])
    keys = cache["keys"]
    return (keys @ (x @ W_Q) / W_Q.shape[1] ** 0.5).softmax(-1) @ keys


def mistake_shared_by_all__attend_next(x, cache, W_Q, W_K, W_V, kept={}):  # noqa: B006
    """What you remember lives outside `cache`, and so the next text still sees the one before. Keep it in the
    `cache` that you are given."""
    cache["seen"] = True
    return attend_next(x, kept, W_Q, W_K, W_V)


def also_right_lists__attend_next(x, cache, W_Q, W_K, W_V):
    cache.setdefault("k", []).append(x @ W_K)
    cache.setdefault("v", []).append(x @ W_V)
    query = x @ W_Q
    scores = torch.stack([query @ key for key in cache["k"]]) / len(query) ** 0.5
    return sum(weight * value for weight, value in zip(scores.softmax(0), cache["v"], strict=True))


def also_right_einsum__attend_next(x, cache, W_Q, W_K, W_V):
    query, key, value = torch.einsum("d, n d h -> n h", x, torch.stack([W_Q, W_K, W_V]))
    cache["kv"] = torch.cat([cache.get("kv", x.new_zeros(0, 2, len(key))), torch.stack([key, value])[None]])
    pattern = torch.einsum("h, p h -> p", query / len(query) ** 0.5, cache["kv"][:, 0]).softmax(0)
    return torch.einsum("p, p h -> h", pattern, cache["kv"][:, 1])


def also_right_torch__attend_next(x, cache, W_Q, W_K, W_V):
    for name, weight in (("k", W_K), ("v", W_V)):
        cache[name] = torch.cat([*([cache[name]] if name in cache else []), (x @ weight)[None]])
    query = (x @ W_Q)[None, None]
    return torch.nn.functional.scaled_dot_product_attention(query, cache["k"][None], cache["v"][None])[0, 0]
