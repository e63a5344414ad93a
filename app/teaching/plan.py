"""A cohort's plan: which part of the course is due when. Its mentors make it; what they do can be undone.

Days and times are those of the cohort's time zone. Nothing closes when a date has passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from app.guard import NotFound, Unusable
from app.lessons import course
from app.lessons.path import Node
from app.models import Cohort, Part, PlanChange, PlanItem, Policy, User
from app.people import cohorts, deeds
from app.people.deeds import Kind

END_OF_DAY = time(23, 59, 59)
MOST = 300  # items of one plan
KEPT = 50  # changes that can be undone


@dataclass(frozen=True)
class Item:
    """A part of the course with its day, and a time of that day unless its end is meant."""

    part: Part
    ref: str
    day: date
    at: time | None = None

    @property
    def key(self) -> str:
        """As forms name it: `lesson:counting`."""
        return f"{self.part.value}:{self.ref}"

    @property
    def title(self) -> str:
        return title(self.part, self.ref)

    def moment(self, cohort: Cohort) -> datetime:
        """When it is due, in the cohort's time zone."""
        return moment(cohort, self.day, self.at)


def moment(cohort: Cohort, day: date, at: time | None) -> datetime:
    """A day's time where the cohort is; its end where no time is named."""
    return datetime.combine(day, at or END_OF_DAY, zone(cohort.time_zone))


def zone(name: str) -> ZoneInfo:
    """The time zone; UTC for one that this machine does not know (any more)."""
    return ZoneInfo(name if name in available_timezones() else "UTC")


# ---- what can be due


def title(part: Part, ref: str) -> str:
    """The course's own words for it; its id if the course has it no longer."""
    known = course()
    if part is Part.NODE:
        node = next((one for one in known.path.nodes if one.id == ref), None)
        return f"{'Step' if node.kind == 'step' else 'Path'} {node.number}, {node.title}" if node else ref
    found = known.lessons.get(ref) if part is Part.LESSON else known.exercises.get(ref)
    return found.title if found else ref


def address(part: Part, ref: str) -> str:
    """Where it stands on this site."""
    if part is Part.NODE:
        return f"/path#node-{ref}"
    if part is Part.LESSON:
        return f"/lessons/{ref}"
    found = course().exercises.get(ref)
    return f"/lessons/{found.lesson}#cell-{ref}" if found else "/path"


def parse_key(key: str) -> tuple[Part, str]:
    """`lesson:counting` as it is. Raises Unusable if the course has no such part."""
    word, _, ref = key.partition(":")
    known = course()
    there = {
        Part.NODE: {node.id for node in known.path.nodes},
        Part.LESSON: known.lessons.keys(),
        Part.EXERCISE: known.exercises.keys(),
    }
    if word not in list(Part) or ref not in there[Part(word)]:
        raise Unusable("Choose a part of the course: a step or path, a lesson, or an exercise.")
    return Part(word), ref


@dataclass(frozen=True)
class Choice:
    """A node with what can be planned of it."""

    node: Node
    lessons: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]  # slug, title, exercises (id, title)


def choices() -> list[Choice]:
    """All that can be planned, in the order of the path."""
    return [Choice(node, tuple(_written(node))) for node in course().path.nodes]


def _written(node: Node) -> Iterable[tuple[str, str, tuple[tuple[str, str], ...]]]:
    for ref in node.lessons:
        if (lesson := course().lessons.get(ref.slug or "")) is not None:
            yield lesson.slug, lesson.title, tuple((one.id, one.title) for one in lesson.exercises())


# ---- the plan


def of(session: Session, cohort: Cohort) -> list[Item]:
    """The cohort's items, the earliest first."""
    rows = session.scalars(select(PlanItem).where(PlanItem.cohort_id == cohort.id))
    return in_order(Item(row.part, row.ref, row.day, row.at) for row in rows)


def in_order(items: Iterable[Item]) -> list[Item]:
    """The earliest first; of one moment, as the course has them."""
    places = {key: place for place, key in enumerate(_keys())}
    return sorted(items, key=lambda one: (one.day, one.at or END_OF_DAY, places.get(one.key, len(places))))


def _keys() -> Iterable[str]:
    for choice in choices():
        for slug, _, exercises in choice.lessons:
            yield from (f"exercise:{exercise}" for exercise, _ in exercises)
            yield f"lesson:{slug}"
        yield f"node:{choice.node.id}"


def put(session: Session, mentor: User, cohort: Cohort, items: Sequence[Item]) -> None:
    """Plan these; what is planned already moves to its new date. Raises Unusable."""
    cohorts.hold(session, cohort)
    before = {one.key: one for one in of(session, cohort)}
    fresh = [one for one in items if before.get(one.key) != one]
    if not fresh:
        return
    for one in fresh:
        _check_day(cohort, one)
    if len(before | {one.key: one for one in fresh}) > MOST:
        raise Unusable(f"A plan has room for {MOST} items: plan lessons instead of exercises.")
    first = fresh[0]
    verb = "moved" if first.key in before else "added"
    what = f"{verb} “{first.title}”" if len(fresh) == 1 else f"planned {len(fresh)} items"
    _replace(session, mentor, cohort, list((before | {one.key: one for one in fresh}).values()), what)


def _check_day(cohort: Cohort, item: Item) -> None:
    year = (cohort.starts_on or datetime.now(UTC).date()).year
    if abs(item.day.year - year) > 10:
        raise Unusable(f"{item.day:%-d %B %Y} is far away from the cohort’s time: look at the year.")


def remove(session: Session, mentor: User, cohort: Cohort, key: str) -> None:
    """Plan it no longer. Raises NotFound."""
    cohorts.hold(session, cohort)
    before = of(session, cohort)
    gone = next((one for one in before if one.key == key), None)
    if gone is None:
        raise NotFound("This is not in the plan (any more).")
    rest = [one for one in before if one.key != key]
    _replace(session, mentor, cohort, rest, f"removed “{gone.title}”")


