"""Addition modulo a prime, learned by a transformer of one layer: the model that groks.

After Nanda et al., "Progress measures for grokking via mechanistic interpretability" (2023, 2301.05217):
"a b =" in, a + b mod p out, read at "="; no norms, ReLU, full batches, much weight decay. Theirs is p = 113.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from workers.lab.models import checkpoints, load
from workers.training import waves
from workers.training.making import Trained, Weights, again, heading, table

# Close together where the test loss falls.
CHECKPOINTS = (0, 100, 500, 900, 1400, 2000, 2500, 3000, 3500, 4000, 4500, 5000, 6000, 8000)
KEY_SHARE = 0.1  # of the embedding's power; a frequency with more of it is a key frequency


@dataclass(frozen=True)
class Recipe:
    """How the model is trained."""

    name: str = "modular-addition"
    p: int = 59
    d_model: int = 128
    n_heads: int = 4
    d_mlp: int = 512
    train_fraction: float = 0.4
    steps: int = 8000
    lr: float = 1e-3
    weight_decay: float = 1.0
    seed: int = 0
    checkpoints: tuple[int, ...] = CHECKPOINTS


Pairs = Int[Tensor, "batch 2"]


def all_pairs(p: int) -> Int[Tensor, "p_squared 2"]:
    """Every (a, b) with 0 ≤ a, b < p; the pair at a·p + b is (a, b)."""
    return torch.cartesian_prod(torch.arange(p), torch.arange(p))


def split(recipe: Recipe) -> tuple[Pairs, Pairs]:
    """The pairs trained on, and all others."""
    pairs = all_pairs(recipe.p)
    order = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(recipe.seed))
    cut = int(recipe.train_fraction * len(pairs))
    return pairs[order[:cut]], pairs[order[cut:]]


class Adder(nn.Module):
    """Logits at "=" alone. Nobody reads the other positions, and what they hold is only their token's and
    place's: keys and values come out of a table, and three positions cost as little as one.
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.recipe, d = recipe, recipe.d_model
        self.embed = nn.Embedding(recipe.p + 1, d)  # the last token is "="
        self.pos_embed = nn.Embedding(3, d)
        self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))
        self.read, self.write = nn.Linear(d, recipe.d_mlp), nn.Linear(recipe.d_mlp, d)
        self.unembed = nn.Linear(d, recipe.p, bias=False)
        random = torch.Generator().manual_seed(recipe.seed)
        for weight in self.parameters():
            if weight.ndim == 1:
                nn.init.zeros_(weight)
            else:
                nn.init.normal_(weight, std=1 / math.sqrt(d), generator=random)

    def forward(self, pairs: Pairs) -> Float[Tensor, "batch p"]:
        at_equals = self.embed.weight[-1] + self.pos_embed.weight[2]
        residual = at_equals + self.o(self._attended(at_equals, pairs))
        return self.unembed(residual + self.write(F.relu(self.read(residual))))

    def _attended(self, at_equals: Float[Tensor, "d_model"], pairs: Pairs) -> Float[Tensor, "batch d_model"]:
        numbers = self.embed.weight[:-1]
        table = torch.cat(
            [numbers + self.pos_embed.weight[0], numbers + self.pos_embed.weight[1], at_equals[None]]
        )
        k, v = (linear(table).unflatten(-1, (self.recipe.n_heads, -1)) for linear in (self.k, self.v))
        q = self.q(at_equals).unflatten(-1, (self.recipe.n_heads, -1))
        scores = (k * q).sum(-1) / math.sqrt(q.shape[-1])
        last = torch.full((len(pairs), 1), 2 * self.recipe.p)
        rows = torch.cat([pairs[:, :1], pairs[:, 1:] + self.recipe.p, last], dim=1)
        pattern = scores[rows].softmax(1)
        return (pattern[..., None] * v[rows]).sum(1).flatten(1)

    def weights(self) -> Weights:
        """In fp16, by TransformerLens' names, with zeros for the biases that this model has not."""
        d, state = self.recipe.d_model, dict(self.state_dict())
        found = {"embed.weight": state["embed.weight"], "pos_embed.weight": state["pos_embed.weight"]}
        for part in "qkvo":
            found[f"blocks.0.attn.{part}.weight"] = state[f"{part}.weight"]
            found[f"blocks.0.attn.{part}.bias"] = torch.zeros(d)
        for ours, theirs in (("read", "in"), ("write", "out")):
            found[f"blocks.0.mlp.{theirs}.weight"] = state[f"{ours}.weight"]
            found[f"blocks.0.mlp.{theirs}.bias"] = state[f"{ours}.bias"]
        found |= {"unembed.weight": state["unembed.weight"], "unembed.bias": torch.zeros(self.recipe.p)}
        return {name: weight.detach().half().contiguous() for name, weight in found.items()}


