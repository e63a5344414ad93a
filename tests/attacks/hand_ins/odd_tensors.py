# Tries: to return tensors of every odd kind at once
# Exercise: token_losses
# Expects: failed
import torch


def token_losses(logits, tokens):
    sparse = torch.eye(3).to_sparse()
    quantized = torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)
    shared = torch.ones(3)
    return [sparse, quantized, shared, shared[:1], shared.expand(5, 3), torch.ones(3, dtype=torch.complex128).conj(),
            torch.nn.Parameter(shared), torch.ones(3, dtype=torch.bfloat16)]
