"""What torch says when shapes do not fit, said again with the names in the line: which axes met."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import torch

_ABOUT_SHAPES = re.compile(
    "size of tensor|must match|shapes? .*(cannot|invalid)|mat1 and mat2|ein(sum|ops)|expected size|dimension",
    re.IGNORECASE | re.DOTALL,
)
_HARMLESS = {
    "float",
    "flatten",
    "mT",
    "T",
    "permute",
    "reshape",
    "squeeze",
    "t",
    "transpose",
    "unsqueeze",
    "view",
}
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.FloorDiv)
_MOST = 6  # tensors that are named


def explain(error: BaseException, is_learners: Any) -> str:
    """A sentence about the tensors of the learner's last line; empty if the error is about something else.

    `is_learners` tells by its name whether a file is one of theirs.
    """
    if not isinstance(error, RuntimeError | ValueError | IndexError) or not _ABOUT_SHAPES.search(str(error)):
        return ""
    try:
        place = _last(error.__traceback__, is_learners)
        node = _expression(place) if place else None
        return _about(node, _Values(place.tb_frame)) if place and node is not None else ""
    except Exception:  # values of a learner's own may raise anything; the error itself is what counts
        return ""


class _Values:
    """What parts of the line are worth, without doing again what could change anything."""

    def __init__(self, frame: Any) -> None:
        self._names = {**frame.f_globals, **frame.f_locals}

    def tensor(self, node: ast.expr) -> torch.Tensor | None:
        value = self._value(node) if _is_harmless(node) else None
        return value if isinstance(value, torch.Tensor) else None

    def _value(self, node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), "<line>", "eval"), {"__builtins__": {}}, self._names)


def _is_harmless(node: ast.expr) -> bool:
    """Names, their attributes, places of them, and what only looks at a tensor in another way."""
    if isinstance(node, ast.Name | ast.Constant):
        return True
    if isinstance(node, ast.Attribute):
        return _is_harmless(node.value)
    if isinstance(node, ast.Subscript):
        return _is_harmless(node.value) and all(_is_plain(part) for part in ast.walk(node.slice))
    if isinstance(node, ast.UnaryOp):
        return _is_harmless(node.operand)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.keywords:
        return False
    return node.func.attr in _HARMLESS and all(_is_harmless(part) for part in (node.func.value, *node.args))


def _is_plain(node: ast.AST) -> bool:
    plain = (ast.Name, ast.Constant, ast.Slice, ast.Tuple, ast.UnaryOp, ast.USub, ast.expr_context)
    return isinstance(node, plain)


def _last(trace: TracebackType | None, is_learners: Any) -> TracebackType | None:
    """The learner's innermost place."""
    found = None
    while trace is not None:
        found = trace if is_learners(trace.tb_frame.f_code.co_filename) else found
        trace = trace.tb_next
    return found


def _expression(place: TracebackType) -> ast.expr | None:
    """The expression that was being calculated there, by its columns."""
    code = place.tb_frame.f_code
    spots = list(code.co_positions())[place.tb_lasti // 2]
    source = "".join(linecache.getlines(code.co_filename))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.expr) and spots == _spots(node):
            return node
    return None


def _spots(node: ast.expr) -> tuple[int | None, ...]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _about(node: ast.expr, values: _Values) -> str:
    if isinstance(node, ast.BinOp):
        left, right = values.tensor(node.left), values.tensor(node.right)
        if left is not None and right is not None:
            names = (ast.unparse(node.left), ast.unparse(node.right))
            if isinstance(node.op, ast.MatMult):
                return _product(names, left, right)
            if isinstance(node.op, _OPERATORS):
                return _broadcast(names, left, right)
    if isinstance(node, ast.Call) and (letters := _einsum(node, values)):
        return letters
    return _list(node, values)


def _seen(name: str, tensor: torch.Tensor) -> str:
    return f"`{name}` is {list(tensor.shape)}"


def _broadcast(names: tuple[str, str], left: torch.Tensor, right: torch.Tensor) -> str:
    said = f"{_seen(names[0], left)}, {_seen(names[1], right)}. Axes meet from the last one backwards"
    for back in range(1, min(left.ndim, right.ndim) + 1):
        a, b = left.shape[-back], right.shape[-back]
        if a != b and 1 not in (a, b):
            return f"{said}, and {a} meets {b} at axis -{back}: they have to be equal, or one of them 1."
    return f"{said}."


def _product(names: tuple[str, str], left: torch.Tensor, right: torch.Tensor) -> str:
    said = f"{_seen(names[0], left)}, {_seen(names[1], right)}."
    a, b = left.shape[-1:], right.shape[-2:][:1]
    if a == b:
        return f"{said} Their axes before the last two have to fit as well."
    return (
        f"{said} `@` sums over the last axis of the left ({a[0]}) and the second last of the right ({b[0]})."
    )


def _einsum(call: ast.Call, values: _Values) -> str:
    """The first letter or name of an einsum's pattern that stands for two sizes."""
    called = getattr(call.func, "attr", getattr(call.func, "id", ""))
    patterns = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if called != "einsum" or not patterns:
        return ""
    terms = patterns[0].partition("->")[0].split(",")
    spaced = " " in patterns[0].strip().replace(", ", ",").replace(" ->", "->").replace("-> ", "->")
    sizes: dict[str, tuple[int, str]] = {}
    operands = [a for a in call.args if not isinstance(a, ast.Constant)]
    for term, node in zip(terms, operands, strict=False):
        tensor, name = values.tensor(node), ast.unparse(node)
        axes = term.split() if spaced else list(term.strip())
        if tensor is None or "..." in term:
            return ""
        if len(axes) != tensor.ndim:
            return f"{_seen(name, tensor)}, but the pattern gives it {len(axes)} axes: `{term.strip()}`."
        for axis, size in zip(axes, tensor.shape, strict=True):
            first = sizes.setdefault(axis, (size, name))
            if first[0] != size:
                return f"`{axis}` is {first[0]} in `{first[1]}` and {size} in `{name}`."
    return ""


def _list(node: ast.expr, values: _Values) -> str:
    """The tensors named in the expression."""
    found = dict(_tensors(node, values))
    said = [_seen(name, tensor) for name, tensor in list(found.items())[:_MOST]]
    return f"{', '.join(said)}." if said else ""


def _tensors(node: ast.expr, values: _Values) -> Iterator[tuple[str, torch.Tensor]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Attribute) and (tensor := values.tensor(part)) is not None:
            yield ast.unparse(part), tensor
