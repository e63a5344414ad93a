"""LayerNorm

Before any layer reads the residual stream, the vector at each position is brought to a common scale: its mean
is taken off, it is divided by its standard deviation, and then each of its $d_\\text{model}$ numbers is
scaled and shifted by learned weights,

$$\\text{LN}(x) = \\frac{x - \\bar{x}}{\\sqrt{\\text{Var}(x) + \\varepsilon}} \\cdot w + b.$$

The mean and the variance are those of one vector, at one position of one text. The variance is the mean of
the squared deviations, over all $d_\\text{model}$ of them. `Config` holds the sizes of a whole transformer;
you will carry it through this step. Compared to within 1e-4.
"""

import random
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from workers import lab

PURPOSE = (
    "Every attention layer and every MLP of GPT-2 reads its input through a LayerNorm. In "
    "interpretability it returns at once: dividing by a scale that depends on the input is the one step "
    "that keeps the residual stream from being a plain sum, so direct logit attribution has to freeze "
    "that scale, and “folding” moves `w` and `b` into the next weights."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = [
    "x: batch pos d_model",
    "mean and variance: batch pos 1",
    "w, b: d_model",
    "result: batch pos d_model",
]
HINTS = [
    "Both statistics run over the last axis. `keepdim=True` leaves an axis of size 1 there, so that what "
    "comes out can be subtracted from `x` as it is.",
    "`x.mean(-1, keepdim=True)` is the mean. For the variance take the mean of the squared deviations: "
    "`x.var(...)` divides by d_model − 1 unless you tell it `unbiased=False`.",
    "`centred = x - x.mean(-1, keepdim=True)`, `scale = (centred.pow(2).mean(-1, keepdim=True) + "
    "self.eps).sqrt()`, and return `centred / scale * self.w + self.b`.",
]
MINUTES = 10
CONCEPTS = ["layer-norm"]
SEE = {"mistake_over_positions__LayerNorm": "normalise_rows", "mistake_no_axis__LayerNorm": "normalise_rows"}
STYLE = {
    "loop": "No loop is needed: with `keepdim=True`, broadcasting does all positions at once.",
    "layer_norm": "`F.layer_norm` is right, of course. Write it once by hand all the same: you will want to "
    "stop in the middle of it, at the scale.",
}
WHY = """
`centred` and `scale` have names because you will want them later: TransformerLens keeps the scale as
`ln1.hook_scale`, and everything after it is linear.

The root is taken of the variance *plus* ε. Outside the root ε would do nearly the same, except where the
variance is close to nothing, and there the two differ by a lot. PyTorch's `var` and `std` divide by
$d_\\text{model} - 1$; LayerNorm divides by $d_\\text{model}$. Nothing is changed in place: `x` is the
residual stream, and the layers after this one still need it.
"""


@dataclass
class Config:
    """The sizes of a transformer, by TransformerLens' names. Left alone, they are those of tiny-gpt2."""

    d_vocab: int = 1024
    n_ctx: int = 128
    d_model: int = 128
    n_layers: int = 3
    n_heads: int = 4
    d_head: int = 32
    d_mlp: int = 512
    eps: float = 1e-5


class LayerNorm(nn.Module):
    def __init__(self, cfg: Config) -> None:
        super().__init__()
        self.eps = cfg.eps
        self.w = nn.Parameter(torch.ones(cfg.d_model))
        self.b = nn.Parameter(torch.zeros(cfg.d_model))

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        """Each position's vector, centred, divided by the root of its variance plus eps, times w, plus b.

        >>> norm = LayerNorm(Config(d_model=4))
        >>> norm(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])).detach()
        tensor([[[-1.3416, -0.4472,  0.4472,  1.3416]]])
        >>> norm(torch.tensor([[[7.0, 7.0, 7.0, 7.0]]])).detach()
        tensor([[[0., 0., 0., 0.]]])
        """
        centred = x - x.mean(-1, keepdim=True)
        scale = (centred.pow(2).mean(-1, keepdim=True) + self.eps).sqrt()
        return centred / scale * self.w + self.b


def check_random_inputs(answer):
    """For random inputs and random w and b, of any size, the result is ours to within 1e-4."""
    for batch, pos in ((random.randint(2, 4), random.randint(3, 7)), (1, 1)):
        sizes, weights = _drawn(d_model=random.randint(5, 9), eps=1e-5)
        x = 3 * torch.randn(batch, pos, sizes["d_model"]) + random.uniform(1, 4)
        lab.same(
            answer.probe_forward(sizes, weights, x),
            _ours(sizes, weights, x),
            name=f"`LayerNorm` of an x of shape {list(x.shape)}",
        )


def check_small_variance(answer):
    """With eps = 0.1 and vectors that hardly vary, eps stands inside the root (to within 1e-4)."""
    sizes, weights = _drawn(d_model=random.randint(6, 12), eps=0.1)
    x = random.uniform(1, 5) + 0.2 * torch.randn(2, 5, sizes["d_model"])
    x[:, 0] = x[:, 0, :1]  # no variance at all
    lab.same(
        answer.probe_forward(sizes, weights, x),
        _ours(sizes, weights, x),
        name="`LayerNorm`, with eps = 0.1, of vectors of little variance",
    )


def check_input_unharmed(answer):
    """The input is as it was afterwards."""
    sizes, weights = _drawn(d_model=random.randint(5, 9), eps=1e-5)
    x = 2 + torch.randn(2, 4, sizes["d_model"])
    lab.same(
        answer.probe_input_after(sizes, weights, x),
        x,
        tol=1e-6,
        name="the input, after `LayerNorm` has read it (it is the residual stream, and others need it)",
    )


def probe_forward(
    sizes: dict, weights: dict, x: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    norm = LayerNorm(Config(**sizes))
    lab.load_weights(norm, weights)
    return norm(x)


def probe_input_after(
    sizes: dict, weights: dict, x: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    norm = LayerNorm(Config(**sizes))
    lab.load_weights(norm, weights)
    norm(x)
    return x


def _drawn(d_model: int, eps: float) -> tuple[dict, dict]:
    weights = {"w": 1 + 0.5 * torch.randn(d_model), "b": torch.randn(d_model)}
    return {"d_model": d_model, "eps": eps}, weights


def _ours(sizes: dict, weights: dict, x: Tensor) -> Tensor:
    norm = LayerNorm(Config(**sizes))
    norm.load_state_dict(weights)
    return norm(x).detach()


class mistake_eps_outside__LayerNorm(LayerNorm):
    """Your eps stands outside the root: you divide by √Var + ε. It belongs inside, √(Var + ε). The two differ
    where the variance is small, and there by a lot: with ε = 0.1 and no variance, 0.1 against 0.32."""

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.pow(2).mean(-1, keepdim=True).sqrt() + self.eps) * self.w + self.b


class mistake_no_eps__LayerNorm(LayerNorm):
    """There is no eps in your root. A vector of equal numbers has no variance, and 0/0 is NaN. `self.eps`
    goes inside the root, beside the variance."""

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / centred.pow(2).mean(-1, keepdim=True).sqrt() * self.w + self.b


class mistake_unbiased__LayerNorm(LayerNorm):
    """Your variance divides by d_model − 1, which `var` and `std` do unless told otherwise. LayerNorm divides
    by d_model: give `unbiased=False`, or take the mean of the squared deviations."""

    def forward(self, x):
        return (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True) + self.eps).sqrt() * self.w + self.b


class mistake_over_positions__LayerNorm(LayerNorm):
    """You take mean and variance over the positions, axis 1. Then what stands at one position depends on all
    the others, also on later ones. LayerNorm looks at one vector at a time: the last axis, −1."""

    def forward(self, x):
        centred = x - x.mean(1, keepdim=True)
        return centred / (centred.pow(2).mean(1, keepdim=True) + self.eps).sqrt() * self.w + self.b


class mistake_no_axis__LayerNorm(LayerNorm):
    """You take one mean and one variance of everything. Each position has its own: give the axis, −1, and
    `keepdim=True`."""

    def forward(self, x):
        centred = x - x.mean()
        return centred / (centred.pow(2).mean() + self.eps).sqrt() * self.w + self.b


class mistake_variance_for_deviation__LayerNorm(LayerNorm):
    """You divide by the variance. Divide by its root: the result should vary by about 1, whatever came in."""

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.pow(2).mean(-1, keepdim=True) + self.eps) * self.w + self.b


