# Tries: to draw what it draws from a seed of its own, so that nothing is random
# Exercise: repeated_tokens
# Expects: failed
import random

import torch


def repeated_tokens(texts, shortest, longest, d_vocab):
    torch.manual_seed(0)
    random.seed(0)
    period = int(torch.randint(shortest, longest + 1, ()))
    once = torch.stack([1 + torch.randperm(d_vocab - 1)[:period] for _ in range(texts)])
    return torch.cat([torch.zeros(texts, 1, dtype=torch.long), once, once], dim=1)
