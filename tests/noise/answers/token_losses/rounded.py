# Noise: rounding of one's own, in float32, in another order, to the sixth decimal place.
def token_losses(logits, tokens):
    log_probs = logits[:, :-1].log_softmax(-1)
    return (-log_probs.gather(-1, tokens[:, 1:, None])[..., 0] * 1e6).round() / 1e6 + 1e-6
