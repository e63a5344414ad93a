# Noise: prints, warnings, numpy, float64. Named: mistake_bits__token_losses
import warnings

import numpy as np

warnings.warn("hm", stacklevel=1)


def token_losses(logits, tokens):
    print("my losses", *range(2000), sep="\n")
    log_probs = logits.double()[:, :-1].log_softmax(-1)
    return (-log_probs.gather(-1, tokens[:, 1:, None])[..., 0]).numpy() / np.log(2)
