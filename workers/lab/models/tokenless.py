"""Models without a tokenizer: they read token ids, and say so to whoever hands them text."""

from __future__ import annotations

from typing import Any

from transformer_lens.model_bridge import TransformerBridge


class TokenlessBridge(TransformerBridge):
    """A `TransformerBridge` whose `tokenizer` is None, for good.

    Whatever would turn text into tokens, or tokens into text, raises `ValueError` with a sentence.
    """

    def forward(self, input: Any, *args: Any, **kwargs: Any) -> Any:
        """As TransformerLens does it; on text it raises `ValueError`."""
        self._refuse_text(input)
        return super().forward(input, *args, **kwargs)

    def run_with_cache(self, input: Any, *args: Any, **kwargs: Any) -> Any:
        """As TransformerLens does it; on text it raises `ValueError`."""
        self._refuse_text(input)
        return super().run_with_cache(input, *args, **kwargs)

    def run_with_hooks(self, input: Any, *args: Any, **kwargs: Any) -> Any:
        """As TransformerLens does it; on text it raises `ValueError`."""
        self._refuse_text(input)
        return super().run_with_hooks(input, *args, **kwargs)

    def generate(self, input: Any = "", *args: Any, **kwargs: Any) -> Any:
        """As TransformerLens does it; on text it raises `ValueError`."""
        self._refuse_text(input)
        return super().generate(input, *args, **kwargs)

    def to_tokens(self, *args: Any, **kwargs: Any) -> Any:
        """Raises `ValueError`, as all that follow."""
        raise ValueError(self._sentence())

    to_string = to_str_tokens = to_single_token = to_single_str_token = get_token_position = to_tokens

    def _refuse_text(self, given: Any) -> None:
        some = given[0] if isinstance(given, (list, tuple)) and given else given
        if isinstance(some, str):
            raise ValueError(self._sentence())

    def _sentence(self) -> str:
        return (
            f"{self.cfg.model_name} has no tokenizer: it neither reads nor writes text. Give it token ids, "
            f"whole numbers from 0 to {self.cfg.d_vocab - 1}: torch.tensor([[…]]), [batch, pos]."
        )


def without_text(model: TransformerBridge) -> None:
    """Make a model that was booted without tokenizer one of these."""
    model.__class__ = TokenlessBridge
