"""A model that finds who receives, made so that its circuit can be read.

Prediction alone teaches a small model this task within minutes, by heads that all do a little of everything.
So two more terms stand in the loss. For the first part of training, heads that we chose are told where to
look (the *scaffold*, which fades away); throughout, every head pays for looking at the names without having
been chosen for it (the *price*). And in a quarter of the sentences the name movers are silenced: what is left
to do then is the job of one head of the last layer, which pays for doing it at any other time. What the heads
write, and by what they find their place, is left to training.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import torch
from jaxtyping import Bool, Float, Int
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from workers.training import corpus
from workers.training.batches import BOS, pieces
from workers.training.giving import giving
from workers.training.measure import Head
from workers.training.network import AttentionOnly, Pattern, Shape

DUPLICATE: tuple[Head, ...] = ((0, 5),)  # from S2 to S1: this name has been said before
INHIBITION: tuple[Head, ...] = ((1, 2), (1, 6))  # from END to S2: this name is not to be said
MOVERS: tuple[Head, ...] = ((2, 0), (2, 3), (2, 7))  # from END to IO, and say it
BACKUP: tuple[Head, ...] = ((3, 4),)  # the same, where no name mover has


@dataclass(frozen=True)
class Recipe:
    """All that decides the model."""

    name: str = "indirect-objects"
    shape: Shape = field(default_factory=lambda: Shape(n_layers=4, n_ctx=48))
    seed: int = 0
    steps: int = 1_300
    lr: float = 2e-3
    weight_decay: float = 0.05
    drawn: int = 8_000  # sentences of the task that training draws from
    givings: int = 40  # rows of a batch that hold one sentence of the task, tales around it
    tales: int = 12  # rows of running tales
    three: float = 0.1  # of the givings: a third person gives
    with_tale: float = 0.35  # of the givings: a piece of a tale comes first
    answer: float = 1.0  # weight of the receiver's name, beside its share as one token of many
    silenced: float = 0.05  # chance that a head is left out of a row
    movers_silenced: float = 0.25  # chance that all name movers are left out of a giving
    price: float = 0.5  # nats per unit of attention to a name; grows to this while the scaffold lasts
    scaffold: float = 0.4  # nats per nat of −log attention; fades to 0
    scaffold_steps: int = 600


@dataclass(frozen=True)
class Rows:
    """Sentences of the task, each with what stands before and after it, and the places in them."""

    tokens: Int[Tensor, "row pos"]
    places: Int[Tensor, "row 4"]  # END, IO, S1, S2; where a third person gives, END alone
    three: Bool[Tensor, "row"]

    def __getitem__(self, chosen: Int[Tensor, "batch"]) -> "Rows":
        return Rows(self.tokens[chosen], self.places[chosen], self.three[chosen])


def rows(recipe: Recipe, bpe: Tokenizer, count: int, seed: int, *, held_out: bool = False) -> Rows:
    """`count` rows of the length of the context; of name pairs that training holds out, or of others."""
    random = Random(f"givings {seed}")
    made: list[tuple[list[int], tuple[int, ...], bool]] = []
    after = corpus.tales(10**9, seed=1_000 + seed)
    while len(made) < count:
        three = random.random() < recipe.three
        row = _row(recipe, bpe, random, after, three=three, held_out=held_out)
        if row is not None:
            made.append((*row, three))
    tokens, places, threes = zip(*made, strict=True)
    return Rows(torch.tensor(tokens), torch.tensor(places), torch.tensor(threes))


def _row(
    recipe: Recipe, bpe: Tokenizer, random: Random, tales: Iterator[str], *, three: bool, held_out: bool
) -> tuple[list[int], tuple[int, ...]] | None:
    """One row and its places; None if it does not fit into the context."""
    drawn, lead = giving(random, held_out=held_out, three=three), ""
    if random.random() < recipe.with_tale:
        lead = ". ".join(next(tales).split(". ")[: random.randint(1, 2)]).rstrip(".") + "."
    before = [BOS, *bpe.encode(lead).ids]
    prompt = bpe.encode(f" {drawn.text}" if lead else drawn.text).ids
    whole = [*before, *prompt, *bpe.encode(f" {drawn.receiver}. {next(tales)}").ids]
    end = len(before) + len(prompt) - 1
    if end + 1 >= recipe.shape.n_ctx or len(whole) < recipe.shape.n_ctx:
        return None
    return whole[: recipe.shape.n_ctx], _places(bpe, drawn.receiver, drawn.giver, prompt, end, three=three)


def _places(
    bpe: Tokenizer, receiver: str, giver: str, prompt: list[int], end: int, *, three: bool
) -> tuple[int, ...]:
    if three:
        return end, 0, 0, 0
    first = end + 1 - len(prompt)
    io, s = (bpe.encode(f" {name}").ids[0] for name in (receiver, giver))
    last_s = len(prompt) - 1 - prompt[::-1].index(s)
    return end, first + prompt.index(io), first + prompt.index(s), first + last_s


def attention(
    pattern: Pattern, query: Int[Tensor, "row"], key: Int[Tensor, "row"]
) -> Float[Tensor, "row head"]:
    """What each head pays from one position to another, of each row."""
    return pattern[torch.arange(len(pattern)), :, query, key]


def price(patterns: list[Pattern], rows: Rows, silent: Bool[Tensor, "row"]) -> Float[Tensor, ""]:
    """Attention to names by heads that were not chosen for it, summed over heads and averaged over rows.

    silent: in which rows the name movers are left out; only there the backup looks for free.
    """
    end, io, s1, s2 = rows.places.T
    one, kept, left = (
        mask.float()[:, None] for mask in (~rows.three, ~rows.three & ~silent, ~rows.three & silent)
    )
    cost = torch.zeros(())
    for layer, pattern in enumerate(patterns):
        free = {job: _chosen(layer, heads, pattern.shape[1]) for job, heads in _JOBS.items()}
        cost = cost + _mean(attention(pattern, s2, s1) * (1 - free["duplicate"]), one)
        cost = cost + _mean(attention(pattern, end, s1), one)
        cost = cost + _mean(attention(pattern, end, s2) * (1 - free["inhibition"]), one)
        to_io = attention(pattern, end, io) * (1 - free["movers"])
        cost = cost + _mean(to_io, kept) + _mean(to_io * (1 - free["backup"]), left)
    return cost


def scaffold(patterns: list[Pattern], rows: Rows, silent: Bool[Tensor, "row"]) -> Float[Tensor, ""]:
    """−log of the attention that the chosen heads pay to their places, summed over heads, averaged over
    rows."""
    end, io, s1, s2 = rows.places.T
    one, left = (mask.float() for mask in (~rows.three, ~rows.three & silent))
    jobs = (
        (DUPLICATE, s2, s1, one),
        (INHIBITION, end, s2, one),
        (MOVERS, end, io, one),
        (BACKUP, end, io, left),
    )
    cost = torch.zeros(())
    for heads, query, key, mask in jobs:
        for layer, head in heads:
            paid = attention(patterns[layer], query, key)[:, head].clamp(min=1e-6)
            cost = cost - (paid.log() * mask).sum() / mask.sum().clamp(min=1)
    return cost


_JOBS = {"duplicate": DUPLICATE, "inhibition": INHIBITION, "movers": MOVERS, "backup": BACKUP}


def _chosen(layer: int, heads: tuple[Head, ...], count: int) -> Float[Tensor, "head"]:
    return torch.tensor([float((layer, head) in heads) for head in range(count)])


def _mean(paid: Float[Tensor, "row head"], mask: Float[Tensor, "row 1"]) -> Float[Tensor, ""]:
    return (paid * mask).sum() / mask.sum().clamp(min=1)


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up over 50 steps, and a cosine down to a tenth."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
    return recipe.lr * min(1.0, (step + 1) / 50) * (0.1 + 0.9 * cosine)


def loss(
    recipe: Recipe, model: AttentionOnly, batch: Rows, tales: Int[Tensor, "tale pos"], step: int
) -> Float[Tensor, ""]:
    """Cross-entropy over all tokens, once more over the receivers, the price and the scaffold."""
    tokens, count = torch.cat([batch.tokens, tales]), len(batch.tokens)
    silent = torch.rand(count) < recipe.movers_silenced
    row, end = torch.arange(count), batch.places[:, 0]
    logits, patterns = model.kept(tokens, _keep(recipe, len(tokens), silent))
    told = [pattern[:count] for pattern in patterns]
    built = min(1.0, step / recipe.scaffold_steps)
    return (
        F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
        + recipe.answer * F.cross_entropy(logits[row, end], tokens[row, end + 1])
        + recipe.price * built * price(told, batch, silent)
        + recipe.scaffold * (1 - built) * scaffold(told, batch, silent)
    )


def _keep(recipe: Recipe, count: int, silent: Bool[Tensor, "row"]) -> list[Float[Tensor, "all head"]]:
    shape = recipe.shape
    keep = [(torch.rand(count, shape.n_heads) >= recipe.silenced).float() for _ in range(shape.n_layers)]
    for layer, head in MOVERS:
        keep[layer][: len(silent)][silent, head] = 0
    return keep


def train(recipe: Recipe, bpe: Tokenizer, text: Int[Tensor, "tokens"]) -> Iterator[tuple[int, AttentionOnly]]:
    """Train, yielding (steps done, model) before the first step and after each."""
    torch.manual_seed(recipe.seed)
    random = torch.Generator().manual_seed(recipe.seed)
    given = rows(recipe, bpe, recipe.drawn, recipe.seed)
    model = AttentionOnly(recipe.shape, recipe.seed)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=recipe.lr, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True
    )
    yield 0, model
    for step in range(recipe.steps):
        optimiser.param_groups[0]["lr"] = learning_rate(recipe, step)
        batch = given[torch.randint(len(given.tokens), (recipe.givings,), generator=random)]
        tales = pieces(text, recipe.tales, recipe.shape.n_ctx, random)
        tales[:, 0] = BOS
        optimiser.zero_grad()
        loss(recipe, model, batch, tales, step).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        yield step + 1, model