def last_change(session: Session, cohort: Cohort) -> PlanChange | None:
    """What undo would take back, with who did it."""
    newest = select(PlanChange).where(PlanChange.cohort_id == cohort.id).order_by(PlanChange.id.desc())
    return session.scalar(newest.limit(1).options(joinedload(PlanChange.actor)))


def undo(session: Session, mentor: User, cohort: Cohort, shown: UUID | None = None) -> str:
    """Take the newest change back, and return what it was; the one before is next.

    `shown` is the change that whoever asks has before them. Raises Unusable if another is the newest: of a
    double click the second takes nothing back.
    """
    cohorts.hold(session, cohort)
    change = last_change(session, cohort)
    if shown is not None and (change is None or change.id != shown):
        raise Unusable("This is undone already, or the plan was changed since: look at it again.")
    if change is None:
        raise Unusable("There is nothing to undo.")
    _write(session, cohort, [_read(one) for one in change.before])
    session.delete(change)
    deeds.note(session, mentor, Kind.PLAN_CHANGED, cohort=cohort, what=f"undone: {change.what}")
    session.flush()
    return change.what


def _replace(session: Session, mentor: User, cohort: Cohort, items: list[Item], what: str) -> None:
    before = [_written_down(one) for one in of(session, cohort)]
    session.add(PlanChange(cohort_id=cohort.id, actor_id=mentor.id, what=what[:200], before=before))
    _write(session, cohort, items)
    deeds.note(session, mentor, Kind.PLAN_CHANGED, cohort=cohort, what=what)
    session.flush()
    mine = PlanChange.cohort_id == cohort.id
    old = select(PlanChange.id).where(mine).order_by(PlanChange.id.desc()).offset(KEPT)
    gone = list(session.scalars(old.limit(KEPT)))
    session.execute(delete(PlanChange).where(PlanChange.id.in_(gone)))


def _write(session: Session, cohort: Cohort, items: list[Item]) -> None:
    """The rows of exactly these."""
    rows = session.scalars(select(PlanItem).where(PlanItem.cohort_id == cohort.id))
    known = {f"{row.part.value}:{row.ref}": row for row in rows}
    for one in items:
        row = known.pop(one.key, None) or PlanItem(cohort_id=cohort.id, part=one.part, ref=one.ref)
        row.day, row.at = one.day, one.at
        session.add(row)
    for row in known.values():
        session.delete(row)
    session.flush()


def _written_down(item: Item) -> dict[str, Any]:
    at = item.at.isoformat() if item.at else None
    return {"part": item.part.value, "ref": item.ref, "day": item.day.isoformat(), "at": at}


def _read(kept: dict[str, Any]) -> Item:
    at = time.fromisoformat(kept["at"]) if kept["at"] else None
    return Item(Part(kept["part"]), kept["ref"], date.fromisoformat(kept["day"]), at)


# ---- a proposal


def spread(cohort: Cohort, part: Part, first: str, last: str) -> list[Item]:
    """Nodes or lessons, from one node to another, evenly over the cohort's time from today on: to be
    edited, then `put`.

    Raises Unusable if the cohort has no beginning or end, or nothing is there to be spread.
    """
    if cohort.starts_on is None or cohort.ends_on is None:
        raise Unusable("Give the cohort a first and a last day, with its people: then this can be spread.")
    refs = [ref for node in _between(first, last) for ref in _refs(node, part)]
    if not refs:
        raise Unusable("Nothing is written there yet. Choose other steps.")
    today = datetime.now(zone(cohort.time_zone)).date()
    begin = max(cohort.starts_on, min(today, cohort.ends_on - timedelta(1)))
    days = (cohort.ends_on - begin).days
    due = (begin + timedelta(round(days * place / len(refs))) for place in range(1, len(refs) + 1))
    return [Item(part, ref, day) for ref, day in zip(refs, due, strict=True)]


def _between(first: str, last: str) -> list[Node]:
    nodes = list(course().path.nodes)
    ids = [node.id for node in nodes]
    if first not in ids or last not in ids:
        raise Unusable("Choose where it begins and where it ends.")
    begin, end = sorted((ids.index(first), ids.index(last)))
    return nodes[begin : end + 1]


def _refs(node: Node, part: Part) -> list[str]:
    lessons = [slug for slug, _, _ in _written(node)]
    return ([node.id] if lessons else []) if part is Part.NODE else lessons


# ---- the cohort's rules


def set_rules(session: Session, mentor: User, cohort: Cohort, time_zone: str, policy: Policy) -> None:
    """The time zone of its dates, and its word on AI. Raises Unusable."""
    if time_zone not in available_timezones():
        raise Unusable("Choose a time zone of the list, like Europe/Berlin.")
    changed = {}
    if cohort.time_zone != time_zone:
        changed["time_zone"] = cohort.time_zone = time_zone
    if cohort.ai_policy is not policy:
        cohort.ai_policy = policy
        changed["ai_policy"] = policy.value
    if changed:
        deeds.note(session, mentor, Kind.COHORT_CHANGED, cohort=cohort, changed=changed)
    session.flush()


def by_id(session: Session, cohort_ids: Iterable[UUID]) -> dict[UUID, list[Item]]:
    """Cohort → its items, of several."""
    found: dict[UUID, list[Item]] = {}
    for row in session.scalars(select(PlanItem).where(PlanItem.cohort_id.in_(list(cohort_ids)))):
        found.setdefault(row.cohort_id, []).append(Item(row.part, row.ref, row.day, row.at))
    return {cohort: in_order(items) for cohort, items in found.items()}
