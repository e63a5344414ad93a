"""What a frozen norm hides

A residual stream `residual` is read by a final norm (centre, divide by the standard deviation) and by a
direction in the unembedding, for instance from the wrong token to the right one. One `part` of the stream is
taken away. How far does the reading fall?

Give two answers. **Frozen:** the part's own reading, at the scale of the *whole* stream, as direct logit
attribution has it. **Real:** the reading of the whole stream less the reading of what is left, each at its
*own* scale."""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Write a helper that reads a stream: centre it, divide by a scale, multiply by the direction. The two "
    "answers differ only in which scale is used for what.",
    "The scale of a stream is `(centred.pow(2).mean(-1) + eps).sqrt()`. Frozen: centre the part, and divide "
    "by the scale of `residual`. Real: two readings, of `residual` and of `residual - part`, each with its "
    "own.",
    "`frozen = (centre(part) / scale(residual) * direction).sum(-1)` and `real = read(residual) - "
    "read(residual - part)`, where `read` divides by the scale of what it is given.",
]
MINUTES = 15
CONCEPTS = ["caught-a-technique-lying"]
DETERMINISTIC = True
PURPOSE = """Every table of direct logit attribution holds the first number, and every knock-out the second.
When they disagree, you need to know how much of it is arithmetic before you speak of backup heads."""
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["centred: batch d_model", "scale: batch 1"]
WHY = """Frozen contributions add up exactly, which is their whole charm: the parts of the stream sum to the
reading. The real differences don't, because each of them changes the scale under all others. Take a large
part away and what is left is divided by less. If it points the right way, part of the damage mends itself
without any head having done anything."""


def without_a_part(
    residual: Float[Tensor, "batch d_model"],
    part: Float[Tensor, "batch d_model"],
    direction: Float[Tensor, "batch d_model"],
    eps: float = 1e-5,
) -> tuple[Float[Tensor, "batch"], Float[Tensor, "batch"]]:
    """By how much the reading falls without `part`: at the frozen scale of the whole, and really.

    >>> residual, direction = torch.tensor([[3.0, -3.0]]), torch.tensor([[1.0, 0.0]])
    >>> frozen, real = without_a_part(residual, torch.tensor([[2.0, -2.0]]), direction)
    >>> round(frozen.item(), 2), round(real.item(), 2)
    (0.67, 0.0)
    """

    def scale(stream: Tensor) -> Tensor:
        return (centre(stream).pow(2).mean(-1, keepdim=True) + eps).sqrt()

    def read(stream: Tensor) -> Tensor:
        return (centre(stream) / scale(stream) * direction).sum(-1)

    frozen = (centre(part) / scale(residual) * direction).sum(-1)
    return frozen, read(residual) - read(residual - part)


def centre(stream: Float[Tensor, "batch d_model"]) -> Float[Tensor, "batch d_model"]:
    return stream - stream.mean(-1, keepdim=True)


def check_frozen(answer):
    """The frozen fall of random streams, and that frozen falls of all parts add up to the reading."""
    for batch, d_model, eps in ((3, 7, 1e-5), (1, 16, 0.3), (5, 4, 1e-5)):
        parts = torch.randn(3, batch, d_model) * torch.tensor([0.3, 1.0, 3.0])[:, None, None]
        residual, direction = parts.sum(0), torch.randn(batch, d_model)
        for part in parts:
            frozen, _ = answer.without_a_part(residual, part, direction, eps)
            want, _ = without_a_part(residual, part, direction, eps)
            lab.same(frozen, want, tol=1e-3, name="the frozen fall")


def check_real(answer):
    """The real fall of random streams, of which a large part is taken away."""
    for batch, d_model, eps in ((3, 7, 1e-5), (1, 16, 0.3), (5, 9, 1e-5)):
        residual, direction = torch.randn(batch, d_model), torch.randn(batch, d_model)
        part = 0.7 * residual + 0.2 * torch.randn(batch, d_model)
        _, real = answer.without_a_part(residual, part, direction, eps)
        _, want = without_a_part(residual, part, direction, eps)
        lab.same(real, want, tol=1e-3, name="the real fall")


def check_shipped_model(answer):
    """An induction head of the shipped model: the two disagree by more than a nat."""
    residual, part, direction = _of_a_head(int(torch.randint(3, ())))
    frozen, real = answer.without_a_part(residual, part, direction)
    wanted = without_a_part(residual, part, direction)
    lab.same(frozen, wanted[0], tol=1e-2, name="the frozen fall")
    lab.same(real, wanted[1], tol=1e-2, name="the real fall")


