"""What is due for whom: the plan with its extensions, held against what has been passed.

Late work is as welcome as any: it is only marked, for mentors and in grades.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from app.db import now
from app.guard import NotFound, Unusable, clean_text
from app.lessons import Lesson, course
from app.lessons.path import Node
from app.models import Attempt, Cohort, Extension, Membership, Part, Role, User
from app.models import Verdict as Word
from app.people import cohorts, deeds
from app.people.deeds import Kind
from app.post import notices
from app.teaching import plan
from app.teaching.plan import Item

Passes = Mapping[str, datetime]  # exercise → when the first answer that passed was handed in
MAX_REASON = 300  # characters
_NEAR = 14  # days that are counted; what is further away has a date


@dataclass(frozen=True)
class Deadline:
    """An item of a plan, for one learner."""

    cohort: Cohort
    item: Item
    due: datetime  # in the cohort's time zone
    extended: bool
    done_at: datetime | None

    @property
    def title(self) -> str:
        return self.item.title

    @property
    def href(self) -> str:
        return plan.address(self.item.part, self.item.ref)

    @property
    def late(self) -> bool:
        """Whether it was done after its date, or is not done and its date has passed."""
        return (self.done_at or now()) > self.due

    @property
    def state(self) -> str:
        """One word for the page: done, late (which is not), soon (within two days), later."""
        if self.done_at:
            return "done"
        if self.late:
            return "late"
        return "soon" if self._days < 2 else "later"

    @property
    def words(self) -> str:
        """`due in 3 days`, `due today at 18:00`, `was due 2 days ago`, `done`."""
        if self.done_at:
            return "done"
        if self.late:
            return f"was due {_ago(-self._days)}"
        if self._days < 2:
            at = f" at {self.item_time:%H:%M}" if self.item_time else ""
            return f"due {'tomorrow' if self._days else 'today'}{at}"
        return f"due in {self._days} days" if self._days < _NEAR else f"due on {_date(self.due)}"

    @property
    def item_time(self) -> time | None:
        return None if self.due.time() == plan.END_OF_DAY else self.due.time()

    @property
    def late_by(self) -> str:
        """`2 days`, `3 hours`: how far after its date it was done, or is now."""
        return span((self.done_at or now()) - self.due) if self.late else ""

    @property
    def _days(self) -> int:
        return (self.due.date() - now().astimezone(self.due.tzinfo).date()).days


def _ago(days: int) -> str:
    return "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"


def _date(moment: datetime) -> str:
    return f"{moment.day} {moment:%B}"


def span(length: timedelta) -> str:
    """A length of time in its largest unit."""
    total = int(length.total_seconds())
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if total >= size:
            return f"{total // size} {name}{'' if total // size == 1 else 's'}"
    return "a minute"


# ---- what is done when


def done_at(item: Item, passes: Passes) -> datetime | None:
    """When the item was done: the same rules as on the map, see `progress`."""
    if item.part is Part.EXERCISE:
        return passes.get(item.ref)
    if item.part is Part.LESSON:
        lesson = course().lessons.get(item.ref)
        return _lesson_done(lesson, passes) if lesson else None
    node = next((one for one in course().path.nodes if one.id == item.ref), None)
    return _node_done(node, passes) if node else None


def _lesson_done(lesson: Lesson, passes: Passes) -> datetime | None:
    every = [exercise.id for exercise in lesson.exercises()]
    return _first(_all(lesson.test_out, passes), _all(every, passes))


def _node_done(node: Node, passes: Passes) -> datetime | None:
    lessons = [course().lessons[one.slug] for one in node.lessons if one.slug in course().lessons]
    whole = [_lesson_done(lesson, passes) for lesson in lessons]
    every = max(filter(None, whole), default=None) if all(whole) else None
    return _first(passes.get(node.milestone), every)


def _all(exercises: Iterable[str], passes: Passes) -> datetime | None:
    """When the last of them was passed; None while one is missing, or there are none."""
    moments = [passes.get(one) for one in exercises]
    return max(filter(None, moments), default=None) if all(moments) else None


def _first(*moments: datetime | None) -> datetime | None:
    return min(filter(None, moments), default=None)


def passes_of(session: Session, learners: ColumnElement[bool]) -> dict[UUID, dict[str, datetime]]:
    """Learner → exercise → when the first answer that passed was handed in."""
    first = func.min(Attempt.created_at)
    passed = select(Attempt.user_id, Attempt.exercise, first).where(Attempt.counts_as == Word.PASSED)
    passed = passed.where(learners).group_by(Attempt.user_id, Attempt.exercise)
    found: dict[UUID, dict[str, datetime]] = {}
    for user, exercise, at in session.execute(passed):
        found.setdefault(user, {})[exercise] = at
    return found


# ---- for a learner


def of_learner(session: Session, learner: User | None) -> list[Deadline]:
    """Everything planned for a learner in all of their cohorts, the earliest first."""
    if learner is None or learner.guest:
        return []
    theirs = _cohorts(session, learner)
    planned = plan.by_id(session, [cohort.id for cohort in theirs]) if theirs else {}
    if not planned:
        return []
    later = _later(session, Extension.user_id == learner.id)
    passes = passes_of(session, Attempt.user_id == learner.id).get(learner.id, {})
    all_of_them = (
        _deadline(cohort, item, later.get((cohort.id, learner.id, item.key)), passes)
        for cohort in theirs
        for item in planned.get(cohort.id, [])
    )
    return sorted(all_of_them, key=lambda one: one.due)


def _cohorts(session: Session, learner: User) -> list[Cohort]:
    learns = select(Membership.cohort_id).where(
        Membership.user_id == learner.id, Membership.role == Role.LEARNER, Membership.left_at.is_(None)
    )
    return list(session.scalars(select(Cohort).where(Cohort.id.in_(learns)).order_by(Cohort.id)))


def _deadline(cohort: Cohort, item: Item, later: Extension | None, passes: Passes) -> Deadline:
    due = plan.moment(cohort, later.day, later.at) if later else item.moment(cohort)
    return Deadline(cohort, item, due, later is not None, done_at(item, passes))


def _later(session: Session, which: ColumnElement[bool]) -> dict[tuple[UUID, UUID, str], Extension]:
    """(cohort, learner, item) → the extension."""
    rows = session.scalars(select(Extension).where(which))
    return {(one.cohort_id, one.user_id, f"{one.part.value}:{one.ref}"): one for one in rows}


def in_lesson(deadlines: Iterable[Deadline], lesson: Lesson) -> list[Deadline]:
    """Those of the lesson, of its exercises, and of its node."""
    home = course().path.home(lesson.slug)
    keys = {f"lesson:{lesson.slug}", *(f"exercise:{one.id}" for one in lesson.exercises())}
    keys |= {f"node:{home.id}"} if home else set()
    return [one for one in deadlines if one.item.key in keys]


def in_node(deadlines: Iterable[Deadline], node: Node) -> list[Deadline]:
    """Those of the node itself."""
    return [one for one in deadlines if one.item.key == f"node:{node.id}"]


# ---- for mentors


@dataclass(frozen=True)
class Progress:
    """An item of the plan, with where each learner of the cohort stands."""

    item: Item
    due: datetime
    of: Mapping[UUID, Deadline]  # by learner

    @property
    def done(self) -> int:
        return sum(one.done_at is not None for one in self.of.values())

    @property
    def done_late(self) -> list[UUID]:
        return [user for user, one in self.of.items() if one.done_at and one.late]

    @property
    def missing(self) -> list[UUID]:
        """Whose date has passed, and who have not done it yet."""
        return [user for user, one in self.of.items() if one.state == "late"]


@dataclass(frozen=True)
class Dues:
    """A whole plan, with the learners by id: for the mentors' pages and for grades."""

    cohort: Cohort
    items: tuple[Progress, ...] = ()
    learners: Mapping[UUID, User] = field(default_factory=dict)

    def due(self, learner: UUID, exercise: str) -> datetime | None:
        """Until when this exercise is due for this learner; a date of its own goes before its lesson's, and
        that before its node's. None if nothing is planned.
        """
        found = course().exercises.get(exercise)
        home = course().path.home(found.lesson) if found else None
        keys = [
            f"exercise:{exercise}",
            f"lesson:{found.lesson if found else ''}",
            f"node:{home.id if home else ''}",
        ]
        known = {one.item.key: one for one in self.items}
        of = next((known[key].of for key in keys if key in known), {})
        return of[learner].due if learner in of else None

    def due_of_node(self, learner: UUID, node: str) -> datetime | None:
        """Until when this step or path is due for this learner; None if it is not planned."""
        of = next((one.of for one in self.items if one.item.key == f"node:{node}"), {})
        return of[learner].due if learner in of else None

    def late(self, learner: UUID, exercise: str, handed_in: datetime) -> bool:
        """Whether what was handed in at this moment came after its date."""
        due = self.due(learner, exercise)
        return due is not None and handed_in > due


