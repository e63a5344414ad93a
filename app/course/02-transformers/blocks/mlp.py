"""The MLP

After attention has brought information together, the MLP works on it, at each position by itself: up into a
wider space, through a curve that lets the large pass and holds back the small, and down again.

$$\\text{MLP}(x) = \\text{gelu}(x \\, W_\\text{in} + b_\\text{in}) \\, W_\\text{out} + b_\\text{out}$$

The curve is GELU, in the approximation that GPT-2 was trained with. It is given, as `gelu_new`. Compared to
within 1e-4.
"""

import math
import random

import torch
from jaxtyping import Float
from torch import Tensor, nn

from workers import lab

PURPOSE = (
    "Two thirds of the weights of a GPT-2 block sit here. In interpretability its inner numbers are the "
    "*neurons* (`hook_pre` before the curve, `hook_post` after it); looking facts up, and much of what "
    "sparse autoencoders and transcoders take apart, happens in them."
)
DIFFICULTY = 1
IMPORTANCE = 3
SHAPES = [
    "x: batch pos d_model",
    "pre: batch pos d_mlp",
    "post: batch pos d_mlp",
    "result: batch pos d_model",
]
HINTS = [
    "Two linear maps with a curve between them. The last axis of `x` is multiplied, the others stay.",
    "`pre = x @ self.W_in + self.b_in` are the neurons before the curve; `gelu_new(pre)` after it.",
    "`gelu_new(x @ self.W_in + self.b_in) @ self.W_out + self.b_out`.",
]
USES = ["layer_norm"]
MINUTES = 5
CONCEPTS = ["mlp"]
SEE = {"mistake_relu__MLP": "relu_and_linear", "mistake_no_bias_inside__MLP": "relu_and_linear"}
STYLE = {"loop": "`@` works on all positions at once."}
WHY = """
Without the curve, two matrices in a row are one matrix, and the whole layer could be folded away.
The curve is what makes a neuron more than a direction.

`F.gelu` computes the exact curve, $x \\cdot \\Phi(x)$; `gelu_new` the approximation with tanh. They differ by
less than a thousandth, and still GPT-2's weights belong to the one they were trained with. PyTorch has it as
`F.gelu(x, approximate="tanh")`.
"""


