"""What a lesson promises, item by item: proven by an exercise, or ticked by the learner themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.guard import NotFound, find_lesson, one_at_a_time
from app.learning import activity, progress
from app.learning.activity import Kind
from app.learning.progress import Mark, Status
from app.lessons import Criterion, Exercise, Lesson, course
from app.models import User


@dataclass(frozen=True)
class Item:
    """One line of the checklist. `exercise` proves it, where there is one; `done`: proven, or ticked."""

    key: str
    text: str
    exercise: Exercise | None
    done: bool


def of(lesson: Lesson, statuses: Mapping[str, Status], ticked: set[str]) -> tuple[Item, ...]:
    """The lesson's checklist; `statuses` by exercise of the whole course, `ticked` as `ticks` gives it."""
    return tuple(_item(criterion, statuses, ticked) for criterion in lesson.criteria)


def proven(lesson: Lesson, statuses: Mapping[str, Status]) -> tuple[Item, ...]:
    """The items that an exercise proves: what a mentor may see of the checklist."""
    return tuple(item for item in of(lesson, statuses, set()) if item.exercise)


def _item(criterion: Criterion, statuses: Mapping[str, Status], ticked: set[str]) -> Item:
    exercise = course().exercises.get(criterion.exercise)
    if exercise:
        done = statuses.get(exercise.id, progress.NOTHING).mark is Mark.PASSED
    else:
        done = _key(criterion) in ticked
    return Item(_key(criterion), criterion.text, exercise, done)


def _key(criterion: Criterion) -> str:
    """Of its words: a tick holds wherever the item stands in the list, and not for another item."""
    return hashlib.sha256(criterion.text.encode()).hexdigest()[:12]


def ticks(session: Session, user: User, lesson: str) -> set[str]:
    """The keys of what the learner has ticked themselves."""
    newest = {entry.cell: entry.data["on"] for entry in activity.of_kind(session, user, Kind.TICKED, lesson)}
    return {key for key, on in newest.items() if on}


def tick(session: Session, user: User, lesson: str, key: str) -> bool:
    """Tick an item, or take the tick away again; returns which.

    Raises NotFound, also for what an exercise proves.
    """
    criteria = {_key(one): one for one in find_lesson(lesson).criteria if not one.exercise}
    if key not in criteria:
        raise NotFound("There is nothing to tick here. The lesson may have changed: reload the page.")
    one_at_a_time(session, user)
    on = key not in ticks(session, user, lesson)
    activity.log(session, user, Kind.TICKED, lesson, key, on=on, text=criteria[key].text)
    session.flush()
    return on
