"""The card that goes with each model's weights: how it was made, and what we measured in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

from jaxtyping import Int
from torch import Tensor

from workers.lab.models import load
from workers.training import measure
from workers.training.attention_only import Recipe
from workers.training.batches import HELD_OUT_PERIODS
from workers.training.making import again, heading, table
from workers.training.measure import Head, Read

# The cards are measured on other tokens than the training curve, the tests on others again.
CURVE_SEED, CARD_SEED = 1, 2
INDUCTION = 0.5  # the score from which we call a head an induction head
SHOWN_PERIODS = 6, 10, 12, 15, 20, 25, 30


@dataclass(frozen=True)
class Point:
    """One row of the training curve."""

    step: int
    first: float
    second: float
    induction: float
    prev_token: float
    tales: float

    def row(self) -> str:
        losses = f"{self.first:.2f} | {self.second:.2f} | {self.tales:.2f}"
        return f"| {self.step} | {losses} | {self.induction:.2f} | {self.prev_token:.2f} |"


def point(step: int, read: Read, period: int, unseen: Int[Tensor, "tokens"]) -> Point:
    """Measure a model in training on random tokens and on unseen tales."""
    on = measure.on_repeats(read, period, seed=CURVE_SEED)
    induction, prev_token = (highest(scores) for scores in (on.induction, on.prev_token))
    return Point(step, on.first, on.second, induction, prev_token, measure.on_text(read, unseen))


def highest(scores: list[list[float]]) -> float:
    """The best score over all heads; 0 for a model without any."""
    return max((score for layer in scores for score in layer), default=0.0)


def write(recipe: Recipe, curve: Sequence[str], period: int, prose: str) -> str:
    """The whole card, as Markdown; measures the weights as shipped, through `lab.load`."""
    paragraphs = [fill(paragraph, 110) for paragraph in prose.strip().split("\n\n")]
    parts = [heading(recipe.name), *paragraphs, _recipe(recipe), _curve(curve, period)]
    parts += [_repeats(recipe), _heads(recipe, period), _licence(recipe)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _recipe(recipe: Recipe) -> str:
    bullets = [
        _architecture(recipe),
        _data(recipe),
        _training(recipe),
        *_silenced(recipe),
        *_crowding(recipe),
        *_checkpoints(recipe),
    ]
    made = "\n".join(fill(f"- {bullet}", 110, subsequent_indent="  ") for bullet in bullets)
    return f"## How it was made\n{made}\n\n{again(recipe.name)}"


def _architecture(recipe: Recipe) -> str:
    s = recipe.shape
    return (
        f"**Architecture**: {s.n_layers} layers of {s.n_heads} heads, d_model {s.d_model}, d_head "
        f"{s.d_head}, context {s.n_ctx}, vocabulary {s.d_vocab}; {_parts(recipe)}"
    )


def _parts(recipe: Recipe) -> str:
    if recipe.shape.d_mlp is None:
        return "learned positions, LNPre, no MLP."
    return (
        f"learned positions, LayerNorm with weights and biases, MLPs of {recipe.shape.d_mlp} with gelu_new, "
        "the unembedding tied to the embedding: GPT-2's. Weights in fp16; they become fp32 when loaded."
    )


def _data(recipe: Recipe) -> str:
    mix = recipe.mix
    one = len(mix.periods) == 1
    held_out = ", ".join(map(str, HELD_OUT_PERIODS))
    periods = f"{mix.periods[0]} only" if one else f"4 to 31, but never {held_out}"
    return (
        "**Data**: 30,000 tales of our own making (`workers/training/corpus.py`, seed 0), and a byte-level "
        f"BPE trained on them. Each batch holds {mix.random_repeats} rows of repeated random tokens, "
        f"{mix.tale_repeats} of repeated pieces of tales, {mix.tales} of running tales. "
        f"Periods of repetition: {periods}."
    )


def _training(recipe: Recipe) -> str:
    return (
        f"**Training**: {recipe.steps} steps of AdamW (learning rate {recipe.lr}, betas 0.9 and 0.98, weight "
        f"decay {recipe.weight_decay}), warm-up over 100 steps, cosine to a tenth, gradients clipped at 1; "
        f"seed {recipe.seed}."
    )


def _silenced(recipe: Recipe) -> list[str]:
    return [
        f"**Silenced heads**: in each row, each head of layer {layer} is left out with probability {chance}, "
        "so that the model does not rest on one head."
        for layer, chance in enumerate(recipe.silenced)
        if chance
    ]


def _crowding(recipe: Recipe) -> list[str]:
    """What the loss holds besides prediction; whoever studies the heads must know it."""
    jobs = {"look one token back": recipe.most_prev_token, "do induction": recipe.most_induction}
    lines = [
        _limit(job, layer, most, recipe.crowding)
        for job, limits in jobs.items()
        for layer, most in enumerate(limits)
        if most is not None
    ]
    if recipe.any_copy:
        lines.append(
            "As induction counts here attention to what followed any previous copy, not the last alone."
        )
    return lines


def _checkpoints(recipe: Recipe) -> list[str]:
    if not recipe.checkpoints:
        return []
    steps = ", ".join(map(str, recipe.checkpoints))
    return [f"**Checkpoints**: its weights after {steps} steps are shipped, too, in fp16."]


def _limit(job: str, layer: int, most: int, price: float) -> str:
    cost = f"{price} nats per unit of attention so spent"
    if not most:
        return f"**Crowding**: no head of layer {layer} may {job}; it pays {cost}."
    return (
        f"**Crowding**: of the heads of layer {layer}, at most {most} may {job}; any other pays {cost}. "
        "Which heads win is left to training."
    )


def _curve(curve: Sequence[str], period: int) -> str:
    intro = f"Losses in nats; random tokens repeated with period {period}, and unseen tales."
    columns = (
        "step",
        "first copy",
        "second copy",
        "tales",
        "best induction score",
        "best previous-token score",
    )
    return f"## Training curve\n{intro}\n\n" + table(columns, curve)


def _repeats(recipe: Recipe) -> str:
    """Losses and the best induction score, period by period."""
    read, rows = measure.reading(load(recipe.name)), []
    for period in SHOWN_PERIODS:
        r = measure.on_repeats(read, period, seed=CARD_SEED)
        seen = "yes" if period in recipe.mix.periods else "no"
        rows.append(f"| {period} | {seen} | {r.first:.2f} | {r.second:.2f} | {highest(r.induction):.2f} |")
    intro = "BOS + x + x for random x, in nats; the second copy counts from its second token on."
    columns = "period", "in training", "first copy", "second copy", "best induction score"
    return f"## On repeated random tokens\n{intro}\n\n{table(columns, rows)}"


def _heads(recipe: Recipe, period: int) -> str:
    """Every head's scores and what its absence costs."""
    if not recipe.shape.n_layers:
        return ""
    model, rows = load(recipe.name), []
    found = measure.on_repeats(measure.reading(model), period, seed=CARD_SEED)
    for layer, head in all_heads(recipe):
        cost = measure.knock_out(model, [(layer, head)], period, CARD_SEED)
        scores = f"{found.prev_token[layer][head]:.2f} | {found.induction[layer][head]:.2f}"
        copies = measure.copying_score(model, layer, head)
        rows.append(f"| {layer}.{head} | {scores} | {copies:.2f} | {cost:+.2f} |")
    intro = (
        f"Period {period}. Knock-out: what it costs on the second copy to set the head's `hook_z` to zero. "
        "Copying: Σλ/Σ|λ| over the eigenvalues of the head's full OV circuit; 1 for a head that only copies."
    )
    columns = "head", "previous-token score", "induction score", "copying", "knock-out, nats"
    return f"## Its heads\n{fill(intro, 110)}\n\n{table(columns, rows)}{_together(recipe, found, period)}"


def _together(recipe: Recipe, found: measure.Repeats, period: int) -> str:
    heads = above(found.induction, INDUCTION)
    if not heads:
        return ""
    cost = measure.knock_out(load(recipe.name), heads, period, CARD_SEED)
    names = ", ".join(f"{layer}.{head}" for layer, head in heads)
    return f"\n\nWithout all heads of induction score above {INDUCTION} ({names}): {cost:+.2f} nats."


def all_heads(recipe: Recipe) -> list[Head]:
    return [(layer, head) for layer in range(recipe.shape.n_layers) for head in range(recipe.shape.n_heads)]


def above(scores: list[list[float]], threshold: float) -> list[Head]:
    """The heads whose score exceeds the threshold."""
    return [(i, j) for i, layer in enumerate(scores) for j, score in enumerate(layer) if score > threshold]


def _licence(recipe: Recipe) -> str:
    text = (
        "Weights and tales are ours and free for any use (CC0); the code is under the licence of the "
        "project. These are toys: they know some forty kinds of sentences and nothing of the world. "
        f"Sequences hold at most {recipe.shape.n_ctx} tokens, BOS included. At the start of a sequence a "
        "word has no leading space: it is another token there than later on."
    )
    return f"## Licence and limits\n{fill(text, 110)}"
