"""First change: no centring

LayerNorm takes away the mean, divides by the standard deviation, scales and shifts. Half of that is enough
(Zhang and Sennrich, 2019), and Llama does with it. **RMSNorm** divides by the root of the mean square, and
scales:

$$\\operatorname{RMSNorm}(x) = \\frac{x}{\\sqrt{\\tfrac{1}{d} \\sum_i x_i^2 + \\varepsilon}} \\odot w .$$

To within 1e-4, for any number of axes; the last one is the one to normalise.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from workers import lab

HINTS = [
    "Square, take the mean along the last axis, add eps, take the root, divide. Where does the mean itself "
    "come in?",
    "`x.pow(2).mean(-1, keepdim=True)` keeps an axis of size 1, so that the division fits.",
    "`x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt() * w`.",
]
MINUTES = 5
CONCEPTS = ["llama"]
DETERMINISTIC = True
PURPOSE = """The norm of nearly every open model since 2023. In interpretability you fold its `w` into the
weights that read from it, just as with LayerNorm, and there is no mean to take care of."""
DIFFICULTY = 1
IMPORTANCE = 3
SHAPES = ["mean_square: ... 1"]
WHY = """One operation less, no bias, and models train as well. For reading weights it is kinder, too:
LayerNorm projects the all-ones direction away before anybody can read it, RMSNorm leaves every direction."""
SEE = {"mistake_wrong_axis__rms_norm": "normalise_rows", "mistake_eps_outside__rms_norm": "layer_norm"}


def rms_norm(
    x: Float[Tensor, "... d_model"], w: Float[Tensor, "d_model"], eps: float
) -> Float[Tensor, "... d_model"]:
    """x divided by the root of its mean square along the last axis (eps inside the root), times w.

    >>> rms_norm(torch.tensor([[3.0, 4.0]]), torch.tensor([1.0, 2.0]), 0.0).round(decimals=3)
    tensor([[0.8490, 2.2630]])
    """
    return x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt() * w


def check_random(answer):
    """Random inputs that are not centred, with one, two and three axes."""
    for shape in ((7,), (1, 5), (4, 3, 6)):
        x, w = torch.randn(shape) + 2, torch.randn(shape[-1])
        lab.same(answer.rms_norm(x, w, 1e-6), rms_norm(x, w, 1e-6), name="the normalised x")


def check_eps(answer):
    """A large eps, and nearly nothing to divide."""
    for eps, size in ((0.5, 1.0), (1e-3, 1e-3)):
        x, w = size * torch.randn(3, 8), torch.rand(8) + 0.5
        lab.same(answer.rms_norm(x, w, eps), rms_norm(x, w, eps), name=f"the normalised x with eps = {eps}")


def mistake_centred__rms_norm(x, w, eps):
    """You take the mean away first. That is LayerNorm; RMSNorm does not centre."""
    return rms_norm(x - x.mean(-1, keepdim=True), w, eps)


def mistake_wrong_axis__rms_norm(x, w, eps):
    """The mean of squares runs over the wrong axis. Each vector is normalised by itself: the last axis."""
    return x / (x.pow(2).mean(0, keepdim=True) + eps).sqrt() * w


def mistake_over_everything__rms_norm(x, w, eps):
    """`mean()` without an axis runs over all vectors together. Each is normalised by itself: the last
    axis."""
    return x / (x.pow(2).mean() + eps).sqrt() * w


def mistake_eps_outside__rms_norm(x, w, eps):
    """`eps` stands outside the root; it belongs inside, beside the mean of squares."""
    return x / (x.pow(2).mean(-1, keepdim=True).sqrt() + eps) * w


def mistake_sum__rms_norm(x, w, eps):
    """You divide by the length of the vector: the root of the *sum* of squares. Take their mean."""
    return x / (x.pow(2).sum(-1, keepdim=True) + eps).sqrt() * w


def mistake_no_root__rms_norm(x, w, eps):
    """You divide by the mean square itself. The root is missing."""
    return x / (x.pow(2).mean(-1, keepdim=True) + eps) * w


def also_right_rsqrt__rms_norm(x, w, eps):
    return w * x * torch.rsqrt((x * x).sum(-1, keepdim=True) / x.shape[-1] + eps)


def also_right_torch__rms_norm(x, w, eps):
    return nn.functional.rms_norm(x, x.shape[-1:], w, eps)


def also_right_loop__rms_norm(x, w, eps):
    rows = [row * w / ((row @ row) / len(row) + eps) ** 0.5 for row in x.reshape(-1, x.shape[-1])]
    return torch.stack(rows).reshape(x.shape)
