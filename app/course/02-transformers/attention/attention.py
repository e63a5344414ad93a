"""The whole attention layer

A layer has several heads side by side. Each has weights of its own, looks where it likes, and adds its own
result; the layer's output is the *sum* of all of them, plus one bias. The heads' weights come stacked:
`W_Q`, `W_K` and `W_V` are n_heads × d_model × d_head, `W_O` is n_heads × d_head × d_model.

You could call your `attention_head` once for each head, and that would be right. Try to do all heads at once:
`attention_pattern` does not mind how many axes stand in front. Compared to within 1e-4.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor, nn

from workers import lab

PURPOSE = (
    "The only part of a transformer that moves information from one position to another. In interpretability "
    "you will split it again into what each head adds, because the output is a plain sum over heads: that is "
    "why one can knock out, patch or credit a single head."
)
DIFFICULTY = 4
IMPORTANCE = 5
SHAPES = [
    "x: batch pos d_model",
    "q, k, v: batch head pos d_head",
    "pattern: batch head query key",
    "z: batch head query d_head",
    "result: batch query d_model",
]
HINTS = [
    "Give queries, keys and values an axis for the heads: batch × head × pos × d_head. With the heads in "
    "front of the positions, `attention_pattern(q, k)` does all heads at once.",
    '`torch.einsum("bpm,hmd->bhpd", x, self.W_Q)` are the queries without their bias. The bias is '
    "head × d_head, and has to line up with axes 1 and 3: `self.b_Q[:, None]`.",
    "`z = attention_pattern(q, k) @ v`, and at the end both the heads and d_head are summed over: "
    '`torch.einsum("bhpd,hdm->bpm", z, self.W_O) + self.b_O`. The bias comes once.',
]
USES = ["layer_norm", "attention_pattern", "attention_head"]
MINUTES = 20
CONCEPTS = ["attention-head", "causal-mask"]
SEE = {"mistake_view_for_transpose__Attention": "einops_eight"}
STYLE = {
    "loop": "A loop over heads is right. An einsum does all of them at once, and says which axis is which: "
    '`einsum(x, W_Q, "batch pos model, head model d -> batch head pos d")`.',
    "view": "`view` re-reads numbers in memory order and knows nothing of heads. Beside it, "
    "`einops.rearrange` says what it does.",
}
WHY = """
GPT-2's own code joins the heads' $z$ into one long vector and multiplies it by one large matrix. Stacked like
here, the same product is visibly a sum over heads, and each term can be looked at alone.

