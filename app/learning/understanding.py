"""The 80 % check: which of a step's solutions a learner says they understand, and how often that held.

Marks are the learner's own to make. One in three is checked by an item: a variant of the solution, known to
be right or wrong, and the question what it would do. Which one is drawn by lot, and marking anew does not
change it. All of it is in the event log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from app.guard import NotAllowed, NotFound, Unusable, one_at_a_time
from app.learning import activity, attempts, given
from app.learning.activity import Kind
from app.lessons import Exercise, Variant, course
from app.lessons.cutting import Program
from app.lessons.path import Node
from app.models import Activity, User
from app.teaching import sittings

ONE_IN = 3  # marks, of which one is checked
ENOUGH = 0.8  # of the solutions: what the step asks for
RIGHT = "right"  # the choice that says: this one passes
_MOST_CHOICES = 4


@dataclass(frozen=True)
class Item:
    """“What would this variant do?” `choices` maps each key to what it says; one of them is true."""

    variant: str
    code: str
    choices: dict[str, str]
    truth: str


@dataclass(frozen=True)
class Check:
    """An item that was answered. `item` is None if the course knows its variant no longer."""

    item: Item | None
    choice: str
    held: bool


@dataclass(frozen=True)
class Solution:
    """A solution of the step, as one learner stands with it."""

    exercise: Exercise
    open: bool  # may be looked at: tried, looked up or passed
    marked: bool = False
    check: Check | None = None  # the newest
    item: Item | None = None  # asked, and not answered yet

    @property
    def held(self) -> bool:
        return self.check is not None and self.check.held


@dataclass(frozen=True)
class Understanding:
    """A whole step. Two counts stand beside each other: what was marked, and how often a check held."""

    node: Node
    solutions: tuple[Solution, ...]

    @property
    def marked(self) -> int:
        return sum(one.marked for one in self.solutions)

    @property
    def checked(self) -> int:
        return sum(one.check is not None for one in self.solutions)

    @property
    def held(self) -> int:
        return sum(one.held for one in self.solutions)

    @property
    def wanted(self) -> int:
        """How many marks make 80 %."""
        return -int(-ENOUGH * len(self.solutions) // 1)

    @property
    def enough(self) -> bool:
        return bool(self.solutions) and self.marked >= self.wanted

    def of(self, exercise: str) -> Solution:
        """Raises NotFound."""
        found = next((one for one in self.solutions if one.exercise.id == exercise), None)
        if found is None:
            raise NotFound("This step has no solution of that name to compare with.")
        return found

    def after(self, exercise: str) -> Solution | None:
        """The next solution that is open and not marked, going round; None if there is none."""
        ids = [one.exercise.id for one in self.solutions]
        place = ids.index(exercise)
        round_trip = [*self.solutions[place + 1 :], *self.solutions[:place]]
        return next((one for one in round_trip if one.open and not one.marked), None)


def of(session: Session, learner: User | None, node_id: str) -> Understanding:
    """The step's solutions in code, in its order; for nobody, none is open. Raises NotFound."""
    node = _node(node_id)
    exercises = in_code(node)
    if learner is None:
        return Understanding(node, tuple(Solution(one, open=False) for one in exercises))
    notes = _notes(session, learner, exercises)
    opened = attempts.tried(session, learner) | given.looked_up(session, learner).keys()
    opened -= sittings.closed_to(session, learner).keys()
    return Understanding(
        node, tuple(_solution(one, notes.get(one.id, []), one.id in opened, learner) for one in exercises)
    )


def in_code(node: Node) -> list[Exercise]:
    """The exercises of a node whose solutions are code: a form has only its right values."""
    lessons = [course().lessons[ref.slug] for ref in node.lessons if ref.slug in course().lessons]
    return [one for lesson in lessons for one in lesson.exercises() if not one.is_form]


def mark(session: Session, user: User, node_id: str, exercise: str) -> Solution:
    """“I understand this.” One mark in three is asked for first: then the solution comes back with an item.

    Raises NotFound, and NotAllowed while the solution is closed.
    """
    solution = _opened(session, user, node_id, exercise)
    if not solution.marked and solution.item is None:
        if not solution.held and _is_due(session, user, node_id, exercise):
            variant = _variant(session, user, solution.exercise)
            _note(session, user, solution.exercise, on=False, asked=variant.name)
        else:
            _note(session, user, solution.exercise, on=True)
    return of(session, user, node_id).of(exercise)


def unmark(session: Session, user: User, node_id: str, exercise: str) -> Solution:
    """“Not yet”: takes the mark away, or leaves an item for later. Raises NotFound, NotAllowed."""
    solution = _opened(session, user, node_id, exercise)
    if solution.marked or solution.item:
        _note(session, user, solution.exercise, on=False)
    return of(session, user, node_id).of(exercise)


