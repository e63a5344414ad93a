"""Your transformer

Everything is there: two embeddings, the block, the norm, the unembedding. Put them together. Tokens are
embedded, places are added, the stream runs through all blocks, one last LayerNorm reads it, and the
unembedding makes logits.

This time `__init__` is yours, too. The names have to be those that trained weights go by:

| attribute | what it is |
|---|---|
| `cfg` | the `Config` it was made from |
| `embed`, `pos_embed` | an `Embed` and a `PosEmbed` |
| `blocks` | an `nn.ModuleList` of `n_layers` blocks |
| `ln_final` | a `LayerNorm` |
| `unembed` | an `Unembed` |

It is judged by giving it weights: random ones of many sizes, then those of tiny-gpt2, then (where the
operator of this site has installed it) those of GPT-2 itself. The logits have to be those of the original, on
texts that you have not seen.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from workers import lab

PURPOSE = (
    "The success criterion of this step: a transformer of yours, with trained weights, that predicts the "
    "same next tokens as the original. Every experiment of the steps to come cuts into exactly these "
    "lines."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = [
    "tokens: batch pos",
    "residual: batch pos d_model",
    "normed: batch pos d_model",
    "logits: batch pos d_vocab",
]
HINTS = [
    "In `__init__`, call `super().__init__()` first, then keep `cfg` and make one of each part. The "
    "blocks have to be different objects, each with weights of its own, in an `nn.ModuleList`, which "
    "tells PyTorch that they are there.",
    "`nn.ModuleList([TransformerBlock(cfg) for _ in range(cfg.n_layers)])`. In `forward`, the stream "
    "begins as `self.embed(tokens) + self.pos_embed(tokens)`; each block takes it and gives it back.",
    "`residual = self.embed(tokens) + self.pos_embed(tokens)`, then `for block in self.blocks: residual = "
    "block(residual)`, then `return self.unembed(self.ln_final(residual))`.",
]
USES = ["layer_norm", "embed", "pos_embed", "transformer_block", "unembed"]
MINUTES = 20
CONCEPTS = ["wrote-a-transformer", "residual-stream"]
SEE = {"mistake_one_block_for_all__Transformer": "mlp_module"}
WHY = """
Three lines of `forward`, and each is a claim about how the thing works. The stream starts as token plus
place. Nothing touches it but the blocks, and those only add. The logits read it through one last norm.

