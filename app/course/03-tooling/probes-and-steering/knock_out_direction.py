"""Knock a direction out

Steering shows that writing along a direction *can* move the model. It does not show that the model, left to
itself, uses what is there. For that, take it away: no sentence may be told from another along this direction.

Write `without_direction`. Whatever `activations` are along the direction, afterwards all of them are as
`middle` is, and in every direction at right angles to it they are as before:

$$x' = x - \\big((x - m) \\cdot u\\big)\\, u, \\qquad u = \\frac{d}{\\lVert d \\rVert}.$$

Then `logits_without`: the model's logits after the last token, with that done after one layer, at the last
position.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "First make `u`, the direction with length 1. Then the coordinate of each activation along it, measured "
    "from the middle: `(activations - middle) @ u`. There is one for each activation.",
    "Subtract coordinate times `u`. With axes in front, `coordinate[..., None] * u` has the shape of "
    "`activations`.",
    "`u = direction / direction.norm()`; `return activations - ((activations - middle) @ u)[..., None] * u`. "
    "In the hook: `residual[:, -1] = without_direction(residual[:, -1], direction, middle)`.",
]
MINUTES = 12
CONCEPTS = ["steering"]
DETERMINISTIC = True
PURPOSE = """Removing one direction is the sharpest ablation there is: everything else the activation says
stays. It is how refusal was shown to rest on a direction, and how concepts are erased."""
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["u: d_model", "coordinate: …", "residual: batch pos d_model"]
WHY = """Zero is a place like any other, and rarely in the middle: projecting the direction out *to zero*
would push all sentences to one side, and the model would say “want” or “wants” to all of them for a reason of
our making. Going to the middle of the two means takes no side.

