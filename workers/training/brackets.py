"""The bracket classifier: is a string of brackets balanced? Its network, its training and its card.

A string stands between START and END and is padded to 42 tokens; the verdict is read at START. The network is
a transformer that looks both ways, so everything the verdict knows has to be moved to the first position.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from workers.lab.models import load
from workers.training.bracket_strings import (
    LONGEST,
    N_CTX,
    Steps,
    Tokens,
    failures,
    is_balanced,
    mixture,
    tokens,
)
from workers.training.making import Trained, again, heading, table

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

# The curve is measured on other strings than the training's, the card on others again.
CURVE_SEED, CARD_SEED = 99, 77


@dataclass(frozen=True)
class Recipe:
    """How the model is trained."""

    n_layers: int = 3
    n_heads: int = 2
    d_model: int = 56
    d_mlp: int = 56
    steps: int = 5000
    batch: int = 128
    lr: float = 1.5e-3
    weight_decay: float = 0.01
    division: float = 0.5  # nats asked for the division of labour, per nat asked for the verdict
    seed: int = 0


class Attention(nn.Module):
    """Attention that looks both ways; at the given number of first positions alone, if no more are read."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.heads, self.d_head = recipe.n_heads, recipe.d_model // recipe.n_heads
        self.q, self.k, self.v, self.o = (nn.Linear(recipe.d_model, recipe.d_model) for _ in range(4))

    def split(self, x: Float[Tensor, "batch pos width"]) -> Float[Tensor, "batch head pos d_head"]:
        return x.unflatten(-1, (self.heads, self.d_head)).transpose(1, 2)

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        return self.o(self.values_read(x, x.shape[1]).transpose(1, 2).flatten(2))

    def values_read(
        self, x: Float[Tensor, "batch pos d_model"], queries: int
    ) -> Float[Tensor, "batch head query d_head"]:
        """What each head reads from the first `queries` positions."""
        q, k, v = self.split(self.q(x[:, :queries])), self.split(self.k(x)), self.split(self.v(x))
        return (q / math.sqrt(self.d_head) @ k.transpose(-1, -2)).softmax(-1) @ v

    def each(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "head batch d_model"]:
        """What each head writes to the first position, biases aside."""
        z = self.values_read(x, 1)[:, :, 0]
        by_head = self.o.weight.unflatten(1, (self.heads, self.d_head))
        return torch.einsum("bhv,dhv->hbd", z, by_head)


class MLP(nn.Module):
    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.add_module("in", nn.Linear(recipe.d_model, recipe.d_mlp))  # TransformerLens' name
        self.out = nn.Linear(recipe.d_mlp, recipe.d_model)

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        return self.out(self.get_submodule("in")(x).relu())