`[TransformerBlock(cfg)] * n` makes *one* block and n names for it: it loads weights without complaint and
computes something else. A plain Python list holds different blocks, but hides them from PyTorch: no
parameters, no `state_dict`, nothing to train. Hence `nn.ModuleList`.
"""


class Transformer(nn.Module):
    def __init__(self, cfg: Config) -> None:
        """Keep cfg, and make the parts: embed, pos_embed, blocks, ln_final, unembed."""
        super().__init__()
        self.cfg = cfg
        self.embed = Embed(cfg)
        self.pos_embed = PosEmbed(cfg)
        self.blocks = nn.ModuleList([TransformerBlock(cfg) for _ in range(cfg.n_layers)])
        self.ln_final = LayerNorm(cfg)
        self.unembed = Unembed(cfg)

    def forward(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_vocab"]:
        """The logits of the next token at every position.

        >>> cfg = Config(d_vocab=7, n_ctx=5, d_model=6, n_layers=2, n_heads=2, d_head=3, d_mlp=8)
        >>> model = Transformer(cfg)
        >>> model(torch.tensor([[3, 1, 4]])).shape
        torch.Size([1, 3, 7])
        >>> sum(weight.numel() for weight in model.parameters())
        737
        """
        residual = self.embed(tokens) + self.pos_embed(tokens)
        for block in self.blocks:
            residual = block(residual)
        return self.unembed(self.ln_final(residual))


def check_names(answer):
    """The weights go by the names that trained weights have, and there are as many as there should be."""
    for n_layers in (1, 2, 3):
        sizes = _sizes(n_layers)
        got, want = answer.probe_shapes(sizes), _shapes(sizes)
        missing, extra = sorted(want.keys() - got.keys()), sorted(got.keys() - want.keys())
        assert not missing, (
            f"With n_layers = {n_layers} your model has no weight called {missing[0]!r}"
            + (f" (and {len(missing) - 1} more are missing)." if len(missing) > 1 else ".")
            + " Are all parts there, under the names asked for, and the blocks in an `nn.ModuleList`?"
        )
        assert not extra, f"Your model has a weight called {extra[0]!r}, which the original has not."
        wrong = next((name for name in want if got[name] != want[name]), None)
        assert wrong is None, (
            f"With {sizes}, {wrong!r} should have the shape {want[wrong]}; yours has {got[wrong]}."
        )
        count = answer.probe_count(sizes)
        total = sum(torch.Size(shape).numel() for shape in want.values())
        assert count == total, (
            f"With {sizes} there should be {total} parameters; yours has {count}. Fewer than there are "
            "names for means that some of them are one and the same."
        )


def check_random_weights(answer):
    """With random weights of any size, for one layer, several, or none, the logits are ours (to within
    1e-3)."""
    for n_layers in (1, 0, random.randint(2, 4)):
        sizes = _sizes(n_layers)
        weights = _weights(sizes)
        tokens = torch.randint(sizes["d_vocab"], (random.randint(1, 3), random.randint(2, sizes["n_ctx"])))
        lab.same(
            answer.probe_logits(sizes, weights, tokens),
            _ours(sizes, weights, tokens),
            tol=1e-3,
            name=f"the logits of a transformer with {n_layers} layers",
        )


def check_causal(answer):
    """Changing the token at place t changes no logits before t."""
    sizes = _sizes(2)
    weights, t = _weights(sizes), random.randint(3, 6)
    tokens = torch.randint(sizes["d_vocab"], (2, 9))
    changed = tokens.clone()
    changed[:, t:] = torch.randint(sizes["d_vocab"], changed[:, t:].shape)
    lab.same(
        answer.probe_logits(sizes, weights, changed)[:, :t],
        answer.probe_logits(sizes, weights, tokens)[:, :t],
        name=f"the logits before place {t}, when only later tokens have changed",
    )


def check_can_be_trained(answer):
    """A loss at the logits sends a gradient to every weight."""
    sizes = _sizes(2)
    tokens = torch.randint(sizes["d_vocab"], (2, 7))
    unreached = answer.probe_unreached(sizes, _weights(sizes), tokens)
    assert not unreached, (
        f"No gradient gets to {unreached[0]!r}, so that it could never be trained. Is there a `detach`, a "
        "`no_grad`, or a `.data` in your `forward`?"
    )


def check_tiny_gpt2(answer):
    """With the weights of tiny-gpt2, its logits on texts that you have not seen (to within 1e-3)."""
    model = lab.load("tiny-gpt2")
    for batch, pos in ((3, random.randint(10, 40)), (1, model.cfg.n_ctx)):
        tokens = torch.randint(1, model.cfg.d_vocab, (batch, pos))
        tokens[:, 0] = 0
        lab.same(
            answer.probe_loaded("tiny-gpt2", tokens),
            model(tokens),
            tol=1e-3,
            name="the logits of tiny-gpt2, with its weights in your model",
        )


def check_gpt2(answer):
    """Where GPT-2 small is installed on this site: its logits, with its weights in your model (to within
    1e-3). Elsewhere there is nothing to compare with, and this is passed over."""
    names = [
        entry.name for entry in lab.models() if entry.is_gpt2 and (entry.n_layers, entry.d_model) == (12, 768)
    ]
    for name in names[:1]:
        model = lab.load(name)
        tokens = torch.randint(model.cfg.d_vocab, (1, random.randint(8, 16)))
        lab.same(
            answer.probe_loaded(name, tokens),
            model(tokens),
            tol=1e-3,
            name=f"the logits of {name}, with its weights in your model",
        )


def probe_shapes(sizes: dict) -> dict[str, list[int]]:
    parameters = Transformer(Config(**sizes)).named_parameters(remove_duplicate=False)
    return {name: list(weight.shape) for name, weight in parameters}


def probe_count(sizes: dict) -> int:
    return sum(weight.numel() for weight in Transformer(Config(**sizes)).parameters())


def probe_logits(
    sizes: dict, weights: dict, tokens: Int[Tensor, "batch pos"]
) -> Float[Tensor, "batch pos d_vocab"]:
    model = Transformer(Config(**sizes))
    lab.load_weights(model, weights)
    return model(tokens)


def probe_unreached(sizes: dict, weights: dict, tokens: Int[Tensor, "batch pos"]) -> list[str]:
    """The weights that no gradient gets to."""
    model = Transformer(Config(**sizes))
    lab.load_weights(model, weights)
    with torch.enable_grad():
        logits = model(tokens)
        if logits.requires_grad:
            logits.square().sum().backward()
    return [name for name, weight in model.named_parameters() if weight.grad is None]


def probe_loaded(name: str, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_vocab"]:
    model = Transformer(Config(**lab.config(name)))
    lab.load_weights(model, lab.weights(name))
    with torch.no_grad():
        return model(tokens)


def _sizes(n_layers: int) -> dict:
    heads, d_head = random.randint(2, 3), random.randint(3, 5)
    sizes = {"n_layers": n_layers, "n_heads": heads, "d_head": d_head, "d_model": heads * d_head + 1}
    return sizes | {"d_mlp": random.randint(20, 30), "d_vocab": random.randint(31, 40), "n_ctx": 12}


def _shapes(sizes: dict) -> dict[str, list[int]]:
    state = Transformer(Config(**sizes)).state_dict()
    return {name: list(weight.shape) for name, weight in state.items()}


def _weights(sizes: dict) -> dict:
    """Random weights, norms and biases among them."""
    drawn = {name: torch.randn(shape) / 2 for name, shape in _shapes(sizes).items()}
    return {name: weight + 1 if name.endswith(".w") else weight for name, weight in drawn.items()}


def _ours(sizes: dict, weights: dict, tokens: Tensor) -> Tensor:
    model = Transformer(Config(**sizes))
    model.load_state_dict(weights)
    return model(tokens).detach()


class mistake_no_last_norm__Transformer(Transformer):
    """Your unembedding reads the raw stream. One more LayerNorm stands before it: `self.ln_final`."""

    def forward(self, tokens):
        residual = self.embed(tokens) + self.pos_embed(tokens)
        for block in self.blocks:
            residual = block(residual)
        return self.unembed(residual)


class mistake_detached__Transformer(Transformer):
    """You cut the stream off from its past with `detach` (or `no_grad`). The logits are right, and no
    gradient gets back through the cut: what stands before it can never learn."""

    def forward(self, tokens):
        residual = (self.embed(tokens) + self.pos_embed(tokens)).detach()
        for block in self.blocks:
            residual = block(residual)
        return self.unembed(self.ln_final(residual))


class mistake_no_places__Transformer(Transformer):
    """Nothing tells your model in which order the tokens stand: add `self.pos_embed(tokens)` to the
    embedding."""

    def forward(self, tokens):
        residual = self.embed(tokens)
        for block in self.blocks:
            residual = block(residual)
        return self.unembed(self.ln_final(residual))


class mistake_blocks_beside_the_stream__Transformer(Transformer):
    """You add each block's result to the stream once more. A block gives back the *whole* stream, with what
    it has added already in it: `residual = block(residual)`."""

    def forward(self, tokens):
        residual = self.embed(tokens) + self.pos_embed(tokens)
        for block in self.blocks:
            residual = residual + block(residual)
        return self.unembed(self.ln_final(residual))


class mistake_blocks_not_chained__Transformer(Transformer):
    """Each of your blocks reads the embedding, and only the last one counts. The second block has to read
    what the first has left in the stream: give each the result of the one before."""

    def forward(self, tokens):
        residual = start = self.embed(tokens) + self.pos_embed(tokens)
        for block in self.blocks:
            residual = block(start)
        return self.unembed(self.ln_final(residual))


class mistake_one_block_for_all__Transformer(Transformer):
    """Your blocks are all the same object: `[block] * n` makes one block with n names, so that the weights of
    the last layer are used in all. Make a new one each time: `[TransformerBlock(cfg) for _ in
    range(cfg.n_layers)]`."""

    def __init__(self, cfg):
        super().__init__(cfg)
        self.blocks = nn.ModuleList([TransformerBlock(cfg)] * cfg.n_layers)


class mistake_plain_list__Transformer(Transformer):
    """Your blocks stand in a plain Python list, where PyTorch does not see them: they have no part in
    `parameters()` or `state_dict()`, so nothing trains or loads them. Use `nn.ModuleList([...])`."""

    def __init__(self, cfg):
        super().__init__(cfg)
        del self.blocks
        self.blocks = [TransformerBlock(cfg) for _ in range(cfg.n_layers)]


class mistake_norm_at_the_start__Transformer(Transformer):
    """You normalise the stream before the first block, too. The blocks have norms of their own, on what they
    read; `ln_final` stands only at the end."""

    def forward(self, tokens):
        residual = self.ln_final(self.embed(tokens) + self.pos_embed(tokens))
        for block in self.blocks:
            residual = block(residual)
        return self.unembed(self.ln_final(residual))


class mistake_probabilities__Transformer(Transformer):
    """These are probabilities. The model ends with logits: leave the softmax to whoever wants it."""

    def forward(self, tokens):
        return super().forward(tokens).softmax(-1)


class also_right_sequence__Transformer(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.embed, self.pos_embed = Embed(cfg), PosEmbed(cfg)
        self.blocks = nn.Sequential(*(TransformerBlock(cfg) for _ in range(cfg.n_layers)))
        self.ln_final, self.unembed = LayerNorm(cfg), Unembed(cfg)

    def forward(self, tokens):
        return self.unembed(self.ln_final(self.blocks(self.embed(tokens) + self.pos_embed(tokens))))


class also_right_append__Transformer(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.unembed = Unembed(cfg)
        self.blocks = nn.ModuleList()
        for _ in range(cfg.n_layers):
            self.blocks.append(TransformerBlock(cfg))
        self.add_module("embed", Embed(cfg))
        self.add_module("pos_embed", PosEmbed(cfg))
        self.ln_final = LayerNorm(cfg)

    def forward(self, tokens):
        each = []
        for text in tokens:
            stream = self.embed(text[None]).add(self.pos_embed(text[None]))
            for layer in range(len(self.blocks)):
                stream = self.blocks[layer](stream)
            each.append(self.unembed(self.ln_final(stream))[0])
        return torch.stack(each)


class also_right_written_out__Transformer(Transformer):
    def forward(self, tokens):
        where = torch.arange(tokens.shape[1])
        residual = self.embed.W_E[tokens] + self.pos_embed.W_pos[where]
        for block in self.blocks:
            middle = residual + block.attn(block.ln1(residual))
            residual = middle + block.mlp(block.ln2(middle))
        return torch.einsum("bpm,mv->bpv", self.ln_final(residual), self.unembed.W_U) + self.unembed.b_U
