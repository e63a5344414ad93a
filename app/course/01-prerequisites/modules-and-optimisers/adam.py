"""Adam

Gradient descent uses one learning rate for all parameters, however large or small their gradients are. Adam
keeps two running averages for each parameter, of the gradient and of its square, and divides one by the root
of the other:

$$m \\leftarrow \\beta_1 m + (1-\\beta_1)\\,g, \\qquad s \\leftarrow \\beta_2 s + (1-\\beta_2)\\,g^2,$$
$$\\hat m = \\frac{m}{1-\\beta_1^t}, \\qquad \\hat s = \\frac{s}{1-\\beta_2^t}, \\qquad
w \\leftarrow w - \\eta\\,\\frac{\\hat m}{\\sqrt{\\hat s} + \\varepsilon},$$

where $t$ counts the steps from 1. Write `step`; it has to stay beside `torch.optim.Adam` for 20 steps, to
within 1e-4.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Count the step first, so that t is 1 at the first one. Then, for each parameter with a gradient, renew "
    "both averages *in place*, and compute the two corrected ones as new tensors.",
    "`mean.mul_(beta1).add_((1 - beta1) * g)` and `square.mul_(beta2).add_((1 - beta2) * g**2)`. The "
    "corrections divide by `1 - beta1**self.t` and `1 - beta2**self.t`.",
    "`parameter.sub_(self.lr * (mean / (1 - beta1**self.t)) / ((square / (1 - beta2**self.t)).sqrt() + "
    "self.eps))`, inside of `with torch.no_grad():`.",
]
MINUTES = 12
CONCEPTS = ["wrote-an-optimiser"]
DIFFICULTY = 3
IMPORTANCE = 3
SHAPES = ["parameter: out in", "gradient: out in", "mean: out in", "mean_square: out in"]
PURPOSE = """Nearly every model you will study was trained with Adam or its sibling AdamW. It works on each
coordinate by itself, so it is one of the few parts of training for which the basis matters. That makes it a
suspect when single coordinates of a residual stream stand out, though the architecture favours none."""
WHY = """Both averages begin at zero and are much too small at first. Dividing by $1-\\beta^t$ mends exactly
that: at the first step $\\hat m = g$ and $\\hat s = g^2$, so that each parameter moves by the learning rate,
whatever its gradient.

