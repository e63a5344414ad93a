"""ReLU and Linear, as modules

Write the two parts that every network is made of. A *module* is a class that knows its parameters: whatever
is set on it as an `nn.Parameter` is found by `.parameters()`, by optimisers, and by whoever loads weights.

`Linear` keeps its weight as [out, in], as PyTorch does: row $i$ is what output $i$ looks for. Both weight and
bias begin uniformly between $-1/\\sqrt{\\text{in}}$ and $+1/\\sqrt{\\text{in}}$. Results are
compared to within 1e-4.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor, nn

from workers import lab

HINTS = [
    "ReLU keeps what is positive and makes zero of the rest: `clamp`, `maximum` and `where` can all do it, "
    "without changing `x` itself. For Linear, call `super().__init__()` first, then set `self.weight` and "
    "`self.bias`.",
    "`torch.rand(out_features, in_features)` lies between 0 and 1; stretch it to ±`bound` and wrap it in "
    "`nn.Parameter`. Without a bias, `self.bias = None`.",
    "`self.weight = nn.Parameter(bound * (2 * torch.rand(out_features, in_features) - 1))` with `bound = "
    "in_features**-0.5`; the forward pass is `x @ self.weight.T`, plus `self.bias` unless that is None.",
]
MINUTES = 10
CONCEPTS = ["wrote-a-module"]
DIFFICULTY = 2
IMPORTANCE = 4
PURPOSE = """A transformer is Linear maps with very little in between. When you read weights in MI, the first
question is always which axis is in and which is out, and libraries disagree: PyTorch keeps [out, in],
TransformerLens [in, out]."""
SHAPES = ["x: ... in", "weight: out in", "bias: out", "result: ... out"]
WHY = """`x @ self.weight.T` multiplies along the last axis and leaves all others alone, so that one line
serves a single vector, a batch, and a batch of sequences.

The range of the beginning is no detail. Each output sums `in_features` products; were the weights of size 1,
it would be about $\\sqrt{\\text{in}}$ times as large as the inputs, and the next layer's again.

ReLU must not change its input in place: whoever computed it may still need it, `backward` above all."""
STYLE = {
    "loop": "No loop is needed: `x @ self.weight.T` multiplies along the last axis, whatever stands before "
    "it."
}
SEE = {"mistake_plain_tensors__Linear": "mlp_module"}


class ReLU(nn.Module):
    def forward(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Zero where x is negative, x elsewhere; x itself stays as it is.

        >>> ReLU()(torch.tensor([-2.0, 0.0, 3.0]))
        tensor([0., 0., 3.])
        """
        return x.clamp(min=0)


class Linear(nn.Module):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        """Parameters `weight` [out, in] and `bias` [out], uniform between ±1/sqrt(in); without a bias it is
        None.

        >>> {name: tuple(parameter.shape) for name, parameter in Linear(3, 2).named_parameters()}
        {'weight': (2, 3), 'bias': (2,)}
        """
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(bound * (2 * torch.rand(out_features, in_features) - 1))
        self.bias = nn.Parameter(bound * (2 * torch.rand(out_features) - 1)) if bias else None

    def forward(self, x: Float[Tensor, "... in"]) -> Float[Tensor, "... out"]:
        """The weight times x, along the last axis, plus the bias if there is one.

        >>> layer = Linear(3, 2)
        >>> layer(torch.zeros(5, 7, 3)).shape
        torch.Size([5, 7, 2])
        """
        result = x @ self.weight.T
        return result if self.bias is None else result + self.bias


def check_relu(answer):
    """ReLU, on numbers of both signs, with any number of axes."""
    for shape in ((7,), (3, 5), (2, 1, 4)):
        x = torch.randn(shape)
        got, after = answer.probe_relu(x)
        lab.same(got, x.clamp(min=0), name="`ReLU()(x)`")
        lab.same(after, x, name="x, after your ReLU was called")


def check_parameters(answer):
    """Linear registers its parameters, under their names and in their shapes."""
    into, out = random.randint(3, 6), random.randint(7, 9)
    found = answer.probe_parameters(into, out, True)
    assert found, (
        "`Linear(…).parameters()` is empty, so no optimiser would ever change anything. Wrap the tensors in "
        "`nn.Parameter`."
    )
    lab.same(found, {"weight": [out, into], "bias": [out]}, name=f"what Linear({into}, {out}) registers")
    without = answer.probe_parameters(into, out, False)
    lab.same(without, {"weight": [out, into]}, name=f"what Linear({into}, {out}, bias=False) registers")


def check_given_weights(answer):
    """With given weights, Linear computes what it should (to 1e-4), whatever axes stand before the last."""
    for shape in ((5,), (3, 5), (2, 4, 5), (1, 1, 5)):
        weight, bias, x = torch.randn(3, 5), torch.randn(3), torch.randn(shape)
        name = f"Linear(5, 3) of x with shape {tuple(shape)}"
        lab.same(answer.probe_linear(weight, bias, x), x @ weight.T + bias, name=name)
        lab.same(answer.probe_linear(weight, None, x), x @ weight.T, name=f"{name}, without bias,")


def check_can_be_trained(answer):
    """A gradient gets back to the weight and to the bias."""
    unreached = answer.probe_unreached(torch.randn(3, 5))
    assert not unreached, (
        f"The numbers are right, but no gradient gets back to `{unreached[0]}`: it could never learn. Is "
        "there a `.data`, a `.detach()` or a `no_grad` in your `forward`?"
    )


