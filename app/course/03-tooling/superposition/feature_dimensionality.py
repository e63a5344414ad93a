"""How much of a dimension does a feature have?

Five features in two dimensions cannot have one each. Two numbers say how they share. The **interference** of
feature $i$ is what all others leave in its direction,

$$\\text{interference}_i = \\sum_{j \\ne i} (\\hat W_i \\cdot W_j)^2,$$

where $W_i$ is column $i$ and $\\hat W_i$ the same with length 1. And its **dimensionality** is the share it
has of that direction:

$$D_i = \\frac{\\|W_i\\|^2}{\\sum_j (\\hat W_i \\cdot W_j)^2}.$$

A feature alone in its direction has $D_i = 1$, two in opposite directions have ½ each, and a pentagon gives
each of its five features ⅖. A feature that is not stored ($W_i = 0$) has dimensionality 0, and suffers no
interference."""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Both are made of one table: the dot product of each feature's *direction* with each feature's vector. "
    "Which of the two gets normalised?",
    "`overlaps = torch.einsum('ihf, ihg -> ifg', W_hat, W) ** 2` has a row for each feature. Its row sums "
    "are the denominator; its diagonal is ‖W_i‖².",
    "`interference = overlaps.sum(-1) - squares` with `squares = W.pow(2).sum(1)`, and `dimensionality = "
    "squares / overlaps.sum(-1)`, with a `clamp(min=1e-12)` wherever you divide.",
]
MINUTES = 12
CONCEPTS = ["superposition"]
DETERMINISTIC = True
DIFFICULTY = 3
IMPORTANCE = 4
PURPOSE = """With two hidden numbers one can look at arrows. With twenty one needs a number that says the
same, and this one turns polygons into fractions. It is also an example of how a field gets its measures:
somebody looked at pictures for a while, and then wrote down what they had in common."""
SHAPES = ["directions: instance hidden feature", "overlaps: instance feature feature"]
WHY = """In the sum over *all* $j$ the feature itself takes part, with $(\\hat W_i \\cdot W_i)^2 =
\\|W_i\\|^2$. So $D_i = \\|W_i\\|^2 / (\\|W_i\\|^2 + \\text{interference}_i)$: the two measures are one.

Only one side is normalised. A long vector that points your way disturbs you more than a short one, so the
other features come with their length; your own length must not count twice.

Where a feature is not stored, 0/0 would give NaN, and one NaN spoils every mean that you take of the result.
Decide what you want there, and write it down."""
SEE = {"mistake_not_a_number__dimensionality": "stable_softmax"}


def interference(W: Float[Tensor, "instance hidden feature"]) -> Float[Tensor, "instance feature"]:
    """What all other features leave in the direction of each: Σ over j ≠ i of (Ŵᵢ · Wⱼ)²; 0 where Wᵢ = 0.

    >>> interference(torch.tensor([[[1.0, -2.0, 0.0]]]))
    tensor([[4., 1., 0.]])
    """
    squares = W.pow(2).sum(1)
    directions = W / squares.sqrt().clamp(min=1e-12)[:, None]
    overlaps = torch.einsum("ihf, ihg -> ifg", directions, W) ** 2
    return overlaps.sum(-1) - overlaps.diagonal(dim1=-2, dim2=-1)


def dimensionality(W: Float[Tensor, "instance hidden feature"]) -> Float[Tensor, "instance feature"]:
    """The share of a dimension that each feature has: ‖Wᵢ‖² / Σ over all j of (Ŵᵢ · Wⱼ)²; 0 where Wᵢ = 0.

    >>> dimensionality(torch.tensor([[[1.0, -1.0, 0.0]]]))
    tensor([[0.5000, 0.5000, 0.0000]])
    """
    squares = W.pow(2).sum(1)
    return squares / (squares + interference(W)).clamp(min=1e-12)


def check_interference(answer):
    """Random weights of several sizes give our interference."""
    for sizes in ((3, 2, 5), (2, 6, 4), (1, 3, 3), (4, 4, 4)):
        W = torch.randn(sizes)
        lab.same(answer.interference(W), interference(W), tol=1e-3, name="the interference")


def check_dimensionality(answer):
    """And our dimensionality."""
    for sizes in ((3, 2, 5), (2, 6, 4), (1, 3, 3), (4, 4, 4)):
        W = torch.randn(sizes)
        lab.same(answer.dimensionality(W), dimensionality(W), tol=1e-3, name="the dimensionality")


def check_planted(answer):
    """Regular arrangements of any length, turned by any angle, give the fractions they should."""
    for corners in (3, 5, 7):
        W = _polygon(corners)
        want = torch.full((1, corners), 2 / corners)
        lab.same(
            answer.dimensionality(W), want, tol=1e-3, name=f"the dimensionality of {corners} in a circle"
        )


