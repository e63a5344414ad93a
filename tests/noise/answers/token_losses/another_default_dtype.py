# Noise: changes the default dtype of the whole process, and returns float32 where that now is unusual.
import torch

torch.set_default_dtype(torch.float64)
OFFSET = torch.zeros(())


def token_losses(logits, tokens):
    log_probs = (logits + OFFSET)[:, :-1].log_softmax(-1)
    return -log_probs.gather(-1, tokens[:, 1:, None])[..., 0].float()
