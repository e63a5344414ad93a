"""Reads an exercise's file: what a learner sees, and what stays with us. By `ast`: nothing of it runs."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.lessons.cutting import Definition, Program, setting_name
from app.lessons.parts import Check, CourseError, Exercise, Field, FieldKind, Measure, Variant
from app.lessons.pictures import Flow, flows

_ROLES = ("check_", "probe_", "mistake_", "also_right_")
_SECRET = ("check_", "mistake_", "also_right_")
_MAY_IMPORT = {
    "__future__",
    "collections",
    "dataclasses",
    "functools",
    "itertools",
    "math",
    "random",
    "typing",
}
_MAY_IMPORT |= {"einops", "jaxtyping", "numpy", "pandas", "plotly", "torch", "transformer_lens"}
_KINDS: dict[str, FieldKind] = {"bool": "bool", "int": "int", "float": "float", "str": "text"}


def read_exercise(path: Path, lesson: str, problems: list[CourseError]) -> Exercise | None:
    """The exercise in this file; whatever an author has to mend is added to `problems`.

    Returns None only if the file cannot be read as Python.
    """
    text = path.read_text(encoding="utf-8")
    try:
        return _File(path, text, problems).exercise(lesson)
    except SyntaxError as error:
        problems.append(CourseError(path, error.lineno or 1, f"This is not Python: {error.msg}."))
        return None


class _File:
    """One file, and the questions asked of it."""

    def __init__(self, path: Path, text: str, problems: list[CourseError]) -> None:
        self.path, self.text, self.problems = path, text, problems
        self.program = Program(text)
        self.body = self.program.tree.body
        self.settings = {name: node for node in self.body if (name := setting_name(node))}
        checks = [node.lineno for node in self._role("check_")]
        self.first_check = min(checks, default=len(self.program.lines) + 1)
        self.answer = [d for d in self._definitions() if d.lineno < self.first_check and _public(d.name)]
        self.constants = {} if self.answer else dict(self._constants())
        self.targets = {*(node.name for node in self.answer), *self.constants}

    def exercise(self, lesson: str) -> Exercise:
        """Everything in its place."""
        title, question = self._question()
        self._report_strays()
        return Exercise(
            id=self.path.stem,
            lesson=lesson,
            title=title,
            question_md=question,
            starter=self.program.starter(self.answer),
            solution=self.program.written(self.answer) if self.answer else self._filled_in(),
            hints=self._hints(),
            uses=tuple(self._texts("USES")),
            minutes=self._minutes(),
            concepts=tuple(self._texts("CONCEPTS")),
            deterministic=bool(self._setting("DETERMINISTIC", bool, False)),
            fields=tuple(self._field(name, node) for name, node in self.constants.items()),
            names=tuple([node.name for node in self.answer] or self.constants),
            checks=tuple(self._check(node) for node in self._role("check_")),
            mistakes=tuple(self._variants("mistake_")),
            also_right=tuple(self._variants("also_right_")),
            probes=MappingProxyType({node.name: self._probe(node) for node in self._role("probe_")}),
            purpose=self._setting("PURPOSE", str, "").strip(),
            why=self._setting("WHY", str, "").strip(),
            difficulty=self._rating("DIFFICULTY"),
            importance=self._rating("IMPORTANCE"),
            flows=self._flows(),
            style=MappingProxyType(self._words("STYLE")),
            see=MappingProxyType(self._see()),
            frontier=self._frontier(),
            version=hashlib.sha256(self.text.encode()).hexdigest()[:16],
            path=self.path,
        )

    # what stands in the file

    def _definitions(self) -> Iterator[Definition]:
        return (node for node in self.body if isinstance(node, Definition))

    def _role(self, prefix: str) -> Iterator[Definition]:
        return (node for node in self._definitions() if node.name.startswith(prefix))

    def _constants(self) -> Iterator[tuple[str, ast.AnnAssign]]:
        for node in self.body:
            if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
                continue
            if node.lineno < self.first_check and _public(node.target.id):
                yield node.target.id, node

    def _report(self, node: ast.AST | int, sentence: str) -> None:
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        self.problems.append(CourseError(self.path, line, sentence))

    # settings

    def _setting(self, name: str, kind: type, default: Any) -> Any:
        """The value of HINTS, USES and their like: a plain literal."""
        if name not in self.settings:
            return default
        value = _literal(self.settings[name].value)  # type: ignore[attr-defined]
        if isinstance(value, kind):
            return value
        self._report(self.settings[name], f"{name} has to be a plain {kind.__name__}.")
        return default

    def _question(self) -> tuple[str, str]:
        doc = ast.get_docstring(self.program.tree) or ""
        if not doc:
            self._report(1, "Begin the file with a docstring: a line of title, then the question.")
        title, _, question = doc.partition("\n")
        return title.strip() or self.path.stem, question.strip()

    def _hints(self) -> tuple[str, ...]:
        hints = self._texts("HINTS")
        if len(hints) != 3 or not all(hint.strip() for hint in hints):
            where = self.settings.get("HINTS", 1)
            self._report(where, f"HINTS needs three rungs, the last all but says it; it has {len(hints)}.")
        return tuple(hints)

    def _texts(self, name: str) -> list[str]:
        values = self._setting(name, list, [])
        if not all(isinstance(value, str) for value in values):
            self._report(self.settings[name], f"{name} has to be a list of strings.")
            return []
        return values

    def _minutes(self) -> int:
        minutes = self._setting("MINUTES", int, 10)
        if minutes < 1:
            self._report(self.settings["MINUTES"], "MINUTES has to be at least 1.")
        return max(minutes, 1)

    def _rating(self, name: str) -> int:
        rating = self._setting(name, int, 0)
        if name in self.settings and not 1 <= rating <= 5:
            self._report(self.settings[name], f"{name} has to be 1 to 5.")
        return rating

    def _flows(self) -> tuple[Flow, ...]:
        try:
            return flows(self.answer, self._texts("SHAPES"))
        except ValueError as line:
            wanted = "`scores: head query key`"
            self._report(self.settings["SHAPES"], f"SHAPES has lines like {wanted}, not {line}.")
            return ()

    def _words(self, name: str) -> dict[str, str]:
        words: dict[Any, Any] = self._setting(name, dict, {})
        if all(isinstance(text, str) for pair in words.items() for text in pair):
            return words
        self._report(self.settings[name], f"{name} has to map texts to texts.")
        return {}

    def _see(self) -> dict[str, str]:
        """Mistake → the exercise that mends it."""
        see = self._words("SEE")
        for name in see.keys() - {node.name for node in self._role("mistake_")}:
            self._report(self.settings["SEE"], f"SEE speaks of {name}, which is no mistake of this file.")
        return see

    def _frontier(self) -> tuple[Measure, ...]:
        measures = tuple(Measure(name, label) for name, label in self._words("FRONTIER").items())
        if len(measures) not in (0, 2):
            self._report(self.settings["FRONTIER"], "FRONTIER has two measures: a cost, then a merit.")
            return ()
        return measures

    # forms

    def _field(self, name: str, node: ast.AnnAssign) -> Field:
        following = self.body[self.body.index(node) + 1 :][:1]
        label = _text_of(following[0]) if following else ""
        kind, choices = self._kind(node)
        return Field(name, kind, label or name.replace("_", " ").capitalize(), choices)

    def _kind(self, node: ast.AnnAssign) -> tuple[FieldKind, tuple[str, ...]]:
        wanted = ast.unparse(node.annotation)
        if wanted in _KINDS:
            return _KINDS[wanted], ()
        if wanted == "list[tuple[int, int]]":
            return "heads", ()
        if wanted.startswith("Literal[") and isinstance(node.annotation, ast.Subscript):
            listed = node.annotation.slice
            parts = listed.elts if isinstance(listed, ast.Tuple) else [listed]
            choices = [_literal(part) for part in parts]
            if all(isinstance(choice, str) for choice in choices):
                return "choice", tuple(choices)
        self._report(node, f"A form cannot ask for {wanted}: see the kinds in `app.lessons`.")
        return "text", ()

    def _filled_in(self) -> str:
        """The right values of all fields, as JSON."""
        values = {name: _literal(node.value) for name, node in self.constants.items()}
        for name, value in values.items():
            if value is None:
                self._report(self.constants[name], f"The value of {name} has to be written out.")
        return json.dumps(values, ensure_ascii=False) if values else ""

    # checks, variants, probes

    def _check(self, node: Definition) -> Check:
        doc = ast.get_docstring(node)
        if not doc:
            self._report(node, f"{node.name} needs a docstring that says in a sentence what it tests.")
        if not isinstance(node, ast.FunctionDef) or [a.arg for a in node.args.args] != ["answer"]:
            self._report(node, f"{node.name} has to be a function of `answer` alone.")
        return Check(node.name, doc or node.name)

    def _variants(self, prefix: str) -> Iterator[Variant]:
        for node in self._role(prefix):
            target = node.name.rpartition("__")[2]
            if target not in self.targets or "__" not in node.name:
                self._report(node, f"{node.name} has to end in `__` and the name of what it replaces.")
                continue
            doc = ast.get_docstring(node) or ""
            if not doc and prefix == "mistake_":
                self._report(node, f"{node.name} needs a docstring: it is what the learner is told.")
            text = self.program.variant(self.answer, node, target) if self.answer else ""
            yield Variant(node.name, target, doc, text)

    def _probe(self, node: Definition) -> str:
        """A probe with what it uses of the file; never the answer, which the child has its own version of."""
        taken = [n for n in self.program.used_by([node], but_not=self.answer) if n is not node]
        secret = [n for n in taken if isinstance(n, Definition) and n.name.startswith(_SECRET)]
        if secret:
            self._report(node, f"{node.name} would take {secret[0].name} along to the learner's process.")
        return self.program.joined_with([n for n in taken if n not in secret], node)

    # what does not belong

    def _report_strays(self) -> None:
        if not any(self._role("check_")):
            self._report(1, "There is no check_ function: nothing would test the answer.")
        if not self.targets:
            self._report(1, "There is nothing to answer: write the reference above the first check_.")
        for node in self.body:
            self._report_import(node)
        for node in self._definitions():
            if node.lineno > self.first_check and _public(node.name):
                sentence = f"{node.name} stands below the first check: move it up, or name it `_{node.name}`."
                self._report(node, sentence)
        self._report_unwritten()

    def _report_unwritten(self) -> None:
        to_write = [node for node in self.answer if self.program.cut(node) != self.program.source(node)]
        if self.answer and not to_write:
            self._report(self.answer[0], "Nothing is to be written here: give a function a docstring.")
        for node in to_write:
            if isinstance(node, ast.FunctionDef) and node.returns is None:
                self._report(node, f"{node.name} needs a return annotation: its values are judged by it.")

    def _report_import(self, node: ast.stmt) -> None:
        for name in _modules(node):
            if name.split(".")[0] not in _MAY_IMPORT and not _is_lab(node):
                sentence = f"An exercise cannot import {name}: use torch and `from workers import lab`."
                self._report(node, sentence)


def _modules(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or "."] if isinstance(node, ast.ImportFrom) else []


def _is_lab(node: ast.stmt) -> bool:
    is_from = isinstance(node, ast.ImportFrom) and node.module == "workers"
    return is_from and [alias.name for alias in node.names] == ["lab"]  # type: ignore[attr-defined]


def _public(name: str) -> bool:
    return not name.startswith(("_", *_ROLES))


def _text_of(node: ast.stmt) -> str:
    value = _literal(node.value) if isinstance(node, ast.Expr) else None
    return value.strip() if isinstance(value, str) else ""


def _literal(node: ast.expr | None) -> Any:
    """The value of an expression that is written out; None for any other."""
    try:
        return ast.literal_eval(node) if node else None
    except (ValueError, TypeError):
        return None
