"""Not computing again what no edit has touched: below the first edited layer every run is the same run.

TransformerLens's `start_at_layer` saves no time (4.3 computes the layers all the same), so the blocks below
are passed over here, and the last of them hands on what it had in the plain run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Int
from torch import Tensor

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

_CLOSE = 1e-4


class Shortcut:
    """Of one model on these prompts. A model that does not take it computes everything, as ever."""

    def __init__(self, model: "TransformerBridge", tokens: Int[Tensor, "batch pos"]) -> None:
        self._blocks = list(model.blocks)
        self._streams: list[Tensor] = []
        self._in_tuples = False
        logits = self._watched(model, tokens)
        self.taken = len(self._streams) == len(self._blocks) and self._leads_there(model, tokens, logits)

    @contextmanager
    def to(self, layer: int, copies: int) -> Iterator[None]:
        """Within, runs of so many copies of the prompts begin at this layer."""
        if not self.taken or layer == 0:
            yield
            return
        passed = self._blocks[:layer]
        stream = self._streams[layer - 1].repeat(copies, 1, 1)

        def hand_on(*_: Any, **__: Any) -> Any:
            return (stream,) if self._in_tuples else stream

        try:
            for block in passed:
                vars(block)["forward"] = hand_on  # an assignment would go to the module it wraps
            yield
        finally:
            for block in passed:
                vars(block).pop("forward", None)

    def _watched(self, model: "TransformerBridge", tokens: Int[Tensor, "batch pos"]) -> Tensor:
        """The plain run's logits; what each block hands on is kept."""
        hooks = [block.register_forward_hook(self._keep) for block in self._blocks]
        try:
            return model(tokens)
        finally:
            for hook in hooks:
                hook.remove()

    def _keep(self, block: torch.nn.Module, given: Any, out: Any) -> None:
        if isinstance(out, tuple) and len(out) == 1:
            self._in_tuples = True
            out = out[0]
        if isinstance(out, Tensor):
            self._streams.append(out)

    def _leads_there(self, model: "TransformerBridge", tokens: Tensor, logits: Tensor) -> bool:
        """Whether all blocks can be passed over, and the same comes out."""
        try:
            with self._forced(len(self._blocks)):
                return torch.allclose(model(tokens), logits, atol=_CLOSE, rtol=_CLOSE)
        except Exception:  # whatever a model of another build says to it: it is only a shortcut
            return False

    @contextmanager
    def _forced(self, layer: int) -> Iterator[None]:
        self.taken = True
        with self.to(layer, 1):
            yield
