"""How a cohort fares with one exercise, and the attempts behind each number."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.lessons import Lesson, course
from app.mentoring import outcomes
from app.models import Cohort, User, Verdict, WorkTime
from tests.standings.acting import SQUARE, judged

PASSED, FAILED, ERROR = (Verdict.PASSED, None), (Verdict.FAILED, SQUARE), (Verdict.ERROR, None)


def of(session: Session, cohort: Cohort) -> outcomes.Outcomes:
    return outcomes.of(session, cohort, course().exercises["double"])


def test_rate_attempts_and_mistakes(
    session: Session, cohort: Cohort, ada: User, ben: User, zoe: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", FAILED, FAILED, PASSED, PASSED, FAILED)
    judged(session, ben, "double", FAILED, ERROR, (Verdict.NOT_ATTEMPTED, None))
    judged(session, zoe, "double", PASSED)  # learns elsewhere
    session.add(WorkTime(user_id=ada.id, lesson="counting", cell="double", code=60, reading=30))
    session.commit()
    found = of(session, cohort)
    assert (found.learners, found.tried, found.rate, found.at_once) == (2, {ada.id, ben.id}, 50, 0)
    assert found.to_pass == (3, 3, 3)
    assert found.time == (90, 90, 90)
    assert [(one.label, one.learners, one.attempts) for one in found.mistakes] == [
        ("“square”", 2, 4),
        ("an error", 1, 1),
    ]
    assert found.mistakes[0].doc == "You squared it."


def test_each_number_leads_to_its_attempts(
    session: Session, cohort: Cohort, ada: User, ben: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", PASSED, FAILED)
    judged(session, ben, "double", FAILED, ERROR)
    found = of(session, cohort)
    behind = {number: [(one.name, one.number) for one in found.behind(number)] for number in _NUMBERS}
    assert behind == {
        "passed": [("Ada", 1)],
        "once": [("Ada", 1)],
        "failing": [("Ben", 2)],
        SQUARE: [("Ben", 1), ("Ada", 2)],
        "error": [("Ben", 2)],
        "": [("Ben", 2), ("Ben", 1), ("Ada", 2), ("Ada", 1)],
    }


_NUMBERS = ("passed", "once", "failing", SQUARE, "error", "")


def test_of_what_nobody_tried_there_is_nothing_to_say(
    session: Session, cohort: Cohort, lesson: Lesson
) -> None:
    found = of(session, cohort)
    assert (found.rate, found.to_pass, found.time, found.mistakes) == (None, None, None, [])
