"""Down to a few numbers, and up again

The model in two lines. It squeezes the features $x$ into a few hidden numbers, $h = W x$, and tries to get
them back with the same weights:

$$\\hat x = \\mathrm{ReLU}(W^\\top W x + b).$$

Column $i$ of $W$ is the direction in which feature $i$ is stored. How wrong the model is, is weighed by how
much each feature matters, its **importance** $I_i$:

$$L = \\frac1{\\text{batch}} \\sum_{\\text{examples}} \\; \\sum_i I_i\\, (x_i - \\hat x_i)^2.$$

Write both for many instances at once: `reconstruct`, and `importance_loss`, which gives one number for each
instance. (Mean over the examples, *sum* over the features.)
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Two products with the same tensor: over the features on the way down, over the hidden numbers on the "
    "way up. The instance is in both only a companion.",
    "`torch.einsum('ihf, ibf -> ibh', W, x)` goes down. On the way up the letters of W stay, and the sum is "
    "over h. The bias has no axis for the batch: `b[:, None]`.",
    "`torch.relu(torch.einsum('ihf, ibh -> ibf', W, hidden) + b[:, None])`, and for the loss "
    "`(importance * (x - x_hat) ** 2).sum(-1).mean(-1)`.",
]
MINUTES = 12
CONCEPTS = ["superposition", "einops-and-einsum"]
DETERMINISTIC = True
DIFFICULTY = 2
IMPORTANCE = 5
PURPOSE = """This is the model of the paper, and everything in this lesson is measured on it. The way down and
up again is also the plot of every autoencoder: in the next lesson it goes *up* first, into many dimensions,
and the sparsity is asked for in the loss."""
SHAPES = ["hidden: instance batch hidden", "error: instance batch feature"]
WHY = """The same $W$ on both ways has a meaning: a feature is *read* in the direction in which it was
*written*. $W^\\top W$ is then a table of all features against all features. Its diagonal says how much of
each comes back, and everything beside the diagonal is **interference**: what feature $j$ makes the model
believe about feature $i$.

The ReLU is what makes superposition pay. Interference may be negative (two features in opposite directions),
and then the ReLU erases it. Without it the best model is that of a principal component analysis: the most
important features, and nothing else, however sparse they are.

