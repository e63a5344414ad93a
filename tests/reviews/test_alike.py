"""One answer for all who wrote the same."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from sqlalchemy.orm import Session

from app.db import transaction
from app.guard import Unusable
from app.learning import attempts
from app.lessons import Lesson
from app.mentoring import reviews, threads
from app.models import Attempt, Cohort, Membership, Notice, Role, User, Verdict
from tests.routes.acting import failed_verdict, finish

SQUARE = "def double(x):\n    return x * x\n"
SAME = "def double(x):   # twice?\n\n        return (x*x)\n"
OTHER = "def double(x):\n    return x ** 2\n"


@pytest.fixture
def class_of(cohort: Cohort) -> list[User]:
    """Cleo, Dan and Eve learn there, too."""
    with transaction() as session:
        made = [User(name=name, email=f"{name}@example.org") for name in ("Cleo", "Dan", "Eve")]
        session.add_all(made)
        session.flush()
        session.add_all(Membership(cohort_id=cohort.id, user_id=one.id, role=Role.LEARNER) for one in made)
        session.flush()
        for one in made:
            session.refresh(one)
        return made


def _failed(session: Session, user: User, text: str, verdict: attempts.Verdict | None = None) -> Attempt:
    made = attempts.hand_in(session, user, "double", text)
    session.commit()
    finish(made.run_id, verdict or failed_verdict())
    session.expire_all()
    return made


def _names(found: Iterable[Attempt]) -> list[str]:
    return sorted(one.user.name for one in found)


def _another_way() -> attempts.Verdict:
    return attempts.Verdict(Verdict.FAILED, "No.", {})


def test_alike_is_the_same_code_but_for_layout_or_the_same_named_mistake(
    session: Session, ada: User, ben: User, class_of: list[User], mo: User, lesson: Lesson
) -> None:
    cleo, dan, eve = class_of
    mine = _failed(session, ada, SQUARE)
    _failed(session, ben, SAME, _another_way())
    _failed(session, cleo, OTHER)
    _failed(session, dan, OTHER, _another_way())
    _failed(session, eve, SQUARE)
    _failed(session, eve, "def double(x):\n    return 2 * x\n", attempts.Verdict(Verdict.PASSED, ""))
    found = reviews.alike(session, mo, mine)
    assert (_names(found.code), _names(found.mistake)) == (["Ben"], ["Cleo"])


def test_it_goes_to_each_in_a_thread_of_their_own(
    session: Session, ada: User, ben: User, class_of: list[User], mo: User, lesson: Lesson
) -> None:
    mine = _failed(session, ada, SQUARE)
    for one in (ben, class_of[0]):
        _failed(session, one, SAME)
    sent = reviews.answer(session, mo, mine, "Try 3.", "code")
    session.commit()
    assert len({thread.id for thread in sent}) == 3
    for one in (ada, ben, class_of[0]):
        (thread,) = threads.of_lesson(session, one, "counting")["double"]
        assert [(message.author.name, message.body) for message in thread.messages] == [("Mo", "Try 3.")]
    assert session.query(Notice).where(Notice.kind == "answer").count() == 3
    assert reviews.alike(session, mo, mine) == reviews.Alike()  # they are answered now
    assert len(reviews.answer(session, mo, mine, "Try 3.", "code")) == 1  # a double click


def test_who_is_in_another_cohort_gets_nothing(
    session: Session, ada: User, ben: User, cohort: Cohort, mo: User, zoe: User, boss: User, lesson: Lesson
) -> None:
    mine = _failed(session, ada, SQUARE)
    _failed(session, zoe, SQUARE)
    assert reviews.alike(session, mo, mine).code == ()
    assert _names(reviews.alike(session, boss, mine).code) == ["Zoe"]  # of no cohort: an admin's


def test_what_is_no_python_is_compared_word_by_word(session: Session) -> None:
    assert reviews.normal("def (:\n  x") == reviews.normal("def  (: x") != reviews.normal("def (: y")
    assert reviews.normal("x = 1 # one") == reviews.normal("x=1")
    assert reviews.normal("(" * 5000) == "(" * 5000


def test_nobody_knows_how_else_to_be_alike(session: Session, ada: User, mo: User, lesson: Lesson) -> None:
    mine = _failed(session, ada, SQUARE)
    with pytest.raises(Unusable, match="to whom"):
        reviews.answer(session, mo, mine, "So.", "everybody")
