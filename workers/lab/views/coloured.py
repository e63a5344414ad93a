"""Text whose tokens are coloured by numbers: `lab.tokens`, `lab.log_probs` and `lab.neurons`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers.lab.views.parts import Axis, columns, counted, fitting, numbers, packed, words
from workers.lab.views.vocabulary import ids_of, spelled


@dataclass(frozen=True, eq=False)
class Guesses:
    """What a model expected at each token, best first, and where the token that came stood among all."""

    words: list[list[str]]
    chances: Float[Tensor, "token k"]
    ranks: list[int | None]  # 1 is the best; None at the first token, which nobody predicted
    of: int  # tokens of the vocabulary

    def described(self) -> dict[str, Any]:
        """JSON for the page."""
        return {
            "words": self.words,
            "data": packed(self.chances),
            "width": self.chances.shape[1],
            "ranks": self.ranks,
            "of": self.of,
        }


@dataclass(frozen=True, eq=False)
class TokenView:
    """Tokens with one or many values each, ready to be shown. As the last line of a cell it shows itself."""

    tokens: list[str]
    axes: list[Axis]
    values: Float[Tensor, "*axis token"]  # NaN: no value there
    title: str
    unit: str = ""
    most: list[float | None] = field(default_factory=list)  # the value of full colour; else the column's own
    guesses: Guesses | None = None

    def __repr__(self) -> str:
        sizes = "".join(f" × {len(axis.labels)} {axis.name}" for axis in self.axes if len(axis.labels) > 1)
        return f"TokenView({len(self.tokens)} tokens{sizes})"

    def describe_output(self) -> dict[str, Any]:
        """JSON for the page."""
        return {
            "kind": "tokens",
            "title": self.title,
            "tokens": self.tokens,
            "axes": [axis.described() for axis in self.axes],
            "data": packed(self.values),
            "unit": self.unit,
            "most": self.most,
            "guesses": self.guesses and self.guesses.described(),
        }


def tokens(
    tokens: Sequence[str],
    values: Float[Tensor, "token"] | Float[Tensor, "token column"] | Mapping[str, Any],
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    unit: str = "",
) -> TokenView:
    """Colour tokens by a value each: blue above zero, orange below, nothing at zero.

    Several values a token, as {name: values} or as a table [token, column] with `names`, get a chooser.
    `unit` stands behind each number ("nats").
    Raises `ValueError` with a sentence if there is not one finite value a token.
    """
    text = words(tokens, "lab.tokens")
    if isinstance(values, Mapping):
        labels, found = columns(values, names, "lab.tokens")
    else:
        labels, found = _table(numbers(values, "lab.tokens"), names, len(text))
    if found.ndim != 2:
        raise ValueError(
            f"lab.tokens needs one value a token in each column; these have shape {list(found.shape[1:])}."
        )
    fitting(found.shape[-1], text, "lab.tokens")
    return TokenView(text, [Axis("value", labels)], found, str(title), str(unit))


def _table(
    values: Float[Tensor, "..."], names: Sequence[str] | None, length: int
) -> tuple[list[str], Float[Tensor, "column token"]]:
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        raise ValueError(
            "lab.tokens needs one value a token, or a table [token, column]; "
            f"this has shape {list(values.shape)}. "
            "Take one text of the batch (values[0]), or a mean over what is left."
        )
    if values.shape[0] != length == values.shape[1]:
        raise ValueError(f"These values are [column, token]: give their transpose, [{length}, column].")
    made = [str(name) for name in names] if names else _numbered(values.shape[1])
    if len(made) != values.shape[1]:
        raise ValueError(
            f"There are {values.shape[1]} columns but {len(made)} names; give one name a column."
        )
    return made, values.T


def _numbered(count: int) -> list[str]:
    return [""] if count == 1 else [str(column) for column in range(count)]


def neurons(
    tokens: Sequence[str],
    activations: Float[Tensor, "token neuron"] | Float[Tensor, "token layer neuron"],
    *,
    layers: Sequence[int | str] | None = None,
    title: str = "",
) -> TokenView:
    """Colour a text by the activation of one neuron at a time; the reader chooses layer and neuron.

    `activations` is [token, neuron], or [token, layer, neuron]: `torch.stack([cache["post", layer][0] for
    layer in …], dim=1)`. `layers` names the layers. Raises `ValueError` with a sentence if shapes do not fit.
    """
    text = words(tokens, "lab.neurons")
    found = numbers(activations, "lab.neurons", "activations")
    if found.ndim not in (2, 3):
        raise ValueError(
            "lab.neurons needs activations [token, neuron] or [token, layer, neuron]; "
            f"these have shape {list(found.shape)}. Take one text of the batch (activations[0])."
        )
    if found.ndim == 3 and found.shape[0] != len(text) == found.shape[1]:
        raise ValueError(
            "These activations are [layer, token, neuron]: stack the layers with dim=1, "
            "or use .movedim(0, 1)."
        )
    fitting(found.shape[0], text, "lab.neurons")
    stacked = found if found.ndim == 3 else found[:, None]
    named = counted("layer", stacked.shape[1])
    if layers is not None:
        if len(layers) != stacked.shape[1]:
            raise ValueError(f"There are {stacked.shape[1]} layers but {len(layers)} names for them.")
        named = Axis("layer", [str(layer) for layer in layers])
    axes = [named, counted("neuron", stacked.shape[2])]
    return TokenView(text, axes, stacked.movedim(0, -1), str(title) or "Neuron activations")


def log_probs(
    model_or_logits: Any,
    tokens: Any,
    *,
    vocabulary: Any = None,
    k: int = 5,
    title: str = "",
) -> TokenView:
    """Colour each token by the probability that the model had given it, and say what it expected instead.

    `model_or_logits` is a model (also one of your own), or its logits [token, vocabulary]. `tokens` is a
    text, or the ids [token] it was run on. For logits, `vocabulary` says what ids spell: a model, or the list
    of all tokens.
    Raises `ValueError` with a sentence if logits and tokens do not fit together.
    """
    is_model = not isinstance(model_or_logits, Tensor) and callable(model_or_logits)
    if is_model and vocabulary is None and hasattr(model_or_logits, "to_str_tokens"):
        vocabulary = model_or_logits
    ids = ids_of(tokens, vocabulary, "lab.log_probs")
    logits = _asked(model_or_logits, ids) if is_model else model_or_logits
    table = _logits(torch.as_tensor(logits).detach().float().cpu(), ids)
    return _expected(table, ids, vocabulary, k, title)


def _asked(model: Any, ids: Int[Tensor, "token"]) -> Float[Tensor, "1 token vocabulary"]:
    """The model's logits, wherever it stands; also of a model that somebody has written."""
    weights = next(model.parameters(), None) if isinstance(model, torch.nn.Module) else None
    with torch.no_grad():
        return model(ids[None] if weights is None else ids[None].to(weights.device))


