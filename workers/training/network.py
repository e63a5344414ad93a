"""The networks we train, just large enough; the lab reads their weights with TransformerLens.

Parameters carry TransformerLens' names, so a `state_dict` of these networks loads into a `TransformerBridge`
as it is. They return their attention patterns and can silence heads at random, which the training needs.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

Pattern = Float[Tensor, "batch head query key"]


@dataclass(frozen=True)
class Shape:
    """Sizes of a model. One with a `d_mlp` is a GPT-2: it has MLPs, learned norms and tied embeddings."""

    n_layers: int
    n_heads: int = 8
    d_model: int = 128
    d_head: int = 16
    n_ctx: int = 64
    d_vocab: int = 1024
    d_mlp: int | None = None


def norm(residual: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
    """LNPre: centre and scale, without learned weights."""
    return F.layer_norm(residual, residual.shape[-1:], eps=1e-5)


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.n_heads * shape.d_head
        self.heads, self.d_head = shape.n_heads, shape.d_head
        self.q, self.k, self.v = (nn.Linear(shape.d_model, width) for _ in range(3))
        self.o = nn.Linear(width, shape.d_model)
        future = torch.full((shape.n_ctx, shape.n_ctx), -torch.inf).triu(1)
        self.register_buffer("future", future, persistent=False)

    def split(self, x: Float[Tensor, "batch pos width"]) -> Float[Tensor, "batch head pos d_head"]:
        return x.unflatten(-1, (self.heads, self.d_head)).transpose(1, 2)

    def forward(
        self, x: Float[Tensor, "batch pos d_model"], keep: Float[Tensor, "batch head"] | None = None
    ) -> tuple[Float[Tensor, "batch pos d_model"], Pattern]:
        """The layer's output and its patterns; heads where `keep` is 0 write nothing."""
        q, k, v = (self.split(linear(x)) for linear in (self.q, self.k, self.v))
        scores = (q / math.sqrt(self.d_head)) @ k.transpose(-1, -2)
        pattern = (scores + self.future[: x.shape[1], : x.shape[1]]).softmax(-1)
        z = pattern @ v if keep is None else pattern @ v * keep[:, :, None, None]
        return self.o(z.transpose(1, 2).flatten(2)), pattern


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attn = Attention(shape)


class Network(nn.Module, ABC):
    """What training asks of a model: its shape, logits with patterns, and the weights to ship."""

    shape: Shape

    def __call__(
        self, tokens: Int[Tensor, "batch pos"], silenced: tuple[float, ...] = ()
    ) -> tuple[Float[Tensor, "batch pos d_vocab"], list[Pattern]]:
        """Logits and each layer's patterns; `silenced` is per layer the chance that a head is left out."""
        result: tuple[Tensor, list[Pattern]] = super().__call__(tokens, silenced)
        return result

    @abstractmethod
    def weights(self) -> dict[str, Tensor]:
        """The state to ship, with the zero unembedding bias TransformerLens expects."""

    def _keep(self, batch: int, chance: float) -> Float[Tensor, "batch head"] | None:
        if not chance:
            return None
        return (torch.rand(batch, self.shape.n_heads) >= chance).float()


class AttentionOnly(Network):
    """tokens → logits: embedding + position, attention layers on normed input, norm, unembedding."""

    def __init__(self, shape: Shape, seed: int) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.d_vocab, shape.d_model)
        self.pos_embed = nn.Embedding(shape.n_ctx, shape.d_model)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.n_layers))
        self.unembed = nn.Linear(shape.d_model, shape.d_vocab, bias=False)
        self._initialise(torch.Generator().manual_seed(seed))

    def _initialise(self, random: torch.Generator) -> None:
        """Normal weights of std 0.8/√d_model, smaller where a layer writes to the residual stream."""
        std = 0.8 / math.sqrt(self.shape.d_model)
        for name, weight in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(weight)
            else:
                writes = name.endswith("o.weight")
                scale = 1 / math.sqrt(2 * self.shape.n_layers) if writes else 1.0
                nn.init.normal_(weight, std=std * scale, generator=random)

    def forward(
        self, tokens: Int[Tensor, "batch pos"], silenced: tuple[float, ...] = ()
    ) -> tuple[Float[Tensor, "batch pos d_vocab"], list[Pattern]]:
        chances = silenced or (0.0,) * self.shape.n_layers
        return self.kept(tokens, [self._keep(len(tokens), chance) for chance in chances])

    def kept(
        self, tokens: Int[Tensor, "batch pos"], keep: Sequence[Float[Tensor, "batch head"] | None]
    ) -> tuple[Float[Tensor, "batch pos d_vocab"], list[Pattern]]:
        """Logits and patterns; heads for which their layer's `keep` is 0 write nothing (None: all write)."""
        residual = self.embed(tokens) + self.pos_embed.weight[: tokens.shape[1]]
        patterns = []
        for block, kept in zip(self.blocks, keep, strict=True):
            out, pattern = block.attn(norm(residual), kept)
            residual = residual + out
            patterns.append(pattern)
        return self.unembed(norm(residual)), patterns

    def weights(self) -> dict[str, Tensor]:
        """Contiguous fp32: processes map it from the file as it is."""
        state = {name: value.detach().float().contiguous() for name, value in self.state_dict().items()}
        return state | {"unembed.bias": torch.zeros(self.shape.d_vocab)}
