"""Runs cells in one namespace, as a notebook would: the last expression is shown, errors name the line."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import linecache
import sys
import tokenize
import types
from collections.abc import Callable
from typing import Any

from workers.lab import bars, display, pyplot
from workers.runner import errors, jupyter
from workers.runner.shape_notes import NOTE, ShapeNotes


class Notebook:
    """The namespace of one run. What its cells define, later cells, calls and probes can use."""

    def __init__(self) -> None:
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module  # dataclasses, typing and pickle look their names up there
        self.names = module.__dict__
        self.names["__builtins__"] = builtins
        self.names["lab"] = sys.modules["workers.lab"]
        self.names["display"] = display.show_all  # as in every notebook

    def run(self, cell: str, source: str, *, notes: bool = False) -> dict[str, Any] | None:
        """Run one cell; its error as JSON, or None. With `notes` it shows the shapes of what it assigned."""
        shapes = ShapeNotes() if notes else None
        try:
            self._execute(errors.file_name(cell), source, shapes)
            pyplot.show_open_drawings()
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the cell's affair too
            pyplot.forget_open_drawings()
            return errors.describe(error)
        finally:
            _settle()
            if shapes is not None:
                display.send(shapes.close())
        return None

    def _execute(self, file: str, source: str, shapes: ShapeNotes | None) -> None:
        remember_source(file, source)
        plain = jupyter.parse(source, file)
        tree, source = plain.tree, plain.source
        for notice in plain.notices:
            display.send({"kind": "notice", "text": notice})
        if shapes is not None:
            self.names[NOTE] = shapes.note
            tree = shapes.insert(tree)
        last = tree.body.pop() if _shows_last(tree, source) else None
        exec(compile(tree, file, "exec", dont_inherit=True), self.names)
        if isinstance(last, ast.Expr):
            expression = ast.Expression(last.value)
            display.show(eval(compile(expression, file, "eval", dont_inherit=True), self.names))

    def function(self, name: str) -> Callable[..., Any]:
        """A function the cells defined. Raises `NameError` with a sentence."""
        found = self.value(name)
        if not callable(found):
            raise TypeError(f"`{name}` is not a function any more: something gave that name another value.")
        return found

    def value(self, name: str) -> Any:
        """What a name stands for. Raises `NameError` with a sentence."""
        if name not in self.names:
            raise NameError(f"There is no `{name}`. Has its name changed, or its `def` gone?")
        return self.names[name]

    def probe(self, source: str, name: str) -> Callable[..., Any]:
        """A function of `source`, which sees the notebook's names but leaves them alone."""
        names = dict(self.names)
        remember_source(errors.PROBE, source)
        exec(compile(source, errors.PROBE, "exec", dont_inherit=True), names)
        return names[name]


def _settle() -> None:
    """What changes in place has come to rest. A figure of the cell's may still fail when it is made."""
    for settled in (bars.settle, display.settle):
        with contextlib.suppress(Exception):
            settled()


def remember_source(file: str, source: str) -> None:
    """So that tracebacks and `inspect.getsource` find the lines of a file that is none."""
    lines = source.splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)


def _shows_last(tree: ast.Module, source: str) -> bool:
    """Whether the cell ends in an expression without a semicolon."""
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return False
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, IndentationError):
        return True
    quiet = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.DEDENT)
    texts = [token.string for token in tokens if token.type not in quiet]
    return bool(texts) and texts[-1] != ";"


def no_input(prompt: object = "") -> str:
    """Instead of `input`: nobody sits at the other end of a run."""
    raise EOFError("Nobody can type into a running cell: write the value into the code instead of input().")