def _of_a_head(which: int) -> tuple[Tensor, Tensor, Tensor]:
    """The final stream at one place of repeated nonsense, what an induction head wrote there, and right less
    wrong."""
    model, head = lab.load("attn-only-2l"), (3, 5, 6)[which]
    once = torch.stack([1 + torch.randperm(1023)[:20] for _ in range(8)])
    tokens = torch.cat([torch.zeros(8, 1, dtype=torch.long), once, once], dim=1)
    _, cache = model.run_with_cache(tokens)
    part = cache["z", 1][:, 30, head] @ model.W_O[1, head]
    direction = model.W_U[:, tokens[:, 31]] - model.W_U[:, tokens[:, 5]]
    return cache["blocks.1.hook_resid_post"][:, 30], part, direction.T


def mistake_part_at_its_own_scale__without_a_part(residual, part, direction, eps=1e-5):
    """You divide the part by its own scale. In the model there is one norm, and it has seen the whole
    stream."""
    scale = (centre(part).pow(2).mean(-1, keepdim=True) + eps).sqrt()
    return (centre(part) / scale * direction).sum(-1), without_a_part(residual, part, direction, eps)[1]


def mistake_both_frozen__without_a_part(residual, part, direction, eps=1e-5):
    """Your second number is the first one again: what is left is divided by the scale of the whole. Once the
    part is gone, the norm sees less, and divides by less."""
    frozen, _ = without_a_part(residual, part, direction, eps)
    return frozen, frozen


def mistake_not_centred__without_a_part(residual, part, direction, eps=1e-5):
    """The norm subtracts the mean before it divides; yours does not."""
    scale = (residual.pow(2).mean(-1, keepdim=True) + eps).sqrt()
    rest = residual - part
    rest_scale = (rest.pow(2).mean(-1, keepdim=True) + eps).sqrt()
    read = (residual / scale * direction).sum(-1)
    return (part / scale * direction).sum(-1), read - (rest / rest_scale * direction).sum(-1)


def mistake_what_is_left__without_a_part(residual, part, direction, eps=1e-5):
    """Your second number is the reading of what is left. Asked is by how much it *fell*: whole less rest."""
    frozen, real = without_a_part(residual, part, direction, eps)
    scale = (centre(residual).pow(2).mean(-1, keepdim=True) + eps).sqrt()
    return frozen, (centre(residual) / scale * direction).sum(-1) - real


def mistake_turned_round__without_a_part(residual, part, direction, eps=1e-5):
    """The sign of the second number is turned round: a fall is what was there less what is left."""
    frozen, real = without_a_part(residual, part, direction, eps)
    return frozen, -real


def mistake_added__without_a_part(residual, part, direction, eps=1e-5):
    """You add the part once more instead of taking it away."""
    frozen, _ = without_a_part(residual, part, direction, eps)
    return frozen, without_a_part(residual, -part, direction, eps)[1]


def mistake_order__without_a_part(residual, part, direction, eps=1e-5):
    """The two are in the other order: first the frozen one, then the real one."""
    frozen, real = without_a_part(residual, part, direction, eps)
    return real, frozen


def mistake_eps_outside__without_a_part(residual, part, direction, eps=1e-5):
    """eps belongs under the root, beside the variance."""

    def scale(stream):
        return centre(stream).pow(2).mean(-1, keepdim=True).sqrt() + eps

    def read(stream):
        return (centre(stream) / scale(stream) * direction).sum(-1)

    return (centre(part) / scale(residual) * direction).sum(-1), read(residual) - read(residual - part)


def also_right_layer_norm__without_a_part(residual, part, direction, eps=1e-5):
    def read(stream):
        return torch.einsum(
            "bd,bd->b", torch.nn.functional.layer_norm(stream, stream.shape[-1:], eps=eps), direction
        )

    deviation = (residual.var(dim=-1, unbiased=False) + eps).sqrt()
    frozen = torch.einsum("bd,bd->b", part - part.mean(-1, keepdim=True), direction) / deviation
    return frozen, read(residual) - read(residual - part)


def also_right_loop__without_a_part(residual, part, direction, eps=1e-5):
    frozen, real = [], []
    for whole, piece, towards in zip(residual, part, direction, strict=True):
        readings = []
        for stream in (whole, whole - piece):
            middle = stream - stream.mean()
            readings.append((middle / (middle.square().mean() + eps).sqrt()) @ towards)
        middle = whole - whole.mean()
        frozen.append(((piece - piece.mean()) / (middle.square().mean() + eps).sqrt()) @ towards)
        real.append(readings[0] - readings[1])
    return torch.stack(frozen), torch.stack(real)