The importance stands outside of the square: it says how much an error costs, not how large the feature is."""
STYLE = {"loop": "The instances need no loop: `einsum`, or `W @ x.mT`, carries them along."}
SEE = {"mistake_mean_over_features__importance_loss": "cross_entropy"}


def reconstruct(
    x: Float[Tensor, "instance batch feature"],
    W: Float[Tensor, "instance hidden feature"],
    b: Float[Tensor, "instance feature"],
) -> Float[Tensor, "instance batch feature"]:
    """What each model makes of its examples: ReLU(WᵀWx + b).

    >>> W = torch.tensor([[[1.0, -1.0]]])  # one model, one hidden number: two features, opposite directions
    >>> reconstruct(torch.tensor([[[0.5, 0.0], [0.0, 0.7], [0.5, 0.7]]]), W, torch.zeros(1, 2))[0]
    tensor([[0.5000, 0.0000],
            [0.0000, 0.7000],
            [0.0000, 0.2000]])
    """
    hidden = torch.einsum("ihf, ibf -> ibh", W, x)
    return torch.relu(torch.einsum("ihf, ibh -> ibf", W, hidden) + b[:, None])


def importance_loss(
    x: Float[Tensor, "instance batch feature"],
    x_hat: Float[Tensor, "instance batch feature"],
    importance: Float[Tensor, "feature"],
) -> Float[Tensor, "instance"]:
    """The error of each model: squared, weighed by importance, summed over features, mean over examples.

    >>> importance_loss(torch.ones(1, 2, 2), torch.zeros(1, 2, 2), torch.tensor([1.0, 0.5]))
    tensor([1.5000])
    """
    return (importance * (x - x_hat) ** 2).sum(-1).mean(-1)


def check_reconstruct(answer):
    """Random models of several sizes give our reconstruction."""
    for sizes in ((3, 5, 7, 2), (2, 9, 4, 6), (1, 4, 3, 3), (4, 6, 4, 4)):
        x, W, b = _model(*sizes)
        lab.same(answer.reconstruct(x, W, b), reconstruct(x, W, b), name="the reconstruction")


def check_loss(answer):
    """Random reconstructions cost what they cost with us."""
    for instances, batch, features in ((3, 5, 7), (2, 9, 4), (4, 1, 4), (5, 5, 5)):
        x, x_hat = torch.rand(2, instances, batch, features)
        importance = torch.rand(features) + 0.1
        wanted = importance_loss(x, x_hat, importance)
        lab.same(answer.importance_loss(x, x_hat, importance), wanted, name="the loss of each instance")


def check_gradients(answer):
    """The loss can be trained on: its gradients with respect to W and b are ours."""
    x, W, b = _model(2, 6, 5, 3)
    importance = torch.rand(5) + 0.1
    got, wanted = answer.probe_gradients(x, W, b, importance), probe_gradients(x, W, b, importance)
    for each, want, name in zip(got, wanted, ("W", "b"), strict=True):
        assert each.abs().max() > 0 or want.abs().max() == 0, (
            f"No gradient reaches {name}. Is something cut off on the way, with `detach`, `no_grad` or "
            "`.data`?"
        )
        lab.same(each, want, name=f"the gradient of the loss with respect to {name}")


def _model(instances: int, batch: int, features: int, hidden: int) -> tuple[Tensor, Tensor, Tensor]:
    x = torch.rand(instances, batch, features) * (torch.rand(instances, batch, features) < 0.7)
    return x, torch.randn(instances, hidden, features), 0.5 * torch.randn(instances, features)


def probe_gradients(x, W, b, importance) -> tuple[Tensor, Tensor]:
    """The gradients of the summed loss."""
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    loss = importance_loss(x, reconstruct(x, W, b), importance).sum()
    if not loss.requires_grad:
        return torch.zeros_like(W), torch.zeros_like(b)
    found = torch.autograd.grad(loss, (W, b), allow_unused=True)
    return tuple(torch.zeros_like(each) if g is None else g for g, each in zip(found, (W, b), strict=True))


def mistake_no_relu__reconstruct(x, W, b):
    """The ReLU is missing. Without it the model is linear, negative interference stays, and superposition
    never pays."""
    return torch.einsum("ihf, ihg, ibg -> ibf", W, W, x) + b[:, None]


def mistake_relu_inside__reconstruct(x, W, b):
    """You take the ReLU of the *hidden* numbers. The model of the paper is linear down there: a direction may
    point anywhere, and the ReLU comes at the very end."""
    hidden = torch.relu(torch.einsum("ihf, ibf -> ibh", W, x))
    return torch.einsum("ihf, ibh -> ibf", W, hidden) + b[:, None]


def mistake_relu_twice__reconstruct(x, W, b):
    """There is a ReLU on the hidden numbers as well as at the end. Only the one at the end belongs there:
    half of all directions would be lost."""
    hidden = torch.relu(torch.einsum("ihf, ibf -> ibh", W, x))
    return torch.relu(torch.einsum("ihf, ibh -> ibf", W, hidden) + b[:, None])


def mistake_bias_after__reconstruct(x, W, b):
    """The bias is added after the ReLU. It belongs inside: a negative bias is a threshold below which small
    interference is erased."""
    return reconstruct(x, W, torch.zeros_like(b)) + b[:, None]


def mistake_no_bias__reconstruct(x, W, b):
    """The bias is missing."""
    return reconstruct(x, W, torch.zeros_like(b))


def mistake_only_down__reconstruct(x, W, b):
    """You use the weights once. That is the hidden layer; the features come back through the same weights,
    turned round."""
    return torch.relu(torch.einsum("ihf, ibf -> ibh", W, x))


def mistake_unweighted__importance_loss(x, x_hat, importance):
    """The importance is missing: all errors cost the same."""
    return importance_loss(x, x_hat, torch.ones_like(importance))


def mistake_importance_squared__importance_loss(x, x_hat, importance):
    """The importance is squared together with the error. It weighs the error that has been squared
    already."""
    return ((importance * (x - x_hat)) ** 2).sum(-1).mean(-1)


def mistake_mean_over_features__importance_loss(x, x_hat, importance):
    """You take the mean over the features as well. Here it is their sum, so that a feature more is an error
    more, and losses of different models mean the same. (For training it makes a constant factor.)"""
    return (importance * (x - x_hat) ** 2).mean((-1, -2))


def mistake_sum_over_examples__importance_loss(x, x_hat, importance):
    """You sum over the examples, so that a larger batch has a larger loss. Take their mean."""
    return (importance * (x - x_hat) ** 2).sum((-1, -2))


def mistake_not_squared__importance_loss(x, x_hat, importance):
    """You take the distance, and the loss is its square."""
    return (importance * (x - x_hat).abs()).sum(-1).mean(-1)


def mistake_one_number__importance_loss(x, x_hat, importance):
    """You return one number for all instances together. Keep them apart, one loss for each: you will want to
    see which of them has learned what. (To train, add them up.)"""
    return (importance * (x - x_hat) ** 2).sum(-1).mean()


def mistake_cut_off__reconstruct(x, W, b):
    """The values are right, but the gradients are cut off on the way, so that nothing could ever be trained:
    leave out `detach`, `.data` and `no_grad`."""
    return reconstruct(x, W.detach(), b.detach())


def also_right_matmul__reconstruct(x, W, b):
    return (x @ W.mT @ W + b.unsqueeze(1)).clamp(min=0)


def also_right_gram_first__reconstruct(x, W, b):
    return torch.relu(torch.baddbmm(b[:, None], x, W.transpose(1, 2) @ W))


def also_right_one_by_one__reconstruct(x, W, b):
    return torch.stack([torch.relu(x[i] @ W[i].T @ W[i] + b[i]) for i in range(len(W))])


def also_right_matmul__importance_loss(x, x_hat, importance):
    return ((x - x_hat).square() @ importance).mean(1)


def also_right_mean_first__importance_loss(x, x_hat, importance):
    return torch.einsum("ibf, f -> i", (x_hat - x).pow(2), importance) / x.shape[1]
