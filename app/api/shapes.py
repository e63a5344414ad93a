"""What the API answers with: one shape for each of its nouns. Times are UTC, durations seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.learning.desk import Place
from app.learning.progress import LessonView, Mark, NodeView, Status
from app.lessons import Exercise, Lesson
from app.lessons.path import Concept
from app.models import (
    ApiToken,
    Attempt,
    Ending,
    Membership,
    Output,
    Role,
    Run,
    RunKind,
    State,
    User,
    Verdict,
)
from app.people.cohorts import Listed
from app.running import line
from app.teaching.grades import Row

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """A part of a list. Ask for `after=` the `next` of this one to go on."""

    items: list[T]
    next: str | None = Field(None, description="What to send as `after` for what follows; null at the end.")


class Standing(BaseModel):
    """Where somebody stands with one exercise."""

    exercise: str
    mark: Mark
    attempts: int = Field(description="Those that were judged.")
    asking: bool = Field(description="Whether a question on it waits for an answer.")

    @classmethod
    def of(cls, exercise: str, status: Status) -> Self:
        return cls(exercise=exercise, mark=status.mark, attempts=status.attempts, asking=status.asking)


class InCohort(BaseModel):
    """What one is in a cohort."""

    id: UUID
    name: str
    role: Role

    @classmethod
    def of(cls, one: Membership) -> Self:
        return cls(id=one.cohort_id, name=one.cohort.name, role=one.role)


class Me(BaseModel):
    """Whose token this is, and what it may do."""

    id: UUID
    name: str
    email: str | None
    mentor: bool
    admin: bool
    cohorts: list[InCohort]
    scopes: list[str]
    expires_at: datetime

    @classmethod
    def of(cls, token: ApiToken, memberships: list[Membership]) -> Self:
        user = token.user
        return cls(
            id=user.id, name=user.name, email=user.email, mentor=user.mentor, admin=user.admin,
            cohorts=[InCohort.of(one) for one in memberships],
            scopes=token.scopes, expires_at=token.expires_at,
        )  # fmt: skip


class LessonShape(BaseModel):
    """A lesson, and how far one is in it."""

    lesson: str
    title: str
    step: str
    summary: str
    minutes: int
    proven: bool
    complete: bool
    exercises: list[Standing]

    @classmethod
    def of(cls, view: LessonView) -> Self:
        lesson: Lesson = view.lesson
        return cls(
            lesson=lesson.slug, title=lesson.title, step=lesson.step, summary=lesson.summary,
            minutes=lesson.minutes, proven=view.proven, complete=view.complete,
            exercises=[Standing.of(name, status) for name, status in view.statuses.items()],
        )  # fmt: skip


class ConceptShape(BaseModel):
    """A concept of the map, lit once one has worked with it."""

    id: str
    title: str
    lit: bool

    @classmethod
    def of(cls, concept: Concept, lit: bool) -> Self:
        return cls(id=concept.id, title=concept.title, lit=lit)


class NodeShape(BaseModel):
    """A node of the map, in one's own order."""

    id: str
    kind: str
    number: int
    title: str
    hidden: bool
    done: bool
    milestone: str | None
    lessons: list[LessonShape]
    concepts: list[ConceptShape]

    @classmethod
    def of(cls, view: NodeView) -> Self:
        node = view.node
        return cls(
            id=node.id, kind=node.kind, number=node.number, title=node.title, hidden=view.hidden,
            done=view.done, milestone=node.milestone or None,
            lessons=[LessonShape.of(one) for one in view.lessons.values()],
            concepts=[ConceptShape.of(one, lit) for one, lit in view.concepts.items()],
        )  # fmt: skip


class FieldShape(BaseModel):
    """One line of a form."""

    name: str
    kind: str
    label: str
    choices: list[str]


class BetShape(BaseModel):
    """The guess that is asked for before anything is shown."""

    question: str
    choices: list[str]
    unit: str
    guess: str | float | None = Field(description="One's own; null until it is placed.")


class CellShape(BaseModel):
    """A live cell, an exercise in code, or a form, with one's own text."""

    cell: str
    kind: str = Field(description="`cell`, `exercise` or `form`.")
    title: str
    question: str = Field(description="Of an exercise, in Markdown.")
    text: str = Field(description="What stands in the editor; of a form, its values as JSON.")
    changed: bool = Field(description="Whether that is not the lesson's own text.")
    fields: list[FieldShape]
    bet: BetShape | None
    standing: Standing | None
    run: UUID | None = Field(description="The newest.")
    stale: bool = Field(description="Whether something above has changed since it.")

    @classmethod
    def of(cls, place: Place, text: str, changed: bool) -> Self:
        block = place.block
        exercise = block if isinstance(block, Exercise) else None
        kind = "cell" if exercise is None else "form" if exercise.is_form else "exercise"
        return cls(
            cell=block.id, kind=kind, text=text, changed=changed,
            title=exercise.title if exercise else "", question=exercise.question_md if exercise else "",
            fields=[
                FieldShape(name=one.name, kind=one.kind, label=one.label, choices=list(one.choices))
                for one in (exercise.fields if exercise else ())
            ],
            bet=_bet(place),
            standing=Standing.of(block.id, place.status) if exercise else None,
            run=place.run.id if place.run else None, stale=place.stale,
        )  # fmt: skip


