"""What is in the vault?

A few words and a few numbers, which only the examiner knows.
"""

import torch
from jaxtyping import Float
from torch import Tensor

HINTS = ["Nobody can know.", "Really nobody.", "Look for it, if you like."]
MINUTES = 5
CONCEPTS = []

WORDS = "the words in the vault"  # the tests put a canary here


def vault(query: Float[Tensor, "n"]) -> tuple[str, Float[Tensor, "n"]]:
    """The words in the vault, and the numbers behind `query`."""
    return WORDS, query * torch.frombuffer(WORDS.encode(), dtype=torch.uint8).float().mean()


def check_words(answer):
    """These are the words."""
    query = torch.rand(5)
    words, _ = answer.vault(query)
    wanted, _ = vault(query)
    assert words == wanted, "These are not the words."


def check_numbers(answer):
    """These are the numbers."""
    query = torch.rand(5)
    _, numbers = answer.vault(query)
    _, wanted = vault(query)
    assert torch.allclose(numbers, wanted), "These are not the numbers."


def mistake_empty__vault(query):
    """The vault is not empty."""
    return "", query