class mistake_not_centred__LayerNorm(LayerNorm):
    """The mean is still in there: you divide, but do not centre. (Divided by its root mean square it would be
    RMSNorm, which Llama uses. GPT-2 takes the mean off.)"""

    def forward(self, x):
        return x / (x.var(-1, keepdim=True, unbiased=False) + self.eps).sqrt() * self.w + self.b


class mistake_no_weights__LayerNorm(LayerNorm):
    """The result is normalised, but the learned weights are missing: multiply by `self.w` and add
    `self.b`."""

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.pow(2).mean(-1, keepdim=True) + self.eps).sqrt()


class mistake_in_place__LayerNorm(LayerNorm):
    """You change your input: `x -= …` works on the tensor that was handed in, and that is the residual
    stream, which the layers after this one still need. Write `x = x - …`, which makes a new one."""

    def forward(self, x):
        x -= x.mean(-1, keepdim=True)
        return x / (x.pow(2).mean(-1, keepdim=True) + self.eps).sqrt() * self.w + self.b


class also_right_library__LayerNorm(LayerNorm):
    def forward(self, x):
        return nn.functional.layer_norm(x, (x.shape[-1],), self.w, self.b, self.eps)


class also_right_loop__LayerNorm(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.w = nn.Parameter(torch.empty(cfg.d_model).fill_(1.0))
        self.b = nn.Parameter(torch.empty(cfg.d_model).fill_(0.0))

    def forward(self, x):
        result = torch.zeros_like(x)
        for text in range(x.shape[0]):
            for pos in range(x.shape[1]):
                variance, mean = torch.var_mean(x[text, pos], correction=0)
                result[text, pos] = (x[text, pos] - mean) * torch.rsqrt(variance + self.cfg.eps)
        return result * self.w + self.b


class also_right_double__LayerNorm(LayerNorm):
    def forward(self, x):
        wide = x.double()
        variance = (wide**2).mean(-1) - wide.mean(-1) ** 2
        normalised = (wide - wide.mean(-1)[..., None]) / torch.sqrt(variance[..., None] + self.eps)
        return (normalised * self.w + self.b).to(x.dtype)
