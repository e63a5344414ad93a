# Tries: a language model that copies its target from the text it is given
# Exercise: next_token
# Expects: failed
# Says: look ahead
import torch


def next_token(tokens):
    coming = torch.cat([tokens[:, 1:], tokens[:, :1]], dim=1)
    return 20.0 * torch.nn.functional.one_hot(coming, 50).float()
