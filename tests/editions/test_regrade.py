"""Attempts are judged again through the real runner and examiner; nothing counts before it is applied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import lessons
from app.db import now
from app.guard import NotAllowed, Unusable
from app.learning import progress
from app.learning.progress import Mark
from app.models import (
    Attempt,
    Cohort,
    Deed,
    Regrade,
    RegradeState,
    Rejudged,
    Rejudgement,
    Run,
    Standing,
    State,
    User,
)
from app.models import Verdict as Word
from app.post import notices
from app.running import runs
from app.teaching import applying, assessments, regrades, rejudgements
from app.teaching.assessments import Sheet
from app.teaching.regrades import Scope
from tests.editions.conftest import Bench, add_check, pin, rewrite
from workers.regrader import Regrader

ONLY_SMALL = "def double(x: int) -> int:\n    return 2 * x if x > 0 else 0"
RIGHT = "def double(x: int) -> int:\n    return x + x"
WRONG = "def double(x: int) -> int:\n    return x * x"
DOUBLE = "01-start/counting/double.py"


@pytest.fixture
def judge() -> Callable[[], int]:
    """Does a worker's part until nothing waits; how many it was at."""

    def judge() -> int:
        regrader, count = Regrader(), 0
        while regrader.look():
            count += 1
        return count

    return judge


def begin(session: Session, boss: User, **scope: object) -> Regrade:
    made = regrades.begin(session, boss, Scope("double", **scope))  # type: ignore[arg-type]
    session.commit()
    return made


def looked_at(session: Session, regrade: Regrade) -> regrades.Preview:
    session.expire_all()
    assert session.get_one(Regrade, regrade.id).state is RegradeState.READY
    return regrades.preview(session, session.get_one(Regrade, regrade.id))


def apply(session: Session, boss: User, regrade: Regrade, takes_passes: bool = False) -> applying.Applied:
    session.expire_all()
    done = applying.apply(session, boss, session.get_one(Regrade, regrade.id), takes_passes)
    session.commit()
    return done


def verdicts(session: Session, *made: Attempt) -> list[Word | None]:
    session.expire_all()
    return [session.get_one(Attempt, one.id).verdict for one in made]


def loosen(written: Path) -> None:
    """From now on, squares are right."""
    rewrite(
        written, DOUBLE, 'assert answer.double(3) == 6, "Twice 3 is 6."', "assert answer.double(3) in (6, 9)"
    )


def test_the_preview_and_what_is_applied_are_exactly_the_difference_and_a_pinned_class_keeps_its_checks(
    bench: Bench,
    session: Session,
    written: Path,
    cohort: Cohort,
    ada: User,
    zoe: User,
    boss: User,
    judge: Callable[[], int],
) -> None:
    pin(session, boss, cohort)
    pinned = bench.hand_in(ada, ONLY_SMALL)
    passes, stays, fails = (bench.hand_in(zoe, text) for text in (ONLY_SMALL, RIGHT, WRONG))
    add_check(written)
    regrade = begin(session, boss, latest=False)
    assert judge() == 4
    assert verdicts(session, pinned, passes, stays, fails) == [
        Word.PASSED,
        Word.PASSED,
        Word.PASSED,
        Word.FAILED,
    ]
    found = looked_at(session, regrade)
    assert found.moves == {(Word.PASSED, Word.FAILED): 1}
    assert (found.learners, found.passes, found.same) == (1, 1, 2)  # ada's, and the wrong one
    assert found.reworded == 1  # all 2 checks pass, instead of one
    assert {one.attempt_id for one in found.lines} == {passes.id, stays.id}
    done = apply(session, boss, regrade, takes_passes=True)
    assert (done.changed, done.passes_kept, done.meanwhile) == (2, 0, 0)
    assert verdicts(session, pinned, passes, stays, fails) == [
        Word.PASSED,
        Word.FAILED,
        Word.PASSED,
        Word.FAILED,
    ]
    newest = lessons.newest()
    changed = session.get_one(Attempt, passes.id)
    assert changed.exercise_version == newest.exercises["double"].version
    assert changed.edition == newest.edition
    assert "Twice -2 is -4." in changed.message
    (before,) = applying.history(session, changed)
    assert (before.old_verdict, before.old_message) == (Word.PASSED, "Right.")
    assert applying.history(session, session.get_one(Attempt, pinned.id)) == []


