"""Is it sparse, and does it work?

Three numbers belong under every sparse autoencoder, always together, because each alone is easy to get:

- **L0**: how many latents are active (larger than 0) on an example, on average;
- **unexplained variance**: the squared error, as a share of what guessing the mean activation would leave,
$$\\frac{\\sum \\|x - \\hat x\\|^2}{\\sum \\|x - \\bar x\\|^2};$$
- **dead latents**: those that are active on no example at all.

Write all three.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workers import lab

HINTS = [
    "For L0 and for the dead ones you need the same truth values: where is a latent active? Along which "
    "axis do you count in each case?",
    "`(z > 0)` has shape [example, latent]. L0 sums over latents and takes the mean over examples; a "
    "latent is dead if no example has it.",
    "`(z > 0).float().sum(-1).mean()`; `((x - x_hat) ** 2).sum() / ((x - x.mean(0)) ** 2).sum()`; "
    "`~(z > 0).any(0)`.",
]
MINUTES = 8
CONCEPTS = ["dictionary-learning"]
DETERMINISTIC = True
DIFFICULTY = 1
IMPORTANCE = 4
PURPOSE = """Papers on sparse autoencoders compare them in exactly this plane: unexplained variance against
L0. You will hold your own against a control with these numbers, and find out what they cannot tell you."""
SHAPES = ["active: example latent"]
WHY = """L1 is what training minimises, and L0 is what was wanted. They can part: halve all latents, and L1
halves while L0 stays. So the penalty is reported in the loss, and sparsity by counting.

The baseline of unexplained variance is the *mean activation*, not zero. Activations of language models have a
large mean, and a machine that says nothing but the mean would look splendid against zero.