def loss(logits: Float[Tensor, "batch p"], pairs: Pairs) -> Float[Tensor, ""]:
    """Cross-entropy, in fp64: in fp32 it would be 0 long before training ends, and its gradient noise."""
    return F.cross_entropy(logits.double(), pairs.sum(1) % logits.shape[-1])


def train(recipe: Recipe) -> Iterator[tuple[int, Adder]]:
    """Train on all pairs of the training set at once, yielding (steps done, model)."""
    torch.set_flush_denormal(True)
    try:
        yield from _train(recipe)
    finally:  # it holds for the whole thread, and others' numbers are none of ours
        torch.set_flush_denormal(False)


def _train(recipe: Recipe) -> Iterator[tuple[int, Adder]]:
    model, (pairs, _) = Adder(recipe), split(recipe)
    optimiser = torch.optim.AdamW(
        model.parameters(), recipe.lr, betas=(0.9, 0.98), weight_decay=recipe.weight_decay
    )
    for step in range(recipe.steps):
        yield step, model
        optimiser.param_groups[0]["lr"] = recipe.lr * min(1.0, (step + 1) / 10)
        optimiser.zero_grad()
        loss(model(pairs), pairs).backward()
        optimiser.step()
    yield recipe.steps, model


@dataclass(frozen=True)
class ModularAddition:
    """The `Maker` of the model that adds."""

    recipe: Recipe = Recipe()

    @property
    def name(self) -> str:
        return self.recipe.name

    def train(self) -> Trained:
        _, unseen = split(self.recipe)
        kept: dict[int, Weights] = {}
        for step, model in train(self.recipe):
            if step in self.recipe.checkpoints:
                kept[step] = model.weights()
            if step % 500 == 0:
                with torch.no_grad():
                    print(f"{self.name} {step} {loss(model(unseen), unseen):.3g} {time.process_time():.0f} s")
        return Trained(model.weights(), checkpoints=kept)

    def card(self, trained: Trained) -> str:
        return "\n\n".join([
            heading(self.name), *(fill(text, 110) for text in _PROSE), _recipe(self.recipe),
            again(self.name), _curve(self.recipe), _frequencies(self.recipe), fill(_LICENCE, 110),
        ]) + "\n"  # fmt: skip


_PROSE = (
    "It reads three tokens, a, b and “=”, and at the third says (a + b) mod 59. It was shown 40 % of all "
    "pairs and knows all of them. For thousands of steps it knew those by heart and hardly any other.",
    "The numbers lie on circles in its embedding, one for each of a few frequencies; its neurons multiply "
    "the waves, and the unembedding reads off cos(2πk/p · (a + b − c)): the mechanism that Nanda et al. "
    "(2023) found in a model of the same architecture, with p = 113. Which frequencies, chance decides: "
    "another seed has others. There is no tokenizer, no norm, and no bias but in the MLP.",
)
_LICENCE = (
    "Weights are ours and free for any use (CC0); the code is under the licence of the project. It can add "
    "numbers below 59 and nothing else."
)