def check_square(answer):
    """A square weight is not turned round."""
    weight, x = torch.randn(4, 4), torch.randn(2, 4)
    lab.same(answer.probe_linear(weight, None, x), x @ weight.T, name="Linear(4, 4) of x")


def check_beginning(answer):
    """Weight and bias begin uniformly between ±1/sqrt(in)."""
    into = random.choice([25, 64, 100])
    bound = into**-0.5
    for values, name in zip(answer.probe_beginning(into, 400), ("weight", "bias"), strict=True):
        most, mean, spread = float(values.abs().max()), float(values.mean()), float(values.std())
        low, high = float(values.min()), float(values.max())
        said = f"With {into} inputs, your {name} begins between {low:.3f} and {high:.3f}"
        assert spread > 0.01 * bound, (
            f"{said}: all alike. Draw it at random, or all outputs stay the same for ever."
        )
        assert most < 1.01 * bound, f"{said}; ±{bound:.3f} was wanted."
        assert abs(mean) < 0.2 * bound, (
            f"{said}, with a mean of {mean:.3f}. As many should be negative as positive."
        )
        assert most > 0.95 * bound, f"{said}; ±{bound:.3f} was wanted."
        assert abs(spread - bound / 3**0.5) < 0.1 * bound, f"{said}, and not uniformly."


def probe_relu(x) -> tuple[Tensor, Tensor]:
    x = x.clone()
    return ReLU()(x), x


def probe_parameters(into, out, bias) -> dict[str, list[int]]:
    return {
        name: list(parameter.shape) for name, parameter in Linear(into, out, bias=bias).named_parameters()
    }


def probe_linear(weight, bias, x) -> Tensor:
    out, into = weight.shape
    layer = Linear(into, out, bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer(x)


def probe_unreached(x) -> list[str]:
    layer = Linear(x.shape[-1], 3)
    with torch.enable_grad():
        out = layer(x)
        if out.requires_grad:
            out.square().sum().backward()
    return [name for name, parameter in layer.named_parameters() if parameter.grad is None]


def probe_beginning(into, out) -> tuple[Tensor, Tensor]:
    layer = Linear(into, out)
    return layer.weight, layer.bias


class mistake_in_place__ReLU(nn.Module):
    """Your ReLU changes x itself. Whoever made x may still need it: return a new tensor."""

    def forward(self, x):
        x[x < 0] = 0
        return x


class mistake_absolute__ReLU(nn.Module):
    """That is the absolute value. ReLU makes zero of what is negative, it does not turn it round."""

    def forward(self, x):
        return x.abs()


class mistake_plain_tensors__Linear(Linear):
    """Your weight and bias are plain tensors, which a module does not take for its parameters. Wrap each in
    `nn.Parameter`."""

    def __init__(self, in_features, out_features, bias=True):
        nn.Module.__init__(self)
        self.weight = torch.rand(out_features, in_features)
        self.bias = torch.rand(out_features) if bias else None


class mistake_turned__Linear(nn.Module):
    """Weight and product do not fit together. Here, as in PyTorch, the weight is [out, in], and is turned for
    the product: `x @ self.weight.T`. (Many libraries keep it [in, out], TransformerLens among them.)"""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(in_features, out_features))
        self.bias = nn.Parameter(torch.rand(out_features)) if bias else None

    def forward(self, x):
        return x @ self.weight


class mistake_cut_off__Linear(Linear):
    """You take the numbers out of the parameters (`.data`, `detach`). The result is right, and no gradient
    gets back to them."""

    def forward(self, x):
        result = x @ self.weight.data.T
        return result if self.bias is None else result + self.bias.data


class mistake_bias_always__Linear(Linear):
    """There is a bias even where `bias=False` asks for none."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features)


class mistake_bias_forgotten__Linear(Linear):
    """The bias is a parameter, but your forward pass does not add it."""

    def forward(self, x):
        return x @ self.weight.T


class mistake_not_scaled__Linear(Linear):
    """Your parameters begin between 0 and 1, whatever the number of inputs, and all of them positive. Each
    output is a sum over all inputs: it would be enormous. Draw between ±1/sqrt(in)."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        self.weight = nn.Parameter(torch.rand(out_features, in_features))


class mistake_zeros__Linear(Linear):
    """All weights begin at zero. Then all hidden numbers are equal, get equal gradients, and stay equal for
    ever: the layer would be one unit wide."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        nn.init.zeros_(self.weight)


class also_right_where__ReLU(nn.Module):
    def forward(self, x):
        return torch.where(x > 0, x, torch.zeros_like(x))


class also_right_product__ReLU(nn.Module):
    def forward(self, x):
        return x * (x > 0)


class also_right_einsum__Linear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        nn.init.uniform_(self.weight, -1 / in_features**0.5, 1 / in_features**0.5)
        start = torch.empty(out_features).uniform_(-1 / in_features**0.5, 1 / in_features**0.5)
        self.register_parameter("bias", nn.Parameter(start) if bias else None)

    def forward(self, x):
        result = torch.einsum("oi,...i->...o", self.weight, x)
        return result if self.bias is None else result + self.bias


class also_right_rows__Linear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        nn.Module.__init__(self)
        k = in_features**-0.5
        self.weight = nn.Parameter(torch.rand((out_features, in_features)) * 2 * k - k)
        if bias:
            self.bias = nn.Parameter(torch.rand((out_features,)) * 2 * k - k)
        else:
            self.bias = None

    def forward(self, x):
        rows = [(x * row).sum(-1) for row in self.weight]
        out = torch.stack(rows, dim=-1)
        if self.bias is not None:
            out = out + self.bias
        return out
