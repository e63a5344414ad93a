# Tries: to return as many small numbers as can travel, which are large once they are looked at
# Exercise: induction_score
# Expects: failed or error
import torch


def place_to_read(query, period):
    return torch.zeros(60_000_000, dtype=torch.int8)


def induction_score(pattern, period):
    return torch.zeros(60_000_000, dtype=torch.bool)


def score_heads(model, tokens, period):
    return None
