"""How a mentor looks at a cohort: all of it stands in the address."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.lessons import Lesson
from app.mentoring import dashboard
from app.mentoring.dashboard import View
from app.models import Cohort, User, Verdict
from tests.standings.acting import judged


def order(session: Session, cohort: Cohort, sort: str) -> list[str]:
    board = dashboard.of(session, cohort, [], View.of(sort, (), ()))
    return [line.who.name for line in board.lines]


def test_lines_are_sorted_as_asked_and_the_other_way_round(
    session: Session, cohort: Cohort, ada: User, ben: User, lesson: Lesson
) -> None:
    judged(session, ben, "double", (Verdict.PASSED, None))
    assert order(session, cohort, "name") == ["Ada", "Ben"]
    assert order(session, cohort, "-name") == ["Ben", "Ada"]
    assert order(session, cohort, "passed") == ["Ben", "Ada"]
    assert order(session, cohort, "active") == ["Ben", "Ada"]
    assert order(session, cohort, "-passed") == ["Ada", "Ben"]
    assert order(session, cohort, "need") == ["Ada", "Ben"]  # alike in this: by name


def test_by_a_lesson_or_an_exercise_whoever_is_stuck_at_it_comes_first(
    session: Session, cohort: Cohort, ada: User, ben: User, mo: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", (Verdict.PASSED, None))
    judged(session, ben, "double", (Verdict.FAILED, None))
    assert order(session, cohort, "lesson.counting") == ["Ben", "Ada"]
    assert order(session, cohort, "-lesson.counting") == ["Ada", "Ben"]
    shown = dashboard.of(session, cohort, [], View.of("-exercise.double", ["counting"], ()))
    assert [line.who.name for line in shown.lines] == ["Ada", "Ben"]
    assert (
        View.of("-exercise.double", (), ()).query == "sort=-lesson.counting"
    )  # its lesson is closed: by that


def test_a_lesson_is_not_full_while_one_of_its_exercises_is_missing(
    session: Session, cohort: Cohort, ada: User, lesson: Lesson
) -> None:
    for exercise in ("double", "quadruple"):
        judged(session, ada, exercise, (Verdict.PASSED, None))
    board = dashboard.of(session, cohort, [], View())
    (line,) = [line for line in board.lines if line.who.name == "Ada"]
    assert (line.lessons["counting"].passed, line.lessons["counting"].done) == (2, False)


def test_a_lessons_cell_sums_up_its_exercises(
    session: Session, cohort: Cohort, ada: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", (Verdict.FAILED, None), (Verdict.PASSED, None))
    judged(session, ada, "quadruple", *[(Verdict.ERROR, None)] * 3)
    board = dashboard.of(session, cohort, [], View.of("", ["counting"], ()))
    (line,) = [line for line in board.lines if line.who.name == "Ada"]
    assert line.lessons["counting"] == (1, 5, 3, 1)
    assert line.exercises["double"] == (True, 2, 0, "")
    assert line.exercises["quadruple"] == (False, 3, 3, "error")
    assert line.passed == 1


def test_what_an_address_says_is_kept_and_what_it_cannot_mean_is_dropped(lesson: Lesson) -> None:
    view = View.of("-active", ["counting", "nothing", "counting"], ["silent", "loud"])
    assert view.query == "sort=-active&open=counting&all=silent"
    assert View.of("nonsense", (), ()).query == "sort=need"
    assert view.toggled("counting").query == "sort=-active&all=silent"
    assert view.listing("silent").listing("alike").query == "sort=-active&open=counting&all=alike"
    assert view.sorted_by("active").query.startswith("sort=active")
    assert view.sorted_by("name").aria("name") == "ascending"
    assert view.aria("active") == "ascending"
    assert view.aria("name") == "none"