def gelu_new(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


class MLP(nn.Module):
    def __init__(self, cfg: Config) -> None:
        super().__init__()
        self.W_in = nn.Parameter(0.02 * torch.randn(cfg.d_model, cfg.d_mlp))
        self.b_in = nn.Parameter(torch.zeros(cfg.d_mlp))
        self.W_out = nn.Parameter(0.02 * torch.randn(cfg.d_mlp, cfg.d_model))
        self.b_out = nn.Parameter(torch.zeros(cfg.d_model))

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        """What the MLP adds to the residual stream, given the normalised x that it reads.

        >>> mlp = MLP(Config(d_model=2, d_mlp=2))
        >>> mlp.W_in.data, mlp.W_out.data = torch.eye(2), 10 * torch.eye(2)
        >>> mlp(torch.tensor([[[1.0, -1.0]]])).detach()
        tensor([[[ 8.4119, -1.5881]]])
        """
        return gelu_new(x @ self.W_in + self.b_in) @ self.W_out + self.b_out


def check_random_weights(answer):
    """For random weights of any size the result is ours (to within 1e-4)."""
    for batch, pos in ((random.randint(2, 3), random.randint(3, 6)), (1, 1)):
        sizes, weights = _drawn()
        x = torch.randn(batch, pos, sizes["d_model"])
        lab.same(
            answer.probe_forward(sizes, weights, x),
            _ours(sizes, weights, x),
            name=f"the output of an MLP with {sizes['d_mlp']} neurons",
        )


def check_curve(answer):
    """The curve is gelu_new, and not one of its relatives (to within 1e-4)."""
    sizes, weights = _drawn()
    weights["W_out"] *= 20  # neurons that differ by a thousandth are seen
    x = torch.randn(2, 6, sizes["d_model"])
    lab.same(
        answer.probe_forward(sizes, weights, x),
        _ours(sizes, weights, x),
        name="the output of an MLP with large W_out",
    )


def check_input_unharmed(answer):
    """The input is as it was afterwards."""
    sizes, weights = _drawn()
    x = torch.randn(2, 4, sizes["d_model"])
    after = answer.probe_input_after(sizes, weights, x)
    lab.same(after, x, tol=1e-6, name="the input, after the MLP has read it")


def probe_forward(
    sizes: dict, weights: dict, x: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    mlp = MLP(Config(**sizes))
    lab.load_weights(mlp, weights)
    return mlp(x)


def probe_input_after(
    sizes: dict, weights: dict, x: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    mlp = MLP(Config(**sizes))
    lab.load_weights(mlp, weights)
    mlp(x)
    return x


def _drawn() -> tuple[dict, dict]:
    sizes = {"d_model": random.randint(5, 8), "d_mlp": random.randint(10, 15)}
    shapes = {"W_in": (sizes["d_model"], sizes["d_mlp"]), "b_in": (sizes["d_mlp"],)}
    shapes |= {"W_out": (sizes["d_mlp"], sizes["d_model"]), "b_out": (sizes["d_model"],)}
    return sizes, {name: torch.randn(shape) / 2 for name, shape in shapes.items()}


def _ours(sizes: dict, weights: dict, x: Tensor) -> Tensor:
    mlp = MLP(Config(**sizes))
    mlp.load_state_dict(weights)
    return mlp(x).detach()


class mistake_relu__MLP(MLP):
    """Your curve is a ReLU: it cuts off everything below zero. GELU lets a little through, and GPT-2's
    weights count on it. `gelu_new` is given."""

    def forward(self, x):
        return (x @ self.W_in + self.b_in).relu() @ self.W_out + self.b_out


class mistake_exact_gelu__MLP(MLP):
    """You use the exact GELU. GPT-2 was trained with an approximation of it, which differs by up to half a
    thousandth in each neuron. `gelu_new` is given."""

    def forward(self, x):
        return nn.functional.gelu(x @ self.W_in + self.b_in) @ self.W_out + self.b_out


class mistake_no_curve__MLP(MLP):
    """There is no curve between your two matrices, so together they are one. Apply `gelu_new` to what comes
    out of the first."""

    def forward(self, x):
        return (x @ self.W_in + self.b_in) @ self.W_out + self.b_out


class mistake_no_bias_inside__MLP(MLP):
    """`b_in` is missing. It is added before the curve: it decides where each neuron begins to fire."""

    def forward(self, x):
        return gelu_new(x @ self.W_in) @ self.W_out + self.b_out


class mistake_no_bias_outside__MLP(MLP):
    """`b_out` is missing: add it at the very end."""

    def forward(self, x):
        return gelu_new(x @ self.W_in + self.b_in) @ self.W_out


class mistake_curve_at_the_end__MLP(MLP):
    """You apply the curve once more at the end. What the MLP writes to the residual stream is linear in its
    neurons, and may be negative."""

    def forward(self, x):
        return gelu_new(super().forward(x))


class mistake_adds_its_input__MLP(MLP):
    """Your result contains the input itself. The residual connection comes later, in the block; here only
    what the MLP adds is asked for."""

    def forward(self, x):
        return x + super().forward(x)


class also_right_library__MLP(MLP):
    def forward(self, x):
        hidden = nn.functional.linear(x, self.W_in.T, self.b_in)
        return nn.functional.linear(nn.functional.gelu(hidden, approximate="tanh"), self.W_out.T, self.b_out)


class also_right_einsum__MLP(MLP):
    def forward(self, x):
        neurons = gelu_new(torch.einsum("bpm,mn->bpn", x, self.W_in) + self.b_in)
        return torch.einsum("bpn,nm->bpm", neurons, self.W_out) + self.b_out


class also_right_neuron_by_neuron__MLP(MLP):
    def forward(self, x):
        result = self.b_out.expand_as(x).clone()
        for neuron in range(self.W_in.shape[1]):
            fires = gelu_new((x * self.W_in[:, neuron]).sum(-1) + self.b_in[neuron])
            result += fires[..., None] * self.W_out[neuron]
        return result