def of_cohort(session: Session, cohort: Cohort, only: UUID | None = None) -> Dues:
    """Every item with every learner who is in the cohort now, or `only` one of them.

    Four queries, however many they are.
    """
    items = plan.of(session, cohort)
    here = cohorts.learners(cohort)
    here = here if only is None else here.where(Membership.user_id == only)
    people = session.scalars(select(User).where(User.id.in_(here)).order_by(User.name, User.id))
    learners = {user.id: user for user in people}
    if not items:
        return Dues(cohort, (), learners)
    passes = passes_of(session, Attempt.user_id.in_(here))
    later = _later(session, Extension.cohort_id == cohort.id)

    def of(item: Item) -> dict[UUID, Deadline]:
        return {
            user: _deadline(cohort, item, later.get((cohort.id, user, item.key)), passes.get(user, {}))
            for user in learners
        }

    return Dues(cohort, tuple(Progress(one, one.moment(cohort), of(one)) for one in items), learners)


def shown_to(session: Session, mentor: User, learner: User) -> list[Deadline]:
    """A learner's deadlines in the cohorts that this mentor mentors; for an admin, in all."""
    mentored = {one.cohort_id for one in cohorts.of(session, mentor) if one.role is Role.MENTOR}
    return [one for one in of_learner(session, learner) if mentor.admin or one.cohort.id in mentored]


