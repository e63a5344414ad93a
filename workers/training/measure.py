"""The numbers by which we judge a trained model: head scores, losses in nats, and what a knock-out costs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers.training.batches import repeated_random
from workers.training.network import Pattern

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Head = tuple[int, int]  # layer, head
Logits = Float[Tensor, "batch pos d_vocab"]
Tokens = Int[Tensor, "batch pos"]
Read = Callable[[Tokens], tuple[Logits, list[Pattern]]]


def token_losses(logits: Logits, tokens: Tokens) -> Float[Tensor, "batch pos-1"]:
    """−log p of each token given those before it."""
    chosen = logits[:, :-1].log_softmax(-1).gather(-1, tokens[:, 1:, None])
    return -chosen[..., 0]


def prev_token_scores(pattern: Pattern) -> Float[Tensor, "head"]:
    """Mean attention from each position to the one before it."""
    return pattern.diagonal(-1, -2, -1).mean(dim=(0, 2))


def induction_scores(pattern: Pattern, periods: Int[Tensor, "batch"]) -> Float[Tensor, "head"]:
    """Mean attention, over all positions after the first copy, to the token after the previous occurrence.

    Position q of BOS + x + x … repeats position q − period, so that token is at q − period + 1.
    """
    query = torch.arange(pattern.shape[-1])
    after = query - periods[:, None] + 1
    repeats = (query > periods[:, None]).float()
    index = after.clamp(min=0)[:, None, :, None].expand(-1, pattern.shape[1], -1, 1)
    paid = pattern.gather(-1, index)[..., 0]
    return (paid * repeats[:, None]).sum(dim=(0, 2)) / repeats.sum()


def lookback_scores(pattern: Pattern, periods: Int[Tensor, "batch"]) -> Float[Tensor, "head"]:
    """As `induction_scores`, but counting the tokens after all previous occurrences, not the last alone."""
    place = torch.arange(pattern.shape[-1])
    query, key, period = place[:, None], place, periods[:, None, None]
    after = (key > 0) & (key < query) & ((query - key + 1) % period == 0) & (query > period)
    return torch.einsum("bhqk,bqk->h", pattern, after.float()) / (query > period).sum()


@dataclass(frozen=True)
class Repeats:
    """What a model does on random tokens repeated with one period."""

    period: int
    first: float  # mean loss on the first copy
    second: float  # mean loss on the second copy, from its second token on: the first cannot be foreseen
    induction: list[list[float]]  # [layer][head]
    prev_token: list[list[float]]


@torch.no_grad()
def on_repeats(read: Read, period: int, d_vocab: int = 1024, seed: int = 0, batch: int = 32) -> Repeats:
    """Losses and head scores on BOS + x + x, x random of the given period."""
    tokens = repeated_random(batch, period, d_vocab, seed)
    logits, patterns = read(tokens)
    loss = token_losses(logits, tokens).mean(0)
    periods = torch.full((batch,), period)
    return Repeats(
        period=period,
        first=loss[:period].mean().item(),
        second=loss[period + 1 :].mean().item(),
        induction=[induction_scores(p, periods).tolist() for p in patterns],
        prev_token=[prev_token_scores(p).tolist() for p in patterns],
    )


@torch.no_grad()
def on_text(read: Read, text: Int[Tensor, "tokens"], n_ctx: int = 64, rows: int = 64) -> float:
    """Mean loss on windows of tales."""
    tokens = text[: rows * n_ctx].view(rows, n_ctx).clone()
    tokens[:, 0] = 0
    return token_losses(read(tokens)[0], tokens).mean().item()


def reading(model: "TransformerBridge", without: Iterable[Head] = ()) -> Read:
    """Read with a TransformerLens model, some of its heads knocked out (their `hook_z` set to zero)."""

    def read(tokens: Tokens) -> tuple[Logits, list[Pattern]]:
        patterns: list[Pattern] = []
        hooks: list[tuple[str, Any]] = [
            (f"blocks.{layer}.attn.hook_pattern", partial(_keep, into=patterns))
            for layer in range(model.cfg.n_layers)
        ]
        hooks += [(f"blocks.{layer}.attn.hook_z", partial(_zero, head=head)) for layer, head in without]
        return model.run_with_hooks(tokens, fwd_hooks=hooks), patterns

    return read


def _keep(pattern: Pattern, hook: Any, into: list[Pattern]) -> None:
    into.append(pattern)


def _zero(z: Float[Tensor, "batch pos head d_head"], hook: Any, head: int) -> Float[Tensor, "..."]:
    z[:, :, head] = 0
    return z


def knock_out(model: "TransformerBridge", heads: Iterable[Head], period: int, seed: int = 0) -> float:
    """By how many nats the second copy gets harder without these heads."""
    whole = on_repeats(reading(model), period, model.cfg.d_vocab, seed)
    return on_repeats(reading(model, heads), period, model.cfg.d_vocab, seed).second - whole.second


def copying_score(model: "TransformerBridge", layer: int, head: int) -> float:
    """Σλ / Σ|λ| over the eigenvalues of the full OV circuit W_E W_V W_O W_U: 1 if the head only copies.

    From "A Mathematical Framework for Transformer Circuits" (Elhage et al., 2021). The circuit has rank
    d_head, so its eigenvalues other than 0 are those of the small matrix W_O W_U W_E W_V.
    """
    small = model.W_O[layer, head] @ model.W_U @ model.W_E @ model.W_V[layer, head]
    values = torch.linalg.eigvals(small)
    return (values.sum() / values.abs().sum()).real.item()