class Block(nn.Module):
    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(recipe.d_model), nn.LayerNorm(recipe.d_model)
        self.attn, self.mlp = Attention(recipe), MLP(recipe)

    def forward(self, residual: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        residual = residual + self.attn(self.ln1(residual))
        return residual + self.mlp(self.ln2(residual))


class Classifier(nn.Module):
    """tokens → (unbalanced, balanced) at START. The last layer is worked out there alone."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, recipe.d_model)
        self.pos_embed = nn.Embedding(N_CTX, recipe.d_model)
        self.blocks = nn.ModuleList(Block(recipe) for _ in range(recipe.n_layers))
        self.ln_final = nn.LayerNorm(recipe.d_model)
        self.unembed = nn.Linear(recipe.d_model, 2, bias=False)
        self._initialise(recipe, torch.Generator().manual_seed(recipe.seed))

    def _initialise(self, recipe: Recipe, random: torch.Generator) -> None:
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                writes = name.endswith(("o.weight", "out.weight"))
                scale = 1 / math.sqrt(2 * recipe.n_layers) if writes else 1.0
                nn.init.normal_(weight, std=0.8 / math.sqrt(recipe.d_model) * scale, generator=random)
            elif name.endswith("bias"):
                nn.init.zeros_(weight)
        nn.init.zeros_(self.blocks[-1].mlp.out.weight)

    def forward(self, tokens: Tokens) -> Float[Tensor, "voice batch 2"]:
        """The verdict of all heads of the last layer, then of each of them with the others silent."""
        residual = self.embed(tokens) + self.pos_embed.weight
        for block in self.blocks[:-1]:
            residual = block(residual)
        last = self.blocks[-1].attn
        heads = last.each(self.blocks[-1].ln1(residual))
        written = torch.cat([heads.sum(0, keepdim=True), heads])
        logits: Tensor = self.unembed(self.ln_final(residual[:, 0] + last.o.bias + written))
        return logits

    def weights(self) -> dict[str, Tensor]:
        """fp32, with the zero unembedding bias TransformerLens expects."""
        state = {name: value.detach().float().contiguous() for name, value in self.state_dict().items()}
        return state | {"unembed.bias": torch.zeros(2)}


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up over 100 steps, then a cosine down to a twentieth."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
    return recipe.lr * min(1.0, (step + 1) / 100) * (0.05 + 0.95 * cosine)


def loss(recipe: Recipe, model: Classifier, strings: Steps) -> Float[Tensor, ""]:
    """Cross-entropy of the verdict, plus that of each head alone about the failure that is its business."""
    every, *alone = model(tokens(strings))
    cost = F.cross_entropy(every, is_balanced(strings))
    for logits, failure in zip(alone, failures(strings), strict=True):
        cost = cost + recipe.division * F.cross_entropy(logits, 1 - failure)
    return cost


def train(recipe: Recipe) -> Iterator[tuple[int, Classifier]]:
    """Train, yielding (steps done, model) before the first step and after each."""
    torch.manual_seed(recipe.seed)
    random = torch.Generator().manual_seed(recipe.seed)
    model = Classifier(recipe)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=recipe.lr, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True
    )
    yield 0, model
    for step in range(recipe.steps):
        optimiser.param_groups[0]["lr"] = learning_rate(recipe, step)
        strings = mixture(recipe.batch, random)
        optimiser.zero_grad()
        loss(recipe, model, strings).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        yield step + 1, model


@dataclass(frozen=True)
class Brackets:
    """A `Maker` of the classifier."""

    recipe: Recipe = Recipe()
    name: str = "brackets"

    def train(self) -> Trained:
        torch.set_num_threads(1)
        unseen = mixture(3000, torch.Generator().manual_seed(CURVE_SEED))
        curve: list[str] = []
        for step, model in train(self.recipe):
            if step % 250 == 0:
                curve.append(_row(step, model, unseen))
                print(f"{self.name} {curve[-1]} {time.process_time():.0f} s", flush=True)
        return Trained(model.weights(), curve)

    def card(self, trained: Trained) -> str:
        model, strings = load(self.name), mixture(20_000, torch.Generator().manual_seed(CARD_SEED))
        parts = [
            heading(self.name),
            *(fill(paragraph, 110) for paragraph in _PROSE.strip().split("\n\n")),
            _made(self.recipe) + "\n\n" + again(self.name),
            "## Training curve\nOn 3,000 other strings: how often it is right, all heads together; and each "
            "of the two heads of the last\nlayer alone, about its own failure.\n\n"
            + table(["step", "loss, nats", "right", "2.0, count", "2.1, below zero"], trained.curve),
            _measured(model, strings),
            _LIMITS.strip(),
        ]
        return "\n\n".join(parts) + "\n"


@torch.no_grad()
def _row(step: int, model: Classifier, strings: Steps) -> str:
    every, *alone = model(tokens(strings))
    truth = is_balanced(strings)
    loss, right = F.cross_entropy(every, truth).item(), (every.argmax(1) == truth).float().mean().item()
    heads = [
        (logits.argmax(1) == 1 - failure).float().mean().item()
        for logits, failure in zip(alone, failures(strings), strict=True)
    ]
    return f"| {step} | {loss:.4f} | {right:.2%} | {heads[0]:.2%} | {heads[1]:.2%} |"


_PROSE = """
A classifier: token ids in, two logits out (unbalanced, balanced), read at the first position. It looks both
ways, knows five tokens (START 0, PAD 1, END 2, "(" 3, ")" 4), and reads strings of 1 to 40 brackets, always
padded to 42 tokens; there is no mask, so the padding is read, too.

A string can fail in two ways. It may end at another height than zero (as many closing brackets are needed as
opening ones), or it may fall below zero on its way. In the last layer each of the two heads at START reports
one of these failures: 2.0 the count, 2.1 the fall below zero.

That they share the work so neatly is our doing. Beside the verdict of the whole, training asked each head for
a verdict of its own, with the other silent: 2.0 about the count, 2.1 about the fall. And the last MLP is
silent: its output weights are zero and were never trained, so the two heads have the last word. In trials
without these two pressures the last MLP or both heads reported both failures at once. How the heads come to
know, nobody has told the model: that is what layers 0 and 1 found out.
"""


def _made(recipe: Recipe) -> str:
    bullets = [
        f"**Architecture**: {recipe.n_layers} layers of {recipe.n_heads} heads, d_model {recipe.d_model}, "
        f"d_head {recipe.d_model // recipe.n_heads}, MLPs of {recipe.d_mlp} with relu, LayerNorm with "
        f"weights and biases, learned positions, context {N_CTX}; attention in both directions. Weights in "
        "fp32.",
        "**Data**: drawn anew for each batch (`workers/training/bracket_strings.py`): somewhat more than "
        "half balanced, uniformly among those of a length or deeply nested; the others with a bracket "
        "turned, two swapped, begun in the middle, cut, shuffled or drawn by coin.",
        f"**Training**: {recipe.steps} steps of {recipe.batch} strings with AdamW (learning rate "
        f"{recipe.lr}, betas 0.9 and 0.98, weight decay {recipe.weight_decay}), warm-up over 100 steps, "
        f"cosine to a twentieth, gradients clipped at 1; {recipe.division} nats for each head's own verdict "
        f"to a nat for that of the whole; seed {recipe.seed}.",
    ]
    return "## How it was made\n" + "\n".join(
        fill(f"- {each}", 110, subsequent_indent="  ") for each in bullets
    )


def verdicts(model: "TransformerBridge", strings: Steps, silent: int | None = None) -> Tensor:
    """By how much the logit of unbalanced leads at START; with a head of the last layer silent, if given."""

    def silence(z: Tensor, hook: object) -> Tensor:
        if silent is not None:
            z[:, 0, silent] = 0
        return z

    parts = [
        model.run_with_hooks(part, fwd_hooks=[("blocks.2.attn.hook_z", silence)])[:, 0]
        for part in tokens(strings).split(2000)
    ]
    logits = torch.cat(parts)
    return logits[:, 0] - logits[:, 1]


def kinds(strings: Steps) -> dict[str, Tensor]:
    """Which strings are balanced, and which fail in which way."""
    count, below = failures(strings).bool()
    return {
        "balanced": ~count & ~below,
        "wrong count alone": count & ~below,
        "below zero alone": below & ~count,
        "both": count & below,
    }


def _measured(model: "TransformerBridge", strings: Steps) -> str:
    unbalanced = is_balanced(strings) == 0
    leads = [verdicts(model, strings, silent) for silent in (None, 0, 1)]
    right = [(lead > 0) == unbalanced for lead in leads]
    rows = []
    for name, which in kinds(strings).items():
        shares = " | ".join(f"{each[which].float().mean():.2%}" for each in right)
        rows.append(f"| {name} | {int(which.sum())} | {shares} |")
    every = right[0].float().mean().item()
    return (
        f"## How often it is right\n20,000 other strings of the same mixture: {every:.2%}. Beside it with "
        "one head of the last layer silent at START.\n\n"
        + table(["strings", "number", "whole", "without 2.0", "without 2.1"], rows)
    )


_LIMITS = f"""
## What fools it, licence and limits
Its rare mistakes are not spread evenly. Nearly all are long strings that fall below zero once, by one, for a
single bracket, with as many opening as closing brackets in all: what head 2.1 has to find is then one
position among {LONGEST}. A string that is not built like those of its training, or not padded to {N_CTX}
tokens, is outside of what it knows, and its verdict there means nothing.

The idea of taking a bracket classifier apart comes from teaching material for interpretability (Redwood
Research's MLAB, later ARENA); data, recipe and weights are ours and free for any use (CC0).
"""
