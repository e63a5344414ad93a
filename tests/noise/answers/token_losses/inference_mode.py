# Noise: inference tensors, with gradients switched off for good besides.
import torch

torch.set_grad_enabled(False)


@torch.inference_mode()
def token_losses(logits, tokens):
    return -logits[:, :-1].log_softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
