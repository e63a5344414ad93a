"""What a learner's cell may import: models, attention views, figures, and how far a loop is.

>>> from workers import lab
>>> model = lab.load("attn-only-2l")
"""

from workers.lab import brackets
from workers.lab.agreement import Agreement, agreement
from workers.lab.attention import AttentionView, attention, attention_heads
from workers.lab.bars import progress
from workers.lab.baselines import Baselines, baselines
from workers.lab.besides import Beside, beside
from workers.lab.chance import follows
from workers.lab.compare import same
from workers.lab.corpus import tales
from workers.lab.curves import LiveCurve
from workers.lab.digits import DataUnavailable, mnist
from workers.lab.display import show
from workers.lab.figures import heatmap, histogram, line, scatter
from workers.lab.indirect import Prompts, indirect_objects
from workers.lab.models import (
    ModelInfo,
    ModelUnavailable,
    UnknownModel,
    checkpoints,
    config,
    device,
    gpt2s,
    llama_sizes,
    llama_weights,
    load,
    load_weights,
    models,
    weights,
)
from workers.lab.sliders import Slider, slider
from workers.lab.techniques import (
    Attribution,
    ablate,
    ablate_heads,
    ablation_hooks,
    answer_tokens,
    attribution_by_source,
    attribution_patch_heads,
    attribution_patch_heads_by_position,
    attribution_patch_residual,
    direct_logit_attribution,
    head_scores,
    logit_difference,
    logit_lens,
    normalised,
    patch_heads,
    patch_heads_by_position,
    patch_residual,
    path_patch,
    run_circuit,
)
from workers.lab.views.coloured import TokenView, log_probs, neurons, tokens
from workers.lab.views.leaderboards import Leaderboard, leaderboard
from workers.lab.views.rankings import TopTokens, top_tokens
from workers.lab.views.sampled import Samples, samples
from workers.lab.without import without

__all__ = [
    "Agreement",
    "AttentionView",
    "Attribution",
    "Baselines",
    "Beside",
    "DataUnavailable",
    "Leaderboard",
    "LiveCurve",
    "ModelInfo",
    "ModelUnavailable",
    "Prompts",
    "Samples",
    "Slider",
    "TokenView",
    "TopTokens",
    "UnknownModel",
    "ablate",
    "ablate_heads",
    "ablation_hooks",
    "agreement",
    "answer_tokens",
    "attention",
    "attention_heads",
    "attribution_by_source",
    "attribution_patch_heads",
    "attribution_patch_heads_by_position",
    "attribution_patch_residual",
    "baselines",
    "beside",
    "brackets",
    "checkpoints",
    "config",
    "device",
    "direct_logit_attribution",
    "follows",
    "gpt2s",
    "head_scores",
    "heatmap",
    "histogram",
    "indirect_objects",
    "leaderboard",
    "line",
    "llama_sizes",
    "llama_weights",
    "load",
    "load_weights",
    "log_probs",
    "logit_difference",
    "logit_lens",
    "mnist",
    "models",
    "neurons",
    "normalised",
    "patch_heads",
    "patch_heads_by_position",
    "patch_residual",
    "path_patch",
    "progress",
    "run_circuit",
    "same",
    "samples",
    "scatter",
    "show",
    "slider",
    "tales",
    "tokens",
    "top_tokens",
    "weights",
    "without",
]
