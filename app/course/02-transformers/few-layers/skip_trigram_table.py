"""What one head adds

One layer of attention adds heads, and each does two things that are separate. *Where to look* is decided by
the query of the current token and the key of an earlier one; *what to say* depends on the earlier token
alone:

$$QK = \\frac{E\\, W_Q\\, (E\\, W_K)^\\top}{\\sqrt{d_\\text{head}}}, \\qquad OV = E\\, W_V\\, W_O\\, W_U,
\\qquad E = \\operatorname{norm}(W_E).$$

$QK$ has a row for each current token and a column for each earlier one; $OV$ has a row for each earlier token
and a column for each next one. Together they say **skip-trigrams**: *earlier* … *current* → *next*.

Write the two tables (positions left out), and from them the skip-trigrams of one current token: let every
token of the vocabulary stand in the context once, take the head's attention to each, and multiply by what it
says there. Your tables have to agree with ours to within 1e-3."""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Every weight of the head stands in the formula once. Begin with `E = normalise(W_E)`: a row for each "
    "token.",
    "In `qk_table` the query side comes first, so that rows are current tokens. For the skip-trigrams of "
    "`current` you need one row of it, as attention, and all of `ov_table`.",
    "`attention = qk_table(W_E, W_Q, W_K)[current].softmax(-1)`, then `attention[:, None] * ov_table(W_E, "
    "W_V, W_O, W_U)`.",
]
USES = ["bigram_table"]
MINUTES = 20
CONCEPTS = ["skip-trigram", "qk-and-ov-circuits"]
DETERMINISTIC = True
PURPOSE = """QK and OV are the two halves of every attention head there is, and reading them as tables over
tokens is how heads were first understood. You will use them again for induction heads, for copying scores and
whenever you ask what a head *would* do with a token it has not met."""
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = [
    "E: d_vocab d_model",
    "queries: current d_head",
    "keys: earlier d_head",
    "QK: current earlier",
    "OV: earlier next",
    "skip_trigrams: earlier next",
]
WHY = """Four matrices, but they never act alone: only the products $W_Q W_K^\\top$ and $W_V W_O$ can be seen
from outside. Replace $W_Q$ by $W_Q R$ and $W_K$ by $W_K R^{-\\top}$, and no output of the model changes. So
never interpret a single number of $W_Q$: it depends on a basis that nobody chose.

Note the order of multiplication, too: `E @ W_V @ W_O @ W_U` from the left makes the small `[d_vocab, d_head]`
matrix first. `W_V @ W_O` first would be right as well, only slower for a large vocabulary."""
STYLE = {"loop": "Both tables are plain products of matrices; no loop over tokens is needed."}
SEE = {"mistake_over_currents__skip_trigram_table": "stable_softmax"}


def qk_table(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_Q: Float[Tensor, "d_model d_head"],
    W_K: Float[Tensor, "d_model d_head"],
) -> Float[Tensor, "d_vocab d_vocab"]:
    """The score with which each current token (row) looks at each earlier one (column).

    >>> qk_table(torch.eye(2), torch.eye(2), torch.eye(2)).round(decimals=2)
    tensor([[ 1.4100, -1.4100],
            [-1.4100,  1.4100]])
    """
    E = normalise(W_E)
    return (E @ W_Q) @ (E @ W_K).T / W_Q.shape[1] ** 0.5


def ov_table(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
) -> Float[Tensor, "d_vocab d_vocab"]:
    """What looking at each earlier token (row) adds to the logit of each next one (column)."""
    return normalise(W_E) @ W_V @ W_O @ W_U


