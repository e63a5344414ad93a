# Tries: to return a tensor that has no data
# Exercise: token_losses
# Expects: failed or error
import torch


def token_losses(logits, tokens):
    return torch.zeros(2, 5, device="meta")
