# Noise: numpy from end to end, so an array of float64 instead of a tensor.
import numpy as np


def token_losses(logits, tokens):
    scores, came = logits.numpy().astype(np.float64)[:, :-1], tokens.numpy()[:, 1:]
    top = scores.max(-1, keepdims=True)
    total = top[..., 0] + np.log(np.exp(scores - top).sum(-1))
    return total - np.take_along_axis(scores, came[..., None], -1)[..., 0]
