"""The tales that the shipped models have read, as a lesson may ask for them."""

from collections.abc import Iterator

from workers.training import corpus


def tales(count: int, seed: int = 1) -> Iterator[str]:
    """`count` short tales of the kind the shipped models were trained on.

    Seed 0 begins with those that they have read; any other gives tales that they have not.

    >>> len(list(tales(3)))
    3
    """
    return corpus.tales(count, seed)
