# Tries: a tensor without entries, of which everything is true
# Exercise: token_losses
# Expects: failed
# Says: Expected
import torch


def token_losses(logits, tokens):
    return torch.zeros(0, 0)
