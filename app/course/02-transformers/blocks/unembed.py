"""The unembedding

At the end stands a vector at every position, and what we want is a score for every token of the vocabulary:
how likely does it come next? One more linear map does it, $W_U$, with one column for each token. The scores
are called *logits*. The softmax that would turn them into probabilities is not part of the model.

GPT-2 has no bias here. TransformerLens keeps one all the same, `b_U`, because other models have it and
because folding fills it. Compared to within 1e-4.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor, nn

from workers import lab

PURPOSE = (
    "The other end of every path. In interpretability a column of `W_U` is the direction that says “this "
    "token next”: the logit lens applies `W_U` to the stream half way up, and direct logit attribution to "
    "each part's contribution."
)
DIFFICULTY = 1
IMPORTANCE = 3
SHAPES = ["x: batch pos d_model", "W_U: d_model d_vocab", "logits: batch pos d_vocab"]
HINTS = [
    "A linear map with a bias, at every position. Nothing else.",
    "`W_U` is d_model × d_vocab, and the last axis of `x` is d_model: they fit as they are.",
    "`x @ self.W_U + self.b_U`.",
]
USES = ["layer_norm"]
MINUTES = 5
CONCEPTS = ["logits"]
SEE = {"mistake_probabilities__Unembed": "stable_softmax"}
STYLE = {"loop": "`@` works on all positions at once."}
WHY = """
Every position gets logits, not only the last: position $t$ predicts token $t + 1$. In training all
of them are used at once.

GPT-2 uses the same matrix at both ends, $W_U = W_E^\\top$. That saves the small model 39 million numbers,
nearly a quarter of the 163 million it would have otherwise. tiny-gpt2 does so, too. Here they are kept apart,
under two names, because they do different work: one says what a token *is*, the other what comes *next*.
"""


class Unembed(nn.Module):
    def __init__(self, cfg: Config) -> None:
        super().__init__()
        self.W_U = nn.Parameter(0.02 * torch.randn(cfg.d_model, cfg.d_vocab))
        self.b_U = nn.Parameter(torch.zeros(cfg.d_vocab))

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_vocab"]:
        """The logits of the next token at every position, given the normalised x.

        >>> unembed = Unembed(Config(d_model=2, d_vocab=3))
        >>> unembed.W_U.data = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 2.0]])
        >>> unembed(torch.tensor([[[3.0, 5.0]]])).detach()
        tensor([[[ 3.,  5., 16.]]])
        """
        return x @ self.W_U + self.b_U


def check_random_weights(answer):
    """For random weights of any size the logits are ours (to within 1e-4)."""
    for batch, pos in ((random.randint(2, 3), random.randint(3, 6)), (1, 1)):
        sizes = {"d_model": random.randint(4, 6), "d_vocab": random.randint(9, 14)}
        weights = {"W_U": torch.randn(*sizes.values()), "b_U": torch.randn(sizes["d_vocab"])}
        x = torch.randn(batch, pos, sizes["d_model"])
        lab.same(
            answer.probe_forward(sizes, weights, x),
            x @ weights["W_U"] + weights["b_U"],
            name=f"the logits of {batch} × {pos} positions over {sizes['d_vocab']} tokens",
        )


def check_shipped_model(answer):
    """With the weights of tiny-gpt2, what stands before its unembedding gives its logits (to within 1e-3)."""
    tokens = torch.randint(1, 1024, (2, random.randint(10, 30)))
    logits, cache = lab.load("tiny-gpt2").run_with_cache(tokens)
    every = lab.weights("tiny-gpt2")
    weights = {"W_U": every["unembed.W_U"], "b_U": every["unembed.b_U"]}
    lab.same(
        answer.probe_forward(lab.config("tiny-gpt2"), weights, cache["ln_final.hook_out"]),
        logits,
        tol=1e-3,
        name="the logits of tiny-gpt2",
    )


def probe_forward(
    sizes: dict, weights: dict, x: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_vocab"]:
    unembed = Unembed(Config(**sizes))
    lab.load_weights(unembed, weights)
    return unembed(x)


class mistake_no_bias__Unembed(Unembed):
    """The bias is missing: add `self.b_U`. In GPT-2 it is zero, so you would not notice there."""

    def forward(self, x):
        return x @ self.W_U


class mistake_probabilities__Unembed(Unembed):
    """These are probabilities. The model ends with logits: whoever wants probabilities takes the softmax, and
    whoever wants a loss takes `log_softmax`, which needs the logits."""

    def forward(self, x):
        return (x @ self.W_U + self.b_U).softmax(-1)


class mistake_log_probabilities__Unembed(Unembed):
    """These are log-probabilities. The model ends with the logits themselves: leave the `log_softmax` to the
    loss."""

    def forward(self, x):
        return (x @ self.W_U + self.b_U).log_softmax(-1)


class mistake_last_position_only__Unembed(Unembed):
    """You return logits for the last position only. Every position predicts what comes after it: keep the
    axis."""

    def forward(self, x):
        return (x @ self.W_U + self.b_U)[:, -1]


class mistake_scaled__Unembed(Unembed):
    """Your logits are divided by √d_model. Attention scores are scaled, logits are not."""

    def forward(self, x):
        return x @ self.W_U / self.W_U.shape[0] ** 0.5 + self.b_U


class also_right_library__Unembed(Unembed):
    def forward(self, x):
        return nn.functional.linear(x, self.W_U.mT, self.b_U)


class also_right_einsum__Unembed(Unembed):
    def forward(self, x):
        return torch.einsum("...m,mv->...v", x, self.W_U) + self.b_U


class also_right_loop__Unembed(Unembed):
    def forward(self, x):
        columns = [(x * self.W_U[:, token]).sum(-1) for token in range(self.W_U.shape[1])]
        return torch.stack(columns, dim=-1) + self.b_U
