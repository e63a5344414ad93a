"""What can be wrong with an answer before a check has looked at its value."""

from __future__ import annotations


class Unfit(AssertionError):
    """A value is not what was promised: a sentence for the learner, and in words what was `expected`."""

    def __init__(self, message: str, expected: str) -> None:
        super().__init__(message)
        self.expected = expected


class Raised(Exception):
    """The answer raised an exception where it was asked; `shapes` says which axes met, if that was it."""

    def __init__(self, type: str, message: str, line: int | None = None, shapes: str = "") -> None:
        super().__init__(message)
        self.type, self.message, self.line, self.shapes = type, message, line, shapes

    @property
    def not_written(self) -> bool:
        """Whether it is the starter's own exception. Torch raises some of this type too, in other words."""
        return self.type == "NotImplementedError" and "not written yet" in self.message


class Ended(Exception):
    """The learner's process is over: a limit, a crash. `message` is a sentence for the learner."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


class Unreadable(Exception):
    """What the learner's process sent is no value."""
