"""The logit lens: what would the model say, if it stopped after this layer?

nostalgebraist 2020, https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens. The
residual stream between layers goes through the last norm and the unembedding, which were trained for its end:
early layers may speak in a basis that this reader does not know. Unreadable is not absent.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from workers.lab.techniques.prompts import Prompts, tokens_of
from workers.lab.techniques.runs import recorded

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

MOST_NUMBERS = 1 << 26  # of logits in one answer: 256 MB


@torch.no_grad()
def logit_lens(
    model: "TransformerBridge",
    prompts: Prompts,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Tensor] | None = None,
) -> Float[Tensor, "stage *metric"]:
    """The logits before layer 0, after layer 0, …, after the last: [n_layers + 1, batch, pos, d_vocab].

    With a `metric` only what it says of each, stacked: a number gives a line over stages, a tensor [pos] a
    heat map. The norm's scale is each stage's own. The last stage is the model's own answer.
    Raises `ValueError` with a sentence if that would be too much to keep.
    """
    tokens = tokens_of(model, prompts)
    stages = [f"blocks.{layer}.hook_resid_pre" for layer in range(model.cfg.n_layers)] + ["ln_final.hook_in"]
    if metric is None and len(stages) * tokens.numel() * model.cfg.d_vocab > MOST_NUMBERS:
        raise ValueError(
            f"{len(stages)} stages × {tokens.numel()} tokens × {model.cfg.d_vocab} logits are too many: "
            "give a metric that says what you want of them, like `lambda logits: logits[:, -1, answer]`."
        )
    found = recorded(model, tokens, stages)
    said = []
    for stage in stages:
        logits = model.unembed(model.ln_final(found[stage]))
        said.append(logits if metric is None else torch.as_tensor(metric(logits)))
    return torch.stack(said).cpu()
