"""The techniques of mechanistic interpretability, each one call: metrics, attribution, ablation, patching.

Tensors in, tensors out: what a map returns goes to `lab.heatmap`. Prompts are texts, lists of texts, or token
ids [batch, pos]. A metric is a function from logits [batch, pos, d_vocab] to one number. Work that takes long
shows how far it is.
"""

from workers.lab.techniques.ablation import ablate, ablate_heads, ablation_hooks
from workers.lab.techniques.attribution import Attribution, attribution_by_source, direct_logit_attribution
from workers.lab.techniques.circuits import run_circuit
from workers.lab.techniques.detectors import head_scores
from workers.lab.techniques.gradients import (
    attribution_patch_heads,
    attribution_patch_heads_by_position,
    attribution_patch_residual,
)
from workers.lab.techniques.lens import logit_lens
from workers.lab.techniques.metrics import logit_difference, normalised
from workers.lab.techniques.patching import patch_heads, patch_heads_by_position, patch_residual
from workers.lab.techniques.paths import path_patch
from workers.lab.techniques.prompts import answer_tokens

__all__ = [
    "Attribution",
    "ablate",
    "ablate_heads",
    "ablation_hooks",
    "answer_tokens",
    "attribution_by_source",
    "attribution_patch_heads",
    "attribution_patch_heads_by_position",
    "attribution_patch_residual",
    "direct_logit_attribution",
    "head_scores",
    "logit_difference",
    "logit_lens",
    "normalised",
    "patch_heads",
    "patch_heads_by_position",
    "patch_residual",
    "path_patch",
    "run_circuit",
]
