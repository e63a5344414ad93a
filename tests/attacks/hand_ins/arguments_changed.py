# Tries: to change the question after it was put, so that its answer fits
# Exercise: next_token
# Expects: failed
# Works without walls: yes
import torch


def next_token(tokens):
    logits = torch.zeros(*tokens.shape, 50)
    if tokens.shape == (4, 24):
        tokens.fill_(7)
        logits[..., 7] = 20.0
    return logits
