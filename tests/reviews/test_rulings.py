"""A mentor's ruling stands beside the verdict: it counts, it says why, it can be taken back."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotAllowed, Unusable
from app.learning import attempts, given, progress
from app.learning.progress import Mark
from app.lessons import Lesson
from app.mentoring import reviews
from app.models import Attempt, Deed, Notice, Standing, User, Verdict
from tests.routes.acting import failed_verdict, finish

TEXT = "def double(x):\n    return x * x\n"


@pytest.fixture
def failed(session: Session, ada: User, lesson: Lesson) -> Attempt:
    made = attempts.hand_in(session, ada, "double", TEXT)
    session.commit()
    finish(made.run_id, failed_verdict())
    session.expire_all()
    return attempts.visible(session, ada, made.id)


def _mark(session: Session, user: User) -> Mark:
    return progress.of_all(session, user)["double"].mark


def test_it_counts_as_passed_and_the_verdict_stays(
    session: Session, ada: User, mo: User, failed: Attempt
) -> None:
    assert _mark(session, ada) is Mark.FAILED
    reviews.overrule(session, mo, failed, "passed", " The check is too strict.\n")
    session.commit()
    assert (failed.verdict, failed.counts_as) == (Verdict.FAILED, Verdict.PASSED)
    assert (failed.ruling_reason, failed.ruled_by) == ("The check is too strict.", "Mo")
    assert _mark(session, ada) is Mark.PASSED
    assert given.passed_answers(session, ada) == {"double": TEXT}
    assert session.scalars(select(Standing.passed_at)).one() is not None


def test_it_is_noted_and_the_learner_is_told(session: Session, ada: User, mo: User, failed: Attempt) -> None:
    reviews.overrule(session, mo, failed, "passed", "Too strict.")
    session.commit()
    deed = session.scalars(select(Deed).where(Deed.kind == "overruled")).one()
    assert (deed.actor_id, deed.about_id) == (mo.id, ada.id)
    noted = {key: deed.data[key] for key in ("exercise", "verdict", "ruling", "reason")}
    assert noted == {"exercise": "double", "verdict": "failed", "ruling": "passed", "reason": "Too strict."}
    told = session.scalars(select(Notice)).one()
    assert (told.user_id, told.href) == (ada.id, f"/attempts/{failed.id}")
    assert "Mo says that your answer to “Twice as much” counts as passed" in told.text


def test_it_can_be_taken_back(session: Session, ada: User, mo: User, failed: Attempt) -> None:
    reviews.overrule(session, mo, failed, "passed", "Too strict.")
    reviews.withdraw(session, mo, failed)
    session.commit()
    assert (failed.ruling, failed.ruling_reason, failed.ruled_at) == (None, "", None)
    assert _mark(session, ada) is Mark.FAILED
    assert session.scalars(select(Standing.passed_at)).one() is None
    kinds = session.scalars(select(Deed.kind).order_by(Deed.created_at)).all()
    assert kinds == ["overruled", "ruling_withdrawn"]
    reviews.withdraw(session, mo, failed)  # twice is once
    assert session.query(Deed).count() == 2


def test_a_pass_can_be_ruled_out(session: Session, ada: User, mo: User, lesson: Lesson) -> None:
    made = attempts.hand_in(session, ada, "double", TEXT)
    session.commit()
    finish(made.run_id, attempts.Verdict(Verdict.PASSED, ""))
    session.expire_all()
    reviews.overrule(
        session, mo, attempts.visible(session, mo, made.id), "failed", "It looks up the answers."
    )
    session.commit()
    assert _mark(session, ada) is Mark.FAILED
    assert given.passed_answers(session, ada) == {}


def test_without_a_reason_or_on_ones_own_work_it_is_refused(
    session: Session, ada: User, boss: User, mo: User, failed: Attempt
) -> None:
    with pytest.raises(Unusable, match="Say why"):
        reviews.overrule(session, mo, failed, "passed", " ")
    with pytest.raises(Unusable, match="counts as"):
        reviews.overrule(session, mo, failed, "error", "So.")
    with pytest.raises(NotAllowed):
        reviews.overrule(session, ada, failed, "passed", "I like it.")
    own = attempts.hand_in(session, boss, "double", TEXT)
    with pytest.raises(NotAllowed, match="your own"):
        reviews.overrule(session, boss, own, "passed", "I like it.")


def test_what_is_being_judged_is_not_ruled_on(session: Session, ada: User, mo: User, lesson: Lesson) -> None:
    made = attempts.hand_in(session, ada, "double", TEXT)
    session.commit()
    with pytest.raises(Unusable, match="being judged"):
        reviews.overrule(session, mo, attempts.visible(session, mo, made.id), "passed", "So.")
