"""What we measure in the model that finds who receives, its card, and the maker that ships both."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from tokenizers import Tokenizer
from torch import Tensor

from workers.lab.indirect import Prompts, indirect_objects
from workers.lab.models import load
from workers.lab.models.loading import SHIPPED
from workers.training import measure
from workers.training.indirect_objects import BACKUP, DUPLICATE, INHIBITION, MOVERS, Recipe, Rows, rows, train
from workers.training.language import prepare
from workers.training.making import Trained, again, heading, table
from workers.training.measure import Head
from workers.training.network import AttentionOnly

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

CARD_SEED = 2  # the tests draw others, and so do the lessons
RECIPE = Recipe()
PROSE = """
Two people are named, then one of them again, and the other one receives: "When Mary and John went to the
mill, John gave the hat to" … "Mary". The task is that of Wang et al. 2022 (arXiv 2211.00593), who took it
apart in GPT-2 small; the sentences are ours, with twenty frames, 104 names, both orders of the first two, and
in some a third name to lead astray.

The circuit is a short one. A **duplicate-token head** looks from the second mention of a name to the first.
**S-inhibition heads** look from the last token to that second mention, and what they bring along changes the
queries of the next layer. There the **name movers** look at the other name and say it. In the last layer a
**backup name mover** watches: it does little while the name movers speak, and does their job when they are
knocked out by zeros. Replaced by their mean, they still leave a name of sorts in the stream, and it sleeps
on. The S-inhibition heads also write against the giver directly, a seventh of the difference or so.

