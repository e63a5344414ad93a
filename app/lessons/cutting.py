"""Cuts programs out of a Python file: the starter, the solution, a variant, a probe. Nothing of it runs."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping

Definition = ast.FunctionDef | ast.ClassDef

SETTINGS = {"HINTS", "USES", "MINUTES", "CONCEPTS", "DETERMINISTIC"}
SETTINGS |= {"PURPOSE", "WHY", "DIFFICULTY", "IMPORTANCE", "SHAPES", "STYLE", "SEE", "FRONTIER"}
_ALWAYS_GIVEN = ("torch", "lab")


class Program:
    """One file as statements that name and use one another."""

    def __init__(self, text: str) -> None:
        """Raises SyntaxError."""
        self.tree = ast.parse(text)
        self.lines = text.encode().splitlines(keepends=True)  # bytes: that is what ast counts columns in
        self.defined = {name: node for node in self.tree.body for name in _names_made(node)}

    def written(self, wanted: Collection[Definition]) -> str:
        """These definitions and whatever of the file they use, in its order."""
        return self._joined(self.used_by(wanted)) if wanted else ""

    def starter(self, wanted: Collection[Definition]) -> str:
        """The same, each definition cut to what is given of it."""
        return self._joined(self.used_by(wanted), {node: self.cut(node) for node in wanted}) if wanted else ""

    def variant(self, answer: Collection[Definition], node: Definition, target: str) -> str:
        """The answer with `node` in the place of `target`, which it may call as the reference."""
        original = self.defined[target]
        assert isinstance(original, Definition)
        reference = f"reference_{target}"
        text = self._renamed(node, {node.name: target, target: reference})
        if target in _names_used(node):
            text = f"{self._renamed(original, {target: reference})}\n\n\n{text}"
        return self._joined([n for n in self.used_by([*answer, node]) if n is not node], {original: text})

    def source(self, node: ast.stmt) -> str:
        """The text of a statement, with its decorators and the comment directly above it."""
        return self._between(self._start(node), node.end_lineno or node.lineno).decode().rstrip()

    def cut(self, node: Definition) -> str:
        """What is given of a definition: all of it, or what stands above its body if it has a docstring."""
        if isinstance(node, ast.ClassDef):
            return self._cut_class(node)
        doc = _docstring(node)
        if doc is None:
            return self.source(node)
        head = self._between(self._start(node), doc.end_lineno or doc.lineno).decode().rstrip()
        return f'{head}\n{" " * doc.col_offset}raise NotImplementedError("Write me: {node.name}")'

    def undocumented(self, name: str) -> str:
        """The text of the definition of this name, without its docstring. Raises KeyError."""
        node = self.defined[name]
        assert isinstance(node, Definition)
        doc = _docstring(node)
        if doc is None or len(node.body) == 1:
            return self.source(node)
        above = self._between(self._start(node), doc.lineno - 1)
        return (
            (above + self._between((doc.end_lineno or doc.lineno) + 1, node.end_lineno or 0))
            .decode()
            .rstrip()
        )

    def _cut_class(self, node: ast.ClassDef) -> str:
        text, line = "", self._start(node)
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and _docstring(method) is not None:
                text += self._between(line, self._start(method) - 1).decode() + self.cut(method) + "\n"
                line = (method.end_lineno or method.lineno) + 1
        return (text + self._between(line, node.end_lineno or line).decode()).rstrip()

    def used_by(self, roots: Iterable[ast.stmt], but_not: Collection[ast.stmt] = ()) -> list[ast.stmt]:
        """What these use of the file, directly or not, and themselves, in the file's order."""
        found: set[ast.stmt] = set(but_not)
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += [self.defined[name] for name in _names_used(node) if name in self.defined]
        found |= {node for node in self.tree.body if _is_future(node)}
        found |= {self.defined[name] for name in _ALWAYS_GIVEN if name in self.defined}
        return [node for node in self.tree.body if node in found and node not in but_not]

    def joined_with(self, above: Collection[ast.stmt], node: ast.stmt) -> str:
        """These statements and then this one, as a program."""
        return self._joined([*above, node])

    def _joined(self, nodes: list[ast.stmt], instead: Mapping[ast.stmt, str] | None = None) -> str:
        """The statements as one program: imports together, definitions two lines apart."""
        text, before = "", None
        for node in nodes:
            text += _gap(before, node) if before else ""
            text += (instead or {}).get(node) or self.source(node)
            before = node
        return text + "\n" if text else ""

    def _start(self, node: ast.stmt) -> int:
        line = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        while line > 1 and self.lines[line - 2].lstrip().startswith(b"#"):
            line -= 1
        return line

    def _between(self, first: int, last: int) -> bytes:
        return b"".join(self.lines[first - 1 : last])

    def _renamed(self, node: Definition, names: Mapping[str, str]) -> str:
        """The text of a definition with other names for itself and for what it calls."""
        lines = list(self.lines)
        called = (each for each in ast.walk(node) if isinstance(each, ast.Name) and each.id in names)
        spots = {(each.lineno, each.col_offset, each.id) for each in called}
        keyword = b"class " if isinstance(node, ast.ClassDef) else b"def "  # what follows it is no Name node
        column = lines[node.lineno - 1].index(keyword, node.col_offset) + len(keyword)
        for line, start, name in sorted(spots | {(node.lineno, column, node.name)}, reverse=True):
            old = lines[line - 1]
            lines[line - 1] = old[:start] + names[name].encode() + old[start + len(name.encode()) :]
        return b"".join(lines[self._start(node) - 1 : node.end_lineno]).decode().rstrip()


def setting_name(node: ast.stmt) -> str | None:
    """HINTS, USES and their like: what a statement sets of the exercise itself, if it does."""
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) and target.id in SETTINGS else None


def _names_made(node: ast.stmt) -> list[str]:
    """The names a statement gives to the file, settings aside."""
    if isinstance(node, Definition):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if setting_name(node) or not isinstance(node, ast.Assign | ast.AnnAssign):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _names_used(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _docstring(node: Definition) -> ast.stmt | None:
    return node.body[0] if ast.get_docstring(node) is not None else None


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _gap(before: ast.stmt, node: ast.stmt) -> str:
    if isinstance(before, Definition) or isinstance(node, Definition):
        return "\n\n\n"
    alike = isinstance(before, ast.Import | ast.ImportFrom) == isinstance(node, ast.Import | ast.ImportFrom)
    return "\n" if alike else "\n\n"