$\\varepsilon$ stands outside of the root. Inside, it would be compared with squared gradients, and would
swallow small ones."""
SEE = {"mistake_no_memory__Adam": "momentum_sgd"}


class Adam:
    def __init__(self, parameters, lr: float = 0.001, betas=(0.9, 0.999), eps: float = 1e-8) -> None:
        self.parameters = list(parameters)
        self.lr, self.betas, self.eps = lr, betas, eps
        self.t = 0  # steps so far
        self.means = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.squares = [torch.zeros_like(parameter) for parameter in self.parameters]

    def zero_grad(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def step(self) -> None:
        """One step of Adam for each parameter that has a gradient, in place.

        >>> w = torch.tensor([1.0, 1.0], requires_grad=True)
        >>> optimiser = Adam([w], lr=0.1)
        >>> (w * torch.tensor([5.0, -0.01])).sum().backward()
        >>> optimiser.step()
        >>> [round(x, 3) for x in w.tolist()]
        [0.9, 1.1]
        """
        beta1, beta2 = self.betas
        self.t += 1
        with torch.no_grad():
            for parameter, mean, square in zip(self.parameters, self.means, self.squares, strict=True):
                if parameter.grad is None:
                    continue
                mean.mul_(beta1).add_((1 - beta1) * parameter.grad)
                square.mul_(beta2).add_((1 - beta2) * parameter.grad**2)
                size = (square / (1 - beta2**self.t)).sqrt() + self.eps
                parameter.sub_(self.lr * mean / (1 - beta1**self.t) / size)


def check_twenty_steps(answer):
    """With the usual settings, 20 steps down a bowl agree with torch.optim.Adam."""
    _walk_beside_torch(answer, 0.1, (0.9, 0.999), 1e-8)


def check_other_betas(answer):
    """With other betas, too."""
    _walk_beside_torch(answer, 0.03, (random.uniform(0.5, 0.8), random.uniform(0.85, 0.95)), 1e-8)


def check_large_eps(answer):
    """With an eps so large that its place matters."""
    _walk_beside_torch(answer, 0.1, (0.9, 0.99), 0.3)


def check_unused(answer):
    """A parameter that has no gradient stays where it is."""
    start = torch.randn(4)
    lab.same(answer.probe_unused(start), start, name="a parameter without a gradient, after a step,")


def check_your_own(answer):
    """It is your own arithmetic: no optimiser of torch.optim does the work."""
    borrowed = answer.probe_borrowed(torch.randn(3))
    assert not borrowed, (
        f"Your optimiser lets `torch.optim.{borrowed}` do the work. What that does in `step` is what this "
        "exercise is about: it is a handful of lines, and they are to be yours."
    )


def _walk_beside_torch(answer, lr: float, betas: tuple[float, float], eps: float) -> None:
    starts = [torch.randn(random.randint(2, 4), 3), torch.randn(1)]
    slopes = [0.1 + 3 * torch.rand_like(start) for start in starts]
    parameters = [start.clone().requires_grad_() for start in starts]
    theirs = torch.optim.Adam(parameters, lr=lr, betas=betas, eps=eps)
    wanted = []
    for _ in range(20):
        theirs.zero_grad()
        sum((slope * p.square()).sum() for slope, p in zip(slopes, parameters, strict=True)).backward()
        theirs.step()
        wanted.append(torch.cat([p.detach().flatten() for p in parameters]))
    got = answer.probe_walk(starts, slopes, lr, betas, eps, 20)
    lab.same(got, torch.stack(wanted), name="[step, parameter] of the walk")


def probe_walk(starts, slopes, lr, betas, eps, steps) -> Float[Tensor, "step weight"]:
    """Down a bowl, all parameters of all steps."""
    parameters = [start.clone().requires_grad_() for start in starts]
    optimiser = Adam(parameters, lr=lr, betas=betas, eps=eps)
    path = []
    for _ in range(steps):
        optimiser.zero_grad()
        sum((slope * p.square()).sum() for slope, p in zip(slopes, parameters, strict=True)).backward()
        optimiser.step()
        path.append(torch.cat([p.detach().flatten().clone() for p in parameters]))
    return torch.stack(path)


def probe_borrowed(start) -> str:
    """The name of the optimiser of PyTorch that was made on the way, if any. (Building on the bare
    `torch.optim.Optimizer` is no borrowing: it has no `step`.)"""
    base, borrowed = torch.optim.Optimizer, []
    make = base.__init__

    def watched(self, *args, **kwargs):
        kinds = [kind for kind in type(self).__mro__ if kind.__module__.startswith("torch.optim.")]
        borrowed.extend(kind.__name__ for kind in kinds if kind is not base)
        make(self, *args, **kwargs)

    base.__init__ = watched
    try:
        parameter = start.clone().requires_grad_()
        optimiser = Adam([parameter], lr=0.1)
        parameter.square().sum().backward()
        optimiser.step()
    finally:
        base.__init__ = make
    return borrowed[0] if borrowed else ""


def probe_unused(start) -> Float[Tensor, "weight"]:
    used, unused = torch.ones(2, requires_grad=True), start.clone().requires_grad_()
    optimiser = Adam([used, unused], lr=0.1)
    used.sum().backward()
    optimiser.step()
    return unused


class mistake_borrowed__Adam(Adam):
    """You hand the work to an optimiser of `torch.optim`. It walks rightly, and it is not the exercise: write
    `step` yourself."""

    def __init__(self, parameters, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        self.theirs = torch.optim.Adam(list(parameters), lr=lr, betas=betas, eps=eps)

    def zero_grad(self):
        self.theirs.zero_grad()

    def step(self):
        self.theirs.step()


class mistake_not_corrected__Adam(Adam):
    """The averages are used as they are. Both begin at zero and are much too small at first: divide them by 1
    − βᵗ."""

    def step(self):
        beta1, beta2 = self.betas
        with torch.no_grad():
            for parameter, mean, square in zip(self.parameters, self.means, self.squares, strict=True):
                if parameter.grad is not None:
                    mean.mul_(beta1).add_((1 - beta1) * parameter.grad)
                    square.mul_(beta2).add_((1 - beta2) * parameter.grad**2)
                    parameter.sub_(self.lr * mean / (square.sqrt() + self.eps))


class mistake_eps_inside__Adam(Adam):
    """Your eps stands under the root, where it is compared with *squared* gradients. It belongs outside: √s +
    ε."""

    def step(self):
        beta1, beta2 = self.betas
        self.t += 1
        with torch.no_grad():
            for parameter, mean, square in zip(self.parameters, self.means, self.squares, strict=True):
                if parameter.grad is not None:
                    mean.mul_(beta1).add_((1 - beta1) * parameter.grad)
                    square.mul_(beta2).add_((1 - beta2) * parameter.grad**2)
                    size = (square / (1 - beta2**self.t) + self.eps).sqrt()
                    parameter.sub_(self.lr * mean / (1 - beta1**self.t) / size)


class mistake_no_memory__Adam(Adam):
    """Your averages are not remembered: each step begins with zeros. Change them in place, or put the new
    ones back into `self.means` and `self.squares`."""

    def step(self):
        self.means = [torch.zeros_like(p) for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        super().step()


class mistake_not_squared__Adam(Adam):
    """The second average is of the gradient's size, and not of its square. Then taking its root makes no
    sense of units: square first."""

    def step(self):
        beta1, beta2 = self.betas
        self.t += 1
        with torch.no_grad():
            for parameter, mean, square in zip(self.parameters, self.means, self.squares, strict=True):
                if parameter.grad is not None:
                    mean.mul_(beta1).add_((1 - beta1) * parameter.grad)
                    square.mul_(beta2).add_((1 - beta2) * parameter.grad.abs())
                    size = (square / (1 - beta2**self.t)).sqrt() + self.eps
                    parameter.sub_(self.lr * mean / (1 - beta1**self.t) / size)


class mistake_counted_from_zero__Adam(Adam):
    """At the first step your t is 0, so that you divide by 1 − β⁰ = 0. Count the step before you use t."""

    def step(self):
        self.t -= 1
        super().step()
        self.t += 1


class mistake_counted_for_each__Adam(Adam):
    """Your t counts once for each *parameter* and not once for each step, so that the correction fades too
    soon. Count outside of the loop."""

    def step(self):
        beta1, beta2 = self.betas
        with torch.no_grad():
            for parameter, mean, square in zip(self.parameters, self.means, self.squares, strict=True):
                if parameter.grad is not None:
                    self.t += 1
                    mean.mul_(beta1).add_((1 - beta1) * parameter.grad)
                    square.mul_(beta2).add_((1 - beta2) * parameter.grad**2)
                    size = (square / (1 - beta2**self.t)).sqrt() + self.eps
                    parameter.sub_(self.lr * mean / (1 - beta1**self.t) / size)


class also_right_lerp__Adam(Adam):
    @torch.no_grad()
    def step(self):
        self.t += 1
        for n, parameter in enumerate(self.parameters):
            if (g := parameter.grad) is not None:
                self.means[n] = torch.lerp(g, self.means[n], self.betas[0])
                self.squares[n] = torch.lerp(g * g, self.squares[n], self.betas[1])
                m = self.means[n] / (1 - self.betas[0] ** self.t)
                s = self.squares[n] / (1 - self.betas[1] ** self.t)
                parameter -= self.lr * m / (s**0.5 + self.eps)


class also_right_one_rate__Adam(Adam):
    def step(self):
        self.t += 1
        beta1, beta2 = self.betas
        root = (1 - beta2**self.t) ** 0.5
        rate = self.lr * root / (1 - beta1**self.t)
        for n, parameter in enumerate(self.parameters):
            if parameter.grad is None:
                continue
            self.means[n] = beta1 * self.means[n] + (1 - beta1) * parameter.grad
            self.squares[n] = beta2 * self.squares[n] + (1 - beta2) * parameter.grad.square()
            change = rate * self.means[n] / (self.squares[n].sqrt() + self.eps * root)
            parameter.data.copy_(parameter.data - change)
