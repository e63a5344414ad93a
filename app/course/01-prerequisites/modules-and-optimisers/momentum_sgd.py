"""Gradient descent with momentum

An optimiser holds parameters and changes them by their gradients. Write the two methods of one, with momentum
$\\mu$ and learning rate $\\eta$. Each parameter has a velocity, which begins at zero:

$$v \\leftarrow \\mu v + g, \\qquad w \\leftarrow w - \\eta v.$$

With $\\mu = 0$ this is plain gradient descent. The examiner lets yours and `torch.optim.SGD` walk 20 steps
side by side; they have to stay together to within 1e-4.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "A parameter that nobody used in the forward pass has `grad` None: leave it alone. All others change *in "
    "place*, and without being recorded for `backward`: inside of `with torch.no_grad():`.",
    "`velocity.mul_(self.momentum).add_(parameter.grad)` renews a velocity in place, so that it is still "
    "there at the next step. Then `parameter -= self.lr * velocity`.",
    "`for parameter, velocity in zip(self.parameters, self.velocities):` skip those without a gradient; "
    "`velocity.mul_(self.momentum).add_(parameter.grad)`; `parameter.sub_(self.lr * velocity)`. `zero_grad` "
    "sets each `grad` to None.",
]
MINUTES = 10
CONCEPTS = ["wrote-an-optimiser"]
DIFFICULTY = 2
IMPORTANCE = 3
SHAPES = ["parameter: out in", "gradient: out in", "velocity: out in"]
PURPOSE = """Optimisers decide which of many possible solutions a network ends in. When MI follows a circuit
through training, as with induction heads, which form suddenly, it watches these few lines at work."""
WHY = """`no_grad` keeps the update out of the graph, and the in-place `sub_` changes the very tensor that the
model holds. A line `parameter = parameter - …` would make a new tensor, give it the old name for a moment,
and change no model.

