# Tries: a single number, which compares with every entry at once
# Exercise: token_losses
# Expects: failed
# Says: Expected
import torch


def token_losses(logits, tokens):
    return torch.tensor(1.0)