def answer(session: Session, user: User, node_id: str, exercise: str, choice: str) -> bool:
    """Answer the item that a mark waits for: whether the mark holds.

    Raises NotFound, NotAllowed, and Unusable if nothing was asked or the choice is none of its choices.
    """
    solution = _opened(session, user, node_id, exercise)
    item = solution.item
    if item is None:
        raise Unusable("Nothing is being asked here any more. Mark the solution, and go on.")
    if choice not in item.choices:
        raise Unusable("Choose one of the answers.")
    held = choice == item.truth
    _note(session, user, solution.exercise, on=held, asked=item.variant, held=held, answer=choice)
    return held


def own(session: Session, user: User, exercise: Exercise) -> str:
    """The learner's own answer: the last that passed, else the last they handed in, else the bare starter."""
    passed = given.passed_answers(session, user).get(exercise.id)
    if passed is not None:
        return passed
    newest = attempts.newest(session, user, exercise.lesson, exercise.id).get(exercise.id)
    return newest.answer if newest else exercise.starter


# ---- what is noted, and what follows


def _node(node_id: str) -> Node:
    try:
        return course().path.node(node_id)
    except KeyError:
        raise NotFound("There is no such step. The map shows all there are.") from None


def _opened(session: Session, user: User, node_id: str, exercise: str) -> Solution:
    one_at_a_time(session, user)
    solution = of(session, user, node_id).of(exercise)
    sittings.check_open(session, user, exercise)
    if not solution.open:
        raise NotAllowed("Try the exercise first: then its solution stands here beside yours.")
    return solution


def _note(session: Session, user: User, exercise: Exercise, **data: bool | str) -> None:
    activity.log(session, user, Kind.UNDERSTOOD, exercise.lesson, exercise.id, **data)
    session.flush()


def _notes(session: Session, user: User, exercises: Sequence[Exercise]) -> dict[str, list[Activity]]:
    """Exercise → what is noted of it, oldest first; the exercises in the order they were first marked."""
    wanted = {one.id for one in exercises}
    found: dict[str, list[Activity]] = {}
    for note in activity.everywhere(session, user, Kind.UNDERSTOOD):
        if note.cell in wanted:
            found.setdefault(note.cell, []).append(note)
    return found


def _solution(exercise: Exercise, notes: list[Activity], opened: bool, user: User) -> Solution:
    if not notes:
        return Solution(exercise, opened)
    newest = notes[-1].data
    checks = [note.data for note in notes if "held" in note.data]
    waiting = "asked" in newest and "held" not in newest
    return Solution(
        exercise,
        opened,
        marked=newest["on"],
        check=_check(exercise, checks[-1], user) if checks else None,
        item=_item(exercise, newest["asked"], user) if waiting else None,
    )


def _check(exercise: Exercise, noted: Mapping[str, Any], user: User) -> Check:
    return Check(_item(exercise, noted["asked"], user), noted["answer"], noted["held"])


def _is_due(session: Session, user: User, node_id: str, exercise: str) -> bool:
    """Whether this mark is the one of its three that is checked."""
    order = list(_notes(session, user, in_code(_node(node_id))))
    place = order.index(exercise) if exercise in order else len(order)
    group, within = divmod(place, ONE_IN)
    return _lot(user, node_id, group) % ONE_IN == within


def _lot(user: User, *words: object) -> int:
    """A number that nobody can foresee, and that stays the same."""
    text = ":".join(map(str, (user.id, *words)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


# ---- items


def _variant(session: Session, user: User, exercise: Exercise) -> Variant:
    """The variant to ask about: another one after each answer that was wrong."""
    notes = activity.of_kind(session, user, Kind.UNDERSTOOD, exercise.lesson, exercise.id)
    answered = sum("held" in note.data for note in notes)
    variants = [*exercise.mistakes, *exercise.also_right]
    Random(_lot(user, exercise.id)).shuffle(variants)
    return variants[answered % len(variants)]


def _item(exercise: Exercise, name: str, user: User) -> Item | None:
    """The question about this variant; None if the course knows it no longer."""
    variant = next((one for one in (*exercise.mistakes, *exercise.also_right) if one.name == name), None)
    if variant is None:
        return None
    random = Random(_lot(user, exercise.id, name))
    truth = RIGHT if variant in exercise.also_right else variant.name
    others = [one for one in exercise.mistakes if one.name != name and one.doc != variant.doc]
    random.shuffle(others)
    saying = {one.doc: one.name for one in others}  # two mistakes may be told the same
    keys = list(dict.fromkeys([truth, RIGHT, *saying.values()]))[:_MOST_CHOICES]
    random.shuffle(keys)
    told = {one.name: one.doc for one in exercise.mistakes}
    choices = {key: told.get(key, "It passes: the same, written differently.") for key in keys}
    return Item(name, _code(variant), choices, truth)


def _code(variant: Variant) -> str:
    """What is written differently, without the docstring that would give it away."""
    return Program(variant.text).undocumented(variant.target)
