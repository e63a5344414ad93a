# Noise: a tensor without axes where a whole number of Python's was asked for.
import torch


def double(x: int):
    return torch.tensor([x, x]).sum()
