"""What the page shows of each cell: text, newest run, and whether that still holds."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.learning import attempts, drafts
from app.lessons import Lesson
from app.models import State, User
from app.running import leases, runs
from app.running.leases import Result, Shown


def ran(session: Session, user: User, cell: str, texts: dict[str, str], **seconds: float) -> None:
    run = runs.submit(session, user, "counting", cell, texts)
    session.commit()
    held = leases.claim(session, run.id)
    assert held
    shown = [Shown("result", {"text": "2"})]
    leases.record(session, run.id, held.nonce, Result(cell_seconds=dict(seconds), outputs=shown))
    session.commit()


def test_an_untouched_lesson_has_its_own_texts_and_no_runs(
    session: Session, ada: User, lesson: Lesson
) -> None:
    standings = runs.standings(session, ada, lesson, runs.latest(session, ada, lesson.slug))
    assert list(standings) == ["one", "two", "double", "quadruple"]
    assert standings["one"].text == lesson.cell("one").source
    assert standings["one"].run is None
    assert not standings["one"].stale


def test_a_finished_run_comes_with_its_outputs_and_is_fresh(
    session: Session, ada: User, lesson: Lesson
) -> None:
    ran(session, ada, "two", {})
    two = runs.standings(session, ada, lesson, runs.latest(session, ada, lesson.slug))["two"]
    assert two.run
    assert [output.data for output in two.run.outputs] == [{"text": "2"}]
    assert (two.stale, two.modified) == (False, False)


def test_outputs_are_stale_once_a_cell_above_has_changed_and_fresh_again_when_it_is_back(
    session: Session, ada: User, lesson: Lesson
) -> None:
    ran(session, ada, "two", {})
    drafts.save(session, ada, "counting", "one", "x = 5")
    assert runs.standings(session, ada, lesson, runs.latest(session, ada, lesson.slug))["two"].stale
    drafts.save(session, ada, "counting", "one", lesson.cell("one").source)
    assert not runs.standings(session, ada, lesson, runs.latest(session, ada, lesson.slug))["two"].stale


def test_a_cell_changed_since_its_run_is_modified_and_not_stale(
    session: Session, ada: User, lesson: Lesson
) -> None:
    ran(session, ada, "two", {})
    drafts.save(session, ada, "counting", "two", "y = 0")
    two = runs.standings(session, ada, lesson, runs.latest(session, ada, lesson.slug))["two"]
    assert (two.stale, two.modified) == (False, True)


def test_the_newest_run_is_shown(session: Session, ada: User, lesson: Lesson) -> None:
    ran(session, ada, "one", {})
    newer = runs.submit(session, ada, "counting", "one", {"one": "x = 3"})
    session.commit()
    shown = runs.standings(session, ada, lesson, runs.latest(session, ada, lesson.slug))["one"].run
    assert shown
    assert (shown.id, shown.state) == (newer.id, State.QUEUED)


def test_other_learners_runs_are_never_shown(session: Session, ada: User, ben: User, lesson: Lesson) -> None:
    ran(session, ada, "one", {})
    assert runs.standings(session, ben, lesson, runs.latest(session, ben, lesson.slug))["one"].run is None


def test_a_long_replay_is_foretold_from_what_the_cells_above_took(
    session: Session, ada: User, lesson: Lesson
) -> None:
    ran(session, ada, "two", {}, one=9.0, two=1.0)
    ran(session, ada, "one", {"one": "x = 2"}, one=4.5)
    standings = runs.standings(session, ada, lesson, runs.latest(session, ada, lesson.slug))
    assert standings["two"].replay_seconds == 4.5
    assert standings["double"].replay_seconds == 5.5
    assert (standings["two"].long_replay, standings["double"].long_replay) == (False, True)


def test_a_judged_attempt_is_not_stale_when_the_page_above_it_changes(
    session: Session, ada: User, lesson: Lesson
) -> None:
    attempts.hand_in(session, ada, "double", "def double(x):\n    return x")
    session.commit()
    drafts.save(session, ada, "counting", "one", "x = 5")
    double = runs.standings(session, ada, lesson, runs.latest(session, ada, lesson.slug))["double"]
    assert double.run
    assert not double.stale
    assert double.run.attempt
