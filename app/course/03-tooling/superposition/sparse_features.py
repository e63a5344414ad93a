"""Features that are mostly absent

A batch of examples for several toy models at once. Each example is a list of features, and each feature is a
coin toss: with probability $S$, the **sparsity**, it is absent and its value is 0; otherwise it is present,
with a value drawn evenly from 0 to 1. Every toss is independent of all others: of the other features, of the
other examples, and of the other models.

Each model (each *instance*) has a sparsity of its own.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

HINTS = [
    "Two draws: one decides which features are present, the other how strong they are. How do a draw of "
    "truth values and a draw of numbers become one tensor?",
    "`torch.rand(…) < p` is true with probability p. Its shape is that of the result, and p is one number "
    "for each instance: give it two more axes so that it fits.",
    "`shape = (len(sparsity), batch, features)`; then "
    "`torch.rand(shape) * (torch.rand(shape) >= sparsity[:, None, None])`.",
]
MINUTES = 8
CONCEPTS = ["superposition"]
DIFFICULTY = 1
IMPORTANCE = 4
PURPOSE = """Sparsity is the one knob of this whole lesson: the same network, the same loss, and only how
often features occur decides whether it stores two of them or five. The next lesson draws from the same
source, to have a truth that a sparse autoencoder can be held against."""
SHAPES = ["present: instance batch features", "strength: instance batch features"]
WHY = """Two independent draws, multiplied. The number of the instance is an axis like any other, so eight
models cost hardly more than one: this trick (train many small models in one tensor) is worth remembering for
every sweep you will ever make.