def check_not_stored(answer):
    """A feature that is not stored has dimensionality 0, is not disturbed, and disturbs nobody."""
    W = torch.randn(2, 3, 6)
    W[0, :, 1] = W[1, :, 4] = W[1, :, 0] = 0
    lab.same(
        answer.interference(W), interference(W), tol=1e-3, name="the interference, some columns being zero,"
    )
    lab.same(
        answer.dimensionality(W), dimensionality(W), tol=1e-3, name="the dimensionality, some being zero,"
    )


def _polygon(corners: int) -> Float[Tensor, "1 2 corner"]:
    angles = torch.arange(corners) * 2 * torch.pi / corners + torch.rand(1)
    return (0.5 + torch.rand(1)) * torch.stack([angles.cos(), angles.sin()])[None]


def _overlaps(one: Tensor, other: Tensor) -> Float[Tensor, "instance feature feature"]:
    return torch.einsum("ihf, ihg -> ifg", one, other)


def _unit(W: Tensor, axis: int = 1) -> Tensor:
    return W / W.norm(dim=axis, keepdim=True).clamp(min=1e-12)


def _without_itself(overlaps: Tensor) -> Tensor:
    return (overlaps - torch.diag_embed(overlaps.diagonal(dim1=-2, dim2=-1))).sum(-1)


def mistake_itself_counted__interference(W):
    """The feature's own direction is in your sum. It does not disturb itself: j ≠ i."""
    return (_overlaps(_unit(W), W) ** 2).sum(-1)


def mistake_both_normalised__interference(W):
    """You normalise both. The others come with their length: a long one disturbs more."""
    return _without_itself(_overlaps(_unit(W), _unit(W)) ** 2)


def mistake_none_normalised__interference(W):
    """Neither side is normalised. Project on the *direction* of feature i, so that its own length does not
    count."""
    return _without_itself(_overlaps(W, W) ** 2)


def mistake_wrong_side__interference(W):
    """You normalise the other features, and not the one that is disturbed. That measures how much each
    feature disturbs *others*; turn it round (or sum over the other axis)."""
    return _without_itself(_overlaps(W, _unit(W)) ** 2)


def mistake_not_squared__interference(W):
    """The overlaps are not squared, so that those of opposite sign cancel."""
    return _without_itself(_overlaps(_unit(W), W))


def mistake_rows__interference(W):
    """You normalise over the features, so rows are what gets length 1. A feature is a *column* of W: take the
    norm over the axis `hidden`."""
    return _without_itself(_overlaps(_unit(W, 2), W) ** 2)


def mistake_itself_left_out__dimensionality(W):
    """The sum in the denominator is over *all* j, the feature itself included: otherwise a feature alone
    would be divided by nothing."""
    return W.pow(2).sum(1) / interference(W).clamp(min=1e-12)


def mistake_norm_not_squared__dimensionality(W):
    """The numerator is ‖W_i‖ squared."""
    return W.norm(dim=1) / (W.pow(2).sum(1) + interference(W)).clamp(min=1e-12)


def mistake_only_the_norm__dimensionality(W):
    """That is ‖W_i‖²: how strongly a feature is stored. How much of its direction belongs to it also depends
    on the others; divide by the sum of all overlaps."""
    return W.pow(2).sum(1)


def mistake_not_a_number__dimensionality(W):
    """Where a feature is not stored you divide zero by zero, which is NaN. There the answer is 0: keep the
    denominator away from zero with `clamp`."""
    directions = W / W.norm(dim=1, keepdim=True)
    return W.pow(2).sum(1) / (_overlaps(directions, W) ** 2).sum(-1)


def mistake_both_normalised__dimensionality(W):
    """You normalise both in the denominator. The others come with their length, and so does the feature
    itself."""
    return W.pow(2).sum(1) / (_overlaps(_unit(W), _unit(W)) ** 2).sum(-1).clamp(min=1e-12)


def also_right_gram__interference(W):
    gram = W.mT @ W
    squares = gram.diagonal(dim1=1, dim2=2)
    others = (gram**2).sum(-1) - squares**2
    return torch.where(squares > 0, others / squares, 0.0)


def also_right_loops__interference(W):
    found = torch.zeros(W.shape[0], W.shape[2])
    for instance in range(W.shape[0]):
        for i in range(W.shape[2]):
            norm = W[instance, :, i].norm()
            for j in range(W.shape[2]):
                if i != j and norm > 0:
                    found[instance, i] += (W[instance, :, i] @ W[instance, :, j] / norm) ** 2
    return found


def also_right_gram__dimensionality(W):
    gram = torch.bmm(W.transpose(1, 2), W)
    squares = torch.diagonal(gram, dim1=1, dim2=2)
    return (squares**2 / (gram**2).sum(2)).nan_to_num(0.0)


def also_right_normalised__dimensionality(W):
    directions = torch.nn.functional.normalize(W, dim=1)
    return torch.nan_to_num(
        W.norm(dim=1) ** 2 / torch.einsum("nhi, nhj -> nij", directions, W).square().sum(2)
    )
