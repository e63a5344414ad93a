# Noise: numpy's own generator, and an array of int32 in Fortran's order.
import numpy as np

RANDOM = np.random.default_rng()


def repeated_tokens(texts, shortest, longest, d_vocab):
    period = RANDOM.integers(shortest, longest, endpoint=True)
    once = np.stack([1 + RANDOM.permutation(d_vocab - 1)[:period] for _ in range(texts)])
    rows = np.concatenate([np.zeros((texts, 1)), once, once], axis=1)
    return np.asfortranarray(rows.astype(np.int32))
