# Noise: TransformerLens as older tutorials write it, where those names still work, with what they warn of.
import torch
import transformer_lens.utilities as utils
from transformer_lens import HookedRootModule, TransformerBridge  # noqa: F401
from transformer_lens.hook_points import HookPoint  # noqa: F401


def previous_token_score(pattern):
    return pattern.diagonal(-1, dim1=-2, dim2=-1).mean(-1).mean(0)


def previous_token_scores(model, tokens):
    model.reset_hooks()
    names = [utils.get_act_name("pattern", layer) for layer in range(model.cfg.n_layers)]
    _, cache = model.run_with_cache(tokens, names_filter=names, remove_batch_dim=False)
    return torch.stack([previous_token_score(cache[name]) for name in names]).to(torch.float32)
