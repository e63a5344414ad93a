"""What the database says of what learners did, beside what their pages said."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from app.db import transaction
from app.learning.activity import Kind
from app.models import Activity, Attempt, Output, Run, State
from tests.chaos.learner import OURS, Done


def books_agree(done: list[Done]) -> None:
    """The database knows of each press once, of no other, and says what its page said."""
    with transaction() as session:
        whole = select(Run).options(selectinload(Run.outputs), joinedload(Run.attempt))
        known = {run.id: run for run in session.scalars(whole)}
        assert set(known) == {UUID(one.run) for one in done}
        assert len(done) == len(known)
        pressed = (
            select(func.count()).select_from(Activity).where(Activity.kind.in_([Kind.RAN, Kind.HANDED_IN]))
        )
        assert session.scalar(pressed) == len(done)
        for one in done:
            _recorded_once(one, known[UUID(one.run)])
        numbers = session.execute(
            select(Attempt.user_id, Attempt.exercise, func.count(), func.max(Attempt.number)).group_by(
                Attempt.user_id, Attempt.exercise
            )
        ).all()
        assert all(count == highest for *_, count, highest in numbers)


def _recorded_once(done: Done, run: Run) -> None:
    faulty = done.word == OURS
    assert run.state is (State.FAILED if faulty else State.DONE), (done, run.state)
    assert (run.nonce, run.lease_until) == ("", None)
    if done.deed.grade:
        assert run.attempt is not None
        assert (run.attempt.verdict is None) == faulty
        assert faulty or run.attempt.verdict == done.deed.truth
    else:
        assert faulty or run.ending == done.deed.truth
        assert faulty or _printed(run.outputs) == done.deed.prints


def _printed(outputs: list[Output]) -> str:
    return "".join(output.data["text"] for output in outputs if output.kind == "text")