Only the line matters, not the arrow: the result is the same for $d$, $-d$ and $5d$, which is why it has to be
normalised first."""


def without_direction(
    activations: Float[Tensor, "*batch d_model"],
    direction: Float[Tensor, "d_model"],
    middle: Float[Tensor, "d_model"],
) -> Float[Tensor, "*batch d_model"]:
    """The activations with their coordinate along `direction` replaced by that of `middle`.

    >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> without_direction(x, direction=torch.tensor([0.0, 5.0]), middle=torch.tensor([9.0, 7.0]))
    tensor([[1., 7.],
            [3., 7.]])
    """
    u = direction / direction.norm()
    return activations - ((activations - middle) @ u)[..., None] * u


def logits_without(
    model,
    tokens: Int[Tensor, "batch pos"],
    direction: Float[Tensor, "d_model"],
    middle: Float[Tensor, "d_model"],
    layer: int,
) -> Float[Tensor, "batch d_vocab"]:
    """The logits after the last token, with the direction knocked out of the residual stream after that
    layer, at the last position. The model must be as it was afterwards."""

    def knock_out(residual: Float[Tensor, "batch pos d_model"], hook) -> Float[Tensor, "batch pos d_model"]:
        residual[:, -1] = without_direction(residual[:, -1], direction, middle)
        return residual

    hooks = [(f"blocks.{layer}.hook_resid_post", knock_out)]
    return model.run_with_hooks(tokens, fwd_hooks=hooks)[:, -1]


def check_random(answer):
    """Random activations with one and with two axes in front."""
    for shape in ((7,), (3, 4)):
        size = int(torch.randint(5, 12, ()))
        given = torch.randn(*shape, size), 3 * torch.randn(size), torch.randn(size)
        lab.same(answer.without_direction(*given), without_direction(*given), tol=1e-3)


def check_only_the_line(answer):
    """A direction five times as long, or turned about, knocks out the same."""
    given, middle = torch.randn(6, 9), torch.randn(9)
    direction = torch.randn(9)
    for times in (5.0, -1.0):
        lab.same(
            answer.without_direction(given, times * direction, middle),
            without_direction(given, direction, middle),
            tol=1e-3,
            name=f"the activations without {times:.0f} times the direction",
        )


def check_model_unharmed(answer):
    """Afterwards the model is whole again."""
    model, batch = lab.load("tiny-gpt2"), lab.agreement(6, _seed())
    after = answer.probe_logits_after(model, batch.tokens, torch.randn(128), torch.zeros(128), 1)
    assert torch.allclose(after, model(batch.tokens)[:, -1], atol=1e-3), (
        "After your run the direction is still gone: a hook has stayed on the model. `run_with_hooks` takes "
        "its hooks off again."
    )


def check_model(answer):
    """Random directions, after each layer of `tiny-gpt2`."""
    model, batch = lab.load("tiny-gpt2"), lab.agreement(5, _seed())
    for layer in (0, 1, 2):
        given = (model, batch.tokens, torch.randn(128), 3 * torch.randn(128), layer)
        lab.same(
            answer.logits_without(*given),
            logits_without(*given),
            tol=2e-3,
            name=f"the logits with a direction knocked out after layer {layer}",
        )


def _seed() -> int:
    return int(torch.randint(1, 10_000, ()))


def probe_logits_after(model, tokens, direction, middle, layer) -> Float[Tensor, "batch d_vocab"]:
    logits_without(model, tokens, direction, middle, layer)
    after = model(tokens)[:, -1]
    model.reset_hooks()
    return after


def mistake_not_normalised__without_direction(activations, direction, middle):
    """Your direction does not have length 1, and it is used twice: once to measure, once to subtract. Divide
    it by its norm first."""
    return activations - ((activations - middle) @ direction)[..., None] * direction


def mistake_to_zero__without_direction(activations, direction, middle):
    """You project to zero, and zero is not between the two means: all sentences end up on one side. Measure
    from `middle`: `(activations - middle) @ u`."""
    u = direction / direction.norm()
    return activations - (activations @ u)[..., None] * u


def mistake_subtracted__without_direction(activations, direction, middle):
    """You subtract the same direction from everybody, so all move to one side and differ as before. Each
    activation has to lose its *own* coordinate."""
    return activations - direction


def mistake_only_the_line_left__without_direction(activations, direction, middle):
    """You keep what lies along the direction and throw away all the rest. It should be the other way
    round."""
    u = direction / direction.norm()
    return middle + ((activations - middle) @ u)[..., None] * u


def mistake_centred__without_direction(activations, direction, middle):
    """The middle has to come back: you return the activations with all of `middle` subtracted."""
    return without_direction(activations, direction, middle) - middle


def mistake_everywhere__logits_without(model, tokens, direction, middle, layer):
    """You knock it out at every position. The question is about the last one: `residual[:, -1]`."""

    def knock_out(residual, hook):
        return without_direction(residual, direction, middle)

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_post", knock_out)])[:, -1]


def mistake_before_the_layer__logits_without(model, tokens, direction, middle, layer):
    """You change what goes *into* that layer (`hook_resid_pre`). What comes out is `hook_resid_post`."""

    def knock_out(residual, hook):
        residual[:, -1] = without_direction(residual[:, -1], direction, middle)
        return residual

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_pre", knock_out)])[:, -1]


def mistake_thrown_away__logits_without(model, tokens, direction, middle, layer):
    """Nothing is knocked out: `without_direction` makes a new tensor, and it never gets back into the model.
    Write it to `residual[:, -1]`, or return it."""
    return model(tokens)[:, -1]


def mistake_every_layer__logits_without(model, tokens, direction, middle, layer):
    """You knock it out after every layer. Only after the one that is asked for."""

    def knock_out(residual, hook):
        residual[:, -1] = without_direction(residual[:, -1], direction, middle)
        return residual

    every = [(f"blocks.{each}.hook_resid_post", knock_out) for each in range(model.cfg.n_layers)]
    return model.run_with_hooks(tokens, fwd_hooks=every)[:, -1]


def also_right_matrix__without_direction(activations, direction, middle):
    u = torch.nn.functional.normalize(direction, dim=0)
    rest = torch.eye(len(u)) - torch.outer(u, u)
    return (activations - middle) @ rest + middle


def also_right_least_squares__without_direction(activations, direction, middle):
    along = torch.einsum("...d,d->...", activations - middle, direction) / direction.dot(direction)
    return activations - along.unsqueeze(-1) * direction


def also_right_new_tensor__logits_without(model, tokens, direction, middle, layer):
    def knock_out(residual, hook):
        last = without_direction(residual[:, -1:], direction, middle)
        return torch.cat([residual[:, :-1], last], dim=1)

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.hook_resid_post", knock_out)])[:, -1]
