"""The positions

An attention layer, as you will write it, does not know in which order the earlier tokens came: shuffle them,
and the last position fetches just the same. So GPT-2 adds to each token's vector one for the *place* it
stands at. That is a second table, `W_pos`, with one row for each of the `n_ctx` places. What the token is
does not matter here, only where it stands.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from workers import lab

PURPOSE = (
    "The second thing written to the residual stream. In interpretability it explains every head that "
    "works by place: a previous-token head finds its left neighbour with nothing but `W_pos`, its queries "
    "and its keys."
)
DIFFICULTY = 1
IMPORTANCE = 3
SHAPES = [
    "tokens: batch pos",
    "W_pos: n_ctx d_model",
    "its first rows: pos d_model",
    "result: batch pos d_model",
]
HINTS = [
    "How long is a text? `tokens.shape` says it. The rows you need are the first so many of `W_pos`.",
    "`self.W_pos[:length]` is pos × d_model. Every text of the batch gets the same, so an axis has to "
    "come in front.",
    "`batch, pos = tokens.shape`, then `self.W_pos[:pos].expand(batch, -1, -1)`. (`einops.repeat` says "
    "it, too.)",
]
USES = ["layer_norm"]
MINUTES = 5
CONCEPTS = ["token-and-position"]
SEE = {"mistake_by_token__PosEmbed": "gather_log_probs"}
STYLE = {"loop": "No loop is needed: `expand` gives every text of the batch the same rows."}
WHY = """
`expand` makes a batch without copying anything: all texts share the same memory. That is safe because nobody
writes to it. You could leave the batch axis out altogether, and broadcasting would still add the rows to the
embedding; it is here so that every part of your model returns what its annotation says.
"""


class PosEmbed(nn.Module):
    def __init__(self, cfg: Config) -> None:
        super().__init__()
        self.W_pos = nn.Parameter(0.02 * torch.randn(cfg.n_ctx, cfg.d_model))

    def forward(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_model"]:
        """The row of W_pos for each place: the same for every text, whatever its tokens.

        >>> pos_embed = PosEmbed(Config(n_ctx=4, d_model=2))
        >>> pos_embed.W_pos.data = torch.tensor([[0.0, 1.0], [10.0, 11.0], [20.0, 21.0], [30.0, 31.0]])
        >>> pos_embed(torch.tensor([[3, 3]])).detach()
        tensor([[[ 0.,  1.],
                 [10., 11.]]])
        """
        batch, pos = tokens.shape
        return self.W_pos[:pos].expand(batch, -1, -1)


def check_places(answer):
    """Each place gets its row, in any number of texts of any length up to n_ctx (to within 1e-4)."""
    sizes = {
        "d_vocab": random.randint(5, 9),
        "n_ctx": random.randint(10, 16),
        "d_model": random.randint(5, 9),
    }
    weights = {"W_pos": torch.randn(sizes["n_ctx"], sizes["d_model"])}
    for batch, pos in ((random.randint(2, 4), random.randint(3, 8)), (1, 1), (2, sizes["n_ctx"])):
        tokens = torch.randint(sizes["d_vocab"], (batch, pos))
        lab.same(
            answer.probe_forward(sizes, weights, tokens),
            weights["W_pos"][:pos].expand(batch, -1, -1),
            name=f"the positions of {batch} × {pos} tokens",
        )


def check_tokens_do_not_matter(answer):
    """Other tokens at the same places get the same."""
    sizes = {"d_vocab": 8, "n_ctx": random.randint(9, 12), "d_model": random.randint(5, 9)}
    weights = {"W_pos": torch.randn(sizes["n_ctx"], sizes["d_model"])}
    one, other = torch.randint(8, (2, 3, 7)).unbind()
    lab.same(
        answer.probe_forward(sizes, weights, one),
        answer.probe_forward(sizes, weights, other),
        name="the positions of other tokens at the same places",
    )


def probe_forward(
    sizes: dict, weights: dict, tokens: Int[Tensor, "batch pos"]
) -> Float[Tensor, "batch pos d_model"]:
    pos_embed = PosEmbed(Config(**sizes))
    lab.load_weights(pos_embed, weights)
    return pos_embed(tokens)


class mistake_by_token__PosEmbed(PosEmbed):
    """You look up the *tokens* in W_pos. Its rows belong to places: which token stands there does not
    matter."""

    def forward(self, tokens):
        return self.W_pos[tokens]


class mistake_from_one__PosEmbed(PosEmbed):
    """Your places are counted from 1. The first token stands at place 0 and gets row 0."""

    def forward(self, tokens):
        batch, pos = tokens.shape
        return self.W_pos[1 : pos + 1].expand(batch, -1, -1)


class mistake_last_rows__PosEmbed(PosEmbed):
    """You take the last rows of W_pos. A text begins at place 0, however short it is: take the first rows."""

    def forward(self, tokens):
        batch, pos = tokens.shape
        return self.W_pos[-pos:].expand(batch, -1, -1)


class mistake_whole_table__PosEmbed(PosEmbed):
    """You return all n_ctx rows. A text is mostly shorter: take as many rows as it has tokens."""

    def forward(self, tokens):
        return self.W_pos.expand(len(tokens), -1, -1)


class mistake_no_batch__PosEmbed(PosEmbed):
    """The batch axis is missing: your result is pos × d_model. Give every text its own (`expand`, or
    `einops.repeat`)."""

    def forward(self, tokens):
        return self.W_pos[: tokens.shape[1]]


class also_right_arange__PosEmbed(PosEmbed):
    def forward(self, tokens):
        place = torch.arange(tokens.shape[1], device=tokens.device)
        return self.W_pos[place.repeat(tokens.shape[0], 1)]


class also_right_stack__PosEmbed(PosEmbed):
    def forward(self, tokens):
        return torch.stack([self.W_pos[: text.shape[0]] for text in tokens])


class also_right_one_hot__PosEmbed(PosEmbed):
    def forward(self, tokens):
        batch, pos = tokens.shape
        choose = torch.eye(self.W_pos.shape[0])[:pos]
        return torch.einsum("pn,nd->pd", choose, self.W_pos)[None].repeat(batch, 1, 1)
