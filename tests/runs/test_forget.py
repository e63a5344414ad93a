"""Old scratch runs give their outputs back to the disk; nothing that matters to anybody goes."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.learning import attempts
from app.lessons import Lesson
from app.mentoring import threads
from app.models import Output, User
from app.running import leases, runs
from app.running.leases import Result, Shown


def finish(session: Session, run_id: object, shown: str) -> None:
    held = leases.claim(session, run_id)  # type: ignore[arg-type]
    assert held
    leases.record(session, held.id, held.nonce, Result(outputs=[Shown("result", {"text": shown})]))
    session.commit()


def test_the_newest_runs_what_was_handed_in_and_what_was_asked_about_are_kept(
    session: Session, ada: User, ben: User, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "KEPT_RUNS", 2)
    for press in range(5):
        run = runs.submit(session, ada, "counting", "one", {"one": f"x = {press}"})
        session.commit()
        finish(session, run.id, f"press {press}")
        if press == 1:
            threads.ask(session, ada, "counting", "one", "Why?")
    attempt = attempts.hand_in(session, ada, "double", "def double(x): return x")
    session.commit()
    finish(session, attempt.run_id, "attempt")
    run = runs.submit(session, ben, "counting", "one", {})
    session.commit()
    finish(session, run.id, "ben")
    assert runs.forget_old_outputs(session) == 2
    kept = {data["text"] for data in session.scalars(select(Output.data))}
    assert kept == {"press 1", "press 3", "press 4", "attempt", "ben"}