def skip_trigram_table(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_Q: Float[Tensor, "d_model d_head"],
    W_K: Float[Tensor, "d_model d_head"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    current: int,
) -> Float[Tensor, "d_vocab d_vocab"]:
    """What the head adds to each next token (column) because of each earlier one (row), at the token
    `current`.

    The attention is as if every token of the vocabulary stood in the context once.
    """
    attention = qk_table(W_E, W_Q, W_K)[current].softmax(-1)
    return attention[:, None] * ov_table(W_E, W_V, W_O, W_U)


def check_qk(answer):
    """QK of random heads: rows are current tokens, columns earlier ones."""
    for sizes in ((7, 5, 3), (4, 9, 1), (11, 6, 8)):
        W_E, W_Q, W_K, *_ = _head(*sizes)
        lab.same(answer.qk_table(W_E, W_Q, W_K), qk_table(W_E, W_Q, W_K), tol=1e-3, name="the QK table")


def check_ov(answer):
    """OV of random heads: rows are earlier tokens, columns next ones."""
    for sizes in ((7, 5, 3), (4, 9, 1), (11, 6, 8)):
        W_E, _, _, W_V, W_O, W_U = _head(*sizes)
        lab.same(
            answer.ov_table(W_E, W_V, W_O, W_U), ov_table(W_E, W_V, W_O, W_U), tol=1e-3, name="the OV table"
        )


def check_skip_trigrams(answer):
    """The skip-trigrams of a hidden current token of random heads."""
    for sizes in ((7, 5, 3), (12, 6, 4)):
        weights, current = _head(*sizes), int(torch.randint(1, sizes[0], ()))
        lab.same(
            answer.skip_trigram_table(*weights, current),
            skip_trigram_table(*weights, current),
            tol=1e-3,
            name=f"the skip-trigrams of token {current}",
        )


def check_shipped_model(answer):
    """The tables of a head of the shipped one-layer model."""
    model, head = lab.load("attn-only-1l"), int(torch.randint(8, ()))
    W_Q, W_K, W_V, W_O = (weights[0, head] for weights in (model.W_Q, model.W_K, model.W_V, model.W_O))
    current = int(torch.randint(300, 1024, ()))
    weights = (model.W_E, W_Q, W_K, W_V, W_O, model.W_U)
    lab.same(
        answer.skip_trigram_table(*weights, current),
        skip_trigram_table(*weights, current),
        tol=1e-3,
        name=f"the skip-trigrams of head 0.{head}",
    )


def _head(d_vocab: int, d_model: int, d_head: int) -> tuple[Tensor, ...]:
    """W_E, W_Q, W_K, W_V, W_O, W_U of random numbers."""
    rows = (d_vocab, d_model, d_model, d_model, d_head, d_model)
    columns = (d_model, d_head, d_head, d_head, d_model, d_vocab)
    return tuple(torch.randn(*size) for size in zip(rows, columns, strict=True))


def mistake_not_scaled__qk_table(W_E, W_Q, W_K):
    """The scores are not divided by √d_head."""
    return qk_table(W_E, W_Q, W_K) * W_Q.shape[1] ** 0.5


def mistake_turned__qk_table(W_E, W_Q, W_K):
    """Your QK table is turned: rows should be the tokens that look, columns those that are looked at."""
    return qk_table(W_E, W_Q, W_K).T


def mistake_not_normalised__qk_table(W_E, W_Q, W_K):
    """The norm is missing: a head reads the *normalised* residual stream."""
    return (W_E @ W_Q) @ (W_E @ W_K).T / W_Q.shape[1] ** 0.5


def mistake_not_normalised__ov_table(W_E, W_V, W_O, W_U):
    """The norm is missing: values are made from the *normalised* residual stream, too."""
    return W_E @ W_V @ W_O @ W_U


def mistake_turned__ov_table(W_E, W_V, W_O, W_U):
    """Your OV table is turned: rows should be the earlier tokens, which are read, and columns the next
    ones."""
    return ov_table(W_E, W_V, W_O, W_U).T


def mistake_weights_of_the_query__skip_trigram_table(W_E, W_Q, W_K, W_V, W_O, W_U, current):
    """You took a column of QK: how much all others look at `current`. Its own attention is its *row*."""
    attention = qk_table(W_E, W_Q, W_K)[:, current].softmax(-1)
    return attention[:, None] * ov_table(W_E, W_V, W_O, W_U)


def mistake_no_softmax__skip_trigram_table(W_E, W_Q, W_K, W_V, W_O, W_U, current):
    """You multiply by scores. Attention is their softmax: positive, and 1 together."""
    return qk_table(W_E, W_Q, W_K)[current][:, None] * ov_table(W_E, W_V, W_O, W_U)


def mistake_over_currents__skip_trigram_table(W_E, W_Q, W_K, W_V, W_O, W_U, current):
    """The softmax runs over the tokens that look. A token shares out its attention among those it looks *at*:
    along its row."""
    attention = qk_table(W_E, W_Q, W_K).softmax(0)[current]
    return attention[:, None] * ov_table(W_E, W_V, W_O, W_U)


def mistake_wrong_side__skip_trigram_table(W_E, W_Q, W_K, W_V, W_O, W_U, current):
    """The attention belongs to the earlier tokens, which are rows here: multiply each row by it
    (`attention[:, None]`), not each column."""
    attention = qk_table(W_E, W_Q, W_K)[current].softmax(-1)
    return attention[None, :] * ov_table(W_E, W_V, W_O, W_U)


def also_right_einsum__skip_trigram_table(W_E, W_Q, W_K, W_V, W_O, W_U, current):
    E = normalise(W_E)
    scores = torch.einsum("h, t h -> t", E[current] @ W_Q, E @ W_K) / W_K.shape[-1] ** 0.5
    values = torch.einsum("t d, d h, h m -> t m", E, W_V, W_O)
    return torch.einsum("t, t m, m n -> t n", scores.softmax(0), values, W_U)


def also_right_middle_first__ov_table(W_E, W_V, W_O, W_U):
    return normalise(W_E) @ ((W_V @ W_O) @ W_U)


def also_right_middle_first__qk_table(W_E, W_Q, W_K):
    E = torch.nn.functional.layer_norm(W_E, W_E.shape[1:], eps=1e-5)
    return E @ (W_Q @ W_K.T) @ E.T * W_K.shape[1] ** -0.5