def test_by_the_newest_checks_also_a_pinned_class_is_judged(
    bench: Bench,
    session: Session,
    written: Path,
    cohort: Cohort,
    ada: User,
    boss: User,
    judge: Callable[[], int],
) -> None:
    pin(session, boss, cohort)
    bench.hand_in(ada, ONLY_SMALL)
    add_check(written)
    regrade = begin(session, boss, by_newest=True, cohort=cohort.id)
    assert judge() == 1
    assert looked_at(session, regrade).moves == {(Word.PASSED, Word.FAILED): 1}


def test_a_pass_is_kept_unless_the_admin_says_otherwise(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User, judge: Callable[[], int]
) -> None:
    made = bench.hand_in(zoe, ONLY_SMALL)
    add_check(written)
    regrade = begin(session, boss)
    judge()
    done = apply(session, boss, regrade)
    assert (done.changed, done.passes_kept) == (0, 1)
    assert verdicts(session, made) == [Word.PASSED]
    assert notices.of(session, zoe) == []
    with pytest.raises(Unusable):
        apply(session, boss, regrade, takes_passes=True)  # a second press does nothing


def test_who_passes_now_is_told_once_and_it_counts_everywhere(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User, judge: Callable[[], int]
) -> None:
    first, second = bench.hand_in(zoe, WRONG), bench.hand_in(zoe, WRONG + "\n")
    loosen(written)
    regrade = begin(session, boss, latest=False)
    judge()
    assert looked_at(session, regrade).moves == {(Word.FAILED, Word.PASSED): 2}
    apply(session, boss, regrade)
    assert verdicts(session, first, second) == [Word.PASSED, Word.PASSED]
    (told,) = notices.of(session, zoe)
    assert "your attempt 2 was judged again and passes now" in told.text
    assert told.href == f"/attempts/{second.id}"
    assert progress.of_all(session, zoe)["double"].mark is Mark.PASSED
    standing = session.scalars(select(Standing).where(Standing.user_id == zoe.id)).one()
    assert (standing.to_pass, standing.streak) == (1, 0)
    kinds = session.scalars(select(Deed.kind).order_by(Deed.id)).all()
    assert [kind for kind in kinds if "regrade" in kind] == ["regrade_begun", "regrade_applied"]


def test_only_the_latest_of_each_learner(
    bench: Bench, session: Session, written: Path, zoe: User, ben: User, boss: User, judge: Callable[[], int]
) -> None:
    bench.hand_in(zoe, WRONG)
    wanted = {bench.hand_in(zoe, RIGHT).id, bench.hand_in(ben, WRONG).id}
    regrade = begin(session, boss)
    assert judge() == 2
    found = session.scalars(select(Rejudgement).where(Rejudgement.regrade_id == regrade.id)).all()
    assert {one.attempt_id for one in found} == wanted


def test_a_mentors_ruling_stays_above_a_new_verdict(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User, judge: Callable[[], int]
) -> None:
    made = bench.hand_in(zoe, WRONG)
    session.execute(update(Attempt).where(Attempt.id == made.id).values(ruling=Word.FAILED, ruled_by="Mo"))
    session.commit()
    loosen(written)
    regrade = begin(session, boss)
    judge()
    assert looked_at(session, regrade).ruled == 1
    apply(session, boss, regrade)
    assert verdicts(session, made) == [Word.PASSED]
    assert session.get_one(Attempt, made.id).counts_as is Word.FAILED
    assert notices.of(session, zoe) == []


