"""Direct logit attribution: who wrote the answer into the residual stream.

The logits are a linear readout of the final residual stream, but for the last norm; and the stream is a sum
of what every part has written. So each part's share of a logit difference is a dot product.

The last norm's *scale* is frozen at what it was in this run. The shares then add up exactly, but they do not
say what happens without a part: it would change the scale, and later parts would answer to its absence. See
Wang et al. 2022, https://arxiv.org/abs/2211.00593, and on self-repair McGrath et al. 2023,
https://arxiv.org/abs/2307.15771.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers.lab.techniques.places import has_mlps, head_hook
from workers.lab.techniques.prompts import Answers, Prompts, answer_tokens, tokens_of
from workers.lab.techniques.runs import recorded

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

_CLOSE = 1e-3  # relative; beyond this a model is put together in a way unknown here


@dataclass(frozen=True, eq=False)
class Attribution:
    """Shares of a logit, or of a logit difference; in logits. They add up to it.

    `values` has a row for each component, as `labels` names them: "embed", "pos_embed", heads ("1.3"),
    "mlp 1", and the biases, which no input changes ("bias of attention 1", "bias of ln_final", "bias of
    unembed").
    """

    labels: list[str]
    values: Float[Tensor, "component batch *pos"]
    n_heads: int

    @property
    def total(self) -> Float[Tensor, "batch *pos"]:
        """All shares together: the logit difference itself."""
        return self.values.sum(0)

    @property
    def heads(self) -> Float[Tensor, "layer head *pos"]:
        """Each head's share, the mean over prompts: ready for `lab.heatmap(…, heads=True)`."""
        rows = [row for row, label in enumerate(self.labels) if "." in label]
        return self.values[rows].mean(1).unflatten(0, (-1, self.n_heads))

    @property
    def mlps(self) -> Float[Tensor, "layer *pos"]:
        """Each MLP's share, the mean over prompts; empty if there are none."""
        return self.values[[row for row, label in enumerate(self.labels) if label.startswith("mlp")]].mean(1)

    @property
    def layers(self) -> Float[Tensor, "layer *pos"]:
        """What attention and MLP of each layer add together, their biases included; the mean over prompts."""
        count = sum("." in label for label in self.labels) // self.n_heads
        whose = [_layer(label) for label in self.labels]
        rows = [[row for row, layer in enumerate(whose) if layer == wanted] for wanted in range(count)]
        return torch.stack([self.values[one].mean(1).sum(0) for one in rows])

    def __getitem__(self, label: str) -> Float[Tensor, "batch *pos"]:
        """One component's share, by its label."""
        if label not in self.labels:
            raise KeyError(f"There is no component {label!r}; there are {', '.join(self.labels)}.")
        return self.values[self.labels.index(label)]


@torch.no_grad()
def direct_logit_attribution(
    model: "TransformerBridge",
    prompts: Prompts,
    right: Answers,
    wrong: Answers | None = None,
    *,
    pos: int | None = -1,
) -> Attribution:
    """Each component's share of the logit of `right`, or of its difference to `wrong`, at `pos`.

    `pos=None` keeps all positions. Answers are one for all prompts, or one a prompt.
    The shares add up to the logit (difference) exactly; the last norm's scale is frozen, see above.
    Raises `ValueError` with a sentence for answers that are not one token.
    """
    tokens = tokens_of(model, prompts)
    found = recorded(model, tokens, _names(model))
    direction = _direction(model, len(tokens), right, wrong)  # [batch, d_model]
    labels, parts = _components(model, found)
    kept = _ALL_POSITIONS if pos is None else _one_position(pos, tokens.shape[1])
    final = found["ln_final.hook_in"]
    _same_sum(parts, final)
    read = _reader(model, final, found["ln_final.hook_out"])
    shares = [torch.einsum("bpd,bd->bp", read(part), direction)[:, kept] for part in parts]
    biases, more = _biases(model, len(tokens), right, wrong, direction)
    shares += [bias[:, None].expand_as(shares[0]) for bias in biases]
    values = torch.stack(shares).cpu()
    return Attribution([*labels, *more], values if pos is None else values[..., 0], model.cfg.n_heads)


@torch.no_grad()
def attribution_by_source(
    model: "TransformerBridge",
    prompts: Prompts,
    right: Answers,
    wrong: Answers | None = None,
    *,
    pos: int = -1,
) -> Float[Tensor, "layer head source"]:
    """Each head's share at `pos`, split by the position it was read from; the mean over prompts, in logits.

    A head passes on Σ pattern[source] · value[source], so its share splits without rest.
    Summed over sources it is `direct_logit_attribution(…).heads`.
    """
    tokens = tokens_of(model, prompts)
    layers = range(model.cfg.n_layers)
    more = [head_hook(layer, part) for layer in layers for part in ("pattern", "v")]
    found = recorded(model, tokens, [*_names(model), *more])
    direction = _direction(model, len(tokens), right, wrong)
    read = _reader(model, found["ln_final.hook_in"], found["ln_final.hook_out"])
    at = _one_position(pos, tokens.shape[1])
    split = []
    for layer in layers:
        pattern = found[head_hook(layer, "pattern")][:, :, at][:, :, 0]  # [batch head source]
        value = found[head_hook(layer, "v")]
        value = value.repeat_interleave(model.cfg.n_heads // value.shape[2], dim=2)
        out = model.blocks[layer].attn.W_O
        for head in range(model.cfg.n_heads):
            written = pattern[:, head, :, None] * (value[:, :, head] @ out[head])
            split.append(torch.einsum("bpd,bd->bp", read(written, at), direction).mean(0))
    return torch.stack(split).unflatten(0, (model.cfg.n_layers, model.cfg.n_heads)).cpu()


_ALL_POSITIONS = slice(None)


def _names(model: "TransformerBridge") -> list[str]:
    layers = range(model.cfg.n_layers)
    names = [
        "hook_embed",
        "ln_final.hook_in",
        "ln_final.hook_out",
        *(head_hook(layer, "z") for layer in layers),
    ]
    if _has_positions(model):
        names.append("hook_pos_embed")
    return names + ([f"blocks.{layer}.hook_mlp_out" for layer in layers] if has_mlps(model) else [])


def _has_positions(model: "TransformerBridge") -> bool:
    return getattr(model, "pos_embed", None) is not None


def _components(model: "TransformerBridge", found: dict[str, Tensor]) -> tuple[list[str], list[Tensor]]:
    """What every part has written, [batch, pos, d_model] each; together the final residual stream."""
    parts = {"embed": found["hook_embed"]}
    if _has_positions(model):
        parts["pos_embed"] = found["hook_pos_embed"].expand_as(parts["embed"])
    for layer in range(model.cfg.n_layers):
        attention = model.blocks[layer].attn
        z, out = found[head_hook(layer, "z")], attention.W_O
        for head in range(model.cfg.n_heads):
            parts[f"{layer}.{head}"] = z[:, :, head] @ out[head]
        bias = _or_zero(attention, "b_O", model.cfg.d_model)
        parts[f"bias of attention {layer}"] = bias.expand_as(parts["embed"])
        if has_mlps(model):
            parts[f"mlp {layer}"] = found[f"blocks.{layer}.hook_mlp_out"]
    return list(parts), list(parts.values())


class _reader:
    """The last norm without its bias, its scale frozen: linear, so that it can be asked about each part."""

    def __init__(
        self,
        model: "TransformerBridge",
        before: Float[Tensor, "batch pos d"],
        after: Float[Tensor, "batch pos d"],
    ) -> None:
        kind = str(model.cfg.normalization_type or "").upper()
        rms = kind.startswith("RMS") or bool(getattr(model.cfg, "final_rms", False))
        self._centred = not rms and kind != ""
        self._weight = _norm_weight(model)
        x = self._centre(before)
        variance = x.pow(2).mean(-1, keepdim=True) + model.cfg.eps
        self._scale = variance.sqrt() if kind or rms else torch.ones_like(variance)
        again = self(before) + _norm_bias(model)
        if (again - after).abs().max() > _CLOSE * after.abs().max():
            raise ValueError(f"The last norm of this model ({kind or 'none'}) is of a kind unknown here.")

    def _centre(self, x: Tensor) -> Tensor:
        return x - x.mean(-1, keepdim=True) if self._centred else x

    def __call__(self, part: Float[Tensor, "batch pos d"], at: slice = _ALL_POSITIONS) -> Tensor:
        return self._centre(part) / self._scale[:, at] * self._weight


def _norm_weight(model: "TransformerBridge") -> Tensor | float:
    weight = getattr(model.ln_final, "weight", None)
    return weight if isinstance(weight, Tensor) else 1.0


def _norm_bias(model: "TransformerBridge") -> Tensor | float:
    bias = getattr(model.ln_final, "bias", None)
    return bias if isinstance(bias, Tensor) else 0.0


def _or_zero(module: Any, name: str, size: int) -> Tensor:
    """A bias, or zeros where there is none: then TransformerLens has no tensor, or raises."""
    bias = getattr(module, name, None)
    return bias if isinstance(bias, Tensor) else torch.zeros(size)


def _direction(
    model: "TransformerBridge", batch: int, right: Answers, wrong: Answers | None
) -> Float[Tensor, "batch d_model"]:
    direction = model.W_U[:, _ids(model, batch, right)]
    if wrong is not None:
        direction = direction - model.W_U[:, _ids(model, batch, wrong)]
    return direction.T


def _biases(
    model: "TransformerBridge", batch: int, right: Answers, wrong: Answers | None, direction: Tensor
) -> tuple[list[Float[Tensor, "batch"]], list[str]]:
    """What is in the logits whatever the input."""
    norm = _norm_bias(model)
    of_norm = direction @ norm if isinstance(norm, Tensor) else torch.zeros(batch, device=direction.device)
    bias = _or_zero(model, "b_U", model.W_U.shape[1])
    of_unembed = bias[_ids(model, batch, right)]
    if wrong is not None:
        of_unembed = of_unembed - bias[_ids(model, batch, wrong)]
    return [of_norm, of_unembed], ["bias of ln_final", "bias of unembed"]


def _ids(model: "TransformerBridge", batch: int, answers: Answers) -> Int[Tensor, "batch"]:
    ids = answer_tokens(model, answers)
    if len(ids) not in (1, batch):
        raise ValueError(
            f"There are {len(ids)} answers for {batch} prompts; give one for all, or one a prompt."
        )
    return ids.expand(batch)


def _one_position(pos: int, length: int) -> slice:
    if not -length <= pos < length:
        raise ValueError(f"There is no position {pos} in prompts of {length} tokens.")
    return slice(pos % length, pos % length + 1)


def _same_sum(parts: Sequence[Tensor], final: Tensor) -> None:
    if (sum(parts) - final).abs().max() > _CLOSE * final.abs().max():
        raise ValueError(
            "The parts of this model do not add up to its final residual stream: it writes something that is "
            "neither embedding, head nor MLP, so an attribution would leave that out."
        )


def _layer(label: str) -> int | None:
    """Whose it is: "1.3", "mlp 1" and "bias of attention 1" belong to layer 1."""
    number = label.partition(".")[0] if "." in label else label.rpartition(" ")[2]
    return int(number) if number.isdigit() else None
