"""One block

Attention and MLP do not hand the text on from one to the other. Both *read* the residual stream, each through
a LayerNorm of its own, and *add* what they have to say to it:

$$r' = r + \\text{Attn}(\\text{LN}_1(r)), \\qquad r'' = r' + \\text{MLP}(\\text{LN}_2(r')).$$

The parts are yours, from the exercises before. Compared to within 1e-4.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor, nn

from workers import lab

PURPOSE = (
    "The two plus signs are the residual stream. In interpretability they are everything: because each "
    "part only adds, the final vector is a sum of what every head and every MLP has written, and one can "
    "ask of each how much it contributed to an answer."
)
DIFFICULTY = 2
IMPORTANCE = 5
SHAPES = ["resid_pre: batch pos d_model", "resid_mid: batch pos d_model", "resid_post: batch pos d_model"]
HINTS = [
    "Two lines, one for each part. Each reads the stream as it is *now*, through its own norm, and adds "
    "to it.",
    "`resid_mid = resid_pre + self.attn(self.ln1(resid_pre))`. The second line has the same form; mind which "
    "stream it reads.",
    "`resid_mid = resid_pre + self.attn(self.ln1(resid_pre))`, and then return `resid_mid + "
    "self.mlp(self.ln2(resid_mid))`.",
]
USES = ["layer_norm", "attention", "mlp"]
MINUTES = 5
CONCEPTS = ["residual-stream"]
WHY = """
The norm stands *before* each part, on the branch: “pre-LN”. The first transformer had it after the
sum, on the stream itself; then nothing could pass through a block unchanged, and deep models were hard to
train.

