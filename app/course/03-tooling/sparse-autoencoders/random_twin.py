"""The same model, but it has learned nothing

The strongest control for “I found this in the model” is a model in which there is nothing to find. Make one:
a **random twin** has the same parts of the same sizes, and numbers that are drawn anew. So that it is not
different in trivial ways, each matrix keeps its *mean* and its *standard deviation*; all else about it is
chance.

You get the weights by name. Draw every tensor that has at least two axes anew, from a normal distribution
with that tensor's own mean and standard deviation. Tensors with one axis or none (biases, scales) stay as
they are. What you were given must not change."""

import torch
from torch import Tensor

from workers import lab

HINTS = [
    "One dictionary in, one dictionary out, with the same names. What decides between drawing and keeping "
    "is the number of axes.",
    "`torch.randn_like(weight)` has mean 0 and standard deviation 1. Which two steps give it another mean "
    "and another standard deviation?",
    "`{name: w.mean() + w.std() * torch.randn_like(w) if w.ndim >= 2 else w.clone() for name, w in "
    "weights.items()}`.",
]
MINUTES = 8
CONCEPTS = ["dictionary-learning", "red-teamed-a-claim"]
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["weight: row column", "noise: row column", "twin: row column"]
PURPOSE = """A control keeps everything that you do not want to explain by, and destroys what you do. This one
is used for probes, for saliency maps and for attention pictures, too, and it has sunk many a finding."""
WHY = """What the twin keeps is chosen: the architecture, the sizes, the scale of every matrix, and (because
the same texts go in) the data. So if your measure comes out the same on it, then it measured one of these,
and nothing that was learned.

There is more than one honest twin. One can leave the embedding as it was trained and draw only what comes
after; or shuffle the numbers of a matrix, which keeps their distribution as well. Shuffling whole *rows* is
none: every row is a vector that was learned, and it is still there.

And it is one draw. A second twin gives other numbers; how far two of them differ tells how much of a
difference means anything."""