Dead latents are lost capacity: nothing ever reaches them, so no gradient does either, and they stay dead. In
large autoencoders most latents can die, and half of the craft is keeping them alive."""


def l0(z: Float[Tensor, "example latent"]) -> Float[Tensor, ""]:
    """The mean number of active latents on an example.

    >>> l0(torch.tensor([[0.0, 2.0, 0.1], [0.0, 0.0, 3.0]]))
    tensor(1.5000)
    """
    return (z > 0).float().sum(-1).mean()


def unexplained_variance(
    x: Float[Tensor, "example d_model"], x_hat: Float[Tensor, "example d_model"]
) -> Float[Tensor, ""]:
    """The squared error as a share of the variance around the mean example: 0 is perfect, 1 as good as the
    mean.

    >>> x = torch.tensor([[0.0, 1.0], [2.0, 1.0]])
    >>> unexplained_variance(x, x.mean(0).expand(2, 2))
    tensor(1.)
    """
    return ((x - x_hat) ** 2).sum() / ((x - x.mean(0)) ** 2).sum()


def dead_latents(z: Float[Tensor, "example latent"]) -> Bool[Tensor, "latent"]:
    """Which latents are active on no example.

    >>> dead_latents(torch.tensor([[0.0, 2.0, 0.1], [0.0, 0.0, 3.0]]))
    tensor([ True, False, False])
    """
    return ~(z > 0).any(0)


def check_l0(answer):
    """Random latents of several sizes, counted."""
    for sizes in ((9, 4), (5, 12), (6, 6)):
        z = _latents(*sizes)
        lab.same(answer.l0(z), l0(z), name="L0")


def check_unexplained(answer):
    """Activations with a large mean, reconstructed more or less well."""
    for examples, d_model in ((9, 4), (5, 12), (6, 6)):
        x = torch.randn(examples, d_model) * (0.5 + torch.rand(d_model)) + 3 * torch.randn(d_model)
        x_hat = x + torch.rand(1) * torch.randn(examples, d_model)
        lab.same(answer.unexplained_variance(x, x_hat), unexplained_variance(x, x_hat), name="the share")


def check_dead(answer):
    """Some latents are never active, some seldom, some weakly."""
    for sizes in ((9, 4), (5, 12), (6, 6)):
        z = _latents(*sizes)
        z[:, torch.randperm(sizes[1])[: sizes[1] // 3 + 1]] = 0
        lab.same(answer.dead_latents(z), dead_latents(z), name="what is dead")


def _latents(examples: int, latents: int) -> Float[Tensor, "example latent"]:
    """Many zeros, some very small values, some large ones."""
    z = (3 * torch.randn(examples, latents)).relu()
    z[torch.randint(examples, ()), torch.randint(latents, ())] = 1e-3
    return z * (torch.rand(examples, latents) < 0.6)


def mistake_l1__l0(z):
    """That is L1, the sum of the latents. L0 only counts how many there are."""
    return z.sum(-1).mean()


def mistake_share__l0(z):
    """That is the share of active latents. L0 is their number on an example."""
    return (z > 0).float().mean()


def mistake_per_latent__l0(z):
    """You count over the examples: how often a latent is active. L0 counts the latents of an *example*, and
    takes the mean of that."""
    return (z > 0).float().sum(0).mean()


def mistake_all_together__l0(z):
    """You count all active latents of all examples together. Take the mean over the examples."""
    return (z > 0).float().sum()


def mistake_not_centred__unexplained_variance(x, x_hat):
    """You divide by the squared length of the activations, so that guessing the mean would already look good.
    Compare with the variance around the mean: `x - x.mean(0)`."""
    return ((x - x_hat) ** 2).sum() / (x**2).sum()


def mistake_one_mean_for_all__unexplained_variance(x, x_hat):
    """You subtract one mean of all numbers. Each dimension has its own: `x.mean(0)`."""
    return ((x - x_hat) ** 2).sum() / ((x - x.mean()) ** 2).sum()


def mistake_mean_of_an_example__unexplained_variance(x, x_hat):
    """You subtract each example's own mean. The mean *example* is what a blind guess would say: the mean over
    the examples, `x.mean(0)`."""
    return ((x - x_hat) ** 2).sum() / ((x - x.mean(1, keepdim=True)) ** 2).sum()


def mistake_explained__unexplained_variance(x, x_hat):
    """That is what *is* explained: one minus what was asked for."""
    return 1 - unexplained_variance(x, x_hat)


def mistake_not_shared__unexplained_variance(x, x_hat):
    """That is the squared error itself. It has the unit of the activations, so nothing can be compared:
    divide by the variance."""
    return ((x - x_hat) ** 2).sum(-1).mean()


def mistake_per_dimension__unexplained_variance(x, x_hat):
    """You take the share in each dimension and then their mean, so that a dimension in which nothing happens
    counts as much as the largest. Sum up first, then divide."""
    return (((x - x_hat) ** 2).sum(0) / ((x - x.mean(0)) ** 2).sum(0)).mean()


def mistake_alive__dead_latents(z):
    """Those are the living ones."""
    return (z > 0).any(0)


def mistake_quiet_somewhere__dead_latents(z):
    """You call a latent dead if it is quiet on *some* example. That is what sparse means. Dead is: on
    none."""
    return ~(z > 0).all(0)


def mistake_faint__dead_latents(z):
    """You call a latent dead if it is weak on average. Weak and rare are alive: gradients still reach it.
    Dead is what is never larger than 0."""
    return z.mean(0) < 0.5


def mistake_examples__dead_latents(z):
    """You ask which *examples* have no latent. Ask it of the latents: over axis 0."""
    return ~(z > 0).any(1)


def also_right_count__l0(z):
    return torch.count_nonzero(z) / z.shape[0]


def also_right_loop__l0(z):
    return torch.tensor([sum(value > 0 for value in row) for row in z.tolist()]).float().mean()


def also_right_variance__unexplained_variance(x, x_hat):
    return (x - x_hat).square().mean(0).sum() / x.var(0, unbiased=False).sum()


def also_right_residual__unexplained_variance(x, x_hat):
    centred = x - x.mean(dim=0, keepdim=True)
    return torch.linalg.norm(x - x_hat) ** 2 / torch.linalg.norm(centred) ** 2


def also_right_largest__dead_latents(z):
    return z.max(dim=0).values <= 0


def also_right_never__dead_latents(z):
    return (z > 0).sum(0) == 0