def _bet(place: Place) -> BetShape | None:
    question = place.block.predict
    if question is None:
        return None
    guess = place.guess["guess"] if place.guess else None
    return BetShape(
        question=question.question, choices=list(question.choices), unit=question.unit, guess=guess
    )


class OutputShape(BaseModel):
    """One thing that a run showed."""

    id: UUID
    kind: str = Field(description="`text`, `result`, `figure` (Plotly's JSON), `image`, `error`, a view, …")
    data: dict[str, Any]

    @classmethod
    def of(cls, output: Output) -> Self:
        return cls(id=output.id, kind=output.kind, data=output.data)


class RunShape(BaseModel):
    """A run. `state` says whether our machinery worked, `ending` how the code ended."""

    id: UUID
    kind: RunKind
    lesson: str
    cell: str
    state: State
    over: bool
    ending: Ending | None
    message: str
    seconds: float | None
    waiting: int = Field(description="Its place in the queue; 0 if it does not wait.")
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    outputs: list[OutputShape] = Field(description="Once it is over.")

    @classmethod
    def of(cls, session: Session, run: Run, *, outputs: bool = True) -> Self:
        return cls(
            id=run.id, kind=run.kind, lesson=run.lesson, cell=run.cell, state=run.state, over=run.state.over,
            ending=run.ending, message=run.message, seconds=run.seconds, waiting=line.place(session, run),
            queued_at=run.queued_at, started_at=run.started_at, finished_at=run.finished_at,
            outputs=[OutputShape.of(one) for one in run.outputs] if outputs and run.state.over else [],
        )  # fmt: skip


class AttemptShape(BaseModel):
    """An answer that was handed in, and what was said of it."""

    id: UUID
    learner: UUID
    lesson: str
    exercise: str
    number: int
    answer: str
    verdict: Verdict | None = Field(description="The grader's; null until there is one.")
    counts_as: Verdict | None = Field(description="A mentor's ruling where there is one, else the verdict.")
    message: str
    details: dict[str, Any] = Field(description="Which checks passed, the input that shows the mistake, …")
    handed_in_at: datetime
    graded_at: datetime | None
    run: UUID
    state: State = Field(description="Of its run: whether a verdict is still to come.")

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls(
            id=attempt.id, learner=attempt.user_id, lesson=attempt.lesson, exercise=attempt.exercise,
            number=attempt.number, answer=attempt.answer, verdict=attempt.verdict,
            counts_as=attempt.counts_as, message=attempt.message or attempt.run.message,
            details=attempt.details or {}, handed_in_at=attempt.created_at, graded_at=attempt.graded_at,
            run=attempt.run_id, state=attempt.run.state,
        )  # fmt: skip


class CohortShape(BaseModel):
    """People who learn together, and how many they are."""

    id: UUID
    name: str
    about: str
    learners: int
    mentors: int

    @classmethod
    def of(cls, listed: Listed) -> Self:
        cohort = listed.cohort
        return cls(
            id=cohort.id, name=cohort.name, about=cohort.about,
            learners=listed.learners, mentors=listed.mentors,
        )  # fmt: skip


class LearnerShape(BaseModel):
    """A learner, and where they stand with whatever there is something to say about."""

    id: UUID
    name: str
    email: str | None
    standings: list[Standing]

    @classmethod
    def of(cls, user: User, statuses: dict[str, Status]) -> Self:
        standings = [Standing.of(exercise, status) for exercise, status in statuses.items()]
        return cls(id=user.id, name=user.name, email=user.email, standings=standings)


class GradeShape(BaseModel):
    """Points for one exercise or step."""

    item: str
    points: float | None = Field(description="0 to 100; null if nothing of it was tried.")
    attempts: int
    passed_at: datetime | None
    due: datetime | None = Field(description="For this learner, where the cohort has planned it.")
    late: bool = Field(description="Whether it was passed after that, which takes no points away.")


class GradesShape(BaseModel):
    """What one learner has."""

    learner: UUID
    name: str
    email: str | None
    grades: list[GradeShape]

    @classmethod
    def of(cls, row: Row) -> Self:
        user = row.learner
        told = [
            GradeShape(
                item=one.item.id,
                points=one.points,
                attempts=one.attempts,
                passed_at=one.passed_at,
                due=one.due,
                late=one.late,
            )
            for one in row.grades
        ]
        return cls(learner=user.id, name=user.name, email=user.email, grades=told)