def random_twin(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors by name; those with two axes or more drawn anew, with their own mean and std.

    >>> twin = random_twin({"W": torch.full((2, 3), 5.0), "b": torch.ones(3)})
    >>> twin["W"], twin["b"]
    (tensor([[5., 5., 5.],
            [5., 5., 5.]]), tensor([1., 1., 1.]))
    """
    twin = {}
    for name, weight in weights.items():
        if weight.ndim >= 2:
            twin[name] = weight.mean() + weight.std() * torch.randn_like(weight)
        else:
            twin[name] = weight.clone()
    return twin


def check_names_and_shapes(answer):
    """All tensors come back, by the same names and of the same shapes; those with one axis are unchanged."""
    weights = _weights()
    twin = answer.random_twin(weights)
    for name, weight in weights.items():
        assert name in twin, f"The tensor `{name}` is missing in your twin."
        assert twin[name].shape == weight.shape, (
            f"`{name}` should have shape {tuple(weight.shape)}, but has {tuple(twin[name].shape)}."
        )
        if weight.ndim < 2:
            lab.same(twin[name], weight, name=f"`{name}`, which has fewer than two axes and should stay,")


def check_mean_and_spread(answer):
    """Each matrix keeps its own mean and its own standard deviation."""
    weights = _weights()
    twin = answer.random_twin(weights)
    for name in ("attn", "embed", "out"):
        want, got = weights[name].std(), twin[name].std()
        assert name != "attn" or got < 0.7, (
            f"The numbers of `attn` have a standard deviation of {want:.6f}, those of your twin one of "
            f"{got:.6f}. As they come from `randn` it is 1: scale each matrix by its own."
        )
        assert name != "attn" or got > 0.2 * want, (
            f"The numbers of `attn` have a standard deviation of {want:.6f}, those of your twin one of "
            f"{got:.6f}. Is that the variance?"
        )
        assert abs(got - want) < 0.08 * want, (
            f"The numbers of `{name}` have a standard deviation of {want:.6f}, those of your twin one of "
            f"{got:.6f}. Each matrix should keep its own."
        )
        want_mean, got_mean = weights[name].mean(), twin[name].mean()
        assert abs(got_mean - want_mean) < 0.1 * want, (
            f"The numbers of `{name}` have a mean of {want_mean:.6f}, those of your twin one of "
            f"{got_mean:.6f}."
        )


def check_nothing_left(answer):
    """Nothing that was learned is left: no number, no size, no row, no direction."""
    weights = _weights()
    twin = answer.random_twin(weights)
    for name in ("out", "embed", "attn"):
        kept = _correlation(weights[name], twin[name]) > 0.95
        assert not kept, f"Your twin's `{name}` is the one that it was given."
    alike = _correlation(weights["out"], twin["out"])
    assert abs(alike) < 0.12, (
        "The numbers of your twin still go together with those it was made from (correlation "
        f"{alike:.5f}). Draw them anew, without the old ones in the sum."
    )
    centred = twin["embed"] - twin["embed"].mean()
    top = torch.linalg.matrix_norm(centred, ord=2) / torch.linalg.matrix_norm(centred)
    assert top < 0.6, (
        "In the matrix that you were given, one direction held nearly everything; in your twin it still "
        "does. The numbers of a row (or column) have to be torn apart, too."
    )
    sizes = [(each["out"] - each["out"].mean()).abs() for each in (weights, twin)]
    assert _correlation(*sizes) < 0.12, (
        "The numbers have other signs and still the same sizes, place by place. That is much of what was "
        "learned."
    )
    _judge_spreads(weights, twin)


def _judge_spreads(weights: dict[str, Tensor], twin: dict[str, Tensor]) -> None:
    """No row, column or head is still as large as it was."""
    in_order = [each["embed"].float().sort(1).values for each in (weights, twin)]
    assert not torch.allclose(*in_order), (
        "Each row of your twin holds the numbers that it held, in another order. So it keeps its mean and "
        "its size, and both were learned. Draw them anew."
    )
    for axis, line in ((1, "row"), (0, "column")):
        spreads = [each["embed"].std(axis) for each in (weights, twin)]
        assert _correlation(*spreads) < 0.6, (
            f"Each {line} of your twin has other numbers, and still the size that it had. Which ones are "
            "large was learned, too: use one mean and one standard deviation for the whole matrix."
        )
    heads = twin["attn"].std((1, 2))
    assert heads.max() < 1.3 * heads.min(), (
        "The heads of your twin's `attn` still differ in size, as those it was made from do. Use one mean "
        "and one standard deviation for the whole tensor."
    )


def _correlation(one: Tensor, other: Tensor) -> float:
    return torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1].item()


def check_untouched(answer):
    """The weights that were given are as they were, and every twin is another."""
    same, alike = answer.probe_untouched(_weights())
    assert same, (
        "The weights that you were given have changed. They belong to the trained model, which is still "
        "needed: write into new tensors."
    )
    assert not alike, (
        "Two twins in a row are the same, number for number. Do not set a seed inside of the function."
    )


def _weights() -> dict[str, Tensor]:
    """Names as in a model; the embedding has one direction that holds nearly everything."""
    strong = torch.outer(torch.randn(60), torch.randn(50))
    scale = 0.5 + torch.rand(1).item()
    return {
        "embed": scale * (strong + 0.3 * torch.randn(60, 50)) / strong.std(),
        "attn": torch.tensor([0.02, 0.04, 0.06, 0.07])[:, None, None] * torch.randn(4, 40, 20) + 0.2,
        "bias": torch.randn(50),
        "out": 3 * torch.rand(50, 70) - 0.5,
        "scale": torch.tensor(1.7),
    }


def probe_untouched(weights) -> tuple[bool, bool]:
    """Whether the given tensors are unchanged, and whether two twins are the same."""
    before = {name: weight.clone() for name, weight in weights.items()}
    one, other = random_twin(weights), random_twin(weights)
    same = all(torch.equal(before[name], weights[name]) for name in before)
    return same, torch.equal(*(torch.as_tensor(each["embed"]) for each in (one, other)))


def mistake_standard_normal__random_twin(weights):
    """All your matrices have a standard deviation of 1. In a trained model they are far smaller, each in its
    own way, and a twin ten times as loud is different for a trivial reason. Scale each by its own `std()`."""
    return {name: torch.randn_like(w) if w.ndim >= 2 else w for name, w in weights.items()}


def mistake_mean_left_out__random_twin(weights):
    """The standard deviations are right, but the means are gone: add `weight.mean()`."""
    return {name: w.std() * torch.randn_like(w) if w.ndim >= 2 else w for name, w in weights.items()}


def mistake_variance__random_twin(weights):
    """You scale by the variance. A normal draw is scaled by the standard deviation, its root."""
    return {
        name: w.mean() + w.var() * torch.randn_like(w) if w.ndim >= 2 else w for name, w in weights.items()
    }


def mistake_rows_shuffled__random_twin(weights):
    """You shuffle the rows. Each row is a vector that was learned, and all of them are still there, under
    other numbers. Draw every number anew."""
    return {name: w[torch.randperm(len(w))] if w.ndim >= 2 else w for name, w in weights.items()}


def mistake_each_row_its_own__random_twin(weights):
    """You use the mean and the standard deviation of each *row*. Which rows are large was learned, and stays
    so. One mean and one standard deviation for the whole matrix: `weight.mean()`, `weight.std()`."""
    return {
        name: w.mean(-1, keepdim=True) + w.std(-1, keepdim=True) * torch.randn_like(w) if w.ndim >= 2 else w
        for name, w in weights.items()
    }


def mistake_shuffled_in_rows__random_twin(weights):
    """You shuffle the numbers within each row, so every row keeps its mean and its size. Both were learned:
    draw anew, or shuffle the numbers of the whole matrix."""
    return {
        name: w.gather(-1, torch.rand_like(w).argsort(-1)) if w.ndim >= 2 else w
        for name, w in weights.items()
    }


def mistake_each_head_its_own__random_twin(weights):
    """You use the mean and the standard deviation of each head. Which heads are large was learned, and stays
    so. One mean and one standard deviation for the whole tensor."""
    twin = random_twin(weights)
    attn = weights["attn"]
    noise = attn.std((1, 2), keepdim=True) * torch.randn_like(attn)
    return twin | {"attn": attn.mean((1, 2), keepdim=True) + noise}


def mistake_matrices_only__random_twin(weights):
    """You draw only what has exactly two axes. The weights of heads have three, and they are as they were."""
    twin = random_twin(weights)
    return {name: twin[name] if w.ndim == 2 else w for name, w in weights.items()}


def mistake_signs_drawn__random_twin(weights):
    """You draw only the signs anew. Where a weight was large it still is."""
    twin = {}
    for name, w in weights.items():
        signs = (torch.rand_like(w) < 0.5).to(w.dtype) * 2 - 1
        twin[name] = w.mean() + (w - w.mean()) * signs if w.ndim >= 2 else w
    return twin


def mistake_everything_drawn__random_twin(weights):
    """You draw the biases and scales anew, too. Here they stay: tensors with fewer than two axes."""
    return {name: torch.randn_like(w) * w.std(correction=0) + w.mean() for name, w in weights.items()}


def mistake_in_place__random_twin(weights):
    """`normal_` writes into the tensor it is called on, and that one belongs to the trained model. Call it on
    a new tensor: `torch.empty_like(weight).normal_(…)`."""
    return {
        name: w.normal_(w.mean().item(), w.std().item()) if w.ndim >= 2 else w for name, w in weights.items()
    }


def mistake_a_copy__random_twin(weights):
    """Nothing is drawn: that is a copy."""
    return {name: w.clone() for name, w in weights.items()}


def mistake_biases_left_out__random_twin(weights):
    """The tensors with one axis or none are missing. They stay, and so they have to be in the twin."""
    return {name: tensor for name, tensor in random_twin(weights).items() if tensor.ndim >= 2}


def mistake_seeded__random_twin(weights):
    """A seed is set inside of the function, so that there is only one twin. How much two of them differ is
    worth knowing."""
    torch.manual_seed(0)
    return random_twin(weights)


def also_right_normal__random_twin(weights):
    twin = dict(weights)
    for name in twin:
        if twin[name].dim() > 1:
            mean, std = twin[name].mean().item(), twin[name].std(correction=0).item()
            twin[name] = torch.normal(mean, std, size=twin[name].shape)
    return twin


def also_right_in_new_tensors__random_twin(weights):
    return {
        name: torch.empty_like(w).normal_(float(w.mean()), float(w.std())) if len(w.shape) >= 2 else w
        for name, w in weights.items()
    }


def also_right_shuffled__random_twin(weights):
    return {
        name: w.flatten()[torch.randperm(w.numel())].reshape(w.shape) if w.ndim >= 2 else w
        for name, w in weights.items()
    }