Note which way the inequality goes. `rand >= S` is true in a share of 1 − S, also at the ends: with S = 0
every feature is there, with S = 1 none."""
STYLE = {"loop": "No loop is needed: the instance is an axis, and `sparsity[:, None, None]` broadcasts."}


def sparse_features(
    sparsity: Float[Tensor, "instance"], batch: int, features: int
) -> Float[Tensor, "instance batch features"]:
    """Fresh examples for each instance: a feature is 0 with probability `sparsity`, else even in 0 … 1.

    >>> x = sparse_features(torch.tensor([0.0, 1.0]), batch=4, features=3)
    >>> x.shape, (x[0] > 0).all().item(), (x[1] > 0).any().item()
    (torch.Size([2, 4, 3]), True, False)
    """
    shape = (len(sparsity), batch, features)
    return torch.rand(shape) * (torch.rand(shape) >= sparsity[:, None, None])


BATCH = 6000


def check_present_and_absent(answer):
    """Nothing is absent at sparsity 0, everything at 1, and in between the share is right."""
    sparsity = _sparsities()
    x = answer.sparse_features(sparsity, BATCH, 4)
    shares = (x != 0).float().mean((1, 2))
    swapped = (shares - sparsity).abs().max() < 0.05
    assert not swapped, (
        "Features are *present* with probability S in your batch. S is how often they are absent: at "
        f"sparsity {sparsity[1]:.2f} a share of {1 - sparsity[1]:.2f} should be there."
    )
    for share, each in zip(shares.tolist(), sparsity.tolist(), strict=True):
        assert abs(share - (1 - each)) < 0.03, (
            f"At sparsity {each:.2f} a share of {1 - each:.2f} of all values should not be zero; in your "
            f"batch it is {share:.5f}. (The sparsities were {[round(s, 2) for s in sparsity.tolist()]}.)"
        )


def check_values(answer):
    """What is present lies evenly between 0 and 1."""
    x = answer.sparse_features(_sparsities(), BATCH, 4)
    values = x[x != 0]
    assert (values - 1).abs().max() > 1e-6, (
        "Every present feature has the value 1. It should be present *to some degree*: even between 0 and 1."
    )
    assert values.min() >= 0, f"Some values are negative, {values.min():.5f} for instance."
    assert values.max() <= 1, f"Some values are larger than 1, {values.max():.5f} for instance."
    quarters = torch.histc(values, 4, 0, 1) / len(values)
    assert (quarters - 0.25).abs().max() < 0.03, (
        f"Between 0 and 1 the values that are not zero lie unevenly: their mean is {values.mean():.5f}, for "
        "instance, and should be 0.5. (`torch.rand` is even.)"
    )


def check_independent_examples(answer):
    """Every example is drawn anew, and so is every batch."""
    sparsity = torch.full((3,), random.uniform(0.4, 0.6))
    x, again = (answer.sparse_features(sparsity, BATCH, 5) for _ in range(2))
    shares = (x != 0).float().mean(1)
    assert (shares - (1 - sparsity[0])).abs().max() < 0.1, (
        "Some features are there in (nearly) all examples of a batch, and others in none: the coin is tossed "
        "once for the whole batch. Toss it for every example."
    )
    assert not torch.equal(x, again), (
        "Two batches in a row are the same, number for number. Do not set a seed inside of the function."
    )


def check_independent_features(answer):
    """One feature says nothing about another, nor one instance about another."""
    x = answer.sparse_features(torch.full((3,), random.uniform(0.4, 0.6)), BATCH, 5)
    within = max(_most_correlated((each != 0).float()) for each in x)
    assert within < 0.1, (
        "Features come and go together: where one is present in an example, the others tend to be, too (or "
        "tend not to be). Each feature needs a toss of its own."
    )
    within = max(_most_correlated(each) for each in x)
    assert within < 0.1, (
        "The features of an example that are present share their strength. Each needs a draw of its own."
    )
    across = _most_correlated(x[:, :, 0].T)
    assert across < 0.1, (
        "All instances get the same examples. Each should have a draw of its own: the axis `instance` "
        "belongs into the shape of what is drawn."
    )


def _sparsities() -> Float[Tensor, "5"]:
    """None, three in between of which none is near a half or another one, all."""
    middle = [random.uniform(0.1, 0.2), random.uniform(0.65, 0.75), random.uniform(0.9, 0.97)]
    random.shuffle(middle)
    return torch.tensor([0.0, *middle, 1.0])


def _most_correlated(columns: Float[Tensor, "example column"]) -> float:
    """The largest correlation of two columns, of either sign."""
    found = torch.corrcoef(columns.T).nan_to_num(1.0)
    return (found - torch.diag(found.diag())).abs().max().item()


def mistake_swapped__sparse_features(sparsity, batch, features):
    """Your features are present with probability S. Sparsity counts what is *missing*: at S = 0.97 three
    features in a hundred are there. Turn the inequality round."""
    shape = (len(sparsity), batch, features)
    return torch.rand(shape) * (torch.rand(shape) < sparsity[:, None, None])


def mistake_one_toss_an_example__sparse_features(sparsity, batch, features):
    """One coin decides for a whole example: all of its features are there, or none. Superposition lives from
    features that occur *one at a time*, so each needs a toss of its own."""
    shape = (len(sparsity), batch, features)
    return torch.rand(shape) * (torch.rand(len(sparsity), batch, 1) >= sparsity[:, None, None])


def mistake_one_toss_a_batch__sparse_features(sparsity, batch, features):
    """The coin is tossed once for each feature, and then the feature is there in the whole batch, or nowhere
    in it. The tossing needs the axis `batch`, too."""
    shape = (len(sparsity), batch, features)
    return torch.rand(shape) * (torch.rand(len(sparsity), 1, features) >= sparsity[:, None, None])


def mistake_on_or_off__sparse_features(sparsity, batch, features):
    """Your features are 1 or 0. Here a feature also has a strength: multiply what is present by a second
    draw, `torch.rand`."""
    return (torch.rand(len(sparsity), batch, features) >= sparsity[:, None, None]).float()


def mistake_one_draw__sparse_features(sparsity, batch, features):
    """The same draw decides both whether a feature is there and how strong it is, so only values above S are
    left, and weak features never occur. Draw twice."""
    x = torch.rand(len(sparsity), batch, features)
    return x * (x >= sparsity[:, None, None])


def mistake_bell_shaped__sparse_features(sparsity, batch, features):
    """`torch.randn` draws from a bell curve, with negative values. A feature that is present is even between
    0 and 1: `torch.rand`."""
    shape = (len(sparsity), batch, features)
    return torch.randn(shape) * (torch.rand(shape) >= sparsity[:, None, None])


def mistake_same_for_all__sparse_features(sparsity, batch, features):
    """The numbers are drawn once, and all instances share them. For comparing models that can even be wanted;
    here each instance is to have examples of its own."""
    return torch.rand(batch, features) * (torch.rand(batch, features) >= sparsity[:, None, None])


def mistake_mean_sparsity__sparse_features(sparsity, batch, features):
    """All instances have the same sparsity. Give each its own: `sparsity[:, None, None]`."""
    shape = (len(sparsity), batch, features)
    return torch.rand(shape) * (torch.rand(shape) >= sparsity.mean())


def mistake_seeded__sparse_features(sparsity, batch, features):
    """A seed is set inside of the function, so that every batch is the same one. A model trained on it learns
    it by heart."""
    torch.manual_seed(0)
    return sparse_features(sparsity, batch, features)


def also_right_bernoulli__sparse_features(sparsity, batch, features):
    chances = (1 - sparsity).view(-1, 1, 1).expand(-1, batch, features)
    return torch.bernoulli(chances) * torch.rand(chances.shape)


def also_right_where__sparse_features(sparsity, batch, features):
    x = torch.empty(sparsity.shape[0], batch, features).uniform_()
    return torch.where(torch.rand_like(x) < 1 - sparsity[:, None, None], x, 0.0)


def also_right_one_by_one__sparse_features(sparsity, batch, features):
    models = []
    for each in sparsity.tolist():
        x = torch.rand(batch, features)
        x[torch.rand(batch, features) < each] = 0
        models.append(x)
    return torch.stack(models)
