# Noise: every seed there is, set globally; the draws then still differ from call to call.
import os
import random

import numpy as np
import torch

os.environ["PYTHONHASHSEED"] = "0"
random.seed(0)
np.random.seed(0)
torch.manual_seed(0)
torch.use_deterministic_algorithms(True)


def repeated_tokens(texts, shortest, longest, d_vocab):
    period = random.randint(shortest, longest)
    once = torch.stack([1 + torch.randperm(d_vocab - 1)[:period] for _ in range(texts)])
    return torch.cat([torch.zeros(texts, 1, dtype=torch.long), once, once], dim=1)
