"""GPT-2's architecture, small: learned norms and positions, MLPs, one matrix to embed and unembed."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from workers.training.network import Attention, AttentionOnly, Network, Pattern, Shape


class MLP(nn.Module):
    """d_model → d_mlp → d_model, with GPT-2's approximation of GELU between."""

    def __init__(self, d_model: int, d_mlp: int) -> None:
        super().__init__()
        self.add_module("in", nn.Linear(d_model, d_mlp))  # TransformerLens' name; Python reserves the word
        self.out = nn.Linear(d_mlp, d_model)

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        hidden = self.get_submodule("in")(x)
        return self.out(F.gelu(hidden, approximate="tanh"))


class Block(nn.Module):
    """Attention, then the MLP; each reads the normed residual stream and adds to it."""

    def __init__(self, shape: Shape, d_mlp: int) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(shape.d_model), nn.LayerNorm(shape.d_model)
        self.attn = Attention(shape)
        self.mlp = MLP(shape.d_model, d_mlp)

    def forward(
        self, residual: Float[Tensor, "batch pos d_model"], keep: Float[Tensor, "batch head"] | None = None
    ) -> tuple[Float[Tensor, "batch pos d_model"], Pattern]:
        out, pattern = self.attn(self.ln1(residual), keep)
        residual = residual + out
        return residual + self.mlp(self.ln2(residual)), pattern


class GPT2(Network):
    """tokens → logits. The unembedding is the embedding, transposed, as in GPT-2."""

    def __init__(self, shape: Shape, seed: int) -> None:
        super().__init__()
        if shape.d_mlp is None:
            raise ValueError("a GPT-2 has MLPs: its shape needs a d_mlp")
        self.shape = shape
        self.embed = nn.Embedding(shape.d_vocab, shape.d_model)
        self.pos_embed = nn.Embedding(shape.n_ctx, shape.d_model)
        self.blocks = nn.ModuleList(Block(shape, shape.d_mlp) for _ in range(shape.n_layers))
        self.ln_final = nn.LayerNorm(shape.d_model)
        self.unembed = nn.Linear(shape.d_model, shape.d_vocab, bias=False)
        self.unembed.weight = self.embed.weight
        self._initialise(torch.Generator().manual_seed(seed))

    def _initialise(self, random: torch.Generator) -> None:
        """Normal weights, smaller where a layer writes to the residual stream; norms keep ones and zeros."""
        std = 0.5 / math.sqrt(self.shape.d_model)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                writes = name.endswith(("o.weight", "out.weight"))
                scale = 1 / math.sqrt(2 * self.shape.n_layers) if writes else 1.0
                nn.init.normal_(weight, std=std * scale, generator=random)
            elif name.endswith("bias"):
                nn.init.zeros_(weight)

    def forward(
        self, tokens: Int[Tensor, "batch pos"], silenced: tuple[float, ...] = ()
    ) -> tuple[Float[Tensor, "batch pos d_vocab"], list[Pattern]]:
        residual = self.embed(tokens) + self.pos_embed.weight[: tokens.shape[1]]
        patterns = []
        for layer, block in enumerate(self.blocks):
            keep = self._keep(len(tokens), silenced[layer]) if silenced else None
            residual, pattern = block(residual, keep)
            patterns.append(pattern)
        return self.unembed(self.ln_final(residual)), patterns

    def weights(self) -> dict[str, Tensor]:
        """In fp16, which halves the file; the tied matrix under both its names."""
        state = {name: value.detach().half().contiguous() for name, value in self.state_dict().items()}
        return state | {"unembed.bias": torch.zeros(self.shape.d_vocab, dtype=torch.half)}


def build(shape: Shape, seed: int) -> Network:
    """A network of that shape, its weights drawn from the seed."""
    return AttentionOnly(shape, seed) if shape.d_mlp is None else GPT2(shape, seed)
