"""One number for what a model thinks: the logit difference, and the same between 0 and 1."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers.lab.techniques.prompts import Prompts, pair_of

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Metric: TypeAlias = Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]]

_TOO_CLOSE = 1e-6  # relative: a metric that cannot tell the two runs apart


def logit_difference(
    logits: Float[Tensor, "batch pos d_vocab"],
    right: int | Sequence[int] | Int[Tensor, "batch"],
    wrong: int | Sequence[int] | Int[Tensor, "batch"],
    *,
    pos: int = -1,
    per_prompt: bool = False,
) -> Float[Tensor, "*batch"]:
    """By how many logits the right answer beats the wrong one at `pos`: the mean over prompts, or each.

    `right` and `wrong` are token ids, one for all prompts or one a prompt (`lab.answer_tokens` finds them).
    A difference of logits is a difference of log-probabilities, in nats: the softmax's sum is in both.
    The metric of Wang et al. 2022, https://arxiv.org/abs/2211.00593.
    Raises `ValueError` with a sentence if shapes do not fit.
    """
    if not isinstance(logits, Tensor) or logits.ndim != 3:
        shape = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(f"logits have the shape [batch, pos, d_vocab]; these are {shape}.")
    if not -logits.shape[1] <= pos < logits.shape[1]:
        raise ValueError(f"There is no position {pos} in prompts of {logits.shape[1]} tokens.")
    last = logits[:, pos]
    difference = _picked(last, right, "right") - _picked(last, wrong, "wrong")
    return difference if per_prompt else difference.mean()


def normalised(model: "TransformerBridge", clean: Prompts, corrupted: Prompts, metric: Metric) -> Metric:
    """The same metric on a scale on which the corrupted run has 0 and the clean run 1.

    (metric − corrupted) / (clean − corrupted). Values below 0 and above 1 are possible and mean something:
    worse than corrupted, better than clean.
    Raises `ValueError` with a sentence if the metric gives both runs the same value.
    """
    one, other = pair_of(model, clean, corrupted)
    with torch.no_grad():
        best, worst = number(metric, model(one)), number(metric, model(other))
    if (best - worst).abs() <= _TOO_CLOSE * best.abs().clamp(min=1):
        raise ValueError(
            f"The metric is {best:.4g} on the clean prompts and on the corrupted ones: it cannot tell them "
            "apart, so there is nothing to recover. Is the corruption where the answer depends on it?"
        )

    def between_0_and_1(logits: Float[Tensor, "batch pos d_vocab"]) -> Float[Tensor, ""]:
        return (metric(logits) - worst) / (best - worst)

    return between_0_and_1


def number(metric: Metric, logits: Float[Tensor, "batch pos d_vocab"]) -> Float[Tensor, ""]:
    """What the metric says, if it is one number. Raises `ValueError` with a sentence if it is not."""
    if not callable(metric):
        raise ValueError(
            "The metric has to be a function that takes logits [batch, pos, d_vocab] and returns one number; "
            f"this is a {type(metric).__name__}."
        )
    said: Any = metric(logits)
    if not isinstance(said, Tensor):
        if not isinstance(said, int | float):
            raise ValueError(f"The metric has to return one number; it returned a {type(said).__name__}.")
        said = torch.tensor(float(said), device=logits.device)
    if said.numel() != 1:
        raise ValueError(
            f"The metric has to return one number for all prompts; this one returned shape "
            f"{list(said.shape)}. Take its `.mean()`."
        )
    if said.isnan().any():
        raise ValueError("The metric returned NaN: does it divide by zero, or take the log of a negative?")
    return said.reshape(()).float()


def _picked(
    logits: Float[Tensor, "batch d_vocab"], answers: int | Sequence[int] | Int[Tensor, "batch"], which: str
) -> Float[Tensor, "batch"]:
    if isinstance(answers, str) or (
        isinstance(answers, Sequence) and any(isinstance(a, str) for a in answers)
    ):
        raise ValueError(f"`{which}` takes token ids; `lab.answer_tokens(model, {answers!r})` finds them.")
    ids = torch.as_tensor(answers, device=logits.device).reshape(-1)
    if len(ids) not in (1, len(logits)):
        raise ValueError(f"`{which}` has {len(ids)} tokens for {len(logits)} prompts; give one a prompt.")
    if ids.min() < 0 or ids.max() >= logits.shape[1]:
        raise ValueError(f"`{which}` has a token outside of 0 to {logits.shape[1] - 1}.")
    return logits.gather(1, ids.expand(len(logits))[:, None])[:, 0]
