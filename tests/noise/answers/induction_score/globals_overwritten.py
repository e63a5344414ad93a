# Noise: working names left lying about, which hide builtins, given names and the exercise's own inputs.
import torch

query, period, pattern, tokens, model, answer = 1, 2, 3, 4, 5, 6
sum, max, list, id, type, input = (None,) * 6
_ = __ = ___ = "left over"
random = "not the module"


def place_to_read(query, period):
    global pattern, tokens
    pattern, tokens = query, period
    torch.manual_seed(0)
    return query - period + 1


del model, answer
