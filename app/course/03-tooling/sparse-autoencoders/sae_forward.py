"""Many numbers, few at a time

A **sparse autoencoder** writes an activation as a sum of a few directions out of many. The encoder says how
much of each **latent** is there, the decoder adds up their directions:

$$z = \\mathrm{ReLU}\\big((x - b_\\text{dec})\\, W_\\text{enc} + b_\\text{enc}\\big), \\qquad
\\hat x = z\\, \\hat W_\\text{dec} + b_\\text{dec}.$$

The rows of $W_\\text{dec}$ are the directions. In the formula they have **length 1**: whatever length they
come with, they are normalised before they are used. The loss asks for two things at once, that the activation
comes back and that the latents are few (their sum is small):

$$L = \\text{mean over the batch of } \\|x - \\hat x\\|^2 + \\lambda \\sum_i z_i.$$

Write `sae`, which returns latents and reconstruction, and `sae_loss`.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "In `sae` take the steps in the order of the formula: make the rows of W_dec unit length; subtract "
    "b_dec; encode; ReLU; decode; add b_dec again.",
    "`W_dec / W_dec.norm(dim=-1, keepdim=True)` has rows of length 1. In the loss, both terms are summed "
    "over the last axis first, and then the mean over the batch is taken.",
    "`z = torch.relu((x - b_dec) @ W_enc + b_enc)`, `x_hat = z @ directions + b_dec`; and "
    "`((x - x_hat) ** 2).sum(-1).mean() + l1 * z.sum(-1).mean()`.",
]
MINUTES = 12
CONCEPTS = ["dictionary-learning"]
DETERMINISTIC = True
DIFFICULTY = 2
IMPORTANCE = 5
PURPOSE = """This is the machine behind “we found a feature for …”. Its variants (TopK, gated, JumpReLU,
transcoders) change a line of it; whoever has written this one can read them all."""
SHAPES = ["directions: latent d_model", "z: batch latent", "x_hat: batch d_model", "loss: scalar"]
WHY = """Why length 1? The penalty is on $z$ alone. If the decoder may be of any length, the network halves
all $z$, doubles all rows of $W_\\text{dec}$, and has the same reconstruction at half the penalty; and again,
and again. The penalty would be gone, and nothing would be sparse. (Some multiply each $z_i$ by
$\\|W_{\\text{dec},i}\\|$ in the loss instead. That closes the same door.)

What we *want* is few latents, their number, L0. A number of things that are not zero has no gradient, so
their sum, L1, stands in for it. It is not the same: L1 also pulls down the latents that are rightly there,
and so every one of them comes out a little too small. That is called **shrinkage**.

