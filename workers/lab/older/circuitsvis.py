"""CircuitsVis' calls, drawn by the lab's own views; for each that has none, a sentence with what to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from jaxtyping import Float
from torch import Tensor

import workers.lab as lab


class attention:
    """Attention patterns, one or many heads."""

    @staticmethod
    def attention_heads(
        attention: Float[Tensor, "head query key"], tokens: Sequence[str], **options: Any
    ) -> lab.AttentionView:
        """All heads, beside the text."""
        return lab.attention(tokens, attention, labels=options.get("attention_head_names"))

    @staticmethod
    def attention_patterns(
        tokens: Sequence[str], attention: Float[Tensor, "head query key"], **options: Any
    ) -> lab.AttentionView:
        """All heads, with the arguments the other way round."""
        return lab.attention(tokens, attention, labels=options.get("attention_head_names"))

    @staticmethod
    def attention_pattern(
        tokens: Sequence[str], attention: Float[Tensor, "query key"], **options: Any
    ) -> lab.AttentionView:
        """A single head."""
        return lab.attention(tokens, attention[None])


def _no_view(call: str, sentence: str) -> Any:
    def refuse(*args: object, **options: object) -> NoReturn:
        raise NotImplementedError(f"circuitsvis.{call} is not here. {sentence}")

    return staticmethod(refuse)


_TOKENS = "Draw one number a token with `lab.line(values)`, or print the tokens beside their numbers."


class tokens:
    """Text coloured by a number for each token."""

    colored_tokens = _no_view("tokens.colored_tokens", _TOKENS)
    colored_tokens_multi = _no_view("tokens.colored_tokens_multi", _TOKENS)
    visualize_token_html = _no_view("tokens.visualize_token_html", _TOKENS)


class logits:
    """Log-probabilities, token by token."""

    token_log_probs = _no_view(
        "logits.token_log_probs",
        "Draw the losses with `lab.line(loss[0])`; `logits.log_softmax(-1)` has all.",
    )


class activations:
    """Neurons over text."""

    text_neuron_activations = _no_view(
        "activations.text_neuron_activations",
        "Draw them with `lab.heatmap(activations, x=tokens)`: a row a neuron.",
    )


class topk_tokens:
    """The tokens that excite a neuron most."""

    topk_tokens = _no_view("topk_tokens.topk_tokens", "`activations.topk(5, dim=0)` finds them; print those.")


class topk_samples:
    """The texts that excite a neuron most."""

    topk_samples = _no_view("topk_samples.topk_samples", "`activations.amax(-1).topk(5)` finds them.")
