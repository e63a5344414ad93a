# Noise: both copies are one storage, expanded, and the result is a strided view with an offset.
import torch


def repeated_tokens(texts, shortest, longest, d_vocab):
    period = int(torch.randint(shortest, longest + 1, ()))
    once = torch.stack([1 + torch.randperm(d_vocab - 1)[:period] for _ in range(texts)])
    both = once[:, None].expand(-1, 2, -1).flatten(1)
    wide = torch.cat([torch.full((texts, 3), -1), torch.zeros(texts, 1, dtype=torch.long), both], dim=1)
    return wide[:, 3:]
