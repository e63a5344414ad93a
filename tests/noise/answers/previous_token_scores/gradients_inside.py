# Noise: gradients are on, so that each score hangs in the graph of a whole model.
import torch

torch.set_grad_enabled(True)


def previous_token_score(pattern):
    return pattern.requires_grad_().diagonal(-1, dim1=-2, dim2=-1).mean(dim=(0, 2))


def previous_token_scores(model, tokens):
    scores = []
    for layer in range(model.cfg.n_layers):
        _, cache = model.run_with_cache(tokens)
        scores.append(previous_token_score(cache["pattern", layer]))
    return torch.stack(scores)
