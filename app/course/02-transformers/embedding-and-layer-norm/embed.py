"""The embedding

A token is a whole number, and a transformer calculates with vectors. The embedding is a table with one row
for each token of the vocabulary, `W_E`: to embed a token is to look up its row. Nothing is multiplied, and no
token knows of its neighbours yet.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from workers import lab

PURPOSE = (
    "The first thing written to the residual stream. In interpretability, `W_E` is one end of every path "
    "through a transformer: $W_E W_U$ (with the norm between) is its table of bigrams. What a head of the "
    "first layer reads is mostly a row of `W_E`."
)
DIFFICULTY = 1
IMPORTANCE = 3
SHAPES = ["tokens: batch pos", "W_E: d_vocab d_model", "result: batch pos d_model"]
HINTS = [
    "A tensor can be indexed with a tensor of whole numbers: the result has the index's shape, and each "
    "entry of the index is replaced by what it points at.",
    "With `table[index]`, the index chooses among the *first* axis of the table, and `W_E` has the tokens "
    "there. So an index of shape batch × pos gives batch × pos × d_model.",
    "`self.W_E[tokens]` is all of it.",
]
USES = ["layer_norm"]
MINUTES = 5
CONCEPTS = ["token-and-position"]
SEE = {"mistake_one_too_far__Embed": "gather_log_probs"}
STYLE = {"loop": "Indexing takes a whole tensor of tokens at once: `self.W_E[tokens]`."}
WHY = """
Written with matrices, an embedding is a one-hot vector times `W_E`, and the papers write it so. The table is
the same thing without a thousand multiplications by zero.
"""


class Embed(nn.Module):
    def __init__(self, cfg: Config) -> None:
        super().__init__()
        self.W_E = nn.Parameter(0.02 * torch.randn(cfg.d_vocab, cfg.d_model))

    def forward(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_model"]:
        """The row of W_E that belongs to each token.

        >>> embed = Embed(Config(d_vocab=3, d_model=2))
        >>> embed.W_E.data = torch.tensor([[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]])
        >>> embed(torch.tensor([[2, 0, 2]])).detach()
        tensor([[[20., 21.],
                 [ 0.,  1.],
                 [20., 21.]]])
        """
        return self.W_E[tokens]


def check_first_and_last(answer):
    """The first and the last token of the vocabulary get the first and the last row."""
    sizes, weights = _drawn()
    tokens = torch.tensor([[0, sizes["d_vocab"] - 1]])
    lab.same(
        answer.probe_forward(sizes, weights, tokens),
        weights["W_E"][tokens],
        name="the embedding of the first and the last token",
    )


def check_random_tokens(answer):
    """Random tokens, in any number of texts of any length, get their rows (to within 1e-4)."""
    for batch, pos in ((random.randint(2, 4), random.randint(3, 9)), (1, 1)):
        sizes, weights = _drawn()
        tokens = torch.randint(sizes["d_vocab"], (batch, pos))
        lab.same(
            answer.probe_forward(sizes, weights, tokens),
            weights["W_E"][tokens],
            name=f"the embedding of {batch} × {pos} tokens",
        )


def probe_forward(
    sizes: dict, weights: dict, tokens: Int[Tensor, "batch pos"]
) -> Float[Tensor, "batch pos d_model"]:
    embed = Embed(Config(**sizes))
    lab.load_weights(embed, weights)
    return embed(tokens)


def _drawn() -> tuple[dict, dict]:
    sizes = {"d_vocab": random.randint(20, 40), "d_model": random.randint(5, 9)}
    return sizes, {"W_E": torch.randn(sizes["d_vocab"], sizes["d_model"])}


class mistake_one_too_far__Embed(Embed):
    """You are one row off. Tokens are counted from 0, like rows: token 0 has row 0."""

    def forward(self, tokens):
        return self.W_E[tokens - 1]


class mistake_first_text_only__Embed(Embed):
    """Every text gets the embedding of the first one. Look up the whole tensor of tokens, not `tokens[0]`."""

    def forward(self, tokens):
        return self.W_E[tokens[0]].expand(len(tokens), -1, -1)


class mistake_scaled__Embed(Embed):
    """Your rows are multiplied by √d_model. The very first transformer did that; GPT-2 takes them as they
    are."""

    def forward(self, tokens):
        return self.W_E[tokens] * self.W_E.shape[1] ** 0.5


class mistake_averaged__Embed(Embed):
    """All positions of a text hold the same vector: you average over the text. Each token keeps its own
    place."""

    def forward(self, tokens):
        return self.W_E[tokens].mean(1, keepdim=True).expand(-1, tokens.shape[1], -1)


class also_right_one_hot__Embed(Embed):
    def forward(self, tokens):
        return nn.functional.one_hot(tokens, self.W_E.shape[0]).to(self.W_E.dtype) @ self.W_E


class also_right_library__Embed(Embed):
    def forward(self, tokens):
        return nn.functional.embedding(tokens, self.W_E)


class also_right_loop__Embed(Embed):
    def forward(self, tokens):
        rows = [torch.stack([self.W_E[token] for token in text.tolist()]) for text in tokens]
        return torch.stack(rows)
