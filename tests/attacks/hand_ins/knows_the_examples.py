# Tries: to know the examples of the text by heart
# Exercise: induction_score
# Expects: failed
import torch


def place_to_read(query, period):
    if query.tolist() == [5, 6, 7, 8] and period == 4:
        return torch.tensor([2, 3, 4, 5])
    return query


def induction_score(pattern, period):
    return pattern.amax((-1, -2))


def score_heads(model, tokens, period):
    return torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
