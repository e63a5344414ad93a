"""`python -m workers.training [name ...]`: train the shipped models again, all of them or those named."""

import argparse
import time
from pathlib import Path

import torch
from jaxtyping import Int
from safetensors.torch import save_file
from torch import Tensor

from workers.lab.models.loading import SHIPPED
from workers.training import card, corpus, tokenizer
from workers.training.attention_only import Recipe, train
from workers.training.network import Network
from workers.training.recipes import PROSE, RECIPES

TALES, UNSEEN_TALES = 30_000, 500


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m workers.training", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(RECIPES)}; all if none")
    names = parser.parse_args().names
    if unknown := set(names) - set(RECIPES):
        parser.error(f"no recipe for {', '.join(sorted(unknown))}; there are {', '.join(RECIPES)}")
    torch.set_num_threads(1)  # the models are too small to gain from more
    text, unseen = prepare(SHIPPED / "tokenizer")
    for recipe in (RECIPES[name] for name in names or RECIPES):
        make(recipe, text, unseen)


def prepare(directory: Path) -> tuple[Int[Tensor, "tokens"], Int[Tensor, "unseen_tokens"]]:
    """Write the tokenizer; give the training text and unseen tales as tokens."""
    tales = list(corpus.tales(TALES, seed=0))
    bpe = tokenizer.train(tales)
    tokenizer.save(bpe, directory)
    return tokenizer.encode(bpe, tales), tokenizer.encode(bpe, list(corpus.tales(UNSEEN_TALES, seed=1)))


def make(recipe: Recipe, text: Int[Tensor, "tokens"], unseen: Int[Tensor, "unseen_tokens"]) -> None:
    """Train one model; write its weights and its card."""
    period = recipe.mix.periods[0] if len(recipe.mix.periods) == 1 else 20
    curve: list[card.Point] = []
    for step, model in train(recipe, text):
        if step % 100 == 0:
            curve.append(card.point(step, model, period, unseen))
            print(f"{recipe.name} {curve[-1].row()} {time.process_time():.0f} s", flush=True)
    save(model, SHIPPED / f"{recipe.name}.safetensors")
    described = card.write(recipe, curve, period, PROSE[recipe.name])
    (SHIPPED / f"{recipe.name}.md").write_text(described, encoding="utf-8")


def save(model: Network, path: Path) -> None:
    """Write beside, then rename: a process that has the old file mapped keeps it."""
    fresh = path.with_suffix(".new")
    save_file(model.weights(), fresh)
    fresh.replace(path)


if __name__ == "__main__":
    main()