`resid += …` would give the right numbers and change the tensor that the caller still holds. It is the kind of
mistake that shows three lessons later, when the cached `resid_pre` turns out to be something else.
TransformerLens names the three tensors `resid_pre`, `resid_mid` and `resid_post`.
"""


class TransformerBlock(nn.Module):
    def __init__(self, cfg: Config) -> None:
        super().__init__()
        self.ln1 = LayerNorm(cfg)
        self.attn = Attention(cfg)
        self.ln2 = LayerNorm(cfg)
        self.mlp = MLP(cfg)

    def forward(self, resid_pre: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        """The residual stream after this block, given the one before it.

        >>> block = TransformerBlock(Config(d_model=2, n_heads=1, d_head=2, d_mlp=3))
        >>> block.attn.b_O.data, block.mlp.b_out.data = torch.tensor([10.0, 0.0]), torch.tensor([0.0, 100.0])
        >>> block.attn.W_O.data.zero_(), block.mlp.W_out.data.zero_()  # each only adds its bias
        (tensor([[[0., 0.],
                 [0., 0.]]]), tensor([[0., 0.],
                [0., 0.],
                [0., 0.]]))
        >>> block(torch.tensor([[[1.0, 2.0]]])).detach()
        tensor([[[ 11., 102.]]])
        """
        resid_mid = resid_pre + self.attn(self.ln1(resid_pre))
        return resid_mid + self.mlp(self.ln2(resid_mid))


def check_random_weights(answer):
    """For random weights of any size the stream after the block is ours (to within 1e-4)."""
    for batch, pos in ((random.randint(2, 3), random.randint(4, 7)), (1, 1)):
        sizes = _sizes()
        weights, x = _weights(sizes), torch.randn(batch, pos, sizes["d_model"])
        lab.same(
            answer.probe_forward(sizes, weights, x),
            _ours(sizes, weights, x),
            name=f"the residual stream after the block, of shape {list(x.shape)}",
        )


def check_parts_only_add(answer):
    """A block whose parts write nothing leaves the stream as it is."""
    sizes = _sizes()
    weights, x = _weights(sizes), 3 * torch.randn(2, 5, sizes["d_model"]) + 1
    for name in ("attn.W_O", "attn.b_O", "mlp.W_out", "mlp.b_out"):
        weights[name] = torch.zeros_like(weights[name])
    lab.same(
        answer.probe_forward(sizes, weights, x),
        x,
        name="the residual stream after a block whose attention and MLP write nothing",
    )


def check_shipped_model(answer):
    """With the weights of a block of tiny-gpt2, it does what that block does (to within 1e-3)."""
    model = lab.load("tiny-gpt2")
    layer = random.randrange(model.cfg.n_layers)
    _, cache = model.run_with_cache(torch.randint(1, 1024, (2, random.randint(10, 30))))
    start = f"blocks.{layer}."
    every = lab.weights("tiny-gpt2")
    weights = {name.removeprefix(start): weight for name, weight in every.items() if name.startswith(start)}
    lab.same(
        answer.probe_forward(lab.config("tiny-gpt2"), weights, cache["resid_pre", layer]),
        cache["resid_post", layer],
        tol=1e-3,
        name=f"the residual stream after block {layer} of tiny-gpt2",
    )


def check_input_unharmed(answer):
    """The stream that was given is as it was afterwards."""
    sizes = _sizes()
    x = torch.randn(2, 4, sizes["d_model"])
    after = answer.probe_input_after(sizes, _weights(sizes), x)
    lab.same(after, x, tol=1e-6, name="the residual stream that your block was given, after it has run")


def probe_forward(
    sizes: dict, weights: dict, x: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    block = TransformerBlock(Config(**sizes))
    lab.load_weights(block, weights)
    return block(x)


def probe_input_after(
    sizes: dict, weights: dict, x: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    block = TransformerBlock(Config(**sizes))
    lab.load_weights(block, weights)
    block(x)
    return x


def _sizes() -> dict:
    heads, d_head = random.randint(2, 3), random.randint(2, 4)
    d_model = heads * d_head + random.randint(1, 3)
    return {"d_model": d_model, "n_heads": heads, "d_head": d_head, "d_mlp": 2 * d_model + 1}


def _weights(sizes: dict) -> dict:
    """Random weights, norms among them: the two are not alike."""
    names = TransformerBlock(Config(**sizes)).state_dict()
    drawn = {name: torch.randn(weight.shape) / 2 for name, weight in names.items()}
    return {name: weight + 1 if name.endswith(".w") else weight for name, weight in drawn.items()}


def _ours(sizes: dict, weights: dict, x: Tensor) -> Tensor:
    block = TransformerBlock(Config(**sizes))
    block.load_state_dict(weights)
    return block(x).detach()


class mistake_post_ln__TransformerBlock(TransformerBlock):
    """You normalise the sum. That is how the first transformer of 2017 did it (“post-LN”). GPT-2 normalises
    only what a part *reads*; on the stream itself nothing stands but the two plus signs."""

    def forward(self, resid_pre):
        resid_mid = self.ln1(resid_pre + self.attn(resid_pre))
        return self.ln2(resid_mid + self.mlp(resid_mid))


class mistake_attention_replaces__TransformerBlock(TransformerBlock):
    """After your attention, the stream holds only what attention has written: the `resid_pre +` is
    missing."""

    def forward(self, resid_pre):
        resid_mid = self.attn(self.ln1(resid_pre))
        return resid_mid + self.mlp(self.ln2(resid_mid))


class mistake_mlp_replaces__TransformerBlock(TransformerBlock):
    """After your MLP, the stream holds only what the MLP has written: the `resid_mid +` is missing."""

    def forward(self, resid_pre):
        resid_mid = resid_pre + self.attn(self.ln1(resid_pre))
        return self.mlp(self.ln2(resid_mid))


class mistake_same_norm_twice__TransformerBlock(TransformerBlock):
    """Your MLP reads through `ln1`. It has a norm of its own, `ln2`, with weights of its own."""

    def forward(self, resid_pre):
        resid_mid = resid_pre + self.attn(self.ln1(resid_pre))
        return resid_mid + self.mlp(self.ln1(resid_mid))


class mistake_parallel__TransformerBlock(TransformerBlock):
    """Your MLP reads the stream as it was *before* attention wrote to it. Some models do that (GPT-J,
    Pythia), to save time. In GPT-2 the MLP reads what attention has just written."""

    def forward(self, resid_pre):
        return resid_pre + self.attn(self.ln1(resid_pre)) + self.mlp(self.ln2(resid_pre))


class mistake_no_norms__TransformerBlock(TransformerBlock):
    """Your parts read the raw stream. Each reads it through a norm: `self.attn(self.ln1(…))`."""

    def forward(self, resid_pre):
        resid_mid = resid_pre + self.attn(resid_pre)
        return resid_mid + self.mlp(resid_mid)


class mistake_normed_stream__TransformerBlock(TransformerBlock):
    """You write the normalised vector back to the stream and add to that. The norm is only for reading: what
    is added to is the stream as it was."""

    def forward(self, resid_pre):
        normed = self.ln1(resid_pre)
        resid_mid = normed + self.attn(normed)
        normed = self.ln2(resid_mid)
        return normed + self.mlp(normed)


class mistake_in_place__TransformerBlock(TransformerBlock):
    """You change the stream that you were given: `resid += …` works on that very tensor. Whoever kept it (a
    cache, for instance) now holds something else. Write `resid = resid + …`."""

    def forward(self, resid_pre):
        resid_pre += self.attn(self.ln1(resid_pre)).detach()
        resid_pre += self.mlp(self.ln2(resid_pre)).detach()
        return resid_pre


class also_right_sum__TransformerBlock(TransformerBlock):
    def forward(self, resid_pre):
        written = self.attn(self.ln1(resid_pre))
        written = written + self.mlp(self.ln2(resid_pre + written))
        return resid_pre + written


class also_right_copy__TransformerBlock(TransformerBlock):
    def forward(self, resid_pre):
        stream = resid_pre.clone()
        for norm, part in ((self.ln1, self.attn), (self.ln2, self.mlp)):
            stream += part(norm(stream))
        return stream


class also_right_text_by_text__TransformerBlock(TransformerBlock):
    def forward(self, resid_pre):
        after = []
        for text in resid_pre.split(1):
            middle = torch.add(text, self.attn(self.ln1(text)))
            after.append(torch.add(middle, self.mlp(self.ln2(middle))))
        return torch.cat(after)