In PyTorch's momentum the gradient is *added* at full weight, so that in a long straight valley the steps grow
to $1/(1-\\mu)$ times their size, ten times at $\\mu = 0.9$. Other texts weigh it by $1-\\mu$: the same walk
with another learning rate."""


class SGD:
    def __init__(self, parameters, lr: float, momentum: float = 0.0) -> None:
        self.parameters = list(parameters)
        self.lr, self.momentum = lr, momentum
        self.velocities = [torch.zeros_like(parameter) for parameter in self.parameters]

    def zero_grad(self) -> None:
        """Forget all gradients: None, or zeros.

        >>> w = torch.tensor([1.0], requires_grad=True)
        >>> (3 * w).sum().backward()
        >>> SGD([w], lr=0.1).zero_grad()
        >>> w.grad is None or w.grad.tolist() == [0.0]
        True
        """
        for parameter in self.parameters:
            parameter.grad = None

    def step(self) -> None:
        """Renew each velocity from the gradient, and move each parameter along it, in place.

        >>> w = torch.tensor([1.0], requires_grad=True)
        >>> optimiser = SGD([w], lr=0.1, momentum=0.5)
        >>> for _ in range(2):
        ...     optimiser.zero_grad()
        ...     (2 * w).sum().backward()
        ...     optimiser.step()
        >>> round(w.item(), 4)
        0.5
        """
        with torch.no_grad():
            for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
                if parameter.grad is not None:
                    velocity.mul_(self.momentum).add_(parameter.grad)
                    parameter.sub_(self.lr * velocity)


def check_plain(answer):
    """Without momentum, 20 steps down a bowl agree with torch.optim.SGD."""
    _walk_beside_torch(answer, 0.0)


def check_momentum(answer):
    """With momentum, too."""
    for momentum in (0.5, 0.9):
        _walk_beside_torch(answer, momentum)


def check_zero_grad(answer):
    """After `zero_grad` no gradient is left."""
    left = answer.probe_left_over(torch.randn(3, 2))
    assert not left, (
        "After your `zero_grad` a parameter still has its gradient, and the next `backward` adds to it."
    )


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


def _walk_beside_torch(answer, momentum: float) -> None:
    starts = [torch.randn(random.randint(2, 4), 3), torch.randn(1)]
    slopes = [0.2 + torch.rand_like(start) for start in starts]
    lr = random.choice([0.05, 0.1])
    parameters = [start.clone().requires_grad_() for start in starts]
    theirs = torch.optim.SGD(parameters, lr=lr, momentum=momentum)
    wanted = []
    for _ in range(20):
        theirs.zero_grad()
        sum((slope * p.square()).sum() for slope, p in zip(slopes, parameters, strict=True)).backward()
        theirs.step()
        wanted.append(torch.cat([p.detach().flatten() for p in parameters]))
    got = answer.probe_walk(starts, slopes, lr, momentum, 20)
    lab.same(got, torch.stack(wanted), name=f"[step, parameter] of a walk with momentum {momentum}")


def probe_walk(starts, slopes, lr, momentum, steps) -> Float[Tensor, "step weight"]:
    """Down a bowl, all parameters of all steps."""
    parameters = [start.clone().requires_grad_() for start in starts]
    optimiser = SGD(parameters, lr=lr, momentum=momentum)
    path = []
    for _ in range(steps):
        optimiser.zero_grad()
        sum((slope * p.square()).sum() for slope, p in zip(slopes, parameters, strict=True)).backward()
        optimiser.step()
        path.append(torch.cat([p.detach().flatten().clone() for p in parameters]))
    return torch.stack(path)


def probe_left_over(start) -> bool:
    parameter = start.clone().requires_grad_()
    optimiser = SGD([parameter], lr=0.1)
    parameter.square().sum().backward()
    optimiser.zero_grad()
    return parameter.grad is not None and bool(parameter.grad.any())


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
        optimiser = SGD([parameter], lr=0.1)
        parameter.square().sum().backward()
        optimiser.step()
    finally:
        base.__init__ = make
    return borrowed[0] if borrowed else ""


def probe_unused(start) -> Float[Tensor, "weight"]:
    used, unused = torch.ones(2, requires_grad=True), start.clone().requires_grad_()
    optimiser = SGD([used, unused], lr=0.1, momentum=0.9)
    used.sum().backward()
    optimiser.step()
    return unused


class mistake_borrowed__SGD(SGD):
    """You hand the work to an optimiser of `torch.optim`. It walks rightly, and it is not the exercise: write
    `step` yourself."""

    def __init__(self, parameters, lr, momentum=0.0):
        self.theirs = torch.optim.SGD(list(parameters), lr=lr, momentum=momentum)

    def zero_grad(self):
        self.theirs.zero_grad()

    def step(self):
        self.theirs.step()


class mistake_gradients_kept__SGD(SGD):
    """Your `zero_grad` leaves the gradients where they are, and `backward` adds to them: each step repeats
    all steps before it. Set every `grad` to None."""

    def zero_grad(self):
        pass


class mistake_uphill__SGD(SGD):
    """Your parameters move along the gradient, and that is uphill. Subtract."""

    def step(self):
        with torch.no_grad():
            for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
                if parameter.grad is not None:
                    velocity.mul_(self.momentum).add_(parameter.grad)
                    parameter.add_(self.lr * velocity)


class mistake_no_memory__SGD(SGD):
    """The velocity is not remembered: each step begins with a velocity of zero. Change `self.velocities` in
    place, or put the new ones back."""

    def step(self):
        with torch.no_grad():
            for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
                if parameter.grad is not None:
                    velocity = self.momentum * velocity + parameter.grad
                    parameter.sub_(self.lr * velocity)


class mistake_averaged__SGD(SGD):
    """You weigh the gradient by 1 − momentum. Some texts do; here, as in PyTorch, it is added as it is, so
    that your steps are too short."""

    def step(self):
        with torch.no_grad():
            for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
                if parameter.grad is not None:
                    velocity.mul_(self.momentum).add_((1 - self.momentum) * parameter.grad)
                    parameter.sub_(self.lr * velocity)


class mistake_new_tensors__SGD(SGD):
    """`parameter = parameter − …` makes a new tensor and leaves the model's own as it was: nothing moves.
    Change it in place, with `-=` or `sub_`."""

    def step(self):
        with torch.no_grad():
            for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
                if parameter.grad is not None:
                    velocity.mul_(self.momentum).add_(parameter.grad)
                    parameter = parameter - self.lr * velocity


class mistake_recorded__SGD(SGD):
    """The update itself is recorded for `backward`, and PyTorch refuses to change a parameter like that. Put
    it inside of `with torch.no_grad():`."""

    def step(self):
        for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
            if parameter.grad is not None:
                velocity.mul_(self.momentum).add_(parameter.grad)
                parameter -= self.lr * velocity


class mistake_unused_not_skipped__SGD(SGD):
    """A parameter that was not used has no gradient: `grad` is None, which cannot be added. Leave such ones
    alone."""

    def step(self):
        with torch.no_grad():
            for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
                velocity.mul_(self.momentum).add_(parameter.grad)
                parameter.sub_(self.lr * velocity)


class also_right_rate_inside__SGD(SGD):
    @torch.no_grad()
    def step(self):
        for n, parameter in enumerate(self.parameters):
            if parameter.grad is None:
                continue
            self.velocities[n] = self.momentum * self.velocities[n] - self.lr * parameter.grad
            parameter += self.velocities[n]


class also_right_data__SGD(SGD):
    def zero_grad(self):
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad.zero_()

    def step(self):
        for n in range(len(self.parameters)):
            gradient = self.parameters[n].grad
            if gradient is None:
                continue
            self.velocities[n] = self.velocities[n] * self.momentum + gradient
            self.parameters[n].data = self.parameters[n].data - self.lr * self.velocities[n]
