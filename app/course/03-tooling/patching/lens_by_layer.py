"""If it stopped here

Read the residual stream before any layer, after the first, after the second …, through the model's own last
norm and unembedding: what would it say if it stopped there? That is the **logit lens**. Give the logit
difference at each stage; the last one is the model's real answer.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "A line over the layers shows in one look when a model makes up its mind. It is also the simplest "
    "example of a reader that may be blind to what is there."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["resid: batch pos d_model", "logits: batch pos d_vocab", "differences: stage"]
HINTS = [
    "There is one stage more than there are layers: the stream before layer 0, and the stream after each "
    "layer.",
    "`model.ln_final` and `model.unembed` are modules: call them, one after the other, on what the cache "
    "kept at a stage.",
    'The stages are `cache["blocks.0.hook_resid_pre"]` and, for each layer, '
    '`cache[f"blocks.{layer}.hook_resid_post"]`; the logits of one are '
    "`model.unembed(model.ln_final(resid))`.",
]
MINUTES = 10
CONCEPTS = ["logit-lens", "residual-stream"]
SEE = {"mistake_no_norm__lens_by_layer": "layer_norm"}
STYLE = {"logit_lens": "That is the library's. It is right, and what to use from now on."}
WHY = """
Each stage is normalised by its own scale, as the model would if it really stopped there; so the steps
between the stages are not the layers' shares, which have one scale in common. The reader was trained for the
last stage alone. What an early layer has written in a form that only later layers understand looks like
nothing through this lens.
"""


def lens_by_layer(
    model, tokens: Int[Tensor, "batch pos"], right: Int[Tensor, "batch"], wrong: Int[Tensor, "batch"]
) -> Float[Tensor, "stage"]:
    """The mean logit difference at the last position, read from the residual stream before layer 0 and after
    each layer: n_layers + 1 numbers.

    >>> model = lab.load("attn-only-2l")
    >>> lens_by_layer(model, torch.tensor([[0, 7, 8, 9, 7]]), torch.tensor([8]), torch.tensor([9])).shape
    torch.Size([3])
    """
    _, cache = model.run_with_cache(tokens)
    stages = [cache["blocks.0.hook_resid_pre"]]
    stages += [cache[f"blocks.{layer}.hook_resid_post"] for layer in range(model.cfg.n_layers)]
    row = torch.arange(len(tokens))
    differences = []
    for resid in stages:
        logits = model.unembed(model.ln_final(resid))[:, -1]
        differences.append((logits[row, right] - logits[row, wrong]).mean())
    return torch.stack(differences)


def check_count(answer):
    """There is one stage more than there are layers."""
    name = random.choice(["attn-only-2l", "tiny-gpt2"])
    tokens, right, wrong = _case(2)
    model = lab.load(name)
    got = answer.lens_by_layer(model, tokens, right, wrong)
    assert len(got) == model.cfg.n_layers + 1, (
        f"{name} has {model.cfg.n_layers} layers and so {model.cfg.n_layers + 1} stages, the one before "
        f"layer 0 among them; you give {len(got)} numbers."
    )


def check_ends(answer):
    """The last stage is what the model says."""
    tokens, right, wrong = _case(3)
    model, row = lab.load("attn-only-2l"), torch.arange(3)
    logits = model(tokens)[:, -1]
    got = answer.lens_by_layer(model, tokens, right, wrong)
    want = (logits[row, right] - logits[row, wrong]).mean()
    lab.same(got[-1], want, tol=2e-3, name="the last stage")


def check_all_stages(answer):
    """All stages of three models agree with ours: norms with and without weights, with and without MLPs."""
    for name in ("attn-only-1l", "attn-only-2l", "tiny-gpt2"):
        tokens, right, wrong = _case(random.randint(2, 4))
        model = lab.load(name)
        want = lens_by_layer(model, tokens, right, wrong)
        got = answer.lens_by_layer(model, tokens, right, wrong)
        lab.same(got, want, tol=2e-3, name=f"the stages of {name}")


def check_by_yourself(answer):
    """And all of it is your own work."""
    model, (tokens, right, wrong) = lab.load("attn-only-2l"), _case(2)
    got = answer.probe_by_yourself(model, tokens, right, wrong)
    lab.same(got, lens_by_layer(model, tokens, right, wrong), tol=2e-3, name="the stages of attn-only-2l")


def probe_by_yourself(model, tokens, right, wrong) -> Float[Tensor, "stage"]:
    from workers.lab.away import away

    with away(lens_by_layer, "logit_lens"):
        return lens_by_layer(model, tokens, right, wrong)


def _case(count):
    period = random.randint(5, 9)
    once = torch.stack([1 + torch.randperm(1023)[:period] for _ in range(count)])
    tokens = torch.cat(
        [torch.zeros(count, 1, dtype=torch.long), once, once[:, : random.randint(1, 3)]], dim=1
    )
    nexts = once[:, tokens.shape[1] - period - 1]
    return tokens, nexts, (nexts + torch.randint(1, 1024, (count,))) % 1024


def _read_by(model, tokens, right, wrong, reader, pos=-1):
    """All stages, each read by reader(resid, cache)."""
    _, cache = model.run_with_cache(tokens)
    stages = [cache["blocks.0.hook_resid_pre"]]
    stages += [cache[f"blocks.{layer}.hook_resid_post"] for layer in range(model.cfg.n_layers)]
    row = torch.arange(len(tokens))
    logits = [reader(resid, cache)[:, pos] for resid in stages]
    return torch.stack([(one[row, right] - one[row, wrong]).mean() for one in logits])


def mistake_no_norm__lens_by_layer(model, tokens, right, wrong):
    """The last norm is missing. Without it you read a vector of another length than the unembedding was
    trained for: `model.unembed(model.ln_final(resid))`."""
    return _read_by(model, tokens, right, wrong, lambda resid, cache: model.unembed(resid))


def mistake_frozen_scale__lens_by_layer(model, tokens, right, wrong):
    """You divide every stage by the *last* stage's scale. That is right for shares, which have to add up;
    the lens asks what the model would say if it stopped there, and then the norm would see that stage
    alone."""

    def reader(resid, cache):
        scale = cache["ln_final.hook_scale"]
        before, after = cache["ln_final.hook_in"], cache["ln_final.hook_out"]
        centred = resid - resid.mean(-1, keepdim=True)
        whole = before - before.mean(-1, keepdim=True)
        # the norm's weight and bias, whatever they are, from what it did to the last stage
        weight = getattr(model.ln_final, "weight", None)
        weight = weight if isinstance(weight, Tensor) else 1.0
        return model.unembed(centred / scale * weight + (after - whole / scale * weight))

    return _read_by(model, tokens, right, wrong, reader)


def mistake_without_the_first__lens_by_layer(model, tokens, right, wrong):
    """The stage before layer 0 is missing. It shows what the token alone would predict, and every line of
    this kind begins there."""
    return lens_by_layer(model, tokens, right, wrong)[1:]


def mistake_without_the_last__lens_by_layer(model, tokens, right, wrong):
    """You read the stream *before* each layer, and so the last layer's work is never seen. Read it once more
    at the end."""
    return lens_by_layer(model, tokens, right, wrong)[:-1]


def mistake_layers_alone__lens_by_layer(model, tokens, right, wrong):
    """You read what each layer *adds*, and not what has gathered in the stream up to there. Take
    `hook_resid_post`, not `hook_attn_out`."""
    _, cache = model.run_with_cache(tokens)
    stages = [cache["blocks.0.hook_resid_pre"]]
    stages += [cache[f"blocks.{layer}.hook_attn_out"] for layer in range(model.cfg.n_layers)]
    row = torch.arange(len(tokens))
    logits = [model.unembed(model.ln_final(resid))[:, -1] for resid in stages]
    return torch.stack([(one[row, right] - one[row, wrong]).mean() for one in logits])


def mistake_first_position__lens_by_layer(model, tokens, right, wrong):
    """You read at the first position, where BOS stands. The answer is at the last one."""
    reader = lambda resid, cache: model.unembed(model.ln_final(resid))  # noqa: E731
    return _read_by(model, tokens, right, wrong, reader, pos=0)


def mistake_only_right__lens_by_layer(model, tokens, right, wrong):
    """That is the right answer's logit alone. Subtract the wrong one's."""
    reader = lambda resid, cache: model.unembed(model.ln_final(resid))  # noqa: E731
    both = _read_by(model, tokens, right, wrong, reader)
    _, cache = model.run_with_cache(tokens)
    stages = [cache["blocks.0.hook_resid_pre"]]
    stages += [cache[f"blocks.{layer}.hook_resid_post"] for layer in range(model.cfg.n_layers)]
    row = torch.arange(len(tokens))
    wrongs = [model.unembed(model.ln_final(resid))[row, -1, wrong].mean() for resid in stages]
    return both + torch.stack(wrongs)


def mistake_asks_the_lab__lens_by_layer(model, tokens, right, wrong):
    """`lab.logit_lens` is the very thing you are to write. After this exercise it is yours;
    here, the cache, `ln_final` and `unembed` are all it takes."""
    return lab.logit_lens(model, tokens, lambda logits: lab.logit_difference(logits, right, wrong))


def also_right_stacked__lens_by_layer(model, tokens, right, wrong):
    _, cache = model.run_with_cache(tokens)
    names = [f"blocks.{layer}.hook_resid_pre" for layer in range(model.cfg.n_layers)] + ["ln_final.hook_in"]
    stack = torch.stack([cache[name][:, -1] for name in names])
    log_probs = model.unembed(model.ln_final(stack)).log_softmax(-1)
    row = torch.arange(len(tokens))
    return (log_probs[:, row, right] - log_probs[:, row, wrong]).mean(-1)


def also_right_accumulated__lens_by_layer(model, tokens, right, wrong):
    _, cache = model.run_with_cache(tokens)
    resid = cache["blocks.0.hook_resid_pre"]
    differences = []
    for layer in range(model.cfg.n_layers + 1):
        logits = model.unembed(model.ln_final(resid))
        good = logits[:, -1].gather(1, right[:, None])
        bad = logits[:, -1].gather(1, wrong[:, None])
        differences.append((good - bad).mean().item())
        if layer < model.cfg.n_layers:
            resid = cache[f"blocks.{layer}.hook_resid_post"]
    return torch.tensor(differences)