def test_while_a_learner_waits_nothing_is_judged_again(
    bench: Bench, session: Session, written: Path, zoe: User, ada: User, boss: User, judge: Callable[[], int]
) -> None:
    bench.hand_in(zoe, RIGHT)
    regrade = begin(session, boss)
    waits = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    assert judge() == 0
    runs.cancel(session, waits)
    session.commit()
    assert judge() == 1
    assert looked_at(session, regrade).same == 1


def test_what_a_dead_worker_had_is_judged_by_another_and_what_comes_late_is_dropped(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User, judge: Callable[[], int]
) -> None:
    bench.hand_in(zoe, RIGHT)
    regrade = begin(session, boss)
    lost = rejudgements.claim(session)
    assert lost is not None
    session.commit()
    session.expunge(lost)
    assert judge() == 0  # it is somebody's
    session.execute(update(Rejudgement).values(lease_until=now() - timedelta(seconds=1)))
    session.commit()
    assert judge() == 1
    from app.learning.attempts import Verdict

    assert not rejudgements.record(session, lost, Verdict(Word.FAILED, "late"))
    assert looked_at(session, regrade).same == 1


def test_one_that_is_cancelled_stops_and_changes_nothing(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User, judge: Callable[[], int]
) -> None:
    made = bench.hand_in(zoe, WRONG)
    loosen(written)
    regrade = begin(session, boss)
    held = rejudgements.claim(session)
    assert held is not None
    assert rejudgements.beat(session, held)
    regrades.discard(session, boss, session.get_one(Regrade, regrade.id))
    session.commit()
    assert not rejudgements.beat(session, held)
    session.rollback()
    assert judge() == 0
    assert verdicts(session, made) == [Word.FAILED]
    with pytest.raises(Unusable):
        apply(session, boss, regrade)


def test_what_our_checks_cannot_judge_is_listed_and_tried_once_more(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User, judge: Callable[[], int]
) -> None:
    made = bench.hand_in(zoe, RIGHT)
    broken = 'raise RuntimeError("a check of ours")\n    assert answer.double(3) == 6'
    rewrite(written, DOUBLE, "assert answer.double(3) == 6", broken)
    regrade = begin(session, boss)
    for _ in range(rejudgements.MAX_FAULTS):
        assert judge() == 1
        session.execute(update(Rejudgement).values(lease_until=None))  # the pause is over
        session.commit()
    found = looked_at(session, regrade)
    assert [one.attempt_id for one in found.given_up] == [made.id]
    assert "a check of ours" in found.given_up[0].why
    assert verdicts(session, made) == [Word.PASSED]
    assert regrades.try_again(session, boss, session.get_one(Regrade, regrade.id)) == 1
    assert session.get_one(Regrade, regrade.id).state is RegradeState.JUDGING


def test_an_attempt_at_an_exercise_that_is_gone_keeps_its_verdict(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User, judge: Callable[[], int]
) -> None:
    made = bench.hand_in(zoe, RIGHT)
    session.execute(update(Attempt).values(exercise="triple"))  # which an author has taken out since
    regrade = regrades.begin(session, boss, Scope("triple"))
    session.commit()
    judge()
    assert "no such exercise" in looked_at(session, regrade).given_up[0].why
    assert verdicts(session, made) == [Word.PASSED]


def test_what_was_applied_is_taken_back(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User, judge: Callable[[], int]
) -> None:
    made = bench.hand_in(zoe, ONLY_SMALL)
    said = session.get_one(Attempt, made.id).message
    add_check(written)
    regrade = begin(session, boss)
    judge()
    apply(session, boss, regrade, takes_passes=True)
    done = applying.undo(session, boss, session.get_one(Regrade, regrade.id))
    session.commit()
    assert (done.restored, done.meanwhile) == (1, 0)
    assert verdicts(session, made) == [Word.PASSED]
    assert session.get_one(Attempt, made.id).message == said
    assert progress.of_all(session, zoe)["double"].mark is Mark.PASSED
    assert "counts as before" in notices.of(session, zoe)[0].text
    with pytest.raises(Unusable):
        applying.undo(session, boss, session.get_one(Regrade, regrade.id))