def _logits(logits: Float[Tensor, "..."], ids: Int[Tensor, "token"]) -> Float[Tensor, "token vocabulary"]:
    if logits.ndim == 3 and len(logits) == 1:
        logits = logits[0]
    if logits.ndim != 2 or len(logits) != len(ids):
        raise ValueError(
            f"lab.log_probs needs logits [token, vocabulary] for {len(ids)} tokens; "
            f"these have shape {list(logits.shape)}."
        )
    if int(ids.max()) >= logits.shape[1]:
        raise ValueError(f"Token {int(ids.max())} is not among the {logits.shape[1]} that the logits are of.")
    if not torch.isfinite(logits).all():
        raise ValueError("The logits have numbers that are not finite (NaN or infinity).")
    return logits


def _expected(
    logits: Float[Tensor, "token vocabulary"], ids: Int[Tensor, "token"], vocabulary: Any, k: int, title: str
) -> TokenView:
    """The view: what stands at a token is what was predicted at the one before."""
    if not 1 <= k <= 20:
        raise ValueError(f"lab.log_probs shows the 1 to 20 best predictions, not {k}.")
    before = logits[:-1].log_softmax(-1)
    came = before.gather(1, ids[1:, None])[:, 0]
    nothing = torch.full((1,), torch.nan)
    values = torch.stack([torch.cat([nothing, came.exp()]), torch.cat([nothing, -came])])
    best = before.topk(min(k, before.shape[1]))
    ranks = (before > came[:, None]).sum(1) + 1
    spelling = spelled(torch.cat([ids, best.indices.flatten()]), vocabulary)
    text, rest = spelling[: len(ids)], spelling[len(ids) :]
    width = best.indices.shape[1]
    guesses = Guesses(
        words=[[]] + [rest[at : at + width] for at in range(0, len(rest), width)],
        chances=torch.cat([torch.zeros(1, width), best.values.exp()]),
        ranks=[None, *ranks.tolist()],
        of=before.shape[1],
    )
    axis = Axis("value", ["probability", "surprise (nats)"])
    named = str(title) or "What the model expected"
    return TokenView(text, [axis], values, named, most=[1.0, None], guesses=guesses)