def key_frequencies(name: str) -> list[int]:
    """Of the trained model's embedding."""
    model = load(name)
    found = waves.power(model.W_E[:-1])
    return [k for k, part in enumerate(found.tolist(), 1) if part > KEY_SHARE]


def trained_on(recipe: Recipe) -> waves.Pairs:
    """Which pairs (a, b) were in the training set."""
    seen = torch.zeros(recipe.p, recipe.p, dtype=torch.bool)
    pairs, _ = split(recipe)
    seen[pairs[:, 0], pairs[:, 1]] = True
    return seen


def _recipe(recipe: Recipe) -> str:
    bullets = (
        f"**Architecture**: 1 layer of {recipe.n_heads} heads, d_model {recipe.d_model}, MLP of "
        f"{recipe.d_mlp} with ReLU, learned positions, no norm; {recipe.p + 1} tokens in, {recipe.p} out. "
        "Weights in fp16; they become fp32 when loaded.",
        f"**Data**: {int(recipe.train_fraction * recipe.p**2):,} of the {recipe.p**2:,} pairs, all in each "
        f"step: the first of `torch.randperm({recipe.p**2})` with seed {recipe.seed}; pair a·{recipe.p} + b "
        "is (a, b).",
        f"**Training**: {recipe.steps:,} steps of AdamW (learning rate {recipe.lr} after 10 steps, betas 0.9 "
        f"and 0.98, weight decay {recipe.weight_decay}); loss in fp64; seed {recipe.seed}.",
    )
    made = "\n".join(fill(f"- {bullet}", 110, subsequent_indent="  ") for bullet in bullets)
    return f"## How it was made\n{made}"


def _curve(recipe: Recipe) -> str:
    """Measured on the checkpoints as they are shipped."""
    keys, seen, rows = key_frequencies(recipe.name), trained_on(recipe), []
    for step in checkpoints(recipe.name):
        logits, _ = waves.read(load(recipe.name, step=step))
        losses = (
            waves.loss(logits, seen),
            waves.loss(logits, ~seen),
            waves.restricted_loss(logits, keys, ~seen),
            waves.excluded_loss(logits, keys, seen),
        )
        right = waves.accuracy(logits, ~seen)
        rows.append(f"| {step} | {' | '.join(f'{one:.2g}' for one in losses)} | {right:.1%} |")
    intro = (
        "Losses in nats. Restricted: only the constant and the key frequencies of a + b are left of the "
        "logits (test pairs). Excluded: the key frequencies are taken out (training pairs)."
    )
    columns = "step", "train", "test", "restricted", "excluded", "test pairs right"
    return f"## Its checkpoints\n{fill(intro, 110)}\n\n{table(columns, rows)}"


def _frequencies(recipe: Recipe) -> str:
    keys, model = key_frequencies(recipe.name), load(recipe.name)
    (logits, post), seen = waves.read(model), trained_on(recipe)
    share, (best, purity) = waves.power(model.W_E[:-1]), waves.neurons(post)
    rows = []
    for k in keys:
        mine = best == k
        without = waves.loss(logits - waves.key_part(logits, [k]), ~seen)
        cells = f"{share[k - 1]:.0%} | {waves.explained(logits, [k]):.0%} | {int(mine.sum())} | {without:.2g}"
        rows.append(f"| {k} | {cells} |")
    intro = (
        f"Together they are {waves.explained(logits, keys):.1%} of the logits' variation over the answers. "
        f"{int((purity > 0.85).sum())} of {recipe.d_mlp} neurons are waves of one frequency for more than "
        f"85 %; {int((best == 0).sum())} hardly vary. Without: the test loss when the logits lack this "
        "frequency."
    )
    columns = "frequency", "of the embedding", "of the logits", "neurons", "without, nats"
    return f"## Its frequencies\n{fill(intro, 110)}\n\n{table(columns, rows)}"
