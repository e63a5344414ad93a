# Noise: int32 where int64 came, from a stride that skips.
import torch


def place_to_read(query, period):
    pairs = torch.stack([query, query], 1).to(torch.int32)
    return pairs[:, 0] - period + 1
