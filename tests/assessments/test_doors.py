"""While an assessment is open, every door to help on its exercises is closed to its cohort's learners."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app import jupyter
from app.db import now
from app.guard import NotAllowed, Unusable
from app.learning import activity, attempts, desk, frontier, given, understanding
from app.learning.activity import Kind
from app.lessons import Lesson, course
from app.mentoring import mistakes
from app.models import Assessment, Cohort, RunKind, State, User
from app.people import cohorts
from app.running import runs
from app.teaching import assessments, sittings
from tests.routes.acting import failed_verdict, finish

Make = Callable[..., Assessment]
Clock = Callable[[timedelta], None]
HOURS = timedelta(hours=1)


@pytest.fixture
def helped(session: Session, ada: User, lesson: Lesson) -> None:
    """Ada has tried `double` and has seen all there is to see, before."""
    attempt = attempts.hand_in(session, ada, "double", "def double(x): return x * x")
    attempts.open_hint(session, ada, "double")
    activity.log(session, ada, Kind.OPENED, "counting")
    session.commit()
    finish(attempt.run_id, failed_verdict())
    session.expire_all()
    attempts.solution(session, ada, "double")
    session.commit()


@pytest.fixture
def opened(helped: None, make: Make) -> Assessment:
    return make()


def test_hints(session: Session, ada: User, opened: Assessment) -> None:
    with pytest.raises(NotAllowed, match="assessment “Mid”"):
        attempts.open_hint(session, ada, "double")


def test_the_solution(session: Session, ada: User, opened: Assessment) -> None:
    assert not attempts.may_see_solution(session, ada, "double")
    with pytest.raises(NotAllowed, match="assessment “Mid”"):
        attempts.solution(session, ada, "double")


def test_use_ours(session: Session, ada: User, opened: Assessment, lesson: Lesson) -> None:
    with pytest.raises(NotAllowed, match="assessment “Mid”"):
        given.take_ours(session, ada, "double", lesson)


def test_ours_that_was_taken_before(session: Session, ada: User, opened: Assessment) -> None:
    assert given.looked_up(session, ada) == {}
    with pytest.raises(Unusable, match="builds on"):
        attempts.hand_in(session, ada, "quadruple", "def quadruple(x): return 4 * x")


def test_ours_in_a_run_from_before(
    session: Session, ada: User, helped: None, make: Make, lesson: Lesson
) -> None:
    attempt = attempts.hand_in(session, ada, "quadruple", "def quadruple(x): return 4 * x")
    session.commit()
    run = runs.own(session, ada, attempt.run_id)
    assert sittings.ours_in(session, ada, run) == set()
    make()
    assert sittings.ours_in(session, ada, run) == {"double"}


def test_comparison_and_marks(session: Session, ada: User, opened: Assessment) -> None:
    assert not understanding.of(session, ada, "start").of("double").open
    for act in (understanding.mark, understanding.unmark):
        with pytest.raises(NotAllowed, match="assessment “Mid”"):
            act(session, ada, "start", "double")
    with pytest.raises(NotAllowed, match="assessment “Mid”"):
        understanding.answer(session, ada, "start", "double", "right")


def test_everybodys_answers(session: Session, ada: User, opened: Assessment) -> None:
    with pytest.raises(NotAllowed, match="assessment “Mid”"):
        frontier.of(session, course().exercises["double"], ada)


def test_the_lesson_shows_no_hint_that_was_open(
    session: Session, ada: User, opened: Assessment, lesson: Lesson
) -> None:
    for place in (desk.of(session, ada, lesson).places["double"], desk.place(session, ada, lesson, "double")):
        assert (place.hints, place.solution_open) == ((), False)
        assert place.closed is not None


def test_a_notebook_to_take_along(session: Session, ada: User, opened: Assessment, lesson: Lesson) -> None:
    assert course().exercises["double"].solution not in jupyter.script(session, ada, lesson)
    assert "2 * x" not in jupyter.notebook(session, ada, lesson, True)


def test_handing_in_without_sitting_it(session: Session, ada: User, opened: Assessment) -> None:
    with pytest.raises(NotAllowed, match="Begin that first"):
        attempts.hand_in(session, ada, "double", "def double(x): return 2 * x")


def test_other_exercises_are_as_open_as_ever(session: Session, ada: User, opened: Assessment) -> None:
    assert attempts.open_hint(session, ada, "quadruple") == ["Twice twice."]


def test_others_meet_none_of_it(
    session: Session, zoe: User, mo: User, boss: User, stranger: User, opened: Assessment
) -> None:
    for other in (zoe, mo, boss, stranger):
        assert sittings.closed_to(session, other) == {}
        assert attempts.open_hint(session, other, "double") == ["Two of them."]


def test_leaving_the_cohort_opens_nothing_once_begun(
    session: Session, ada: User, opened: Assessment, here: Cohort
) -> None:
    assessments.start(session, ada, opened.id, True)
    cohorts.leave(session, ada, here.id)
    session.flush()
    with pytest.raises(NotAllowed):
        attempts.open_hint(session, ada, "double")


def test_they_stay_closed_after_ones_own_end_while_others_sit(
    session: Session, ada: User, opened: Assessment
) -> None:
    assessments.start(session, ada, opened.id, True)
    assessments.finish(session, ada, opened.id)
    with pytest.raises(NotAllowed, match="hints"):
        attempts.open_hint(session, ada, "double")
    with pytest.raises(NotAllowed, match="is over"):
        attempts.hand_in(session, ada, "double", "def double(x): return 2 * x")


def test_somebodys_extra_time_keeps_them_closed_for_all(
    session: Session, ada: User, ben: User, mo: User, here: Cohort, opened: Assessment, pass_time: Clock
) -> None:
    assessments.allow(session, mo, here, opened, ben.id, 60)
    pass_time(3.5 * HOURS)
    with pytest.raises(NotAllowed):
        attempts.open_hint(session, ada, "double")
    pass_time(HOURS)
    assert len(attempts.open_hint(session, ada, "double")) == 2


def test_all_of_it_opens_when_it_has_closed(
    session: Session, ada: User, opened: Assessment, pass_time: Clock
) -> None:
    pass_time(4 * HOURS)
    assert attempts.may_see_solution(session, ada, "double")
    assert list(given.looked_up(session, ada)) == ["double"]
    assert understanding.of(session, ada, "start").of("double").open


def test_before_it_opens_nothing_is_closed(session: Session, ada: User, helped: None, make: Make) -> None:

    make(opens_at=now() + HOURS)
    assert len(attempts.open_hint(session, ada, "double")) == 2
    attempts.hand_in(session, ada, "double", "def double(x): return 2 * x")


def test_the_weeks_mistake_to_discuss(
    session: Session, ada: User, helped: None, make: Make, here: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.mentoring.mistakes.FEWEST", 1)
    known = mistakes.of_week(session, here)
    assert known is not None
    assert known.exercise.id == "double"
    make()
    assert mistakes.of_week(session, here, sittings.closed_to(session, ada).keys()) is None


def test_scratch_runs_go_on(session: Session, ada: User, opened: Assessment) -> None:
    run = runs.submit(session, ada, "counting", "double", {"double": "print(1)"})
    assert (run.kind, run.state) == (RunKind.RUN, State.QUEUED)
