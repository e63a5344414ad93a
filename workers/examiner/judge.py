"""Is a returned value what the reference's annotation promises? Asked before any check sees it.

What comes from the learner's process is only claimed: here it becomes a plain finite value of the promised
kind and shape, or a sentence that says what is wrong with it. NaN would slip through
`not (difference > tol).any()`, and a scalar compares equal to a whole vector.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from workers.examiner.figures import Figure
from workers.examiner.shapes import Dims, fit, in_words
from workers.examiner.trouble import Unfit
from workers.lab.compare import number, scalar, shape
from workers.values import Opaque


def judge(value: Any, annotation: Any, dims: Dims, name: str) -> Any:
    """`value` as `annotation` promises it, whole numbers widened where that is harmless.

    `dims` holds the sizes that names in shapes stand for; names met first here are added. `name` begins the
    sentence: `induction_score` returned … Raises Unfit.
    """
    return _Judge(dims, name).judge(value, annotation)


def written(annotation: Any, dims: Dims | None = None) -> str:
    """What an annotation asks for, in words: `a tensor of numbers with shape (head=2, 3)`."""
    if hasattr(annotation, "dim_str"):
        holds, axes = _KINDS[_kind(annotation)], in_words(annotation.dim_str, dims or {})
        return f"a tensor of {holds} with shape {axes}"
    plain = _IN_WORDS.get(annotation)
    if plain:
        return plain
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(written(each, dims) for each in arguments)
    if origin is typing.Literal:
        return "one of " + ", ".join(map(repr, arguments))
    if origin in (list, tuple, dict):
        return _container_in_words(origin, arguments, dims)
    if getattr(annotation, "__module__", "").startswith("plotly."):
        return "a Plotly figure"
    return f"a {getattr(annotation, '__name__', annotation)}"


@dataclass
class _Judge:
    dims: Dims
    name: str
    place: str = ""  # where inside the returned value

    def judge(self, value: Any, annotation: Any) -> Any:
        if isinstance(value, Opaque):
            raise self.unfit(f"a `{value.type}` object, which cannot be handed in", annotation)
        if annotation is Any:
            return self._anything(value)
        if annotation is type(None) or annotation is None:
            return self._nothing(value)
        if hasattr(annotation, "dim_str"):
            return self._tensor(value, annotation)
        origin = typing.get_origin(annotation)
        if origin in (typing.Union, types.UnionType):
            return self._either(value, annotation)
        if origin is typing.Literal:
            if any(type(value) is type(choice) and value == choice for choice in typing.get_args(annotation)):
                return value
            raise self.unfit(_seen(value), annotation)
        return self._plain(value, annotation, origin or annotation)

    def unfit(self, got: str, annotation: Any) -> Unfit:
        expected = written(annotation, self.dims)
        hint = " Is a `return` missing?" if got == _NOTHING and not self.place else ""
        return Unfit(f"{self.name} returned{self.place} {got}. Expected: {expected}.{hint}", expected)

    def _nothing(self, value: Any) -> None:
        if value is not None:
            raise self.unfit(_seen(value), None)

    def _anything(self, value: Any) -> Any:
        """No promise was made, but all of it still has to be readable and finite."""
        if isinstance(value, Tensor):
            return self._any_tensor(value, Tensor)
        if isinstance(value, float):
            return self._float(value, float)
        if isinstance(value, dict):
            return {key: self._part(f"for {key!r}"[:40])._anything(entry) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            parts = (self._part(f"at entry {n}").judge(entry, Any) for n, entry in enumerate(value))
            return type(value)(parts)
        return value

    def _plain(self, value: Any, annotation: Any, origin: Any) -> Any:
        judges: dict[Any, Callable[[Any, Any], Any]] = {
            Tensor: self._any_tensor, bool: self._bool, int: self._int, float: self._float,
            list: self._items, tuple: self._items, dict: self._entries,
        }  # fmt: skip
        if origin in judges:
            return judges[origin](value, annotation)
        if getattr(origin, "__module__", "").startswith("plotly."):
            return self._figure(value, annotation)
        if isinstance(origin, type) and isinstance(value, origin):
            return value
        raise self.unfit(_seen(value), annotation)

    # tensors

    def _tensor(self, value: Any, annotation: Any) -> Tensor:
        if not annotation.dim_str.strip():
            value = scalar(value)
        if not isinstance(value, Tensor):
            raise self.unfit(_seen(value), annotation)
        value = self._of_kind(value, annotation)
        if not fit(tuple(value.shape), annotation.dim_str, self.dims):
            raise self.unfit(_seen(value), annotation)
        return self._finite(value, annotation)

    def _of_kind(self, value: Tensor, annotation: Any) -> Tensor:
        """The tensor if it holds the promised kind of numbers, of the one precision that checks calculate in:
        torch refuses to compare float64 with float32, and no answer is wrong for that.
        """
        wanted, kind = _kind(annotation), _kind_of(value)
        if wanted == "float" and kind == "int":
            value, kind = value.float(), "float"  # harmless: whole numbers are numbers
        if wanted not in ("any", kind) and not (wanted == "number" and kind in ("int", "float")):
            raise self.unfit(_seen(value), annotation)
        if kind == "int":
            return value.long()
        return value.float() if kind == "float" else value

    def _any_tensor(self, value: Any, annotation: Any) -> Tensor:
        if not isinstance(value, Tensor):
            raise self.unfit(_seen(value), annotation)
        return self._finite(value if value.dtype in _PLAIN_DTYPES else value.float(), annotation)

    def _finite(self, value: Tensor, annotation: Any) -> Tensor:
        finite = torch.isfinite(value)
        if finite.all():
            return value
        place = (~finite).nonzero()[0].tolist()
        what = number(value[tuple(place)].item())
        count = int((~finite).sum())
        raise Unfit(
            f"{self.name} returned{self.place} {what} at {place}"
            + (f" and {count - 1} more places." if count > 1 else ".")
            + " Every value has to be a finite number: look for a division by zero, a logarithm of "
            "zero, or a −inf that nothing turns into 0.",
            f"{written(annotation, self.dims)}, all finite",
        )  # fmt: skip

    # numbers

    def _bool(self, value: Any, annotation: Any) -> bool:
        value = _item(value)
        if isinstance(value, bool):
            return value
        raise self.unfit(_seen(value), annotation)

    def _int(self, value: Any, annotation: Any) -> int:
        plain = _item(value)
        if isinstance(plain, int) and not isinstance(plain, bool):
            return plain
        raise self.unfit(_seen(value), annotation)

    def _float(self, value: Any, annotation: Any) -> float:
        plain = _item(value)
        if isinstance(plain, bool) or not isinstance(plain, int | float):
            raise self.unfit(_seen(value), annotation)
        if isinstance(plain, int) and abs(plain) >= 10**300:
            raise self.unfit(number(plain), annotation)
        if plain - plain != 0:  # infinity or NaN
            raise Unfit(f"{self.name} returned{self.place} {plain}: not a finite number.", "a finite number")
        return float(plain)

    # containers

    def _items(self, value: Any, annotation: Any) -> Any:
        """Lists and tuples stand for each other; a one-dimensional tensor may stand for a list of numbers."""
        kind, wanted = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
        if isinstance(value, Tensor) and value.ndim == 1 and wanted and wanted[0] in (int, float, bool):
            value = value.tolist()
        if not isinstance(value, list | tuple):
            raise self.unfit(_seen(value), annotation)
        if kind is tuple and wanted and wanted[-1] is not Ellipsis:
            if len(value) != len(wanted):
                raise self.unfit(f"{len(value)} values", annotation)
            each = list(wanted)
        else:
            each = [wanted[0] if wanted else Any] * len(value)
        return kind(
            self._part(f"at entry {n}").judge(v, a) for n, (v, a) in enumerate(zip(value, each, strict=True))
        )

    def _entries(self, value: Any, annotation: Any) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise self.unfit(_seen(value), annotation)
        keys, values = typing.get_args(annotation) or (Any, Any)
        return {
            self._part("as a key").judge(key, keys): self._part(f"for {key!r}"[:40]).judge(entry, values)
            for key, entry in value.items()
        }

    def _part(self, place: str) -> _Judge:
        return _Judge(self.dims, self.name, f"{self.place.rstrip(',')}, {place},")

    def _either(self, value: Any, annotation: Any) -> Any:
        for each in typing.get_args(annotation):
            try:
                return self.judge(value, each)
            except Unfit as unfit:
                last = unfit
        raise last if len(typing.get_args(annotation)) == 1 else self.unfit(_seen(value), annotation)

    def _figure(self, value: Any, annotation: Any) -> Figure:
        if isinstance(value, dict) and isinstance(value.get("data"), list):
            traces = [trace for trace in value["data"] if isinstance(trace, dict)]
            layout = value.get("layout")
            return Figure(traces, layout if isinstance(layout, dict) else {})
        raise self.unfit(_seen(value), annotation)


# words

_NOTHING = "nothing (None)"
_PLAIN_DTYPES = {torch.bool, torch.int64, torch.float32, torch.float64, torch.complex64, torch.complex128}
_KINDS = {"float": "numbers", "int": "whole numbers", "bool": "truth values", "complex": "complex numbers"}
_KINDS |= {"number": "numbers", "any": "values"}
_IN_WORDS: dict[Any, str] = {
    int: "a whole number", float: "a number", bool: "True or False", str: "a text", Tensor: "a tensor",
    None: "nothing", type(None): "nothing", Any: "anything", dict: "a dictionary", list: "a list",
    tuple: "a tuple",
}  # fmt: skip


def _container_in_words(origin: Any, arguments: tuple[Any, ...], dims: Dims | None) -> str:
    if origin is dict:
        return f"a dictionary from {written(arguments[0], dims)} to {written(arguments[1], dims)}"
    if origin is list or arguments[-1] is Ellipsis:
        return f"a {origin.__name__}, each entry {written(arguments[0], dims)}"
    return f"a tuple of {len(arguments)}: " + "; ".join(written(each, dims) for each in arguments)


def _kind(annotation: Any) -> str:
    """What a jaxtyping annotation lets a tensor hold."""
    name = annotation.dtype.__name__.lower()
    for start, kind in (
        ("bfloat", "float"),
        ("float", "float"),
        ("inexact", "float"),
        ("uint", "int"),
        ("int", "int"),
    ):
        if name.startswith(start):
            return kind
    return {"bool": "bool", "complex": "complex", "num": "number", "real": "number"}.get(name, "any")


def _kind_of(value: Tensor) -> str:
    if value.dtype == torch.bool:
        return "bool"
    if value.is_complex():
        return "complex"
    return "float" if value.is_floating_point() else "int"


def _item(value: Any) -> Any:
    """A tensor of one value without axes as that value."""
    return value.item() if isinstance(value, Tensor) and value.ndim == 0 else value


def _seen(value: Any) -> str:
    """A value as it is told to the learner: its kind and shape, or itself if that is short."""
    if isinstance(value, Tensor):
        return f"a tensor of {_KINDS[_kind_of(value)]} ({str(value.dtype)[6:]}) with shape {shape(value)}"
    if value is None:
        return _NOTHING
    if isinstance(value, bool | int | float):
        return f"{value if isinstance(value, float) else number(value)} ({type(value).__name__})"
    if isinstance(value, str):
        return f"the text {value[:60]!r}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"
