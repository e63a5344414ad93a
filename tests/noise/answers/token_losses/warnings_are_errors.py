# Noise: every warning made an error, every anomaly looked for, floating-point faults of numpy's raised.
import warnings

import numpy as np
import torch

warnings.simplefilter("error")
np.seterr(all="raise")
torch.autograd.set_detect_anomaly(True, check_nan=True)
torch.set_printoptions(precision=2, sci_mode=False)


def token_losses(logits, tokens):
    return -logits[:, :-1].log_softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
