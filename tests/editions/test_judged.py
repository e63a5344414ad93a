"""Whose checks judge an answer: through the real runner and an examiner that holds several editions."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app import lessons
from app.config import settings
from app.learning import attempts
from app.lessons import reading
from app.models import Attempt, Cohort, Run, State, User
from app.models import Verdict as Word
from app.teaching import editions
from tests.editions.conftest import Bench, add_check, pin, rewrite
from workers.examiner import client

ONLY_SMALL = "def double(x: int) -> int:\n    return 2 * x if x > 0 else 0"
RIGHT = "def double(x: int) -> int:\n    return x + x"


def test_a_pinned_learner_is_judged_by_the_old_checks_and_everybody_else_by_the_new(
    bench: Bench, session: Session, written: Path, cohort: Cohort, ada: User, zoe: User, boss: User
) -> None:
    pinned = pin(session, boss, cohort)
    add_check(written)
    for _ in range(2):  # the second is judged by what the examiner has warm
        old, new = bench.hand_in(ada, ONLY_SMALL), bench.hand_in(zoe, ONLY_SMALL)
        assert (old.verdict, old.edition) == (Word.PASSED, pinned)
        assert (new.verdict, new.edition) == (Word.FAILED, lessons.newest().edition)
        assert "Twice -2 is -4." in new.message
        assert old.exercise_version == lessons.edition(pinned).exercises["double"].version
        assert new.exercise_version == lessons.newest().exercises["double"].version
        assert old.exercise_version != new.exercise_version
        assert [len(one.details["checks"]) for one in (old, new)] == [1, 2]


def test_what_was_handed_in_before_the_class_moved_is_judged_by_what_it_was_handed_in_for(
    bench: Bench, session: Session, written: Path, cohort: Cohort, ada: User, boss: User
) -> None:
    pinned = pin(session, boss, cohort)
    add_check(written)
    waits = bench.waiting(ada, ONLY_SMALL)
    moved = pin(session, boss, cohort)
    bench.run_jobs()
    session.expire_all()
    judged = session.get_one(Attempt, waits.id)
    assert (judged.verdict, judged.edition) == (Word.PASSED, pinned)
    assert bench.hand_in(ada, ONLY_SMALL + "\n").edition == moved


def test_an_exercise_that_is_gone_since_can_still_be_handed_in_by_the_class(
    bench: Bench, session: Session, written: Path, cohort: Cohort, ada: User, boss: User
) -> None:
    pinned = pin(session, boss, cohort)
    lesson = written / "01-start/counting/lesson.md"
    lesson.write_text(lesson.read_text().replace("[Which is largest?](largest.py)", ""))
    (written / "01-start/counting/largest.py").unlink()
    assert "largest" not in lessons.newest().exercises
    editions.put(session, pinned)
    form = lessons.edition(pinned).exercises["largest"]
    judged = bench.hand_in(ada, form.solution, "largest")
    assert (judged.verdict, judged.edition) == (Word.PASSED, pinned)


def test_what_it_builds_on_comes_from_the_same_edition(
    bench: Bench, session: Session, written: Path, cohort: Cohort, ada: User, boss: User
) -> None:
    pin(session, boss, cohort)
    double = written / "01-start/counting/double.py"
    double.write_text(double.read_text().replace("return 2 * x\n", "return x + x\n"))
    bench.hand_in(ada, RIGHT)
    with reading():
        editions.read_as(session, ada)
        attempts.solution(session, ada, "double")
        assert "2 * x" in attempts.solution(session, ada, "double")
    assert (
        bench.hand_in(ada, lessons.newest().exercises["quadruple"].solution, "quadruple").verdict
        is Word.PASSED
    )


def test_an_edition_that_somebody_changed_on_disk_judges_nobody(
    bench: Bench, session: Session, written: Path, cohort: Cohort, ada: User, boss: User
) -> None:
    rewrite(written, "01-start/counting/double.py", "Twice as much", "Two of it")  # none that is warm
    pinned = pin(session, boss, cohort)
    add_check(written)
    waits = bench.waiting(ada, RIGHT)
    tamper(pinned)
    bench.run_jobs()
    session.expire_all()
    kept = session.get_one(Attempt, waits.id)
    assert kept.verdict is None
    run = session.get_one(Run, kept.run_id)
    assert (run.state, run.faults) == (State.QUEUED, 1)


def test_a_worker_that_starts_mends_what_was_changed_on_disk(
    bench: Bench, session: Session, written: Path, cohort: Cohort, ada: User, boss: User
) -> None:
    pinned = pin(session, boss, cohort)
    add_check(written)
    editions.put(session, pinned)
    tamper(pinned)
    assert bench.hand_in(ada, ONLY_SMALL).verdict is Word.PASSED


def tamper(edition: str) -> None:
    file = settings().courses_dir / edition / "01-start/counting/double.py"
    file.chmod(0o644)
    file.write_text(file.read_text().replace("== 6", "== 7"))


@pytest.mark.parametrize("name", ["../small_course", "/etc", "0" * 64])
def test_the_examiner_reads_no_other_folder(bench: Bench, name: str) -> None:
    grading = client.Grading(settings().examiner_socket, "largest", {}, edition=name)
    with grading, pytest.raises(client.ExaminerGone, match="not kept"):
        grading.verdict(None)
