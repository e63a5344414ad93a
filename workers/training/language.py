"""Making the models that read tales: the attention-only ones and the small GPT-2."""

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jaxtyping import Int
from torch import Tensor

from workers.lab.models.loading import SHIPPED
from workers.training import card, corpus, tokenizer
from workers.training.attention_only import Recipe, train
from workers.training.making import Trained, Weights
from workers.training.recipes import PROSE

TALES, UNSEEN_TALES = 30_000, 500


@dataclass(frozen=True)
class LanguageModel:
    """A `Maker` of the model that the recipe describes."""

    recipe: Recipe

    @property
    def name(self) -> str:
        return self.recipe.name

    @property
    def period(self) -> int:
        """Of the repeats on which it is measured."""
        periods = self.recipe.mix.periods
        return periods[0] if len(periods) == 1 else 20

    def train(self) -> Trained:
        text, unseen = prepare(SHIPPED / "tokenizer")
        curve: list[str] = []
        kept: dict[int, Weights] = {}
        for step, model in train(self.recipe, text):
            if step in self.recipe.checkpoints:
                kept[step] = {name: weight.clone() for name, weight in model.weights().items()}
            if step % 100 == 0:
                curve.append(card.point(step, model, self.period, unseen).row())
                print(f"{self.name} {curve[-1]} {time.process_time():.0f} s", flush=True)
        return Trained(model.weights(), curve, kept)

    def card(self, trained: Trained) -> str:
        return card.write(self.recipe, trained.curve, self.period, PROSE[self.name])


@cache
def prepare(directory: Path) -> tuple[Int[Tensor, "tokens"], Int[Tensor, "unseen_tokens"]]:
    """Write the tokenizer; give the training text and unseen tales as tokens."""
    tales = list(corpus.tales(TALES, seed=0))
    bpe = tokenizer.train(tales)
    tokenizer.save(bpe, directory)
    return tokenizer.encode(bpe, tales), tokenizer.encode(bpe, list(corpus.tales(UNSEEN_TALES, seed=1)))
