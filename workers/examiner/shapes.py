"""Shapes as jaxtyping writes them, `"*batch head 2*period"`, held against the sizes of tensors."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

Dims = dict[str, int]  # what the names in shapes stand for
MANY = "…"  # begins an axis that stands for any number of axes

_COUNT: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
}  # fmt: skip


def bind(arguments: Mapping[str, Any], annotations: Mapping[str, Any]) -> Dims:
    """The sizes behind the names in the shapes of these arguments; whole-number arguments count as sizes too.

    >>> bind({"pattern": torch.zeros(2, 5, 5), "period": 3}, {"pattern": Float[Tensor, "head query key"]})
    {'period': 3, 'head': 2, 'query': 5, 'key': 5}
    """
    dims: Dims = {name: value for name, value in arguments.items() if type(value) is int}
    for name, value in arguments.items():
        dim_str = getattr(annotations.get(name), "dim_str", None)
        if isinstance(value, Tensor) and dim_str is not None:
            fit(tuple(value.shape), dim_str, dims)
    return dims


def fit(sizes: tuple[int, ...], dim_str: str, dims: Dims) -> bool:
    """Whether these sizes are that shape; if so, names met for the first time are bound in `dims`."""
    found = dict(dims)
    if not _fits(sizes, _axes(dim_str), found):
        return False
    dims.update(found)
    return True


def _fits(sizes: tuple[int, ...], axes: list[str], dims: Dims) -> bool:
    many = next((index for index, axis in enumerate(axes) if axis.startswith(MANY)), None)
    if many is None:
        return len(sizes) == len(axes) and _each(sizes, axes, dims)
    after = len(axes) - many - 1
    if len(sizes) < many + after:
        return False
    end = len(sizes) - after
    ends_fit = _each(sizes[:many], axes[:many], dims) and _each(sizes[end:], axes[many + 1 :], dims)
    return ends_fit and _are(sizes[many:end], axes[many], dims)


def _each(sizes: tuple[int, ...], axes: list[str], dims: Dims) -> bool:
    return all(_is(size, axis, dims) for size, axis in zip(sizes, axes, strict=True))


def _is(size: int, axis: str, dims: Dims) -> bool:
    if axis.startswith("_"):
        return True
    wanted = _size(axis, dims)
    if wanted is None and axis.isidentifier():
        dims[axis] = size
        return True
    return wanted is None or wanted == size


def _are(sizes: tuple[int, ...], axis: str, dims: Dims) -> bool:
    """Several axes under one name are bound like one: how many there are, and each size."""
    if axis == MANY:
        return True
    for key, size in (("", len(sizes)), *((str(n), size) for n, size in enumerate(sizes))):
        if dims.setdefault(f"{axis}{key}", size) != size:
            return False
    return True


def _size(axis: str, dims: Dims) -> int | None:
    """What an axis counts: `4`, `period`, `2*period + 1`. None if a name in it is not known yet."""
    try:
        return _count(ast.parse(axis.replace("{", "(").replace("}", ")"), mode="eval").body, dims)
    except (KeyError, SyntaxError):
        return None


def _count(node: ast.expr, dims: Dims) -> int:
    if isinstance(node, ast.BinOp) and type(node.op) in _COUNT:
        return _COUNT[type(node.op)](_count(node.left, dims), _count(node.right, dims))
    if isinstance(node, ast.Name):
        return dims[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    raise KeyError(ast.dump(node))


def in_words(dim_str: str, dims: Dims) -> str:
    """`(head=2, 8)`: the names the author chose, with their sizes where they are known."""
    parts = []
    for axis in _axes(dim_str):
        if axis.startswith(MANY):
            parts += _many_in_words(axis, dims)
        else:
            size = _size(axis, dims)
            parts.append(axis if size is None else str(size) if axis.isdigit() else f"{axis}={size}")
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _many_in_words(axis: str, dims: Dims) -> list[str]:
    if axis not in dims:
        return ["…"]
    return [str(dims[f"{axis}{n}"]) for n in range(dims[axis])]


def _axes(dims: str) -> list[str]:
    """The axes of a jaxtyping shape: `"*batch head=4 2*period"`. Its other marks are documentation to us."""
    axes = []
    for axis in dims.split():
        if axis.startswith(("...", "*")):
            axes.append(MANY + axis.removeprefix("...").removeprefix("*"))
        else:
            axes.append(axis.lstrip("#?").partition("=")[2] or axis.lstrip("#?"))
    return axes
