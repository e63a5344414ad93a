# Noise: computes and returns in float64 what was given in float32.


def token_losses(logits, tokens):
    log_probs = logits.double()[:, :-1].log_softmax(-1)
    return -log_probs.gather(-1, tokens[:, 1:, None])[..., 0]
