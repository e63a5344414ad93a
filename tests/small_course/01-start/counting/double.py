"""Twice as much

Return twice the number.
"""

HINTS = ["Two of them.", "Add it to itself.", "`x + x`"]
MINUTES = 10
CONCEPTS = ["doubling"]
DETERMINISTIC = True
FRONTIER = {"size": "operations", "speed": "speed"}
STYLE = {"loop": "Without a loop it is shorter."}
SEE = {"mistake_square__double": "quadruple"}


def double(x: int) -> int:
    """Twice `x`."""
    return 2 * x


def check_small(answer):
    """Twice 3 is 6."""
    answer.measured(size=1, speed=0.5)
    assert answer.double(3) == 6, "Twice 3 is 6."


def mistake_square__double(x):
    """You squared it."""
    return x * x


def also_right_sum__double(x):
    return x + x


def also_right_shift__double(x):
    return x << 1
