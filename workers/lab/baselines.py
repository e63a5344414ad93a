"""The dull explanations, all at once: bigrams, skip-trigrams, copying and induction.

Before a behaviour is called interesting, something simpler should have failed to explain it. Each baseline
predicts the logit difference of a prompt without looking into the model; together they are fitted to what the
model really says, and what is left is what there is to explain.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

NAMES = ("bigram", "skip-trigram", "copying", "induction")
LEAST_PROMPTS = 8  # to fit four weights to
_AT_ONCE = 256  # short prompts in one forward pass


@dataclass(frozen=True, eq=False)
class Baselines:
    """What each explanation predicts, alone and fitted together. All logit differences are in nats."""

    logit_difference: Float[Tensor, "prompt"]
    features: Float[Tensor, "prompt baseline"]
    weights: Float[Tensor, "baseline"]  # of all four together, none below zero
    alone: dict[str, float]  # share of the mean logit difference that each explains by itself

    @property
    def fitted(self) -> Float[Tensor, "prompt"]:
        """What the four together say of each prompt."""
        return self.features @ self.weights

    @property
    def unexplained(self) -> float:
        """The mean logit difference left when all four have had their say."""
        return (self.logit_difference - self.fitted).mean().item()

    @property
    def explained(self) -> float:
        """The share of the mean logit difference that the four explain together."""
        return 1 - self.unexplained / self.logit_difference.mean().item()

    def __repr__(self) -> str:
        count, whole = len(self.logit_difference), self.logit_difference.mean().item()
        first = f"The mean logit difference over {count} prompts is {whole:.2f} nats. Explained by"
        shares = {**self.alone, "all together": self.explained}
        rows = [f"{name:14} {share:5.0%}" for name, share in shares.items()]
        return "\n".join([first, *rows, f"Left unexplained: {self.unexplained:.2f} nats."])

    def describe_output(self) -> dict[str, Any]:
        """JSON for the page: the table as text."""
        return {"kind": "result", "text": repr(self)}


def baselines(
    model: "TransformerBridge",
    tokens: Int[Tensor, "prompt pos"],
    right: Int[Tensor, "prompt"],
    wrong: Int[Tensor, "prompt"],
) -> Baselines:
    """Hold a behaviour against bigrams, skip-trigrams, copying and induction.

    `tokens` begin with the start token and end where the answer is due; the behaviour is the logit difference
    of `right` against `wrong` there. The baselines:

    - *bigram*: the model's own logit difference when it sees the start token and the last one, nothing
    between; - *skip-trigram*: what each earlier token changes about that when it alone is put in between,
    summed; - *copying*: how often `right` occurs in the prompt, less how often `wrong` does;
    - *induction*: how often the last token was followed by `right` before, less how often by `wrong`.

    They are fitted by least squares without a constant, with weights that cannot be negative: an explanation
    that has to be turned round is another explanation. Raises `ValueError` with a sentence for fewer than
    eight prompts, prompts without an earlier token, or answers that don't fit to them.
    """
    _check(tokens, right, wrong)
    with torch.no_grad():
        whole = _difference(model, tokens, right, wrong)
        features = torch.stack(
            [
                *_from_the_model(model, tokens, right, wrong),
                _counts(tokens[:, 1:], right) - _counts(tokens[:, 1:], wrong),
                _followed(tokens, right) - _followed(tokens, wrong),
            ],
            dim=1,
        )
    mean = whole.mean().item()
    alone = {
        name: (features[:, [place]] @ _fit(features[:, [place]], whole)).mean().item() / mean
        for place, name in enumerate(NAMES)
    }
    return Baselines(whole, features, _fit(features, whole), alone)


def _check(
    tokens: Int[Tensor, "prompt pos"], right: Int[Tensor, "prompt"], wrong: Int[Tensor, "prompt"]
) -> None:
    if tokens.ndim != 2 or tokens.shape[1] < 3:
        raise ValueError(
            "lab.baselines needs prompts [prompt, pos] of at least three tokens: start, one, last. "
            f"These have shape {list(tokens.shape)}."
        )
    if len(tokens) < LEAST_PROMPTS:
        raise ValueError(
            f"lab.baselines fits four weights, and {len(tokens)} prompts are too few to believe them: "
            f"give {LEAST_PROMPTS} or more."
        )
    for name, answers in (("right", right), ("wrong", wrong)):
        if answers.shape != (len(tokens),):
            shape = list(answers.shape)
            raise ValueError(f"`{name}` has shape {shape}: give one token for each of {len(tokens)} prompts.")
    if (right == wrong).any():
        raise ValueError("Somewhere `right` and `wrong` are the same token: there is no difference then.")


def _difference(
    model: "TransformerBridge",
    tokens: Int[Tensor, "prompt pos"],
    right: Int[Tensor, "prompt"],
    wrong: Int[Tensor, "prompt"],
) -> Float[Tensor, "prompt"]:
    """The logit difference after the last token of each prompt."""
    parts = zip(*(each.split(_AT_ONCE) for each in (tokens, right, wrong)), strict=True)
    found = []
    for some, yes, no in parts:
        last = model(some)[:, -1]
        found.append((last.gather(1, yes[:, None]) - last.gather(1, no[:, None]))[:, 0])
    return torch.cat(found).float().cpu()


def _from_the_model(
    model: "TransformerBridge",
    tokens: Int[Tensor, "prompt pos"],
    right: Int[Tensor, "prompt"],
    wrong: Int[Tensor, "prompt"],
) -> tuple[Float[Tensor, "prompt"], Float[Tensor, "prompt"]]:
    """Bigrams and skip-trigrams, asked of the model itself: prompts of two and of three tokens."""
    start, last = tokens[:, :1], tokens[:, -1:]
    bigram = _difference(model, torch.cat([start, last], dim=1), right, wrong)
    earlier = tokens[:, 1:-1]
    count = earlier.shape[1]
    threes = torch.stack([start.expand_as(earlier), earlier, last.expand_as(earlier)], dim=-1).flatten(0, 1)
    answers = (each.repeat_interleave(count) for each in (right, wrong))
    three = _difference(model, threes, *answers).view(-1, count)
    return bigram, (three - bigram[:, None]).sum(1)


def _counts(tokens: Int[Tensor, "prompt pos"], answer: Int[Tensor, "prompt"]) -> Float[Tensor, "prompt"]:
    return (tokens == answer[:, None]).sum(1).float().cpu()


def _followed(tokens: Int[Tensor, "prompt pos"], answer: Int[Tensor, "prompt"]) -> Float[Tensor, "prompt"]:
    """How often the last token stood before this answer already."""
    before = (tokens[:, :-1] == tokens[:, -1:]) & (tokens[:, 1:] == answer[:, None])
    return before.sum(1).float().cpu()


def _fit(
    features: Float[Tensor, "prompt baseline"], wanted: Float[Tensor, "prompt"]
) -> Float[Tensor, "baseline"]:
    """Least squares with no weight below zero: the best of all subsets whose own solution has none."""
    count = features.shape[1]
    best, weights = wanted.pow(2).sum(), torch.zeros(count)
    for size in range(1, count + 1):
        for chosen in map(list, combinations(range(count), size)):
            found = torch.linalg.lstsq(features[:, chosen], wanted[:, None], driver="gelsd").solution[:, 0]
            error = (features[:, chosen] @ found - wanted).pow(2).sum()
            if (found >= 0).all() and error < best:
                best, weights = error, torch.zeros(count).index_put((torch.tensor(chosen),), found)
    return weights
