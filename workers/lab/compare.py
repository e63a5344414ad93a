"""The one comparison: is this value the same as that one, and if not, where do they first differ?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

DEFAULT_TOLERANCE = 1e-4


class Different(AssertionError):
    """Two values differ; the message says where. `got` and `want` are the values."""

    def __init__(self, message: str, got: Any, want: Any) -> None:
        super().__init__(message)
        self.got, self.want = got, want


def same(got: Any, want: Any, tol: float = DEFAULT_TOLERANCE, *, name: str = "the value") -> None:
    """Raises `Different`, which names the first place where `got` is not `want`, unless they are the same.

    Tensors are compared by shape, kind (numbers, truth values) and value: whole numbers exactly, others up to
    `tol` (absolute below 1, relative above). Whole numbers may stand for others, and any precision for any
    other. Lists, tuples and dictionaries are compared entry by entry, all else by `==`.

    >>> same(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0]), name="the scores")
    Traceback (most recent call last):
    workers.lab.compare.Different: At [1] of the scores: expected 3, got 2.
    """
    if difference := _difference(_plain(got), _plain(want), tol, name):
        raise Different(difference, got, want)


def number(value: Any) -> str:
    """A number as a person would write it: four significant digits, whole ones whole.

    >>> number(0.123456), number(3.0), number(12345678)
    ('0.1235', '3', '12345678')
    """
    if isinstance(value, bool | int):
        return str(value) if abs(value) < 10**20 else f"a whole number of {len(str(abs(value)))} digits"
    if isinstance(value, complex):
        return f"{value:.4g}"
    return str(int(value)) if math.isfinite(value) and value == int(value) < 1e15 else f"{value:.4g}"


def scalar(value: Any) -> Any:
    """A number as a tensor without axes, if a tensor can hold it; anything else as it is."""
    fits = isinstance(value, float) or (isinstance(value, bool | int) and abs(value) < 1 << 63)
    return torch.tensor(value) if fits else value


def shape(value: Tensor) -> str:
    """A shape as it is written: `(3, 4)`."""
    return str(tuple(value.shape))


def _difference(got: Any, want: Any, tol: float, name: str) -> str | None:
    match want:
        case Tensor():
            return _different_tensor(got, want, tol, name)
        case bool():
            return None if isinstance(got, bool) and got == want else _unlike(got, want, name)
        case int() | float():
            return _different_number(got, want, tol, name)
        case list() | tuple():
            return _different_items(got, want, tol, name)
        case dict():
            return _different_entries(got, want, tol, name)
    return None if type(got) is type(want) and got == want else _unlike(got, want, name)


def _different_tensor(got: Any, want: Tensor, tol: float, name: str) -> str | None:
    if want.ndim == 0:
        got = scalar(got)
    if not isinstance(got, Tensor):
        return f"{_capital(name)} should be a tensor of shape {shape(want)}, not {_kind(got)}."
    if got.shape != want.shape:
        return f"{_capital(name)} should have shape {shape(want)}, but has {shape(got)}."
    if (got.dtype == torch.bool) != (want.dtype == torch.bool):
        return f"{_capital(name)} should hold {_holds(want)}, but holds {_holds(got)}."
    return _different_values(got.detach(), want.detach(), tol, name)


def _different_values(got: Tensor, want: Tensor, tol: float, name: str) -> str | None:
    """Shapes agree; where does a value not? NaN and infinity differ from all but themselves."""
    if got.is_floating_point() or want.is_floating_point() or got.is_complex() or want.is_complex():
        wide = torch.complex128 if got.is_complex() or want.is_complex() else torch.float64
        a, b = got.cpu().to(wide), want.cpu().to(wide)
        equal = (a == b) | (a.isnan() & b.isnan())
        # written so that NaN, for which every comparison is false, is never close; infinity has no neighbours
        close = ((a - b).abs() <= tol * b.abs().clamp(min=1)) & b.isfinite()
        wrong = ~(equal | close)
    else:
        wrong = got.cpu() != want.cpu()
    if not wrong.any():
        return None
    place = wrong.nonzero()[0].tolist()
    first = "expected {}, got {}".format(*_apart(want[tuple(place)].item(), got[tuple(place)].item()))
    count = int(wrong.sum())
    more = f" ({count} of {wrong.numel()} values differ.)" if count > 1 else ""
    where = f"At {place} of {name}" if place else _capital(name)
    return f"{where}: {first}.{more}"


def _different_number(got: Any, want: float, tol: float, name: str) -> str | None:
    if isinstance(got, Tensor) and got.ndim == 0:
        got = got.item()
    if isinstance(got, bool) or not isinstance(got, int | float):
        return f"{_capital(name)} should be a number, not {_kind(got)}."
    if isinstance(got, int) and abs(got) >= 10**300:
        return f"{_capital(name)}: {_versus(got, want)}"  # more than a float can hold
    exact = isinstance(got, int) and isinstance(want, int)
    near = not exact and math.isfinite(want) and abs(got - want) <= tol * max(1.0, abs(want))
    close = got == want or near
    return None if close or (got != got and want != want) else f"{_capital(name)}: {_versus(got, want)}"


def _different_items(got: Any, want: list[Any] | tuple[Any, ...], tol: float, name: str) -> str | None:
    if not isinstance(got, list | tuple):
        return f"{_capital(name)} should be a {type(want).__name__} of {len(want)}, not {_kind(got)}."
    if len(got) != len(want):
        return f"{_capital(name)} should have {len(want)} entries, but has {len(got)}."
    for index, (a, b) in enumerate(zip(got, want, strict=True)):
        if difference := _difference(_plain(a), _plain(b), tol, f"entry {index} of {name}"):
            return difference
    return None


def _different_entries(got: Any, want: dict[Any, Any], tol: float, name: str) -> str | None:
    if not isinstance(got, dict):
        return f"{_capital(name)} should be a dictionary, not {_kind(got)}."
    for key in want:
        if key not in got:
            return f"{_capital(name)} lacks {key!r}."
        if difference := _difference(_plain(got[key]), _plain(want[key]), tol, f"{key!r} of {name}"):
            return difference
    strange = next((key for key in got if key not in want), None)
    return (
        None if len(got) == len(want) else f"{_capital(name)} has {strange!r}, which does not belong there."
    )


def _plain(value: Any) -> Any:
    """Numpy as torch and Python; a product of two factors multiplied out."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(value)).reshape(value.shape)
    if isinstance(value, np.generic):
        return value.item()
    return value.AB if type(value).__name__ == "FactoredMatrix" else value


def _apart(want: Any, got: Any) -> tuple[str, str]:
    """Both numbers, with as many digits as it takes to see that they are not the same."""
    said = number(want), number(got)
    for digits in (7, 17):  # as many as float32 holds, and float64
        said = said if said[0] != said[1] else (f"{want:.{digits}g}", f"{got:.{digits}g}")
    return said


def _unlike(got: Any, want: Any, name: str) -> str:
    return f"{_capital(name)}: {_versus(got, want)}"


def _versus(got: Any, want: Any) -> str:
    return f"expected {_short(want)}, got {_short(got)}."


def _short(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return number(value)
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _kind(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {shape(value)}"
    return "None" if value is None else f"{_article(type(value).__name__)} ({_short(value)})"


def _article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _holds(value: Tensor) -> str:
    return "truth values (bool)" if value.dtype == torch.bool else f"numbers ({str(value.dtype)[6:]})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
