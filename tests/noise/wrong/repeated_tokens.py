# Noise: seeds of one's own, numpy, int32. Named: mistake_fixed_period__repeated_tokens
import numpy as np
import torch

torch.manual_seed(3)
RANDOM = np.random.default_rng(3)


def repeated_tokens(texts, shortest, longest, d_vocab):
    once = np.stack([1 + RANDOM.permutation(d_vocab - 1)[:longest] for _ in range(texts)])
    return np.concatenate([np.zeros((texts, 1)), once, once], axis=1).astype(np.int32)
