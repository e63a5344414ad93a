"""Read the bigrams off the weights

A transformer without layers has two matrices, and they are all it knows. A token's row of $W_E$ is put into
the residual stream; the final norm scales it; $W_U$ turns it into logits:

$$\\text{logits} = \\operatorname{norm}(W_E[t])\\, W_U .$$

Do this for all tokens at once and you have the whole model in one table: row $t$ says what it expects after
token $t$. `normalise` is given (it is a LayerNorm without weights). Positions are left out.

Your table is compared with ours to within 1e-4, and then with real text: over all pairs of tokens that come
up in unseen tales, the ranks of your probabilities and of the true frequencies have to correlate."""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "`W_E` has a row for each token. One matrix product with `W_U` treats all rows at once.",
    "`normalise(W_E) @ W_U` has a row for each current token and a column for each next one. These are "
    "logits: which function makes log-probabilities of them, and along which axis?",
    "`(normalise(W_E) @ W_U).log_softmax(-1)`.",
]
MINUTES = 8
CONCEPTS = ["bigram-table"]
DETERMINISTIC = True
PURPOSE = """The first time you read a trained model's knowledge *off its weights*, without running it on any
text. The path from embedding straight to unembedding exists in every transformer, GPT-2 included: it is what
remains when all layers are silent."""
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["normalised: d_vocab d_model", "logits: current next", "table: current next"]
WHY = """One product, one softmax. The point is not the code but what it means: a table of $1024 \\times 1024$
logits, and its rank is at most `d_model` = 128. The model cannot store a million bigrams; it has to *share*,
so that tokens with similar rows expect similar things.

The trap is the norm. Without it you read another model's table: rows whose embedding happens to be long
would look far too certain."""
STYLE = {"loop": "One matrix product does all rows at once."}
SEE = {"mistake_wrong_axis__bigram_table": "stable_softmax"}


def normalise(x: Float[Tensor, "row d_model"]) -> Float[Tensor, "row d_model"]:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()


def bigram_table(
    W_E: Float[Tensor, "d_vocab d_model"], W_U: Float[Tensor, "d_model d_vocab"]
) -> Float[Tensor, "d_vocab d_vocab"]:
    """The log-probability of each next token (column) after each current token (row), read from the weights.

    >>> table = bigram_table(torch.eye(2), torch.tensor([[3.0, 0.0], [0.0, 3.0]]))
    >>> table.exp().round(decimals=3)
    tensor([[0.9980, 0.0020],
            [0.0020, 0.9980]])
    """
    return (normalise(W_E) @ W_U).log_softmax(-1)


def check_rows_add_up(answer):
    """Each row holds log-probabilities: their exponentials add up to 1, to within 1e-4."""
    W_E, W_U = _weights(9, 5)
    sums = answer.bigram_table(W_E, W_U).exp().sum(-1)
    lab.same(sums, torch.ones(9), name="the sums of the rows' probabilities")


def check_random_weights(answer):
    """With random weights of any size the table is ours, to within 1e-4."""
    for d_vocab, d_model in ((6, 4), (3, 11), (17, 2)):
        W_E, W_U = _weights(d_vocab, d_model)
        lab.same(answer.bigram_table(W_E, W_U), bigram_table(W_E, W_U), name="the table")


def check_corpus(answer):
    """On a shipped model without layers, the table's ranks correlate with the bigrams of unseen tales: 0.6 or
    more (Spearman, over all pairs that come three times or oftener; ours has about 0.75)."""
    model = lab.load("attn-only-0l")
    table = answer.bigram_table(model.W_E, model.W_U)
    counts = _bigrams(model)
    often = counts >= 3
    true = (counts / counts.sum(1, keepdim=True))[often]
    found = _correlation(table[often], true)
    assert found >= 0.6, (
        f"The rank correlation with {int(often.sum()):,} bigrams of unseen tales is {found:.2f}; it should "
        f"be 0.6 or more."
    )


def _weights(d_vocab: int, d_model: int) -> tuple[Tensor, Tensor]:
    return 3 * torch.randn(d_vocab, d_model) + torch.rand(d_vocab, 1), torch.randn(d_model, d_vocab)


def _bigrams(model) -> Float[Tensor, "current next"]:
    text = " ".join(lab.tales(400, seed=int(torch.randint(1, 10**6, ()))))
    tokens = model.to_tokens(text, prepend_bos=False, truncate=False)[0]
    counts = torch.zeros(model.cfg.d_vocab, model.cfg.d_vocab)
    return counts.index_put_((tokens[:-1], tokens[1:]), torch.ones(len(tokens) - 1), accumulate=True)


def _correlation(one: Float[Tensor, "pair"], other: Float[Tensor, "pair"]) -> float:
    ranks = torch.stack([each.argsort().argsort().float() for each in (one, other)])
    return torch.corrcoef(ranks)[0, 1].item()


def mistake_not_normalised__bigram_table(W_E, W_U):
    """The norm before the unembedding is missing: rows with a long embedding come out far too certain, others
    too even."""
    return (W_E @ W_U).log_softmax(-1)


def mistake_wrong_axis__bigram_table(W_E, W_U):
    """The softmax runs down the columns. What has to add up to 1 are the chances of everything that may come
    *after one token*: along a row, axis −1."""
    return (normalise(W_E) @ W_U).log_softmax(0)


def mistake_transposed__bigram_table(W_E, W_U):
    """Your table is turned: the current token has to be the row, the next one the column."""
    return bigram_table(W_E, W_U).T


def mistake_probabilities__bigram_table(W_E, W_U):
    """These are probabilities; asked for are their logarithms. `log_softmax` gives them in one step."""
    return bigram_table(W_E, W_U).exp()


def mistake_logits__bigram_table(W_E, W_U):
    """These are logits. They only become log-probabilities by `log_softmax`."""
    return normalise(W_E) @ W_U


def mistake_normalised_columns__bigram_table(W_E, W_U):
    """You normalise across tokens. The norm looks at one token's vector at a time, along d_model."""
    return (normalise(W_E.T).T @ W_U).log_softmax(-1)


def also_right_torch__bigram_table(W_E, W_U):
    rows = torch.nn.functional.layer_norm(W_E, W_E.shape[-1:], eps=1e-5)
    return torch.log_softmax(torch.einsum("t d, d n -> t n", rows, W_U), dim=1)


def also_right_loop__bigram_table(W_E, W_U):
    rows = []
    for vector in W_E:
        logits = normalise(vector[None])[0] @ W_U
        rows.append(logits - logits.logsumexp(0))
    return torch.stack(rows)