The decoder's bias is subtracted first and added last, so that the latents describe what is different from the
average activation."""
SEE = {"mistake_columns_normalised__sae": "mean_max_cosine"}


def sae(
    x: Float[Tensor, "batch d_model"],
    W_enc: Float[Tensor, "d_model latent"],
    b_enc: Float[Tensor, "latent"],
    W_dec: Float[Tensor, "latent d_model"],
    b_dec: Float[Tensor, "d_model"],
) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch d_model"]]:
    """Latents and reconstruction. The rows of W_dec are used with length 1, whatever length they have.

    >>> x, one = torch.tensor([[3.0, 1.0]]), torch.eye(2)
    >>> z, x_hat = sae(x, one, torch.tensor([0.0, -2.0]), 5 * one, torch.zeros(2))
    >>> z, x_hat
    (tensor([[3., 0.]]), tensor([[3., 0.]]))
    """
    directions = W_dec / W_dec.norm(dim=-1, keepdim=True)
    z = torch.relu((x - b_dec) @ W_enc + b_enc)
    return z, z @ directions + b_dec


def sae_loss(
    x: Float[Tensor, "batch d_model"],
    z: Float[Tensor, "batch latent"],
    x_hat: Float[Tensor, "batch d_model"],
    l1: float,
) -> Float[Tensor, ""]:
    """Squared distance plus l1 times the sum of the latents, each a mean over the batch.

    >>> sae_loss(torch.ones(4, 2), torch.full((4, 3), 2.0), torch.zeros(4, 2), l1=0.5)
    tensor(5.)
    """
    return ((x - x_hat) ** 2).sum(-1).mean() + l1 * z.sum(-1).mean()


def check_sae(answer):
    """Random autoencoders of several sizes, with directions of length 1, give our latents and
    reconstruction."""
    for sizes in ((5, 4, 9), (3, 7, 2), (6, 5, 5)):
        x, W_enc, b_enc, W_dec, b_dec = _autoencoder(*sizes)
        unit = W_dec / W_dec.norm(dim=-1, keepdim=True)
        _same(answer.sae(x, W_enc, b_enc, unit, b_dec), sae(x, W_enc, b_enc, W_dec, b_dec), "")


def check_any_length(answer):
    """Directions of any length are used with length 1."""
    for sizes in ((5, 4, 9), (3, 7, 2), (6, 5, 5)):
        x, W_enc, b_enc, W_dec, b_dec = _autoencoder(*sizes)
        _same(
            answer.sae(x, W_enc, b_enc, W_dec, b_dec),
            sae(x, W_enc, b_enc, W_dec, b_dec),
            ", W_dec being long,",
        )


def check_loss(answer):
    """Random reconstructions and latents cost what they cost with us."""
    for batch, d_model, latents in ((5, 4, 9), (3, 7, 2), (6, 6, 6)):
        x, x_hat = torch.randn(2, batch, d_model)
        z, l1 = torch.randn(batch, latents).relu(), 0.1 + torch.rand(1).item()
        lab.same(answer.sae_loss(x, z, x_hat, l1), sae_loss(x, z, x_hat, l1), name="the loss")


def check_no_way_around(answer):
    """The gradients of the loss are ours: the penalty cannot be dodged with long directions."""
    x, *weights = _autoencoder(6, 4, 7)
    got, wanted = answer.probe_gradients(x, *weights), probe_gradients(x, *weights)
    names = ("W_enc", "b_enc", "W_dec", "b_dec")
    for each, want, name in zip(got, wanted, names, strict=True):
        assert each.abs().max() > 0, (
            f"No gradient reaches {name}. Is something cut off, with `detach`, `no_grad` or `.data`?"
        )
        lab.same(each, want, tol=1e-3, name=f"the gradient of the loss with respect to {name}")


def _autoencoder(batch: int, d_model: int, latents: int) -> tuple[Tensor, ...]:
    W_enc, W_dec = torch.randn(d_model, latents), torch.randn(latents, d_model)
    W_dec = W_dec * (0.5 + 3 * torch.rand(latents, 1)) / W_dec.norm(dim=-1, keepdim=True)
    return torch.randn(batch, d_model), W_enc, 0.5 * torch.randn(latents), W_dec, torch.randn(d_model)


def _same(got, want, when: str) -> None:
    lab.same(got[0], want[0], name=f"the latents{when}")
    lab.same(got[1], want[1], name=f"the reconstruction{when}")


def probe_gradients(x, W_enc, b_enc, W_dec, b_dec) -> tuple[Tensor, ...]:
    """The gradients of the loss with respect to all four."""
    weights = [each.clone().requires_grad_() for each in (W_enc, b_enc, W_dec, b_dec)]
    z, x_hat = sae(x, *weights)
    loss = sae_loss(x, z, x_hat, 0.3)
    if not loss.requires_grad:
        return tuple(torch.zeros_like(each) for each in weights)
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    return tuple(torch.zeros_like(each) if g is None else g for g, each in zip(found, weights, strict=True))


def mistake_decoder_not_normalised__sae(x, W_enc, b_enc, W_dec, b_dec):
    """The decoder is used as it is. Then training makes its rows longer and longer and the latents smaller
    and smaller: the same reconstruction, and the penalty melts away. Give each row length 1 before you use
    it."""
    z = torch.relu((x - b_dec) @ W_enc + b_enc)
    return z, z @ W_dec + b_dec


def mistake_columns_normalised__sae(x, W_enc, b_enc, W_dec, b_dec):
    """You normalise the *columns* of W_dec. A latent's direction is its row: take the norm over the last
    axis."""
    z = torch.relu((x - b_dec) @ W_enc + b_enc)
    return z, z @ (W_dec / W_dec.norm(dim=0)) + b_dec


def mistake_one_norm_for_all__sae(x, W_enc, b_enc, W_dec, b_dec):
    """You divide by one norm of the whole matrix. Each row needs its own: `W_dec.norm(dim=-1,
    keepdim=True)`."""
    z = torch.relu((x - b_dec) @ W_enc + b_enc)
    return z, z @ (W_dec / W_dec.norm()) + b_dec


def mistake_no_relu__sae(x, W_enc, b_enc, W_dec, b_dec):
    """The ReLU is missing. Latents may then be negative, and hardly ever exactly zero: nothing is sparse."""
    z = (x - b_dec) @ W_enc + b_enc
    return z, z @ (W_dec / W_dec.norm(dim=-1, keepdim=True)) + b_dec


def mistake_relu_at_the_end__sae(x, W_enc, b_enc, W_dec, b_dec):
    """There is a ReLU on the reconstruction. That was the toy of the last lesson; activations of a model may
    be negative, so here it stands on the latents only."""
    z, x_hat = sae(x, W_enc, b_enc, W_dec, b_dec)
    return z, torch.relu(x_hat)


def mistake_not_centred__sae(x, W_enc, b_enc, W_dec, b_dec):
    """You add b_dec at the end, but do not subtract it in the beginning: the latents have to describe the
    average once more."""
    z, _ = sae(x + b_dec, W_enc, b_enc, W_dec, b_dec)
    return z, z @ (W_dec / W_dec.norm(dim=-1, keepdim=True)) + b_dec


def mistake_average_left_out__sae(x, W_enc, b_enc, W_dec, b_dec):
    """You subtract b_dec and never add it again, so the reconstruction misses the average."""
    z, x_hat = sae(x, W_enc, b_enc, W_dec, b_dec)
    return z, x_hat - b_dec


def mistake_mean_over_dimensions__sae_loss(x, z, x_hat, l1):
    """You take the mean over the dimensions, too. Here the error is a squared *distance*, a sum over them;
    with the mean the same λ would weigh d_model times as much."""
    return ((x - x_hat) ** 2).mean() + l1 * z.sum(-1).mean()


def mistake_mean_over_latents__sae_loss(x, z, x_hat, l1):
    """You take the mean of the latents, and it should be their sum: otherwise the penalty fades as the
    dictionary grows."""
    return ((x - x_hat) ** 2).sum(-1).mean() + l1 * z.mean()


def mistake_sum_over_the_batch__sae_loss(x, z, x_hat, l1):
    """You sum over the batch, so that larger batches have larger losses. Take its mean."""
    return ((x - x_hat) ** 2).sum() + l1 * z.sum()


def mistake_not_squared__sae_loss(x, z, x_hat, l1):
    """You take the distance; the formula has its square."""
    return (x - x_hat).norm(dim=-1).mean() + l1 * z.sum(-1).mean()


def mistake_latents_counted__sae_loss(x, z, x_hat, l1):
    """You count the latents that are not zero. That is what we want, and it has no gradient, so training
    would never hear of it: penalise their sum."""
    return ((x - x_hat) ** 2).sum(-1).mean() + l1 * (z > 0).float().sum(-1).mean()


def mistake_no_penalty__sae_loss(x, z, x_hat, l1):
    """The penalty is missing. With more latents than dimensions, anything can be reconstructed then, and no
    direction means anything."""
    return ((x - x_hat) ** 2).sum(-1).mean()


def mistake_latents_squared__sae_loss(x, z, x_hat, l1):
    """You penalise the *squares* of the latents. That makes large ones smaller, but never zero: a square
    hardly minds what is small. It is the plain sum that pushes to zero."""
    return ((x - x_hat) ** 2).sum(-1).mean() + l1 * (z**2).sum(-1).mean()


def also_right_normalize__sae(x, W_enc, b_enc, W_dec, b_dec):
    z = torch.nn.functional.relu(torch.einsum("bd, dl -> bl", x - b_dec, W_enc) + b_enc)
    return z, torch.einsum("bl, ld -> bd", z, torch.nn.functional.normalize(W_dec, dim=1)) + b_dec


def also_right_linear__sae(x, W_enc, b_enc, W_dec, b_dec):
    z = torch.nn.functional.linear(x, W_enc.T, b_enc - b_dec @ W_enc).clamp(min=0)
    return z, torch.addmm(b_dec, z / W_dec.pow(2).sum(1).sqrt(), W_dec)


def also_right_absolute__sae_loss(x, z, x_hat, l1):
    return (x_hat - x).pow(2).sum(dim=1).mean() + l1 * z.abs().sum(dim=1).mean()


def also_right_together__sae_loss(x, z, x_hat, l1):
    each = torch.linalg.vector_norm(x - x_hat, dim=-1) ** 2 + l1 * torch.linalg.vector_norm(z, ord=1, dim=-1)
    return each.sum() / len(x)