def late_in(session: Session, mentor: User, attempt: Attempt) -> list[tuple[Cohort, str]]:
    """The cohorts that this mentor has together with the learner, for whose plan the attempt came late, and
    by how much.
    """
    learner = session.get_one(User, attempt.user_id)
    mentored = {one.cohort_id for one in cohorts.of(session, mentor) if one.role is Role.MENTOR}
    found = []
    for cohort in _cohorts(session, learner):
        if cohort.id not in mentored and not mentor.admin:
            continue
        due = of_cohort(session, cohort, learner.id).due(learner.id, attempt.exercise)
        if due is not None and attempt.created_at > due:
            found.append((cohort, span(attempt.created_at - due)))
    return found


# ---- extensions


def extensions(session: Session, cohort: Cohort) -> list[Extension]:
    """Those of a cohort with who has them and who granted them, the newest first."""
    here = select(Extension).where(Extension.cohort_id == cohort.id).order_by(Extension.id.desc())
    return list(session.scalars(here.options(joinedload(Extension.user), joinedload(Extension.actor))))


def extend(
    session: Session, mentor: User, cohort: Cohort, item: Item, learners: Iterable[UUID], reason: str = ""
) -> int:
    """Give these learners until `item.day` (and `item.at`); returns how many. They are told the date, not the
    reason. Raises Unusable, and NotFound for who does not learn in the cohort.
    """
    reason = " ".join(clean_text(reason).split())
    if len(reason) > MAX_REASON:
        raise Unusable(f"Give the reason in at most {MAX_REASON} characters.")
    cohorts.hold(session, cohort)
    planned = next((one for one in plan.of(session, cohort) if one.key == item.key), None)
    if planned is None:
        raise Unusable("Only what is in the plan can be due later: add it first.")
    if item.moment(cohort) <= planned.moment(cohort):
        raise Unusable("An extension ends after the date of the plan. Choose a later day.")
    wanted = set(learners)
    if not wanted:
        raise Unusable("Choose for whom.")
    found = _found(session, cohort, wanted)
    for learner in found:
        _grant(session, mentor, cohort, item, learner, reason)
    session.flush()
    return len(found)


def _found(session: Session, cohort: Cohort, wanted: set[UUID]) -> list[User]:
    here = select(User).where(User.id.in_(wanted), User.id.in_(cohorts.learners(cohort)))
    found = list(session.scalars(here.order_by(User.name)))
    if len(found) != len(wanted):
        raise NotFound("They do not learn in this cohort (any more).")
    return found


def _grant(session: Session, mentor: User, cohort: Cohort, item: Item, learner: User, reason: str) -> None:
    known = select(Extension).where(
        Extension.cohort_id == cohort.id,
        Extension.user_id == learner.id,
        Extension.part == item.part,
        Extension.ref == item.ref,
    )
    place = {"cohort_id": cohort.id, "user_id": learner.id, "part": item.part, "ref": item.ref}
    row = session.scalar(known) or Extension(**place)
    row.day, row.at, row.reason, row.actor_id = item.day, item.at, reason, mentor.id
    session.add(row)
    until = _in_words(item)
    deeds.note(session, mentor, Kind.EXTENDED, about=learner, cohort=cohort, item=item.title, until=until)
    href = plan.address(item.part, item.ref)
    notices.tell(session, learner.id, "plan", f"“{item.title}” is due later for you: until {until}.", href)


def _in_words(item: Item) -> str:
    return f"{item.day.day} {item.day:%B %Y}" + (f", {item.at:%H:%M}" if item.at else "")


def withdraw(session: Session, mentor: User, cohort: Cohort, extension_id: UUID) -> None:
    """The plan's date counts again; the learner is told. Raises NotFound."""
    row = session.get(Extension, extension_id)
    if row is None or row.cohort_id != cohort.id:
        raise NotFound("There is no such extension (any more).")
    item = Item(row.part, row.ref, row.day, row.at)
    learner = session.get_one(User, row.user_id)
    session.delete(row)
    deeds.note(session, mentor, Kind.EXTENSION_ENDED, about=learner, cohort=cohort, item=item.title)
    said = f"The extension for “{item.title}” is taken back: the date of the plan counts again."
    notices.tell(session, learner.id, "plan", said, plan.address(item.part, item.ref))
    session.flush()


def utc(moment: datetime) -> datetime:
    """The same moment as calendars want it."""
    return moment.astimezone(UTC)
