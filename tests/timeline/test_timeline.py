"""A learner's timeline: what was handed in, opened and asked, and nothing of what is theirs alone."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.learning import attempts
from app.lessons import Lesson
from app.mentoring import threads, timeline
from app.mentoring.timeline import Entry, Place
from app.models import State, User, Verdict
from app.running import runs
from tests.standings.acting import SQUARE, judged

FAILED = (Verdict.FAILED, SQUARE)


def what(entry: Entry) -> str:
    if entry.attempt:
        return f"{entry.cell} {entry.attempt.number}"
    return entry.help.kind if entry.help else f"asked at {entry.cell}"


def told(session: Session, user: User, place: Place = Place()) -> list[str]:
    return [what(entry) for entry in timeline.of(session, user, place).entries]


def test_everything_stands_in_it_the_newest_first(
    session: Session, ada: User, ben: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", FAILED)
    attempts.open_hint(session, ada, "double")
    session.flush()
    threads.ask(session, ada, "counting", "two", "Why?")
    attempts.solution(session, ada, "double")
    judged(session, ada, "double", FAILED)
    judged(session, ben, "double", FAILED)
    assert told(session, ada) == ["double 2", "solution", "asked at two", "hint", "double 1"]
    assert told(session, ada, Place(exercise="double")) == ["double 2", "solution", "hint", "double 1"]
    assert told(session, ada, Place(lesson="counting")) == told(session, ada)
    assert told(session, ada, Place(lesson="elsewhere")) == []


def test_scratch_runs_are_not_in_it(session: Session, ada: User, lesson: Lesson) -> None:
    runs.submit(session, ada, "counting", "two", {"two": "y = 2"})
    session.commit()
    assert told(session, ada) == []


def test_an_attempt_comes_with_what_changed_and_the_time_between(
    session: Session, ada: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", FAILED, FAILED)
    newest, first = timeline.of(session, ada, Place()).entries
    assert first.changed == ()
    assert first.after is None
    assert [(line.sign, str(line.text).count("<")) and line.sign for line in newest.changed] == ["-", "+"]
    assert newest.between == newest.after == newest.at - first.at


def test_a_form_is_told_field_by_field(session: Session, ada: User, lesson: Lesson) -> None:
    attempt = attempts.hand_in(session, ada, "largest", {"largest": "3"})
    attempt.run.state = State.DONE
    session.commit()
    (entry,) = timeline.of(session, ada, Place()).entries
    assert entry.text.splitlines()[0].endswith(": 3")


def test_pages_neither_lose_an_entry_nor_show_one_twice(
    session: Session, ada: User, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        judged(session, ada, "double", FAILED)
        attempts.open_hint(session, ada, "double")
        session.commit()
    threads.ask(session, ada, "counting", "double", "Why?")
    session.commit()
    everything = told(session, ada)
    assert len(everything) == 7
    monkeypatch.setattr(timeline, "PAGE", 2)
    pages, before = [], None
    while True:
        page = timeline.of(session, ada, Place(), before)
        pages.append([what(entry) for entry in page.entries])
        assert page.newest is (before is None)
        before = page.older
        if before is None:
            break
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert [one for page in pages for one in page] == everything
