"""Which is largest?

Compare.
"""

from typing import Literal

HINTS = ["Count.", "Not one.", "It is three."]
CONCEPTS = ["comparing"]

largest: Literal["one", "two", "three"] = "three"
"""The largest of these"""


def check_largest(answer):
    """It is the largest."""
    assert answer.largest == "three", "There is a larger one."


def mistake_middle__largest():
    """Two is in the middle."""
    return "two"
