"""A learner sits an assessment: the server's clock decides, and nothing of theirs is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotAllowed, NotFound, Unusable
from app.learning import attempts, drafts
from app.lessons import Lesson
from app.models import Assessment, Attempt, Cohort, SittingAttempt, User, Verdict
from app.teaching import assessments, results
from tests.routes.acting import failed_verdict, finish

Make = Callable[..., Assessment]
Clock = Callable[[timedelta], None]
MINUTES = timedelta(minutes=1)
RIGHT, WRONG = "def double(x):\n    return 2 * x", "def double(x):\n    return x * x"


def answers(session: Session) -> list[tuple[str, bool]]:
    """What was handed in during sittings, and whether the site did it."""
    rows = select(Attempt.answer, SittingAttempt.at_end).join(
        SittingAttempt, SittingAttempt.attempt_id == Attempt.id
    )
    return list(session.execute(rows.order_by(Attempt.id)))


def test_it_begins_once_however_often_the_button_is_pressed(
    session: Session, make: Make, ada: User, pass_time: Clock
) -> None:
    made = make(minutes=30)
    first = assessments.start(session, ada, made.id, True)
    began = first.started_at
    pass_time(10 * MINUTES)
    again = assessments.start(session, ada, made.id, False)
    assert (again.id, again.started_at, again.hand_in_rest) == (first.id, began, True)


def test_it_cannot_begin_before_its_window_or_after(
    session: Session, make: Make, ada: User, ben: User, pass_time: Clock
) -> None:

    made = make(opens_at=now() + 10 * MINUTES)
    with pytest.raises(NotAllowed, match="opens on"):
        assessments.start(session, ada, made.id, True)
    pass_time(4 * 60 * MINUTES)
    with pytest.raises(NotAllowed, match="closed"):
        assessments.start(session, ben, made.id, True)


def test_what_is_handed_in_belongs_to_it(session: Session, make: Make, ada: User) -> None:
    sitting = assessments.start(session, ada, make().id, True)
    attempt = attempts.hand_in(session, ada, "double", RIGHT)
    bound = session.scalars(select(SittingAttempt)).one()
    assert (bound.sitting_id, bound.attempt_id, bound.at_end) == (sitting.id, attempt.id, False)


def test_other_exercises_do_not_belong_to_it(session: Session, make: Make, ada: User) -> None:
    assessments.start(session, ada, make(exercises=("largest",)).id, True)
    attempts.hand_in(session, ada, "double", RIGHT)
    assert answers(session) == []


def test_ones_own_minutes_end_it(session: Session, make: Make, ada: User, pass_time: Clock) -> None:
    assessments.start(session, ada, make(minutes=30).id, True)
    pass_time(29 * MINUTES)
    attempts.hand_in(session, ada, "double", WRONG)
    pass_time(2 * MINUTES)
    with pytest.raises(NotAllowed, match="is over"):
        attempts.hand_in(session, ada, "double", RIGHT)


def test_who_begins_late_has_until_the_window_closes(
    session: Session, make: Make, ada: User, pass_time: Clock
) -> None:
    made = make(minutes=60)
    pass_time(170 * MINUTES)
    assessments.start(session, ada, made.id, True)
    assert assessments.for_learner(session, ada, made.id).ends_at == made.closes_at


def test_what_stands_in_the_editor_is_handed_in_at_the_end(
    session: Session, make: Make, ada: User, pass_time: Clock
) -> None:
    assessments.start(session, ada, make(minutes=30).id, True)
    drafts.save(session, ada, "counting", "double", RIGHT)
    pass_time(29 * MINUTES)
    assert assessments.sweep(session) == 0
    pass_time(2 * MINUTES)
    assert assessments.sweep(session) == 1
    assert answers(session) == [(RIGHT, True)]
    assert assessments.sweep(session) == 0


def test_it_is_not_if_its_learner_chose_so(session: Session, make: Make, ada: User, pass_time: Clock) -> None:
    assessments.start(session, ada, make(minutes=30).id, False)
    drafts.save(session, ada, "counting", "double", RIGHT)
    pass_time(31 * MINUTES)
    assessments.sweep(session)
    assert answers(session) == []
    assert drafts.of(session, ada, "counting")["double"] == RIGHT


def test_what_was_handed_in_already_and_bare_starters_are_not_handed_in_again(
    session: Session, make: Make, ada: User, pass_time: Clock
) -> None:
    assessments.start(session, ada, make(exercises=("double", "quadruple")).id, True)
    attempts.hand_in(session, ada, "double", RIGHT)
    assessments.finish(session, ada, session.scalars(select(Assessment)).one().id)
    assert answers(session) == [(RIGHT, False)]


def test_what_is_written_after_the_end_does_not_count_and_is_not_lost(
    session: Session, make: Make, ada: User, pass_time: Clock
) -> None:
    assessments.start(session, ada, make(minutes=30).id, True)
    drafts.save(session, ada, "counting", "double", WRONG)
    pass_time(31 * MINUTES)
    drafts.save(session, ada, "counting", "double", RIGHT)
    assessments.sweep(session)
    assert answers(session) == [(WRONG, True)]
    assert drafts.of(session, ada, "counting")["double"] == RIGHT


def test_nor_what_was_begun_after_the_end(session: Session, make: Make, ada: User, pass_time: Clock) -> None:
    assessments.start(session, ada, make(minutes=30).id, True)
    pass_time(31 * MINUTES)
    drafts.save(session, ada, "counting", "double", RIGHT)
    assessments.sweep(session)
    assert answers(session) == []


def test_nor_is_what_was_reset_after_the_end(
    session: Session, make: Make, ada: User, pass_time: Clock
) -> None:
    assessments.start(session, ada, make(minutes=30).id, True)
    drafts.save(session, ada, "counting", "double", RIGHT)
    pass_time(31 * MINUTES)
    drafts.reset(session, ada, "counting", "double")
    assessments.sweep(session)
    assert answers(session) == [(RIGHT, True)]


def test_too_many_runs_at_the_end_only_put_it_off(
    session: Session, make: Make, ada: User, pass_time: Clock, change_settings: Callable[..., None]
) -> None:
    change_settings(runs_per_learner=1)
    made = make(minutes=30, exercises=("double", "quadruple"))
    assessments.start(session, ada, made.id, True)
    drafts.save(session, ada, "counting", "double", RIGHT)
    attempt = attempts.hand_in(session, ada, "double", WRONG)
    drafts.save(session, ada, "counting", "double", RIGHT)
    pass_time(31 * MINUTES)
    assert assessments.sweep(session) == 0
    session.commit()
    finish(attempt.run_id, failed_verdict())
    drafts.save(session, ada, "counting", "double", "def double(x): return 'too late'")
    assert assessments.sweep(session) == 1
    assert answers(session) == [(WRONG, False), (RIGHT, True)]


def test_what_cannot_be_handed_in_is_kept_with_the_reason(
    session: Session, make: Make, ada: User, pass_time: Clock
) -> None:
    made = make(exercises=("quadruple",), minutes=30)
    assessments.start(session, ada, made.id, True)
    drafts.save(session, ada, "counting", "quadruple", "def quadruple(x): return 4 * x")
    pass_time(31 * MINUTES)
    assessments.sweep(session)
    (found,) = [one for one in results.of(session, made) if one.learner.id == ada.id]
    assert "builds on “Twice as much”" in found.answers["quadruple"].left
    assert found.sitting is not None
    assert found.sitting.texts["quadruple"] == "def quadruple(x): return 4 * x"


def test_extra_time_lengthens_minutes_and_window(
    session: Session, make: Make, here: Cohort, mo: User, ada: User, ben: User, pass_time: Clock
) -> None:
    made = make(minutes=30)
    assessments.allow(session, mo, here, made, ada.id, 15)
    for learner in (ada, ben):
        assessments.start(session, learner, made.id, True)
    pass_time(40 * MINUTES)
    attempts.hand_in(session, ada, "double", RIGHT)
    with pytest.raises(NotAllowed):
        attempts.hand_in(session, ben, "double", RIGHT)
    assert made.last_at == made.closes_at + 15 * MINUTES


def test_a_sitting_that_ran_out_goes_on_with_extra_time(
    session: Session, make: Make, here: Cohort, mo: User, ada: User, pass_time: Clock
) -> None:
    made = make(minutes=30)
    assessments.start(session, ada, made.id, True)
    pass_time(31 * MINUTES)
    assessments.sweep(session)
    assessments.allow(session, mo, here, made, ada.id, 20)
    attempts.hand_in(session, ada, "double", RIGHT)
    assert answers(session) == [(RIGHT, False)]


def test_extra_time_is_for_learners_of_the_cohort(
    session: Session, make: Make, here: Cohort, mo: User, zoe: User
) -> None:
    made = make()
    with pytest.raises(NotFound):
        assessments.allow(session, mo, here, made, zoe.id, 5)
    with pytest.raises(Unusable):
        assessments.allow(session, mo, here, made, zoe.id, -5)


# ---- what is told


def test_a_verdict_is_one_word_until_all_are_done(
    session: Session, make: Make, ada: User, pass_time: Clock
) -> None:
    made = make(minutes=30)
    assessments.start(session, ada, made.id, True)
    attempt = attempts.hand_in(session, ada, "double", WRONG)
    session.commit()
    finish(attempt.run_id, failed_verdict())
    session.refresh(attempt)
    assert attempt.verdict is Verdict.FAILED
    assert "square" not in attempt.message + str(attempt.details)
    pass_time(31 * MINUTES)
    assessments.sweep(session)
    session.refresh(attempt)
    assert attempt.details == {}
    pass_time(180 * MINUTES)
    assert assessments.sweep(session) == 1
    session.refresh(attempt)
    assert (attempt.message, attempt.details) == (failed_verdict().message, failed_verdict().details)


def test_a_verdict_that_comes_after_the_release_is_whole(
    session: Session, make: Make, ada: User, pass_time: Clock
) -> None:
    assessments.start(session, ada, make(minutes=30).id, True)
    attempt = attempts.hand_in(session, ada, "double", WRONG)
    session.commit()
    pass_time(240 * MINUTES)
    assessments.sweep(session)
    session.commit()
    finish(attempt.run_id, failed_verdict())
    session.refresh(attempt)
    assert attempt.details == failed_verdict().details


def test_results_say_what_was_done_and_what_was_known_before(
    session: Session, make: Make, ada: User, ben: User, lesson: Lesson
) -> None:
    attempts.open_hint(session, ada, "double")
    made = make()
    assessments.start(session, ada, made.id, True)
    attempt = attempts.hand_in(session, ada, "double", RIGHT)
    session.commit()
    finish(attempt.run_id, attempts.Verdict(Verdict.PASSED, ""))
    session.expire_all()
    first, second = results.of(session, made)
    assert (first.learner.id, first.passed, second.learner.id, second.passed) == (ada.id, 1, ben.id, 0)
    assert first.answers["double"].before == ("hints",)
    assert [one.id for one in first.answers["double"].attempts] == [attempt.id]
    assert (first.answers["largest"].verdict, second.sitting) == (None, None)


def test_results_as_a_table(session: Session, make: Make, here: Cohort, mo: User, ada: User) -> None:
    made = make()
    sitting = assessments.start(session, ada, made.id, True)
    lines = [line.split(",") for line in results.table(session, mo, here, made).splitlines()]
    began = sitting.started_at.strftime("%Y-%m-%d %H:%M:%S")
    assert lines[1] == ["Ada", "ada@example.org", "double", "", "0", "0", began, "0", ""]
    assert lines[3] == ["Ben", "ben@example.org", "double", "", "", "0", "", "0", ""]
