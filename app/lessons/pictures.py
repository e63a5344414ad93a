"""The picture of an exercise's shapes: which tensors go in, which lie on the way, which one comes out.

Arguments and results are read from the annotations (`Float[Tensor, "batch pos d_model"]`), what lies between
from `SHAPES`. By `ast`: nothing of the file runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A tensor: its name, and the names of its axes."""

    name: str
    axes: tuple[str, ...]


@dataclass(frozen=True)
class Flow:
    """What one function does to shapes."""

    function: str
    takes: tuple[Shape, ...]
    between: tuple[Shape, ...]
    gives: Shape | None

    @property
    def all(self) -> tuple[Shape, ...]:
        """Every tensor, in the order in which they come to be."""
        return (*self.takes, *self.between, *((self.gives,) if self.gives else ()))


def flows(answer: Sequence[ast.FunctionDef | ast.ClassDef], between: Sequence[str]) -> tuple[Flow, ...]:
    """A flow for each function that has tensors; `between` belongs to the last. Raises ValueError for a line
    of `between` that is not `name: axes`.
    """
    inner = tuple(map(_line, between))
    found = [_flow(node) for node in answer if isinstance(node, ast.FunctionDef)]
    found = [flow for flow in found if flow.all]
    if not inner:
        return tuple(found)
    last = found.pop() if found else Flow("", (), (), None)
    return (*found, Flow(last.function, last.takes, inner, last.gives))


def _line(text: str) -> Shape:
    name, colon, axes = text.partition(":")
    if not colon or not name.strip():
        raise ValueError(text)
    return Shape(name.strip(), tuple(axes.split()))


def _flow(node: ast.FunctionDef) -> Flow:
    takes = tuple(_tensors(node.args.args))
    axes = _axes(node.returns)
    return Flow(node.name, takes, (), None if axes is None else Shape("result", axes))


def _tensors(arguments: Sequence[ast.arg]) -> Iterator[Shape]:
    for argument in arguments:
        if (axes := _axes(argument.annotation)) is not None:
            yield Shape(argument.arg, axes)


def _axes(annotation: ast.expr | None) -> tuple[str, ...] | None:
    """The axes of `Float[Tensor, "batch pos"]`; None for whatever is not written so."""
    if not isinstance(annotation, ast.Subscript) or not isinstance(annotation.slice, ast.Tuple):
        return None
    parts = annotation.slice.elts
    if len(parts) != 2 or not isinstance(parts[1], ast.Constant) or not isinstance(parts[1].value, str):
        return None
    return tuple(parts[1].value.split())
