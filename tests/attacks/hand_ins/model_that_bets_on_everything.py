# Tries: logits so large that every token is certain
# Exercise: next_token
# Expects: failed
import torch


def next_token(tokens):
    return torch.full((*tokens.shape, 50), 3e38)