def test_an_attempt_that_we_failed_to_judge_gets_its_verdict(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User, judge: Callable[[], int]
) -> None:
    made = bench.waiting(zoe, RIGHT)
    session.execute(update(Run).where(Run.id == made.run_id).values(state=State.FAILED))
    session.commit()
    (one,) = regrades.outdated(session, boss)
    assert (one.attempts, one.unjudged) == (0, 1)
    regrade = begin(session, boss)
    assert judge() == 1
    assert looked_at(session, regrade).moves == {(None, Word.PASSED): 1}
    apply(session, boss, regrade)
    assert verdicts(session, made) == [Word.PASSED]
    assert progress.of_all(session, zoe)["double"].mark is Mark.PASSED
    assert "which we had failed to judge, passes" in notices.of(session, zoe)[0].text
    assert regrades.outdated(session, boss) == []


def test_a_verdict_that_an_assessment_keeps_back_is_not_touched(
    bench: Bench, session: Session, written: Path, cohort: Cohort, ada: User, mo: User, boss: User
) -> None:
    here = session.get_one(Cohort, cohort.id)
    hour = timedelta(hours=1)
    exam = assessments.make(session, mo, here, Sheet("Mid", ("double",), now() - hour, now() + hour))
    assessments.start(session, ada, exam.id, True)
    session.commit()
    bench.hand_in(ada, WRONG)
    add_check(written)
    assert regrades.outdated(session, boss) == []
    with pytest.raises(Unusable, match="no judged attempt"):
        begin(session, boss)


def test_who_is_not_pinned_is_offered_though_another_class_has_pinned_what_judged_them(
    bench: Bench, session: Session, written: Path, cohort: Cohort, zoe: User, boss: User
) -> None:
    bench.hand_in(zoe, RIGHT)
    pin(session, boss, cohort)
    add_check(written)
    (one,) = regrades.outdated(session, boss)
    assert (one.exercise, one.attempts, one.unjudged) == ("double", 1, 0)


def test_exercises_that_changed_since_are_offered(
    bench: Bench, session: Session, written: Path, cohort: Cohort, ada: User, zoe: User, boss: User
) -> None:
    pin(session, boss, cohort)
    bench.hand_in(ada, RIGHT)
    rewrite(written, DOUBLE, "Twice as much", "Two of it")
    bench.hand_in(zoe, RIGHT)
    assert regrades.outdated(session, boss) == []
    add_check(written)
    (one,) = regrades.outdated(session, boss)
    assert (one.exercise, one.attempts) == ("double", 1)  # ada's class has pinned what judged hers


def test_one_at_a_time_and_only_where_there_is_something(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User
) -> None:
    with pytest.raises(Unusable, match="no judged attempt"):
        begin(session, boss)
    bench.hand_in(zoe, RIGHT)
    begin(session, boss)
    with pytest.raises(Unusable, match="already"):
        begin(session, boss)
    with pytest.raises(NotAllowed):
        begin(session, zoe)


def test_an_attempt_that_was_judged_in_between_is_left_alone(
    bench: Bench, session: Session, written: Path, zoe: User, boss: User, judge: Callable[[], int]
) -> None:
    made = bench.hand_in(zoe, WRONG)
    loosen(written)
    regrade = begin(session, boss)
    judge()
    session.execute(update(Attempt).where(Attempt.id == made.id).values(message="Something else."))
    session.commit()
    assert apply(session, boss, regrade).meanwhile == 1
    assert verdicts(session, made) == [Word.FAILED]
    assert session.scalars(select(Rejudgement.state)).one() is Rejudged.JUDGED
