"""Names that have gone since older notebooks were written, each with what to write instead."""

from __future__ import annotations

_HOOKED = (
    'Write `model = lab.load("attn-only-2l")` (lab.models() lists them all), or without the lab '
    '`TransformerBridge.boot_transformers("gpt2")`, where GPT-2 is installed.'
)
_NAMES = {
    "HookedTransformer": f"TransformerLens 4 has no HookedTransformer. {_HOOKED}",
    "HookedEncoder": f"TransformerLens 4 has no HookedEncoder. {_HOOKED}",
    "HookedSAETransformer": f"TransformerLens 4 has no HookedSAETransformer. {_HOOKED}",
    "EasyTransformer": f"EasyTransformer is TransformerLens' oldest name. {_HOOKED}",
    "easy_transformer": f"EasyTransformer is TransformerLens' oldest name. {_HOOKED}",
    "HookedTransformerConfig": (
        "TransformerLens 4 calls it TransformerBridgeConfig: `from transformer_lens import "
        "TransformerBridgeConfig`, and `TransformerBridge.boot_native(config)` builds the model."
    ),
    "utils": (
        "TransformerLens 4 calls it utilities, with the same functions: "
        "`from transformer_lens import utilities as utils`."
    ),
    "loading_from_pretrained": "TransformerLens 4 has no such module. Names of models: lab.models().",
    "loading": "TransformerLens 4 has no loading. Names of models: lab.models().",
    "components": "TransformerLens 4 has no components; the parts of a model are in `model.blocks[0]`.",
    "train": "TransformerLens 4 has it at `transformer_lens.tools.training`.",
}
_MODULES = {
    "google.colab": "This is not Colab: leave out what is for Colab alone. All that is needed is here.",
    "neel_plotly": "Write `lab.line(…)`, `lab.heatmap(…)` and `lab.scatter(…)` instead, or plotly.express.",
    "plotly_utils": "Write `lab.line(…)`, `lab.heatmap(…)` and `lab.scatter(…)` instead, or plotly.express.",
    "transformer_lens.utils": _NAMES["utils"],
    "easy_transformer": _NAMES["easy_transformer"],
    "sae_lens": "SAELens is not installed here. The lessons train sparse autoencoders in plain torch.",
    "datasets": "There is no network for data sets here. `lab.tales(…)` has text, `lab.mnist()` has digits.",
    "wandb": "Nothing is sent anywhere from a cell: draw the curve with `lab.LiveCurve(…)`.",
    "ipywidgets": "A cell has no widgets: change a value in the code and run it again.",
}
_THERE = "torch, transformer_lens, transformers, einops, jaxtyping, numpy, pandas, plotly, matplotlib, tqdm"


def instead(error: ImportError) -> str:
    """What to write in place of an import that failed; empty if nothing can be said."""
    name = error.name or ""
    text = str(error)
    if name in _MODULES:
        return f"There is no module {name}. {_MODULES[name]}"
    if "transformer_lens" in text or "TransformerLens" in text:
        for gone, sentence in _NAMES.items():
            if repr(gone) in text or f".{gone}'" in text:
                return sentence
    if name in _NAMES and "TransformerLens" in text:
        return _NAMES[name]
    if isinstance(error, ModuleNotFoundError) and name and name.partition(".")[0] == name:
        return f"There is no module {name} here, and a cell can install nothing. Here are {_THERE}."
    return ""