The classic mistake of this exercise is invisible: to bring batch × pos × head × d_head into the order batch ×
head × pos × d_head with `view` or `reshape`. The shape comes out right and the numbers are in the wrong
places. Two axes change places with `transpose` (or `rearrange`), never with `view`.
"""


class Attention(nn.Module):
    def __init__(self, cfg: Config) -> None:
        super().__init__()
        heads, model, head = cfg.n_heads, cfg.d_model, cfg.d_head
        self.W_Q = nn.Parameter(0.02 * torch.randn(heads, model, head))
        self.W_K = nn.Parameter(0.02 * torch.randn(heads, model, head))
        self.W_V = nn.Parameter(0.02 * torch.randn(heads, model, head))
        self.W_O = nn.Parameter(0.02 * torch.randn(heads, head, model))
        self.b_Q = nn.Parameter(torch.zeros(heads, head))
        self.b_K = nn.Parameter(torch.zeros(heads, head))
        self.b_V = nn.Parameter(torch.zeros(heads, head))
        self.b_O = nn.Parameter(torch.zeros(model))

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        """What all heads together add to the residual stream, given the normalised x that they read.

        >>> attention = Attention(Config(d_model=6, n_heads=2, d_head=3))
        >>> attention(torch.zeros(1, 4, 6)).shape
        torch.Size([1, 4, 6])
        >>> attention.b_O.data = torch.arange(6.0)
        >>> attention(torch.zeros(1, 1, 6)).detach()
        tensor([[[0., 1., 2., 3., 4., 5.]]])
        """
        q = torch.einsum("bpm,hmd->bhpd", x, self.W_Q) + self.b_Q[:, None]
        k = torch.einsum("bpm,hmd->bhpd", x, self.W_K) + self.b_K[:, None]
        v = torch.einsum("bpm,hmd->bhpd", x, self.W_V) + self.b_V[:, None]
        z = attention_pattern(q, k) @ v
        return torch.einsum("bhpd,hdm->bpm", z, self.W_O) + self.b_O


def check_one_head(answer):
    """With a single head, the layer is that head, plus the bias b_O (to within 1e-4)."""
    sizes, weights = _drawn(n_heads=1)
    x = torch.randn(2, random.randint(3, 6), sizes["d_model"])
    lab.same(
        answer.probe_forward(sizes, weights, x),
        _ours(sizes, weights, x),
        name="the output of a layer with one head",
    )


def check_several_heads(answer):
    """With random weights, any number of heads, and d_head what it likes, the output is ours (to within
    1e-4)."""
    for batch, pos in ((random.randint(2, 3), random.randint(5, 8)), (1, 1)):
        sizes, weights = _drawn(n_heads=random.randint(2, 4))
        x = torch.randn(batch, pos, sizes["d_model"])
        lab.same(
            answer.probe_forward(sizes, weights, x),
            _ours(sizes, weights, x),
            name=f"the output of {sizes['n_heads']} heads, for x of shape {list(x.shape)}",
        )


def check_causal(answer):
    """Changing the input at position t changes no output before t, however large the scores are."""
    sizes, weights = _drawn(n_heads=3)
    weights["W_Q"] = (
        50 * weights["W_Q"]
    )  # scores so large that only a mask of infinity (or close to it) holds
    x, t = torch.randn(2, 8, sizes["d_model"]), random.randint(3, 6)
    changed = x.clone()
    changed[:, t:] = torch.randn_like(changed[:, t:])
    lab.same(
        answer.probe_forward(sizes, weights, changed)[:, :t],
        answer.probe_forward(sizes, weights, x)[:, :t],
        tol=1e-5,
        name=f"the output before position {t}, when only later inputs have changed",
    )


def check_shipped_model(answer):
    """With the weights of a layer of tiny-gpt2, on what that layer reads, it adds what that layer adds (to
    within 1e-3)."""
    model = lab.load("tiny-gpt2")
    layer = random.randrange(model.cfg.n_layers)
    _, cache = model.run_with_cache(torch.randint(1, 1024, (2, random.randint(10, 30))))
    start = f"blocks.{layer}.attn."
    weights = {
        name.removeprefix(start): weight
        for name, weight in lab.weights("tiny-gpt2").items()
        if name.startswith(start)
    }
    lab.same(
        answer.probe_forward(lab.config("tiny-gpt2"), weights, cache[f"blocks.{layer}.ln1.hook_out"]),
        cache["attn_out", layer],
        tol=1e-3,
        name=f"the output of the heads of layer {layer} of tiny-gpt2",
    )


def check_input_unharmed(answer):
    """The input is as it was afterwards."""
    sizes, weights = _drawn(n_heads=2)
    x = torch.randn(2, 5, sizes["d_model"])
    after = answer.probe_input_after(sizes, weights, x)
    lab.same(after, x, tol=1e-6, name="the input, after the layer has read it")


def probe_forward(
    sizes: dict, weights: dict, x: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    attention = Attention(Config(**sizes))
    lab.load_weights(attention, weights)
    return attention(x)


def probe_input_after(
    sizes: dict, weights: dict, x: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    attention = Attention(Config(**sizes))
    lab.load_weights(attention, weights)
    attention(x)
    return x


def _drawn(n_heads: int) -> tuple[dict, dict]:
    """Sizes in which n_heads · d_head is not d_model, and no two axes are alike."""
    d_head = random.randint(5, 6)
    sizes = {"n_heads": n_heads, "d_head": d_head, "d_model": n_heads * d_head + random.randint(3, 5)}
    shapes = {name: (n_heads, sizes["d_model"], d_head) for name in ("W_Q", "W_K", "W_V")}
    shapes |= {name: (n_heads, d_head) for name in ("b_Q", "b_K", "b_V")}
    shapes |= {"W_O": (n_heads, d_head, sizes["d_model"]), "b_O": (sizes["d_model"],)}
    return sizes, {name: torch.randn(shape) / 2 for name, shape in shapes.items()}


def _ours(sizes: dict, weights: dict, x: Tensor) -> Tensor:
    attention = Attention(Config(**sizes))
    attention.load_state_dict(weights)
    return attention(x).detach()


class mistake_no_scale__Attention(Attention):
    """The scores are not divided by √d_head: your patterns are too sharp. (`attention_pattern` does it.)"""

    def forward(self, x):
        q, k, v = (
            torch.einsum("bpm,hmd->bhpd", x, W) + b[:, None]
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        pattern = causal_mask(q @ k.transpose(-1, -2)).softmax(-1)
        return torch.einsum("bhpd,hdm->bpm", pattern @ v, self.W_O) + self.b_O


class mistake_mask_after_softmax__Attention(Attention):
    """You mask after the softmax, so the rows of your patterns do not sum to 1. Mask the scores first."""

    def forward(self, x):
        q, k, v = (
            torch.einsum("bpm,hmd->bhpd", x, W) + b[:, None]
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        pattern = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1).tril()
        return torch.einsum("bhpd,hdm->bpm", pattern @ v, self.W_O) + self.b_O


class mistake_heads_behind_positions__Attention(Attention):
    """Your heads stand behind the positions, batch × pos × head × d_head, and so each token's heads attend to
    one another instead of to other tokens. `attention_pattern` takes the last two axes: bring the positions
    there."""

    def forward(self, x):
        q, k, v = (
            torch.einsum("bpm,hmd->bphd", x, W) + b
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        return torch.einsum("bphd,hdm->bpm", attention_pattern(q, k) @ v, self.W_O) + self.b_O


class mistake_over_queries__Attention(Attention):
    """Your softmax runs over the queries. Each query has one unit of attention to share out among its keys:
    the softmax runs over the last axis of the scores."""

    def forward(self, x):
        q, k, v = (
            torch.einsum("bpm,hmd->bhpd", x, W) + b[:, None]
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        pattern = causal_mask(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-2)
        return torch.einsum("bhpd,hdm->bpm", pattern @ v, self.W_O) + self.b_O


class mistake_view_for_transpose__Attention(Attention):
    """You bring the heads in front with `view` or `reshape`. The shape is right, the numbers are not: `view`
    cuts the same row of numbers anew, and mixes heads with positions. Axes change places with `transpose`,
    `permute` or `einops.rearrange`."""

    def forward(self, x):
        batch, pos, _ = x.shape
        q, k, v = (
            (torch.einsum("bpm,hmd->bphd", x, W) + b).reshape(batch, W.shape[0], pos, W.shape[2])
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        return torch.einsum("bhpd,hdm->bpm", attention_pattern(q, k) @ v, self.W_O) + self.b_O


class mistake_view_at_the_end__Attention(Attention):
    """Queries, keys and values are right, but at the end you join the heads with `view` or `reshape` while
    they still stand in front of the positions: batch × head × pos × d_head. Bring the positions forward first
    (`transpose(1, 2)`), or let an einsum sum over head and d_head."""

    def forward(self, x):
        q, k, v = (
            torch.einsum("bpm,hmd->bhpd", x, W) + b[:, None]
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        z = (attention_pattern(q, k) @ v).reshape(*x.shape[:2], -1)
        return z @ self.W_O.flatten(0, 1) + self.b_O


class mistake_bias_for_every_head__Attention(Attention):
    """You add b_O once for every head. It belongs to the whole layer: add it once, to the sum."""

    def forward(self, x):
        return super().forward(x) + (len(self.W_O) - 1) * self.b_O


class mistake_mean_over_heads__Attention(Attention):
    """You average over the heads. They *add*: each writes to the residual stream what it has to say."""

    def forward(self, x):
        return (super().forward(x) - self.b_O) / len(self.W_O) + self.b_O


class mistake_no_output_bias__Attention(Attention):
    """The last bias is missing: add `self.b_O` to the sum over the heads."""

    def forward(self, x):
        return super().forward(x) - self.b_O


class mistake_no_mask__Attention(Attention):
    """Your heads look ahead: the causal mask is missing. (`attention_pattern` calls it.)"""

    def forward(self, x):
        q, k, v = (
            torch.einsum("bpm,hmd->bhpd", x, W) + b[:, None]
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        pattern = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1)
        return torch.einsum("bhpd,hdm->bpm", pattern @ v, self.W_O) + self.b_O


class also_right_head_by_head__Attention(Attention):
    def forward(self, x):
        weights = zip(self.W_Q, self.W_K, self.W_V, self.W_O, self.b_Q, self.b_K, self.b_V, strict=True)
        result = self.b_O.expand(x.shape)
        for head in weights:
            result = result + attention_head(x, *head)
        return result


class also_right_joined__Attention(Attention):
    def forward(self, x):
        batch, pos, _ = x.shape
        heads, _, d_head = self.W_Q.shape
        q, k, v = (
            (x @ W.permute(1, 0, 2).flatten(1) + b.flatten()).view(batch, pos, heads, d_head).transpose(1, 2)
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        z = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return z.transpose(1, 2).reshape(batch, pos, heads * d_head) @ self.W_O.flatten(0, 1) + self.b_O


class also_right_einsum__Attention(Attention):
    def forward(self, x):
        q = torch.einsum("bpm,hmd->bphd", x, self.W_Q) + self.b_Q
        k = torch.einsum("bpm,hmd->bphd", x, self.W_K) + self.b_K
        v = torch.einsum("bpm,hmd->bphd", x, self.W_V) + self.b_V
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
        ahead = torch.arange(x.shape[1])[:, None] < torch.arange(x.shape[1])
        pattern = scores.masked_fill(ahead, -1e9).softmax(-1)
        each = torch.einsum("bhqk,bkhd,hdm->bqhm", pattern, v, self.W_O)
        return each.sum(2) + self.b_O


class also_right_mask_kept__Attention(Attention):
    def __init__(self, cfg):
        super().__init__(cfg)
        self.register_buffer("ahead", torch.ones(128, 128, dtype=torch.bool).triu(1))

    def forward(self, x):
        q, k, v = (
            torch.einsum("bpm,hmd->bhpd", x, W) + b.unsqueeze(1)
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        scores = q @ k.mT / q.shape[-1] ** 0.5
        scores = scores.masked_fill(self.ahead[: x.shape[1], : x.shape[1]], float("-inf"))
        return torch.einsum("bhqd,hdm->bqm", scores.softmax(-1) @ v, self.W_O) + self.b_O
