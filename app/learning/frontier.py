"""What the examiner has measured of everybody's answers to one exercise: a cost against a merit.

Nobody is named. The frontier holds the answers that no other beats: none is both cheaper and better.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotFound
from app.lessons import Exercise
from app.models import Attempt, User
from app.models import Verdict as Word
from app.teaching import sittings

MOST = 5_000  # attempts that are drawn: the newest
_OTHERS, _MINE = "rgba(128,128,128,0.55)", "#e0702a"
_LINE = "#2a7fd4"


@dataclass(frozen=True)
class Point:
    """One answer as measured; several that measure alike are one."""

    cost: float
    merit: float
    mine: bool
    passed: bool


@dataclass(frozen=True)
class Frontier:
    """All points, the cheapest first, and those of them that no other beats."""

    exercise: Exercise
    points: tuple[Point, ...]

    @property
    def best(self) -> tuple[Point, ...]:
        return tuple(unbeaten(point for point in self.points if point.passed))

    @property
    def mine(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.mine)

    @property
    def on_it(self) -> bool:
        """Whether an answer of the learner's own is among the best."""
        best = {(point.cost, point.merit) for point in self.best}
        return any((point.cost, point.merit) in best for point in self.mine if point.passed)

    @property
    def figure(self) -> dict[str, Any]:
        """For the page: Plotly's JSON with its title."""
        cost, merit = self.exercise.frontier
        title = f"Everybody's answers: {merit.label} against {cost.label}"
        traces = [
            _trace("others", [one for one in self.points if not one.mine], _OTHERS, "markers"),
            _trace("yours", self.mine, _MINE, "markers"),
            _trace("the frontier", self.best, _LINE, "lines+markers"),
        ]
        layout = {
            "title": {"text": title},
            "xaxis": {"title": {"text": cost.label}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": merit.label}},
            "legend": {"orientation": "h", "y": -0.25},
        }
        drawn = [trace for trace in traces if trace["x"]]
        return {"kind": "figure", "figure": {"data": drawn, "layout": layout}, "title": title}


def of(session: Session, exercise: Exercise, learner: User | None) -> Frontier:
    """Everybody's answers to the exercise as it is now. Raises NotFound where nothing is measured, and
    NotAllowed while an assessment has closed them.
    """
    if not exercise.frontier:
        raise NotFound("Nothing is measured of the answers to this exercise.")
    sittings.check_open(session, learner, exercise.id)
    newest = (
        select(Attempt.user_id, Attempt.verdict, Attempt.details)
        .where(Attempt.exercise == exercise.id, Attempt.exercise_version == exercise.version)
        .where(Attempt.verdict.in_((Word.PASSED, Word.FAILED)))
        .order_by(Attempt.created_at.desc())
        .limit(MOST)
    )
    names = [measure.name for measure in exercise.frontier]
    found = set()
    for user_id, verdict, details in session.execute(newest):
        measured = details.get("measured", {})
        if all(name in measured for name in names):
            cost, merit = (measured[name] for name in names)
            mine = learner is not None and user_id == learner.id
            found.add(Point(cost, merit, mine, verdict is Word.PASSED))
    return Frontier(exercise, tuple(sorted(found, key=lambda one: (one.cost, -one.merit, one.mine))))


def unbeaten(points: Iterable[Point]) -> list[Point]:
    """Those for which there is no cheaper one that is as good; sorted by cost."""
    best: list[Point] = []
    for point in sorted(points, key=lambda one: (one.cost, -one.merit)):
        if not best or point.merit > best[-1].merit:
            best.append(point)
    return best


def _trace(name: str, points: Iterable[Point], colour: str, mode: str) -> dict[str, Any]:
    points = list(points)
    symbols = ["circle" if point.passed else "x-thin-open" for point in points]
    look: dict[str, Any] = {"line": {"color": colour, "shape": "hv"}} if "lines" in mode else {}
    if mode == "markers":
        look["marker"] = {"color": colour, "size": 10, "symbol": symbols}
    x, y = [point.cost for point in points], [point.merit for point in points]
    return {"type": "scatter", "mode": mode, "name": name, "x": x, "y": y, **look}
