"""Which models there are, and what each is good for. Knows names and sizes; `loading` knows how to load."""

from dataclasses import dataclass
from difflib import get_close_matches


class UnknownModel(LookupError):
    """Nobody ships a model of that name; the message names close ones and all there are."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class ModelInfo:
    """One line of the catalogue. Sizes as TransformerLens calls them; `d_head` is d_model / n_heads."""

    name: str
    title: str
    n_layers: int
    n_heads: int
    d_model: int
    n_ctx: int
    d_vocab: int
    summary: str


def _shipped(name: str, n_layers: int, title: str, summary: str) -> ModelInfo:
    """The shipped models have one shape and differ in depth, so that pages can compare them."""
    return ModelInfo(name, title, n_layers, n_heads=8, d_model=128, n_ctx=64, d_vocab=1024, summary=summary)


_CATALOGUE = {
    info.name: info
    for info in (
        _shipped(
            "attn-only-0l", 0, "Attention-only, zero layers",
            "Embedding and unembedding alone: a table of bigrams.",
        ),
        _shipped(
            "attn-only-1l", 1, "Attention-only, one layer",
            "Skip-trigrams: it copies earlier tokens, but cannot do induction.",
        ),
        _shipped(
            "attn-only-2l", 2, "Attention-only, two layers",
            "A previous-token head feeds induction heads: it continues any repeated sequence.",
        ),
        _shipped(
            "fixed-period-impostor", 2, "The fixed-period impostor",
            "Looks like induction on one period and is not: it learned a distance, not a match.",
        ),
    )
}  # fmt: skip


def models() -> list[ModelInfo]:
    """The catalogue, smallest first."""
    return list(_CATALOGUE.values())


def info(name: str) -> ModelInfo:
    """The entry of that name, or `UnknownModel`."""
    try:
        return _CATALOGUE[name]
    except (KeyError, TypeError):
        raise UnknownModel(_unknown(name)) from None


def _unknown(name: object) -> str:
    close = get_close_matches(str(name).lower(), _CATALOGUE, n=2, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    return f"There is no model called {name!r}. {hint}There are: {', '.join(_CATALOGUE)}."