Which heads do this was our choice, not training's: see the scaffold and the price below. What they write, and
by what they find their place, they learned. Expect no such order elsewhere.
"""


@dataclass(frozen=True)
class Reading:
    """What a run on prompts shows at their last token."""

    difference: Float[Tensor, "prompt"]  # logit of the receiver − logit of the giver
    right: Float[Tensor, "prompt"]  # 1 where the receiver is the likeliest token of all
    direct: Float[Tensor, "prompt layer head"]  # each head's direct share of the difference
    pattern: Float[Tensor, "prompt layer head query key"]


@torch.no_grad()
def read(
    model: "TransformerBridge", prompts: Prompts, without: Iterable[Head] = (), how: str = "zero"
) -> Reading:
    """Run the prompts without some heads. how: "zero", or "mean" over the prompts at the same position."""
    found, layers = dict[str, Tensor](), range(model.cfg.n_layers)
    hooks: list[tuple[str, Any]] = [
        (f"blocks.{layer}.attn.hook_z", partial(_silence, head=head, how=how)) for layer, head in without
    ]
    for layer in layers:
        for part in ("z", "pattern"):
            hooks.append(
                (f"blocks.{layer}.attn.hook_{part}", partial(_store, into=found, key=f"{layer} {part}"))
            )
    hooks.append(("ln_final.hook_scale", partial(_store, into=found, key="scale")))
    logits = model.run_with_hooks(prompts.tokens, fwd_hooks=hooks)
    row, end = torch.arange(len(prompts)), prompts.END
    z = torch.stack([found[f"{layer} z"][row, end] for layer in layers], 1)
    pattern = torch.stack([found[f"{layer} pattern"] for layer in layers], 1)
    return _reading(model, prompts, logits[row, end], z, pattern, found["scale"][row, end])


def _reading(
    model: "TransformerBridge",
    prompts: Prompts,
    last: Float[Tensor, "prompt d_vocab"],
    z: Float[Tensor, "prompt layer head d_head"],
    pattern: Float[Tensor, "prompt layer head query key"],
    scale: Float[Tensor, "prompt 1"],
) -> Reading:
    row = torch.arange(len(prompts))
    written = torch.einsum("plhd,lhdm->plhm", z, model.W_O)
    centred = written - written.mean(-1, keepdim=True)
    direction = (model.W_U[:, prompts.receiver] - model.W_U[:, prompts.giver]).T
    return Reading(
        difference=last[row, prompts.receiver] - last[row, prompts.giver],
        right=(last.argmax(-1) == prompts.receiver).float(),
        direct=torch.einsum("plhm,pm->plh", centred, direction) / scale[:, None],
        pattern=pattern,
    )


def _silence(z: Tensor, hook: Any, head: int, how: str) -> Tensor:
    z = z.clone()
    z[:, :, head] = z[:, :, head].mean(0, keepdim=True) if how == "mean" else 0.0
    return z


def _store(value: Tensor, hook: Any, into: dict[str, Tensor], key: str) -> None:
    into[key] = value


def looks(
    reading: Reading, query: Int[Tensor, "prompt"], key: Int[Tensor, "prompt"]
) -> Float[Tensor, "layer head"]:
    """Mean attention from one place to another."""
    row = torch.arange(len(query))
    return reading.pattern[row, :, :, query, key].mean(0)


@dataclass(frozen=True)
class IndirectObjects:
    """The `Maker` of "indirect-objects"."""

    recipe: Recipe = RECIPE

    @property
    def name(self) -> str:
        return self.recipe.name

    def train(self) -> Trained:
        text, unseen = prepare(SHIPPED / "tokenizer")
        bpe = Tokenizer.from_file(str(SHIPPED / "tokenizer" / "tokenizer.json"))
        held_out, curve = rows(self.recipe, bpe, 256, CARD_SEED, held_out=True), list[str]()
        for step, model in train(self.recipe, bpe, text):
            if step % 100 == 0:
                curve.append(_point(step, model, held_out, unseen))
                print(f"{self.name} {curve[-1]} {time.process_time():.0f} s", flush=True)
        return Trained(model.weights(), curve)

    def card(self, trained: Trained) -> str:
        model = load(self.name)
        parts = [heading(self.name), *(fill(part, 110) for part in PROSE.strip().split("\n\n"))]
        parts += [_made(self.recipe), again(self.name), _curve(trained.curve), _task(model), _heads(model)]
        parts += [_knock_outs(model), _licence(self.recipe)]
        return "\n\n".join(parts) + "\n"


@torch.no_grad()
def _point(step: int, model: AttentionOnly, given: Rows, unseen: Int[Tensor, "tokens"]) -> str:
    """A row of the curve: what the model in training does on name pairs that it never sees."""
    row, (end, io, s, _) = torch.arange(len(given.tokens)), given.places.T
    last = model(given.tokens)[0][row, end]
    receiver, giver, one = given.tokens[row, io], given.tokens[row, s], ~given.three
    right = (last.argmax(-1) == receiver)[one].float().mean()
    difference = (last[row, receiver] - last[row, giver])[one].mean()
    tales = measure.on_text(model, unseen, n_ctx=model.shape.n_ctx)
    return f"| {step} | {right:.0%} | {difference:.1f} | {tales:.2f} |"


def _made(recipe: Recipe) -> str:
    shape, jobs = recipe.shape, ((DUPLICATE, "S2 to S1"), (INHIBITION, "END to S2"), (MOVERS, "END to IO"))
    told = "; ".join(f"{_named(heads)} from {way}" for heads, way in jobs)
    bullets = (
        f"**Architecture**: {shape.n_layers} layers of {shape.n_heads} heads, d_model {shape.d_model}, "
        f"d_head {shape.d_head}, context {shape.n_ctx}, vocabulary {shape.d_vocab}; learned positions, "
        "LNPre, no MLP.",
        f"**Data**: each batch holds {recipe.givings} sentences of the task "
        f"(`workers/training/giving.py`), each within pieces of tales, and {recipe.tales} rows of running "
        "tales. One pair of names in five never stands together in training, and three frames are kept "
        f"out altogether. In {recipe.three:.0%} of the sentences a third person gives, and either of the "
        "two may receive.",
        f"**Training**: {recipe.steps} steps of AdamW (learning rate {recipe.lr}, betas 0.9 and 0.98, "
        f"weight decay {recipe.weight_decay}), warm-up over 50 steps, cosine to a tenth, gradients "
        f"clipped at 1; seed {recipe.seed}. Cross-entropy over all tokens, and once more over the "
        f"receivers' names (weight {recipe.answer}).",
        f"**Scaffold**: for the first {recipe.scaffold_steps} steps the loss holds {recipe.scaffold} × "
        f"−log of the attention that chosen heads pay ({told}; {_named(BACKUP)} from END to IO where the "
        "name movers are silenced), fading to nothing.",
        f"**Price**: {recipe.price} nats per unit of attention to IO, S1 or S2 by heads not chosen for "
        "it, growing to that while the scaffold fades, and staying. The backup pays wherever the name "
        "movers speak.",
        f"**Silenced heads**: all name movers in {recipe.movers_silenced:.0%} of the sentences; any head "
        f"with probability {recipe.silenced} in any row.",
    )
    return "## How it was made\n" + "\n".join(
        fill(f"- {each}", 110, subsequent_indent="  ") for each in bullets
    )


def _named(heads: Iterable[Head]) -> str:
    return ", ".join(f"{layer}.{head}" for layer, head in heads)


def _curve(curve: Sequence[str]) -> str:
    columns = "step", "receiver is likeliest", "logit difference", "loss on tales, nats"
    return f"## Training curve\nOn pairs of names never met in training.\n\n{table(columns, curve)}"


def _task(model: "TransformerBridge") -> str:
    """How well it does, on each kind of prompts."""
    rows_ = []
    for kind, new in (("known frames", False), ("new frames", True)):
        for name, without in (("whole", ()), ("without the name movers", MOVERS)):
            found = read(model, indirect_objects(256, CARD_SEED, frame=None, new_frames=new), without)
            numbers = f"{found.right.mean():.1%} | {found.difference.mean():+.2f}"
            rows_.append(f"| {kind} | {name} | {numbers} | {found.difference.min():+.2f} |")
    columns = "prompts", "model", "receiver is likeliest", "mean logit difference", "smallest"
    intro = "256 prompts of `lab.indirect_objects`; no pair of names has stood together in training."
    return f"## What it can do\n{intro}\n\n{table(columns, rows_)}"


def _heads(model: "TransformerBridge") -> str:
    """Every head's direct share, where it looks, and what its absence costs."""
    prompts = indirect_objects(256, CARD_SEED, frame=None)
    whole, lost = read(model, prompts), read(model, prompts, MOVERS)
    places = [(prompts.END, prompts.IO), (prompts.END, prompts.S1), (prompts.END, prompts.S2)]
    paid = [looks(whole, *place) for place in [*places, (prompts.S2, prompts.S1)]]
    rows_ = []
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            direct = f"{whole.direct.mean(0)[layer, head]:+.2f} | {lost.direct.mean(0)[layer, head]:+.2f}"
            cost = read(model, prompts, [(layer, head)]).difference.mean() - whole.difference.mean()
            seen = " | ".join(f"{each[layer, head]:.2f}" for each in paid)
            rows_.append(f"| {layer}.{head} | {direct} | {cost:+.2f} | {seen} |")
    intro = (
        "Direct: the head's share of the logit difference, straight to the unembedding, with the scale of "
        "the last norm as it is; and the same without the name movers. Knock-out: what setting its "
        "`hook_z` to zero does to the logit difference. The rest is mean attention from one place to "
        "another."
    )
    columns = "head", "direct", "… without movers", "knock-out", "END→IO", "END→S1", "END→S2", "S2→S1"
    return f"## Its heads\n{fill(intro, 110)}\n\n{table(columns, rows_)}"


