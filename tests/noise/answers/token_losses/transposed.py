# Noise: a transposed view of every second row of a larger tensor, so not contiguous in any order.
import torch


def token_losses(logits, tokens):
    log_probs = logits.log_softmax(-1)
    chosen = log_probs[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    turned = torch.empty(chosen.shape[1] * 2, chosen.shape[0])
    turned[::2] = -chosen.T
    return turned[::2].T
