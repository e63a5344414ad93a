"""CircuitsVis' calls, drawn by the lab's own views; for each that has none, a sentence with what to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


class tokens:
    """Text coloured by a number for each token."""

    @staticmethod
    def colored_tokens(tokens: Sequence[str], values: Float[Tensor, token], **options: Any) -> lab.TokenView:
        """One text."""
        return lab.tokens(tokens, values)


class logits:
    """Log-probabilities, token by token."""

    @staticmethod
    def token_log_probs(
        token_indices: Any, log_probs: Float[Tensor, "token d_vocab"], to_string: Callable[[Any], str]
    ) -> lab.TokenView:
        """How likely each token was, and what was expected instead."""
        vocabulary = [str(to_string(token)) for token in range(log_probs.shape[-1])]
        return lab.log_probs(log_probs, token_indices, vocabulary=vocabulary)


class activations:
    """Neurons over text."""

    @staticmethod
    def text_neuron_activations(
        tokens: Sequence[str], activations: Float[Tensor, "token layer neuron"], **options: Any
    ) -> lab.TokenView:
        """One text, a neuron at a time."""
        return lab.neurons(tokens, activations)


def _instead(call: str, sentence: str) -> Any:
    def refuse(*args: object, **options: object) -> NoReturn:
        raise NotImplementedError(f"circuitsvis.{call} is not here. {sentence}")

    return staticmethod(refuse)


class topk_tokens:
    """The tokens that excite a neuron most."""

    topk_tokens = _instead(
        "topk_tokens.topk_tokens", 'Write `lab.top_tokens(activations.T, tokens, axis="neuron")`.'
    )


class topk_samples:
    """The texts that excite a neuron most."""

    topk_samples = _instead("topk_samples.topk_samples", "Write `lab.samples(texts, activations)`.")
