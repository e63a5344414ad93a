"""Did it find them?

In a toy the true features are known, so one can ask whether an autoencoder has found them. For each *true
feature* take the latent whose direction is most like it, by cosine, and average these best cosines over the
features: the **mean max cosine**. 1 is perfect, and every direction counts whatever its length.

A latent that points the opposite way has found nothing: latents are never negative.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "All features against all latents is one table of cosines. Which of its axes do you take the maximum "
    "over: the one you want to have covered, or the one you search in?",
    "Normalise the rows of both first; then `directions @ other.T` holds cosines.",
    "`cosines = unit(features) @ unit(W_dec).T`, then `cosines.max(dim=1).values.mean()`: for each feature "
    "(row) the best latent.",
]
MINUTES = 6
CONCEPTS = ["dictionary-learning"]
DETERMINISTIC = True
DIFFICULTY = 2
IMPORTANCE = 3
PURPOSE = """It is how sparse autoencoders were first tested, on toys where the truth is known, and how two of
them are compared: take the one's latents for the truth. You will be measured by it in the next exercise."""
SHAPES = ["cosines: feature latent"]
WHY = """The direction of the maximum is a decision. *For each feature the best latent* asks whether
everything was found, and does not mind latents that are rubbish. *For each latent the best feature* asks
whether everything that was found is real, and does not mind features that were missed: an autoencoder of one
good latent gets full marks. Say which one you mean.

And know what chance gives. In few dimensions, with many latents, some latent lies near any direction: in 12
dimensions the best of 40 random ones has a cosine of about 0.6. So 0.6 there is nothing, and 0.9 is a lot."""
STYLE = {"loop": "One product of matrices holds all cosines."}


def mean_max_cosine(
    W_dec: Float[Tensor, "latent d_model"], features: Float[Tensor, "feature d_model"]
) -> Float[Tensor, ""]:
    """For each feature the best cosine with any latent's direction (a row of W_dec), averaged over features.

    >>> mean_max_cosine(torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor(0.5000)
    """
    normalise = torch.nn.functional.normalize  # rows of length 1
    cosines = normalise(features, dim=-1) @ normalise(W_dec, dim=-1).T
    return cosines.max(dim=1).values.mean()


def check_random(answer):
    """Random directions of any length, more latents than features and fewer."""
    for latents, features, d_model in ((9, 5, 4), (3, 7, 5), (6, 6, 6), (4, 4, 9)):
        W_dec = torch.randn(latents, d_model) * (0.3 + 3 * torch.rand(latents, 1))
        true = torch.randn(features, d_model) * (0.3 + 3 * torch.rand(features, 1))
        lab.same(
            answer.mean_max_cosine(W_dec, true), mean_max_cosine(W_dec, true), name="the mean max cosine"
        )


def check_found(answer):
    """A dictionary that holds all features among others, mixed and of any length, scores 1."""
    features = torch.randn(6, 10)
    W_dec = torch.cat([features * (0.2 + 3 * torch.rand(6, 1)), torch.randn(9, 10)])[torch.randperm(15)]
    lab.same(
        answer.mean_max_cosine(W_dec, features), torch.tensor(1.0), name="the score of a full dictionary"
    )


def check_opposite(answer):
    """A dictionary that points the opposite way has found nothing."""
    features = torch.eye(7)[torch.randperm(7)[:5]] * (1 + torch.rand(5, 1))
    lab.same(answer.mean_max_cosine(-features, features), torch.tensor(0.0), name="the score of opposites")


def _unit(rows: Float[Tensor, "row d_model"]) -> Float[Tensor, "row d_model"]:
    return rows / rows.norm(dim=-1, keepdim=True).clamp(min=1e-12)


def mistake_wrong_axis__mean_max_cosine(W_dec, features):
    """You take for each *latent* the best feature. That asks whether what was found is real; asked is whether
    all that is real was found: for each feature the best latent."""
    return (_unit(features) @ _unit(W_dec).T).max(dim=0).values.mean()


def mistake_not_normalised__mean_max_cosine(W_dec, features):
    """Those are dot products, which grow with the lengths. For cosines, normalise the rows of both."""
    return (features @ W_dec.T).max(dim=1).values.mean()


def mistake_one_normalised__mean_max_cosine(W_dec, features):
    """You normalise the latents only. A cosine needs both sides at length 1."""
    return (features @ _unit(W_dec).T).max(dim=1).values.mean()


def mistake_features_normalised__mean_max_cosine(W_dec, features):
    """You normalise the features only, so that the longest latent wins everywhere. A cosine needs both sides
    at length 1."""
    return (_unit(features) @ W_dec.T).max(dim=1).values.mean()


def mistake_columns_normalised__mean_max_cosine(W_dec, features):
    """You normalise the columns. The directions are rows: take the norm over the last axis."""
    return ((features / features.norm(dim=0)) @ (W_dec / W_dec.norm(dim=0)).T).max(dim=1).values.mean()


def mistake_either_sign__mean_max_cosine(W_dec, features):
    """You take the cosine without its sign. A latent is never negative, so one that points the opposite way
    can never stand for the feature."""
    return (_unit(features) @ _unit(W_dec).T).abs().max(dim=1).values.mean()


def mistake_mean_of_all__mean_max_cosine(W_dec, features):
    """You average all cosines. Each feature needs one latent only: take its best, and average those."""
    return (_unit(features) @ _unit(W_dec).T).mean()


def mistake_best_of_all__mean_max_cosine(W_dec, features):
    """You take the best cosine of the whole table, so one feature found is enough. Take the best for each
    feature, and average."""
    return (_unit(features) @ _unit(W_dec).T).max()


def mistake_same_place__mean_max_cosine(W_dec, features):
    """You compare feature number i with latent number i. An autoencoder finds them in any order: search among
    all latents."""
    count = min(len(W_dec), len(features))
    return torch.cosine_similarity(W_dec[:count], features[:count], dim=-1).mean()


def also_right_broadcast__mean_max_cosine(W_dec, features):
    return torch.cosine_similarity(features[:, None], W_dec[None], dim=-1).amax(dim=1).mean()


def also_right_loop__mean_max_cosine(W_dec, features):
    best = [max((f @ row / (f.norm() * row.norm())).item() for row in W_dec) for f in features]
    return torch.tensor(best).mean()


def also_right_normalize__mean_max_cosine(W_dec, features):
    lengths = torch.outer(W_dec.norm(dim=1), features.norm(dim=1))
    return (W_dec @ features.mT / lengths).max(0)[0].mean()
