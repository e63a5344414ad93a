"""Who writes the answer?

The last residual stream is a sum of what every part has written, and the logits are read from it by one
matrix. Only the last norm stands between. So take its *scale* as it was in this run, and each part's share
of the logit difference is a dot product. This is **direct logit attribution**:

$$\\text{share} = \\frac{\\operatorname{centred}(\\text{what the head wrote})}{\\text{scale}} \\cdot
(W_U[\\text{right}] - W_U[\\text{wrong}])$$

Write it for every head, at the last position. The models here have attention only, and their norms have no
weights: subtract the mean over the vector, divide by the scale.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "One run and one product tell which heads speak about the answer. It is the cheapest tool of the "
    "field, and what it cannot see is the next part of this lesson."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = [
    "z: batch head d_head",
    "written: batch head d_model",
    "direction: batch d_model",
    "shares: layer head",
]
HINTS = [
    "What a head writes is its z times its own piece of `W_O`: `model.W_O[layer, head]` is d_head × "
    "d_model. At the last position, for all heads of a layer, that is one einsum.",
    "Subtract from each written vector its mean over d_model, and divide by "
    '`cache["ln_final.hook_scale"][:, -1]`, which has one number a prompt. Then take the dot product with'
    " `(model.W_U[:, right] - model.W_U[:, wrong]).T`, one direction a prompt.",
    '`written = torch.einsum("bhd,hdm->bhm", cache["z", layer][:, -1], model.W_O[layer])`; centre it, '
    'divide by `scale[:, None]`, and `torch.einsum("bhm,bm->bh", …, direction).mean(0)` is a row of the '
    "answer.",
]
MINUTES = 18
CONCEPTS = ["logit-difference", "direct-logit-attribution"]
SEE = {"mistake_no_mean_taken_away__head_shares": "layer_norm"}
STYLE = {
    "loop": "A loop over layers is right; over heads an einsum does all at once.",
    "direct_logit_attribution": "That is the library's. It is right, and what to use from now on.",
}
WHY = """
The scale is frozen: taken from the run, as if no part had a hand in it. That is what makes the shares add
up. It is also what makes them lie a little, for the scale is the length of the whole sum: without a long
vector the sum would be shorter, and every other share longer.
"""


def head_shares(
    model, tokens: Int[Tensor, "batch pos"], right: Int[Tensor, "batch"], wrong: Int[Tensor, "batch"]
) -> Float[Tensor, "layer head"]:
    """Each head's direct share of the logit difference at the last position, in logits; the mean over
    prompts.

    The last norm's scale is what it was in this run.

    >>> model = lab.load("attn-only-2l")
    >>> shares = head_shares(model, torch.tensor([[0, 7, 8, 9, 7]]), torch.tensor([8]), torch.tensor([9]))
    >>> shares.shape
    torch.Size([2, 8])
    """
    _, cache = model.run_with_cache(tokens)
    direction = (model.W_U[:, right] - model.W_U[:, wrong]).T
    scale = cache["ln_final.hook_scale"][:, -1]
    rows = []
    for layer in range(model.cfg.n_layers):
        written = torch.einsum("bhd,hdm->bhm", cache["z", layer][:, -1], model.W_O[layer])
        centred = written - written.mean(-1, keepdim=True)
        rows.append(torch.einsum("bhm,bm->bh", centred / scale[:, None], direction).mean(0))
    return torch.stack(rows)


def check_one_prompt(answer):
    """One prompt, one layer."""
    _compare(answer, "attn-only-1l", 1)


def check_several_prompts(answer):
    """Several prompts with answers of their own, two layers."""
    _compare(answer, "attn-only-2l", random.randint(3, 5))


def check_adds_up(answer):
    """With the embeddings' shares and the biases', they are the logit difference itself."""
    tokens, right, wrong = _case(3)
    model = lab.load("attn-only-2l")
    logits = model(tokens)[:, -1]
    row = torch.arange(3)
    want = (logits[row, right] - logits[row, wrong]).mean()
    rest = _rest(model, tokens, right, wrong)
    total = answer.head_shares(model, tokens, right, wrong).sum() + rest
    lab.same(total, want, tol=2e-3, name="your shares and those of all other parts together")


def check_by_yourself(answer):
    """And all of it is your own work."""
    model, (tokens, right, wrong) = lab.load("attn-only-2l"), _case(2)
    got = answer.probe_by_yourself(model, tokens, right, wrong)
    lab.same(
        got,
        head_shares(model, tokens, right, wrong),
        tol=2e-3,
        name="the shares of the heads of attn-only-2l",
    )


def probe_by_yourself(model, tokens, right, wrong) -> Float[Tensor, "layer head"]:
    from workers.lab.away import away

    with away(head_shares, "direct_logit_attribution", "attribution_by_source"):
        return head_shares(model, tokens, right, wrong)


def _compare(answer, name, count):
    tokens, right, wrong = _case(count)
    model = lab.load(name)
    want = head_shares(model, tokens, right, wrong)
    got = answer.head_shares(model, tokens, right, wrong)
    lab.same(got, want, tol=2e-3, name=f"the shares of the heads of {name}")


def _rest(model, tokens, right, wrong) -> Float[Tensor, ""]:
    """The share of everything that is no head."""
    _, cache = model.run_with_cache(tokens)
    other = cache["hook_embed"] + cache["hook_pos_embed"] + model.b_O.sum(0)
    centred = (other - other.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"]
    direction = (model.W_U[:, right] - model.W_U[:, wrong]).T
    return (centred[:, -1] * direction).sum(-1).mean() + (model.b_U[right] - model.b_U[wrong]).mean()


def _case(count):
    """Prompts in which something is said twice, broken off; and two answers for each."""
    period = random.randint(5, 9)
    once = torch.stack([1 + torch.randperm(1023)[:period] for _ in range(count)])
    tokens = torch.cat(
        [torch.zeros(count, 1, dtype=torch.long), once, once[:, : random.randint(1, 3)]], dim=1
    )
    nexts = once[:, tokens.shape[1] - period - 1]
    return tokens, nexts, (nexts + torch.randint(1, 1024, (count,))) % 1024


def _shares(model, tokens, right, wrong, *, read, direction=None, pos=-1, name="ln_final.hook_scale"):
    """Shares with the norm replaced by read(written, scale)."""
    _, cache = model.run_with_cache(tokens)
    if direction is None:
        direction = (model.W_U[:, right] - model.W_U[:, wrong]).T
    scale = cache[name][:, -1][:, None]
    rows = []
    for layer in range(model.cfg.n_layers):
        written = torch.einsum("bhd,hdm->bhm", cache["z", layer][:, pos], model.W_O[layer])
        rows.append(torch.einsum("bhm,bm->bh", read(written, scale), direction).mean(0))
    return torch.stack(rows)


def _centred(written):
    return written - written.mean(-1, keepdim=True)


def mistake_no_scale__head_shares(model, tokens, right, wrong):
    """The last norm's scale is missing: the logits are read from the stream after it has been divided by
    `ln_final.hook_scale`."""
    return _shares(model, tokens, right, wrong, read=lambda written, scale: _centred(written))


def mistake_a_norm_of_its_own__head_shares(model, tokens, right, wrong):
    """You normalise each head's vector by its own length. Then a head that whispers counts as much as one
    that shouts, and nothing adds up. The scale is that of the whole stream, from the cache."""

    def read(written, scale):
        centred = _centred(written)
        return centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()

    return _shares(model, tokens, right, wrong, read=read)


def mistake_no_mean_taken_away__head_shares(model, tokens, right, wrong):
    """LayerNorm also takes the mean away, and that is linear: each part loses its own. You only divide."""
    return _shares(model, tokens, right, wrong, read=lambda written, scale: written / scale)


def mistake_right_alone__head_shares(model, tokens, right, wrong):
    """These are shares of the right answer's logit. Much of that goes to all names alike; take the direction
    of the difference, `W_U[:, right] - W_U[:, wrong]`."""
    return _shares(
        model,
        tokens,
        right,
        wrong,
        read=lambda written, scale: _centred(written) / scale,
        direction=model.W_U[:, right].T,
    )


def mistake_turned_round__head_shares(model, tokens, right, wrong):
    """Wrong minus right: all signs are turned. A head that speaks for the right answer has a positive
    share."""
    return -head_shares(model, tokens, right, wrong)


def mistake_one_position_early__head_shares(model, tokens, right, wrong):
    """You read what the heads write at another position than the last one. The answer is read at the end."""
    return _shares(model, tokens, right, wrong, read=lambda written, scale: _centred(written) / scale, pos=-2)


def mistake_sum_over_prompts__head_shares(model, tokens, right, wrong):
    """You add the prompts up. The mean is asked for."""
    return head_shares(model, tokens, right, wrong) * len(tokens)


def mistake_scale_of_layer_norm_1__head_shares(model, tokens, right, wrong):
    """That is the scale of a norm inside the layers. What the unembedding reads went through the last one:
    `ln_final.hook_scale`."""
    last = f"blocks.{model.cfg.n_layers - 1}.ln1.hook_scale"
    return _shares(
        model, tokens, right, wrong, read=lambda written, scale: _centred(written) / scale, name=last
    )


def mistake_asks_the_lab__head_shares(model, tokens, right, wrong):
    """`lab.direct_logit_attribution` is the very thing you are to write. After this exercise it is yours;
    here, the cache, `W_O` and `W_U` are all it takes."""
    return lab.direct_logit_attribution(model, tokens, right, wrong).heads


def also_right_head_by_head__head_shares(model, tokens, right, wrong):
    _, cache = model.run_with_cache(tokens)
    shares = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            written = cache["z", layer][:, :, head] @ model.W_O[layer, head]
            read = (written - written.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"]
            logits = read[:, -1] @ model.W_U
            row = torch.arange(len(tokens))
            shares[layer, head] = (logits[row, right] - logits[row, wrong]).mean()
    return shares


def also_right_centre_the_direction__head_shares(model, tokens, right, wrong):
    direction = (model.W_U[:, right] - model.W_U[:, wrong]).T
    direction = direction - direction.mean(-1, keepdim=True)
    read = lambda written, scale: written / scale  # noqa: E731
    return _shares(model, tokens, right, wrong, read=read, direction=direction)