def _knock_outs(model: "TransformerBridge") -> str:
    prompts = indirect_objects(256, CARD_SEED, frame=0)
    groups = {
        "nobody": (),
        f"the name movers ({_named(MOVERS)})": MOVERS,
        f"the backup ({_named(BACKUP)})": BACKUP,
        "the name movers and the backup": (*MOVERS, *BACKUP),
        f"the S-inhibition heads ({_named(INHIBITION)})": INHIBITION,
        f"the duplicate-token head ({_named(DUPLICATE)})": DUPLICATE,
    }
    rows_ = []
    for name, heads in groups.items():
        zero, mean = (read(model, prompts, heads, how) for how in ("zero", "mean"))
        backup = looks(zero, prompts.END, prompts.IO)[BACKUP[0]]
        numbers = f"{zero.difference.mean():+.2f} | {zero.right.mean():.0%} | {mean.difference.mean():+.2f}"
        rows_.append(f"| {name} | {numbers} | {mean.right.mean():.0%} | {backup:.2f} |")
    columns = "without", "zero: difference", "right", "mean: difference", "right", "backup END→IO (zero)"
    intro = "Frame 0, set to zero or to the mean over the prompts at the same position."
    return f"## Knocked out together\n{intro}\n\n{table(columns, rows_)}"


def _licence(recipe: Recipe) -> str:
    text = (
        "Weights and sentences are ours and free for any use (CC0); the code is under the licence of the "
        f"project. Sequences hold at most {recipe.shape.n_ctx} tokens, BOS included. At the start of a "
        "sequence a word has no leading space: no prompt begins with a name. This is a toy which was "
        "told where to look; that a circuit can be found in it says nothing about how easily one is "
        "found elsewhere."
    )
    return f"## Licence and limits\n{fill(text, 110)}"
