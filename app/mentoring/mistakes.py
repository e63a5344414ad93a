"""The week's most frequent mistake of a cohort, as an example to discuss in which nobody is recognised.

Never with fewer than three learners behind it. The code is read and written anew: comments, documentation,
strings and the layout are gone, and names that its writer has chosen are others now.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import first_id, now
from app.lessons import Exercise, course
from app.models import Attempt, Cohort, Verdict
from app.people import cohorts

FEWEST = 3  # learners: with fewer one could guess who it was
SPAN = timedelta(days=7)
_LOOKED_AT = 20  # answers of which the shortest is shown
_LONGEST = 4000  # characters of an example


@dataclass(frozen=True)
class Example:
    """A mistake that several made. `code` is empty where none of their answers can be shown."""

    exercise: Exercise
    name: str  # as it is called in the exercise's file
    label: str
    doc: str  # what the learner is told
    learners: int
    code: str


def of_week(session: Session, cohort: Cohort, closed: Collection[str] = ()) -> Example | None:
    """The one that the most learners of the cohort made in the last seven days, if enough did. Two queries.

    Of mistakes that the course knows no more, nothing is said; nor of the exercises that are `closed`.
    """
    mistake = Attempt.details["mistake"].as_string()
    people = func.count(Attempt.user_id.distinct())
    recent = (
        Attempt.user_id.in_(cohorts.learners(cohort)),
        Attempt.id >= first_id(now() - SPAN),
        Attempt.verdict == Verdict.FAILED,
        mistake.is_not(None),
    )
    grouped = select(Attempt.exercise, mistake, people).where(*recent).group_by(Attempt.exercise, mistake)
    often = grouped.having(people >= FEWEST).order_by(people.desc(), Attempt.exercise, mistake)
    for name, wrong, count in session.execute(often).all():
        exercise = course().exercises.get(name)
        variant = next((one for one in exercise.mistakes if one.name == wrong), None) if exercise else None
        if exercise is None or variant is None or name in closed:
            continue
        answers = select(Attempt.answer).where(*recent, Attempt.exercise == name, mistake == wrong)
        texts = session.scalars(answers.order_by(Attempt.id.desc()).limit(_LOOKED_AT)).all()
        return Example(exercise, wrong, variant.label, variant.doc, count, _shown(exercise, list(texts)))
    return None


def _shown(exercise: Exercise, texts: list[str]) -> str:
    """The shortest that can be shown; a form is none."""
    if exercise.is_form:
        return ""
    anonymous = (nameless(text, exercise) for text in texts)
    return min((text for text in anonymous if 0 < len(text) <= _LONGEST), key=len, default="")


def nameless(text: str, exercise: Exercise) -> str:
    """The code so that nobody is recognised by it; empty if it is no Python, or names nothing asked for."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    wanted = set(exercise.names)
    tree.body = [node for node in tree.body if _belongs(node, wanted)]
    if not tree.body:
        return ""
    kept = _words(exercise.starter) | wanted
    try:
        return ast.unparse(ast.fix_missing_locations(_Nameless(_given(tree) - kept).visit(tree)))
    except (RecursionError, ValueError):
        return ""


def _belongs(node: ast.stmt, wanted: set[str]) -> bool:
    """What was asked for; of the rest that stands there, one knows nothing."""
    return isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in wanted


def _words(text: str) -> set[str]:
    """Every name of the starter: parameters, imports, whatever is given."""
    tree = ast.parse(text)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return names | {(one.asname or one.name).partition(".")[0] for one in _aliases(tree)}


def _aliases(tree: ast.AST) -> list[ast.alias]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.alias)]


def _given(tree: ast.AST) -> set[str]:
    """The names that whoever wrote it gave to something."""
    return {name for node in ast.walk(tree) for name in [_given_by(node)] if name}


def _given_by(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store | ast.Del) else None
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, ast.alias):
        return node.asname
    return node.name if isinstance(node, _NAMING) else None


_NAMING = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar),
)


class _Nameless(ast.NodeTransformer):
    """Other names for what they named, no strings but a mark, no documentation."""

    def __init__(self, given: set[str]) -> None:
        self.given = given
        self.others: dict[str, str] = {}

    def _other(self, name: str) -> str:
        if name not in self.given:
            return name
        return self.others.setdefault(name, f"v{len(self.others) + 1}")

    def visit(self, node: ast.AST) -> ast.AST:
        for attribute in ("id", "arg", "name", "asname"):
            value = getattr(node, attribute, None)
            if isinstance(value, str):
                setattr(node, attribute, self._other(value))
        if isinstance(node, ast.Attribute) and node.attr in self.given:
            node.attr = self._other(node.attr)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.body = _without_documentation(node.body)
        return super().visit(node)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> ast.AST:
        node.names = [self._other(name) for name in node.names]
        return node

    visit_Nonlocal = visit_Global

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.copy_location(ast.Constant("…"), node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str | bytes):
            return ast.copy_location(ast.Constant("…"), node)
        return node


def _without_documentation(body: list[ast.stmt]) -> list[ast.stmt]:
    """Bare strings tell nothing but of their writer."""
    rest = [node for node in body if not _is_text(node)]
    return rest or [ast.Pass()]


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
