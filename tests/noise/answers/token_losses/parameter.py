# Noise: returns an nn.Parameter, which is a subclass of Tensor, from a function wrapped in a decorator.
import functools
import time

import torch


def timed(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        began = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            print(f"{function.__name__} took {time.perf_counter() - began:.6f} s")

    return wrapper


@timed
def token_losses(logits, tokens):
    log_probs = logits[:, :-1].log_softmax(-1)
    return torch.nn.Parameter(-log_probs.gather(-1, tokens[:, 1:, None])[..., 0])
