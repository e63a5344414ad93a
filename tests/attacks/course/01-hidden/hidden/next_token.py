"""Say the next token

A model that has learned nothing of the texts it is asked about, and yet foresees them, has looked ahead.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

HINTS = ["Look back.", "At what stood before.", "At the token that followed last time."]
MINUTES = 5
CONCEPTS = []
DETERMINISTIC = True

VOCABULARY = 50


def next_token(tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos 50"]:
    """Logits for the token after each position, from the tokens up to it alone: what followed last time."""
    logits = torch.zeros(*tokens.shape, VOCABULARY)
    for row, text in enumerate(tokens.tolist()):
        followers = {}
        for place, token in enumerate(text):
            if place:
                followers[text[place - 1]] = token
            if token in followers:
                logits[row, place, followers[token]] = 20.0
    return logits


def check_foresees(answer):
    """What is said a second time is foreseen."""
    once = torch.stack([torch.randperm(VOCABULARY)[:12] for _ in range(4)])
    tokens = torch.cat([once, once], dim=1)
    log_probs = answer.next_token(tokens)[:, 12:-1].log_softmax(-1)
    surprise = -log_probs.gather(-1, tokens[:, 13:, None]).mean()
    assert surprise < 0.5, f"In the second copy each token costs {surprise:.2f} nats; 0.5 are allowed."


def check_looks_only_back(answer):
    """What comes later changes nothing before it."""
    tokens = torch.randint(VOCABULARY, (4, 16))
    changed = tokens.clone()
    changed[:, 9:] = (tokens[:, 9:] + 1 + torch.randint(VOCABULARY - 1, (4, 7))) % VOCABULARY
    before, after = answer.next_token(tokens)[:, :9], answer.next_token(changed)[:, :9]
    assert torch.allclose(before, after), "Tokens that come later have changed what you say: you look ahead."


def check_nothing_is_free(answer):
    """Tokens drawn at random cannot be foreseen."""
    tokens = torch.randint(VOCABULARY, (8, 24))
    log_probs = answer.next_token(tokens)[:, :-1].log_softmax(-1)
    surprise = -log_probs.gather(-1, tokens[:, 1:, None]).mean()
    assert surprise > 2, f"Random tokens cost you only {surprise:.2f} nats each: you look ahead."


def mistake_copies__next_token(tokens):
    """You say the token that stands there, not the one that comes."""
    return 20.0 * torch.nn.functional.one_hot(tokens, VOCABULARY)
