"""Examples in docstrings are tried, those of a class's methods among them."""

import pytest

from workers.examiner.check import _EXAMPLES

CLASS = '''
class Doubles:
    """Given whole."""

    def forward(self, x):
        """Twice as much.

        >>> Doubles().forward(2)
        {promised}
        """
        return 2 * x
'''


def tried(promised: int) -> None:
    names: dict[str, object] = {"__name__": "__main__"}  # as in the learner's process: no file holds it
    exec(CLASS.format(promised=promised), names)
    exec(_EXAMPLES.format(names=["Doubles"]), names)


def test_an_example_of_a_method_that_is_true():
    tried(promised=4)


def test_an_example_of_a_method_that_is_not():
    with pytest.raises(AssertionError, match="Expected:"):
        tried(promised=5)
