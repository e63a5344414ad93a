"""Recipes and training of the shipped models.

One `Recipe` holds everything that decides a model; the same recipe and seed train the same model again.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from workers.training import measure
from workers.training.batches import Batch, Mix, draw
from workers.training.gpt2 import build
from workers.training.network import Network, Pattern, Shape


@dataclass(frozen=True)
class Recipe:
    """How one model is trained."""

    name: str
    shape: Shape
    steps: int
    seed: int = 0
    mix: Mix = field(default_factory=Mix)
    lr: float = 3e-3
    weight_decay: float = 0.05
    silenced: tuple[float, ...] = ()  # per layer: chance that a head is left out of a row
    # Per layer: how many heads may look one token back / attend by induction before it costs. None: any.
    most_prev_token: tuple[int | None, ...] = ()
    most_induction: tuple[int | None, ...] = ()
    crowding: float = 0.5  # nats per unit of attention beyond those
    checkpoints: tuple[int, ...] = ()  # steps after which its weights are shipped, too
    any_copy: bool = False  # whether attention to what followed any previous copy counts, or the last alone


def surplus(scores: Float[Tensor, "head"], most: int | None) -> Float[Tensor, ""]:
    """The scores of all heads but the `most` highest, summed: what competing heads have to pay."""
    if most is None:
        return scores.new_zeros(())
    return scores.sort(descending=True).values[most:].sum()


def crowding(recipe: Recipe, patterns: list[Pattern], batch: Batch) -> Float[Tensor, ""]:
    """Attention spent on a job by more heads of a layer than the recipe wants there."""
    repeats = len(batch.periods)
    cost = torch.zeros(())
    for pattern, most in zip(patterns, recipe.most_prev_token, strict=False):
        cost = cost + surplus(measure.prev_token_scores(pattern), most)
    induction = measure.lookback_scores if recipe.any_copy else measure.induction_scores
    for pattern, most in zip(patterns, recipe.most_induction, strict=False):
        cost = cost + surplus(induction(pattern[:repeats], batch.periods), most)
    return cost


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up over 100 steps, then a cosine down to a tenth."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
    return recipe.lr * min(1.0, (step + 1) / 100) * (0.1 + 0.9 * cosine)


def loss(recipe: Recipe, model: Network, batch: Batch) -> Float[Tensor, ""]:
    """Cross-entropy of the next token over all positions, plus the price of crowding."""
    logits, patterns = model(batch.tokens, recipe.silenced)
    predicted, actual = logits[:, :-1].flatten(0, 1), batch.tokens[:, 1:].flatten()
    return F.cross_entropy(predicted, actual) + recipe.crowding * crowding(recipe, patterns, batch)


def train(recipe: Recipe, text: Int[Tensor, "tokens"]) -> Iterator[tuple[int, Network]]:
    """Train, yielding (steps done, model) before the first step and after each."""
    torch.set_flush_denormal(True)
    try:
        yield from _train(recipe, text)
    finally:  # it holds for the whole thread, and others' numbers are none of ours
        torch.set_flush_denormal(False)


def _train(recipe: Recipe, text: Int[Tensor, "tokens"]) -> Iterator[tuple[int, Network]]:
    torch.manual_seed(recipe.seed)
    random = torch.Generator().manual_seed(recipe.seed)
    model = build(recipe.shape, recipe.seed)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=recipe.lr, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True
    )
    yield 0, model
    for step in range(recipe.steps):
        optimiser.param_groups[0]["lr"] = learning_rate(recipe, step)
        batch = draw(recipe.mix, text, recipe.shape.d_vocab, recipe.shape.n_ctx, random)
        optimiser.zero_grad()
        loss(recipe, model, batch).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        yield step + 1, model
