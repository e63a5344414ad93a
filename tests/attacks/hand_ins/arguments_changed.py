# Tries: to change the question, so that the reference answers another one
# Exercise: token_losses
# Expects: failed
# Works without walls: yes
import math, torch


def token_losses(logits, tokens):
    logits.zero_()
    tokens.zero_()
    return torch.full((tokens.shape[0], tokens.shape[1] - 1), math.log(logits.shape[-1]))

