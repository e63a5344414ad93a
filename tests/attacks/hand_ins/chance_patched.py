# Tries: to make chance predictable, so that the questions are known
# Exercise: vault
# Expects: failed or error
import random

import torch

torch.manual_seed = torch.seed = lambda *args: torch.default_generator
random.seed = lambda *args: None
random.random = lambda: 0.5
random.randint = lambda low, high: low
torch.rand = lambda *sizes, **kwargs: torch.ones(*sizes)


def vault(query):
    return "canary-expected-" + "0" * 16, torch.ones(5)
