"""It raises

Our fault, never the learner's.
"""

HINTS = ["a", "b", "c"]


def number() -> int:
    """Three."""
    return 3


def check_number(answer):
    """It is three."""
    assert answer.number() == 3
    return {}["nothing"]
