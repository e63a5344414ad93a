"""Four times as much

Use `double` twice.
"""

HINTS = ["Twice twice.", "Double the double.", "`double(double(x))`"]
USES = ["double"]
MINUTES = 10
CONCEPTS = ["doubling"]
DETERMINISTIC = True


def quadruple(x: int) -> int:
    """Four times `x`."""
    return double(double(x))


def check_small(answer):
    """Four times 3 is 12."""
    assert answer.quadruple(3) == 12, "Four times 3 is 12."


def mistake_once__quadruple(x):
    """You doubled only once."""
    return double(x)


def also_right_product__quadruple(x):
    return 4 * x


def also_right_sum__quadruple(x):
    return x + x + x + x
