"""Notes on how a right answer is written: never a failure. Plain `ast`: nothing of the answer runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.lessons import Exercise

LOOP = "loop"
_LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def notes(exercise: Exercise, answer: str) -> list[str]:
    """What its author has to say about what stands in this answer, each sentence once."""
    if not exercise.style:
        return []
    try:
        found = set(_features(ast.parse(answer)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # it passed, so it was read once; still
        return []
    return [note for feature, note in exercise.style.items() if feature in found]


def _features(tree: ast.AST) -> Iterator[str]:
    """`loop`, and the names of all that is called."""
    for node in ast.walk(tree):
        if isinstance(node, _LOOPS):
            yield LOOP
        elif isinstance(node, ast.Call):
            called = node.func
            yield called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
