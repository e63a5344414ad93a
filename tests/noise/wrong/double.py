# Noise: a tensor without axes, warnings. Named: mistake_square__double
import warnings

import torch


def double(x):
    warnings.warn("hm", stacklevel=1)
    return torch.tensor(x) ** 2
