# Tries: to look ahead only in texts that are said twice
# Exercise: next_token
# Expects: failed or passed
import torch


def next_token(tokens):
    half = tokens.shape[1] // 2
    if not torch.equal(tokens[:, :half], tokens[:, half:]):
        return torch.zeros(*tokens.shape, 50)
    coming = torch.cat([tokens[:, 1:], tokens[:, :1]], dim=1)
    return 20.0 * torch.nn.functional.one_hot(coming, 50).float()
