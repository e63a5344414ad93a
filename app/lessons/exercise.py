"""Cuts an exercise's file into what a learner sees and what stays with us. By `ast`: nothing of it runs."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.lessons.parts import Check, CourseError, Exercise, Field, FieldKind, Variant

ROLES = ("check_", "probe_", "mistake_", "also_right_")
ALWAYS_GIVEN = {"torch", "lab"}
MAY_IMPORT = {
    "__future__",
    "collections",
    "dataclasses",
    "einops",
    "functools",
    "itertools",
    "jaxtyping",
    "math",
    "numpy",
}
MAY_IMPORT |= {"pandas", "plotly", "random", "torch", "transformer_lens", "typing"}
KINDS: dict[str, FieldKind] = {"bool": "bool", "int": "int", "float": "float", "str": "text"}

Definition = ast.FunctionDef | ast.ClassDef


def read_exercise(path: Path, lesson: str, problems: list[CourseError]) -> Exercise | None:
    """The exercise in this file; whatever an author has to mend is added to `problems`.

    Returns None only if the file cannot be read as Python.
    """
    text = path.read_text(encoding="utf-8")
    try:
        source = _Source(path, text, ast.parse(text), problems)
    except SyntaxError as error:
        problems.append(CourseError(path, error.lineno or 1, f"This is not Python: {error.msg}."))
        return None
    return source.exercise(lesson)


@dataclass
class _Source:
    """One file, and the questions asked of it."""

    path: Path
    text: str
    tree: ast.Module
    problems: list[CourseError]

    def __post_init__(self) -> None:
        self.lines = self.text.encode().splitlines(keepends=True)  # bytes: that is what ast counts columns in
        self.settings = {name: node for node in self.tree.body if (name := _setting(node))}
        self.defined = {name: node for node in self.tree.body for name in _names_made(node)}
        self.first_check = min(
            (d.lineno for d in self.defs() if d.name.startswith("check_")), default=len(self.lines) + 1
        )
        self.answer = [d for d in self.defs() if d.lineno < self.first_check and _public(d.name)]
        self.constants = [] if self.answer else list(self._constants())

    def exercise(self, lesson: str) -> Exercise:
        """Everything in its place."""
        title, question = self._question()
        self._report_strays()
        solution = self.written(self.answer)
        return Exercise(
            id=self.path.stem,
            lesson=lesson,
            title=title,
            question_md=question,
            starter=self.written(self.answer, starter=True),
            solution=solution,
            hints=self._hints(),
            uses=tuple(self._texts("USES")),
            minutes=self._minutes(),
            concepts=tuple(self._texts("CONCEPTS")),
            deterministic=bool(self.setting("DETERMINISTIC", bool, False)),
            fields=tuple(self._field(node) for node in self.constants),
            names=self._answer_names(),
            checks=tuple(self._check(d) for d in self.role("check_")),
            mistakes=tuple(filter(None, (self._variant(d) for d in self.role("mistake_")))),
            also_right=tuple(filter(None, (self._variant(d) for d in self.role("also_right_")))),
            probes=MappingProxyType({d.name: self.probe(d) for d in self.role("probe_")}),
            version=hashlib.sha256(self.text.encode()).hexdigest()[:16],
            path=self.path,
        )

    # what stands in the file

    def defs(self) -> Iterator[Definition]:
        return (node for node in self.tree.body if isinstance(node, Definition))

    def role(self, prefix: str) -> Iterator[Definition]:
        return (d for d in self.defs() if d.name.startswith(prefix))

    def report(self, node: ast.AST | int, sentence: str) -> None:
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        self.problems.append(CourseError(self.path, line, sentence))

    def setting(self, name: str, kind: type, default: Any) -> Any:
        """The value of HINTS, USES and their like: a plain literal."""
        if name not in self.settings:
            return default
        node = self.settings[name]
        try:
            value = ast.literal_eval(node.value)  # type: ignore[attr-defined]
        except ValueError:
            value = None
        if isinstance(value, kind):
            return value
        self.report(node, f"{name} has to be a plain {kind.__name__}.")
        return default

    def _question(self) -> tuple[str, str]:
        doc = ast.get_docstring(self.tree) or ""
        if not doc:
            self.report(
                1, "Begin the file with a docstring: its first line is the title, the rest the question."
            )
        title, _, question = doc.partition("\n")
        return title.strip() or self.path.stem, question.strip()

    def _hints(self) -> tuple[str, ...]:
        hints = self._texts("HINTS")
        if len(hints) != 3 or not all(hint.strip() for hint in hints):
            node = self.settings.get("HINTS", 1)
            self.report(
                node, f"HINTS needs three rungs, the last of which all but says it; there are {len(hints)}."
            )
        return tuple(hints)

    def _texts(self, name: str) -> list[str]:
        values = self.setting(name, list, [])
        if not all(isinstance(value, str) for value in values):
            self.report(self.settings[name], f"{name} has to be a list of strings.")
            return []
        return values

    def _minutes(self) -> int:
        minutes = self.setting("MINUTES", int, 10)
        if minutes < 1:
            self.report(self.settings["MINUTES"], "MINUTES has to be at least 1.")
        return max(minutes, 1)

    def _answer_names(self) -> tuple[str, ...]:
        names = [d.name for d in self.answer] or [c.target.id for c in self.constants]  # type: ignore[union-attr]
        if not names:
            self.report(1, "There is nothing to answer: write the reference above the first check_.")
        return tuple(names)

    # forms

    def _constants(self) -> Iterator[ast.AnnAssign]:
        for node in self.tree.body:
            if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
                continue
            if node.lineno < self.first_check and _public(node.target.id):
                yield node

    def _field(self, node: ast.AnnAssign) -> Field:
        name = node.target.id  # type: ignore[union-attr]
        following = self.tree.body[self.tree.body.index(node) + 1 :][:1]
        label = _text_of(following[0]) if following else None
        kind, choices = self._kind(node)
        if node.value is None:
            self.report(node, f"{name} needs its right value: `{name}: … = …`.")
        return Field(name, kind, label or name.replace("_", " ").capitalize(), choices)

    def _kind(self, node: ast.AnnAssign) -> tuple[FieldKind, tuple[str, ...]]:
        wanted = ast.unparse(node.annotation)
        if wanted in KINDS:
            return KINDS[wanted], ()
        if wanted.replace(" ", "") == "list[tuple[int,int]]":
            return "heads", ()
        if wanted.startswith("Literal[") and isinstance(node.annotation, ast.Subscript):
            listed = node.annotation.slice
            parts = listed.elts if isinstance(listed, ast.Tuple) else [listed]
            choices = tuple(part.value for part in parts if isinstance(part, ast.Constant))
            if all(isinstance(choice, str) for choice in choices):
                return "choice", choices  # type: ignore[return-value]
        self.report(
            node, f"A form cannot ask for {wanted}: use Literal of strings, bool, int, float, str or heads."
        )
        return "text", ()

    # checks and variants

    def _check(self, node: Definition) -> Check:
        doc = ast.get_docstring(node)
        if not doc:
            self.report(node, f"{node.name} needs a docstring that says in a sentence what it tests.")
        if not isinstance(node, ast.FunctionDef) or [a.arg for a in node.args.args] != ["answer"]:
            self.report(node, f"{node.name} has to be a function of `answer` alone.")
        return Check(node.name, doc or node.name)

    def _variant(self, node: Definition) -> Variant | None:
        target = node.name.rpartition("__")[2]
        doc = ast.get_docstring(node) or ""
        if target not in self._targets() or "__" not in node.name:
            self.report(node, f"{node.name} has to end in `__` and the name of what it replaces.")
            return None
        if not doc and node.name.startswith("mistake_"):
            self.report(node, f"{node.name} needs a docstring: it is what the learner is told.")
        return Variant(node.name, target, doc, self.variant_text(node, target) if self.answer else "")

    def _targets(self) -> set[str]:
        return {d.name for d in self.answer} | {c.target.id for c in self.constants}  # type: ignore[union-attr]

    # cutting

    def written(self, wanted: Iterable[Definition], *, starter: bool = False) -> str:
        """These definitions and what they use of the file, as a program; a starter is cut to what is given."""
        wanted = list(wanted)
        return (
            self._joined(self._used_by(wanted), {d: self.cut(d) for d in wanted} if starter else {})
            if wanted
            else ""
        )

    def variant_text(self, node: Definition, target: str) -> str:
        """The whole answer with `node` in the place of `target`, which it may call as the reference."""
        original = self.defined[target]
        assert isinstance(original, Definition)
        used = [n for n in self._used_by([*self.answer, node]) if n is not node]
        replacement = self._renamed(node, {node.name: target, target: f"reference_{target}"})
        if target in _names_used(node):
            replacement = self._renamed(original, {target: f"reference_{target}"}) + "\n\n\n" + replacement
        return self._joined(used, {original: replacement})

    def probe(self, node: Definition) -> str:
        """A probe with what it uses of the file; never the answer, which the child has its own version of."""
        taken = [n for n in self._used_by([node], but_not=self.answer) if n is not node]
        if any(_secret(other) for other in taken):
            self.report(node, f"{node.name} would take a check or a variant along to the learner's process.")
        return self._joined([*(other for other in taken if not _secret(other)), node], {})

    def cut(self, node: Definition) -> str:
        """What is given of a definition: all of it, or what stands above its body if it has a docstring."""
        if isinstance(node, ast.ClassDef):
            return self._cut_class(node)
        if not (doc := _docstring(node)):
            return self.source(node)
        head = self._between(self._start(node), doc.end_lineno or doc.lineno)
        indent = b" " * doc.col_offset
        return (
            head.rstrip() + b"\n" + indent + f'raise NotImplementedError("Write me: {node.name}")'.encode()
        ).decode()

    def _cut_class(self, node: ast.ClassDef) -> str:
        methods = [m for m in node.body if isinstance(m, ast.FunctionDef) and _docstring(m)]
        text, line = "", self._start(node)
        for method in methods:
            text += self._between(line, self._start(method) - 1).decode() + self.cut(method) + "\n"
            line = (method.end_lineno or method.lineno) + 1
        return (text + self._between(line, node.end_lineno or line).decode()).rstrip()

    def _used_by(self, roots: Iterable[ast.AST], but_not: Iterable[ast.AST] = ()) -> list[ast.stmt]:
        """Statements of the file that these use, directly or not, with themselves, in the file's order."""
        found: set[ast.AST] = set(but_not)
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += [self.defined[name] for name in _names_used(node) if name in self.defined]
        always = [n for n in self.tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
        found |= {*always, *(self.defined[name] for name in ALWAYS_GIVEN if name in self.defined)}
        return [node for node in self.tree.body if node in found and node not in but_not]

    def _joined(self, nodes: list[ast.stmt], instead: dict[Any, str]) -> str:
        """The nodes as one program, spaced as usual: imports together, definitions two lines apart."""
        text, before = "", None
        for node in nodes:
            if before is not None:
                text += _gap(before, node)
            text += instead.get(node) or self.source(node)
            before = node
        return text + "\n" if text else ""

    def source(self, node: ast.stmt) -> str:
        """The text of a statement, with its decorators and the comment directly above it."""
        return self._between(self._start(node), node.end_lineno or node.lineno).decode().rstrip()

    def _start(self, node: ast.stmt) -> int:
        line = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        while line > 1 and self.lines[line - 2].lstrip().startswith(b"#"):
            line -= 1
        return line

    def _between(self, first: int, last: int) -> bytes:
        return b"".join(self.lines[first - 1 : last])

    def _renamed(self, node: Definition, names: dict[str, str]) -> str:
        """The text of a definition with other names for itself and what it calls."""
        lines = list(self.lines)
        head = lines[node.lineno - 1]
        spots = [
            (n.lineno, n.col_offset, n.id)
            for n in ast.walk(node)
            if isinstance(n, ast.Name) and n.id in names
        ]
        keyword = b"class " if isinstance(node, ast.ClassDef) else b"def "
        # the word after def or class is no Name node
        spots.append((node.lineno, head.index(keyword, node.col_offset) + len(keyword), node.name))
        for line, column, name in sorted(set(spots), reverse=True):
            old = lines[line - 1]
            lines[line - 1] = old[:column] + names[name].encode() + old[column + len(name.encode()) :]
        return b"".join(lines[self._start(node) - 1 : node.end_lineno]).decode().rstrip()

    # what does not belong

    def _report_strays(self) -> None:
        if not any(self.role("check_")):
            self.report(1, "There is no check_ function: nothing would test the answer.")
        for node in self.tree.body:
            self._report_import(node)
        for d in self.defs():
            if d.lineno > self.first_check and _public(d.name):
                self.report(
                    d, f"{d.name} stands below the first check: move it above, or begin its name with `_`."
                )
        to_write = [d for d in self.answer if self.cut(d) != self.source(d)]
        if self.answer and not to_write:
            self.report(
                self.answer[0], "There is nothing to write: give the function to be written a docstring."
            )
        for function in to_write:
            if isinstance(function, ast.FunctionDef) and function.returns is None:
                self.report(
                    function, f"{function.name} needs a return annotation: its values are judged by it."
                )

    def _report_import(self, node: ast.stmt) -> None:
        for name in _modules(node):
            from_lab = (
                isinstance(node, ast.ImportFrom)
                and name == "workers"
                and [a.name for a in node.names] == ["lab"]
            )
            if not from_lab and name.split(".")[0] not in MAY_IMPORT:
                self.report(
                    node, f"An exercise cannot import {name}: torch and `from workers import lab` suffice."
                )


def _setting(node: ast.stmt) -> str | None:
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in SETTINGS
    ):
        return node.targets[0].id
    return None


SETTINGS = {"HINTS", "USES", "MINUTES", "CONCEPTS", "DETERMINISTIC"}


def _names_made(node: ast.stmt) -> list[str]:
    """The names a statement gives to the file, settings aside."""
    if isinstance(node, Definition):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if _setting(node) or not isinstance(node, ast.Assign | ast.AnnAssign):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _names_used(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _modules(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or "."] if isinstance(node, ast.ImportFrom) else []


def _public(name: str) -> bool:
    return not name.startswith(("_", *ROLES))


def _secret(node: ast.stmt) -> bool:
    return isinstance(node, Definition) and node.name.startswith(("check_", "mistake_", "also_right_"))


def _docstring(node: Definition) -> ast.stmt | None:
    return node.body[0] if ast.get_docstring(node) is not None else None


def _text_of(node: ast.stmt) -> str | None:
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return node.value.value.strip()
    return None


def _gap(before: ast.stmt, node: ast.stmt) -> str:
    both = (before, node)
    if any(isinstance(n, Definition) for n in both):
        return "\n\n\n"
    imports = [isinstance(n, ast.Import | ast.ImportFrom) for n in both]
    return "\n" if imports[0] == imports[1] else "\n\n"
