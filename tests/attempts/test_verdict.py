"""The verdict: written once, with the run; and never paid for by the learner when the fault is ours."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.learning import attempts
from app.learning.attempts import Verdict
from app.lessons import Lesson
from app.models import State, User
from app.models import Verdict as Word
from app.running import leases
from app.running.leases import Result

ANSWER = "def double(x): return x"


def test_the_verdict_comes_with_its_sentence_and_details(session: Session, ada: User, lesson: Lesson) -> None:
    attempt = attempts.hand_in(session, ada, "double", ANSWER)
    session.commit()
    held = leases.claim(session, attempt.run_id)
    assert held
    recorded = leases.record(session, held.id, held.nonce, Result())
    assert recorded
    details = {"check": "Twice 3 is 6.", "got": {"text": "3"}}
    attempts.record_verdict(session, recorded, Verdict(Word.FAILED, "Twice 3 is 6.\x00", details))
    session.commit()
    session.refresh(attempt)
    assert (attempt.verdict, attempt.message, attempt.details) == (Word.FAILED, "Twice 3 is 6.", details)
    assert attempt.graded_at


def test_a_fault_of_ours_leaves_no_verdict_and_opens_no_solution(
    session: Session, ada: User, lesson: Lesson
) -> None:
    attempt = attempts.hand_in(session, ada, "double", ANSWER)
    session.commit()
    for _ in range(leases.MAX_FAULTS):
        held = leases.claim(session, attempt.run_id)
        assert held
        leases.give_back(session, held.id, held.nonce, fault=True)
        session.commit()
    (shown,) = attempts.of(session, ada, "double")
    assert (shown.verdict, shown.run.state) == (None, State.FAILED)
    assert not attempts.may_see_solution(session, ada, "double")
    again = attempts.hand_in(session, ada, "double", ANSWER)
    assert again.number == 2
