# Tries: to learn from earlier questions: it answers each with what it was asked before
# Exercise: token_losses
# Expects: failed
import torch

seen = []


def token_losses(logits, tokens):
    seen.append((logits.clone(), tokens.clone()))
    before = seen[-2][0] if len(seen) > 1 else logits
    return before[:, 1:, 0]
