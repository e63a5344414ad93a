"""Port an old snippet

This is from a tutorial of 2023. It asks what a head is worth that looks everywhere alike, and it ran on
HookedTransformer:

```
from transformer_lens import HookedTransformer, utils
model = HookedTransformer.from_pretrained("attn-only-2l")

def flatten(scores, hook):          # batch head query key
    visible = scores[:, HEAD] > -1e4    # masked ones are very negative
    scores[:, HEAD] = torch.where(visible, 0.0, -1e9)
    return scores

logits = model.run_with_hooks(
    tokens, fwd_hooks=[(utils.get_act_name("attn_scores", LAYER), flatten)]
)
```

Write it for TransformerLens 4, as a function of a model that is loaded already. On models that
TransformerLens builds from sizes, as ours are, scores are shown but not read back: the old hook would run,
and change nothing. Say what it *meant* somewhere else.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "Nearly everything written about this library was written for its earlier versions. What has to "
    "survive a port is the experiment and not the code, and whoever only mends the imports has lost it here."
)
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["pattern: batch head query key"]
HINTS = [
    "All visible scores are equal. What does the softmax make of equal numbers? Which hook holds what "
    "comes out of it?",
    "The row of query q has q + 1 visible keys, itself included, and each gets 1 / (q + 1). Write that into "
    "`hook_pattern`, for one head.",
    "`n = pattern.shape[-1]`, `even = torch.ones(n, n).tril()`, and "
    "`pattern[:, head] = even / even.sum(-1, keepdim=True)`.",
]
MINUTES = 12
CONCEPTS = ["ported-a-snippet"]
WHY = """
Scores of zero mean a pattern that is even over what is visible, so the same experiment can be said after the
softmax. `model.cfg` and `hook.layer()` have kept their names, and `utils` is called `utilities`. On a model
that wraps one of Hugging Face's, the old hook on the scores works again: it is the *build* that decides, so
ask.
"""


def even_attention(
    model, tokens: Int[Tensor, "batch pos"], layer: int, head: int
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits while one head looks evenly at all tokens it may see. The model must stay as it was.

    >>> model = lab.load("attn-only-2l")
    >>> even_attention(model, torch.tensor([[0, 7, 8, 9]]), 1, 3).shape
    torch.Size([1, 4, 1024])
    """

    def flatten(
        pattern: Float[Tensor, "batch head query key"], hook
    ) -> Float[Tensor, "batch head query key"]:
        visible = torch.ones(pattern.shape[-2:], device=pattern.device).tril()
        pattern[:, head] = visible / visible.sum(-1, keepdim=True)
        return pattern

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.attn.hook_pattern", flatten)])


def check_heads(answer):
    """Any head of any layer, in two models."""
    for name in ("attn-only-2l", "tiny-gpt2"):
        model = lab.load(name)
        layer, head = random.randrange(model.cfg.n_layers), random.randrange(model.cfg.n_heads)
        _compare(answer, model, layer, head)


def check_one_that_matters(answer):
    """The head that looks one back: without its aim, much changes."""
    _compare(answer, lab.load("attn-only-2l"), 0, 0)


def check_left_as_it_was(answer):
    """Afterwards the model is as it was."""
    model = lab.load("attn-only-2l")
    tokens = torch.randint(1, model.cfg.d_vocab, (2, 9))
    assert torch.allclose(answer.probe_after(model, tokens), model(tokens), atol=1e-3), (
        "After your function the model is no longer what it was: a hook has stayed on it. `run_with_hooks` "
        "takes its hooks off again."
    )


def _compare(answer, model, layer, head):
    tokens = torch.randint(1, model.cfg.d_vocab, (3, random.randint(8, 20)))
    got, want = answer.even_attention(model, tokens, layer, head), even_attention(model, tokens, layer, head)
    lab.same(
        got, want, tol=2e-3, name=f"the logits with head {layer}.{head} of {model.cfg.model_name} made even"
    )


def probe_after(model, tokens) -> Float[Tensor, "batch pos d_vocab"]:
    even_attention(model, tokens, 0, 1)
    after = model(tokens)
    model.reset_hooks()
    return after


def mistake_future_too__even_attention(model, tokens, layer, head):
    """Your head looks evenly at *all* tokens, those of the future among them. The old code left masked scores
    masked."""

    def flatten(pattern, hook):
        pattern[:, head] = 1 / pattern.shape[-1]

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.attn.hook_pattern", flatten)])


def mistake_not_shared_out__even_attention(model, tokens, layer, head):
    """Every visible token gets 1/n, whatever the row, so that early rows do not sum to 1. The softmax would
    have shared out all of it: divide by the number of visible keys."""

    def flatten(pattern, hook):
        pattern[:, head] = torch.ones(pattern.shape[-2:]).tril() / pattern.shape[-1]

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.attn.hook_pattern", flatten)])


def mistake_all_heads__even_attention(model, tokens, layer, head):
    """All heads of the layer look evenly. The second axis is the head: `pattern[:, head]`."""

    def flatten(pattern, hook):
        visible = torch.ones(pattern.shape[-2:]).tril()
        pattern[:] = visible / visible.sum(-1, keepdim=True)

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.attn.hook_pattern", flatten)])


def mistake_silenced__even_attention(model, tokens, layer, head):
    """A pattern of zeros is no even pattern: the head says nothing at all. Zero *scores* become equal
    weights, after the softmax."""

    def flatten(pattern, hook):
        pattern[:, head] = 0

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.attn.hook_pattern", flatten)])


def mistake_ones__even_attention(model, tokens, layer, head):
    """Each visible token gets a weight of 1, so a row sums to as many as it sees. Divide by that number."""

    def flatten(pattern, hook):
        pattern[:, head] = torch.ones(pattern.shape[-2:]).tril()

    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.attn.hook_pattern", flatten)])


def mistake_nothing_happens__even_attention(model, tokens, layer, head):
    """Nothing changes: this is what the old hook does here. Scores are not read back; write into
    `hook_pattern`."""
    return model(tokens)


def also_right_from_the_pattern__even_attention(model, tokens, layer, head):
    def flatten(pattern, hook):
        scores = torch.zeros_like(pattern[:, head])
        future = torch.full(scores.shape[-2:], -torch.inf).triu(1)
        pattern = pattern.clone()
        pattern[:, head] = (scores + future).softmax(-1)
        return pattern

    from transformer_lens import utilities as utils

    return model.run_with_hooks(tokens, fwd_hooks=[(utils.get_act_name("pattern", layer), flatten)])


def also_right_through_z__even_attention(model, tokens, layer, head):
    def average(z, hook):
        value = _cache["v", layer][:, :, head]
        z[:, :, head] = value.cumsum(1) / torch.arange(1, value.shape[1] + 1)[None, :, None]

    _, _cache = model.run_with_cache(tokens)
    return model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{layer}.attn.hook_z", average)])
