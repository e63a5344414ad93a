# Noise: no function at all, but an object that can be called, partly applied.
from functools import partial


class Reader:
    """Remembers how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, step, query, period):
        self.asked += 1
        return query - period + step

    def __repr__(self) -> str:
        raise RuntimeError("nobody should need to print me")


place_to_read = partial(Reader(), 1)
