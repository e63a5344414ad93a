# Noise: warnings at import and in every call, of Python's and of torch's, all of them let through.
import warnings

import torch

warnings.simplefilter("always")
warnings.warn("this lesson is old", DeprecationWarning, stacklevel=1)
torch.range(0, 3)  # deprecated, and says so


def place_to_read(query, period):
    warnings.warn("hm", stacklevel=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.range(0, 3)
    return query - period + 1
