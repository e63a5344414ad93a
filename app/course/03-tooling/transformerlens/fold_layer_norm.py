"""Fold it yourself

A LayerNorm ends with weights of its own: $x \\mapsto w \\odot \\hat x + b$, where $\\hat x$ is centred and
scaled. What comes next is linear: $y = (w \\odot \\hat x + b)\\, W + c$. Two linear maps in a row are one.
Find the $W'$ and $c'$ for which

$$\\hat x\\, W' + c' = (w \\odot \\hat x + b)\\, W + c \\qquad \\text{for every } \\hat x,$$

and the norm has no weights left. This is what `fold_ln` means.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

PURPOSE = (
    "Folding is why weights in papers differ from those in the file, and why attribution by W_U adds up in "
    "one copy of a model and not in the other. Done once by hand, it stops being magic."
)
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["W: d_model d_out", "w: d_model", "b: d_model", "c: d_out"]
HINTS = [
    "Multiply it out: $(w \\odot \\hat x)\\,W + bW + c$. Which terms depend on $\\hat x$, and which do not?",
    "$w$ scales the *rows* of $W$, one for each entry of the residual stream. What is left is a new bias.",
    "`W_folded = w[:, None] * W`, and `c_folded = c + b @ W`, with the W from before.",
]
MINUTES = 9
CONCEPTS = ["folded-a-norm"]
DETERMINISTIC = True
WHY = """
`w` belongs to the axis that the matrix sums over, so it scales rows. The old `W` goes into the bias, not the
folded one: `b` is added after `w` has done its work. Nothing is approximated, only rounded: the same
function, written with fewer parts. What it buys is that a direction in the residual stream can be read with
one matrix.
"""


def fold_layer_norm(
    w: Float[Tensor, "d_model"],
    b: Float[Tensor, "d_model"],
    W: Float[Tensor, "d_model d_out"],
    c: Float[Tensor, "d_out"],
) -> Float[Tensor, "d_model+1 d_out"]:
    """The folded matrix, with the folded bias as one more row below it.

    >>> one = torch.ones(3)
    >>> fold_layer_norm(one, 0 * one, torch.eye(3), 5 * one)
    tensor([[1., 0., 0.],
            [0., 1., 0.],
            [0., 0., 1.],
            [5., 5., 5.]])
    """
    return torch.cat([w[:, None] * W, (c + b @ W)[None]])


def check_outputs(answer):
    """Outputs stay the same, for random norms and matrices."""
    d_model, d_out = random.randint(5, 9), random.randint(10, 14)
    w, b, W, c = torch.randn(d_model), torch.randn(d_model), torch.randn(d_model, d_out), torch.randn(d_out)
    _same_outputs(answer, w, b, W, c, torch.randn(20, d_model))


def check_more_in_than_out(answer):
    """Also where more goes in than comes out."""
    d_model, d_out = random.randint(10, 14), random.randint(2, 5)
    w, b, W, c = torch.randn(d_model), torch.randn(d_model), torch.randn(d_model, d_out), torch.randn(d_out)
    _same_outputs(answer, w, b, W, c, torch.randn(20, d_model))


def check_real_norm(answer):
    """The last norm of tiny-gpt2, folded into its unembedding, gives the model's own logits to 1e-4."""
    given, model = lab.weights("tiny-gpt2"), lab.load("tiny-gpt2")
    names = "ln_final.w", "ln_final.b", "unembed.W_U", "unembed.b_U"
    tokens = torch.randint(1, model.cfg.d_vocab, (2, random.randint(5, 12)))
    logits, cache = model.run_with_cache(tokens)
    folded = answer.fold_layer_norm(*(given[name] for name in names))
    got = _apply(folded, cache["blocks.2.hook_resid_post"])
    lab.same(got, logits, tol=1e-3, name="the logits of tiny-gpt2, from the folded matrix")


def _same_outputs(answer, w, b, W, c, x):
    folded = answer.fold_layer_norm(w, b, W, c)
    want = (w * _normalised(x) + b) @ W + c
    lab.same(_apply(folded, x), want, tol=1e-4, name="the outputs after folding")


def _apply(folded, x):
    return _normalised(x) @ folded[:-1] + folded[-1]


def _normalised(x: Float[Tensor, "*row d_model"]) -> Float[Tensor, "*row d_model"]:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()


def mistake_no_bias__fold_layer_norm(w, b, W, c):
    """The norm's bias `b` is lost. It goes through the matrix, too: `b @ W` belongs to the new bias."""
    return torch.cat([w[:, None] * W, c[None]])


def mistake_folded_twice__fold_layer_norm(w, b, W, c):
    """`b` went through the folded matrix, so it is scaled by `w` once too often. It is added after `w` has
    done its work: `b @ W`, with the W from before."""
    return torch.cat([w[:, None] * W, (c + b @ (w[:, None] * W))[None]])


def mistake_divided__fold_layer_norm(w, b, W, c):
    """You divide by `w`. The norm multiplies by it, and so must the matrix that replaces it."""
    return torch.cat([W / w[:, None], (c + b @ W)[None]])


def mistake_not_folded__fold_layer_norm(w, b, W, c):
    """The matrix is the old one: its rows have to be scaled by `w`."""
    return torch.cat([W, (c + b @ W)[None]])


def mistake_old_bias_lost__fold_layer_norm(w, b, W, c):
    """The old bias `c` is lost: the new one is `c + b @ W`."""
    return torch.cat([w[:, None] * W, (b @ W)[None]])


def mistake_bias_above__fold_layer_norm(w, b, W, c):
    """The bias is to be the last row, and yours is the first."""
    return torch.cat([(c + b @ W)[None], w[:, None] * W])


def also_right_diagonal__fold_layer_norm(w, b, W, c):
    return torch.vstack([torch.diag(w) @ W, c + torch.einsum("i,io->o", b, W)])


def also_right_by_trying__fold_layer_norm(w, b, W, c):
    basis = torch.eye(len(w))
    bias = b @ W + c
    return torch.cat([(w * basis + b) @ W + c - bias, bias[None]])
