# Noise: a scalar of numpy's where a whole number of Python's was asked for.
import numpy as np


def double(x):
    return np.multiply(np.int16(x), 2, dtype=np.int64)
