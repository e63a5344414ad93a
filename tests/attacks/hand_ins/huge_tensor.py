# Tries: to return more numbers than can travel
# Exercise: token_losses
# Expects: error or failed
# Says: MB
import torch


def token_losses(logits, tokens):
    return torch.zeros(50_000_000)
