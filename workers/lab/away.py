"""Functions of the lab that are out of reach while an answer runs that is to do their work itself."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn


class WriteItYourself(RuntimeError):
    """Somebody called a function of the lab that was put away; the message says which."""


@contextmanager
def away(answer: Callable[..., Any], *names: str) -> Iterator[None]:
    """While within, who calls one of these functions of the lab is told to write it: for probes of exercises.

    answer: the reader's function, whose own names for them are put away as well. names: as in `lab.NAME`.

    >>> from workers import lab
    >>> with away(print, "logit_lens"):
    ...     lab.logit_lens()
    Traceback (most recent call last):
    workers.lab.away.WriteItYourself: `lab.logit_lens` is what this exercise asks you to write. ...
    """
    from workers import lab

    real = {id(getattr(lab, name)): name for name in names}
    modules = [
        module for key, module in list(sys.modules.items()) if key.split(".")[:2] == ["workers", "lab"]
    ]
    places = [*map(vars, modules), getattr(answer, "__globals__", {})]
    found = [
        (place, key, value) for place in places for key, value in list(place.items()) if id(value) in real
    ]
    try:
        for place, key, value in found:
            place[key] = _refusing(real[id(value)])
        yield
    finally:
        for place, key, value in found:
            place[key] = value


def _refusing(name: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise WriteItYourself(
            f"`lab.{name}` is what this exercise asks you to write. Do without it here, and only here."
        )

    return refuse
