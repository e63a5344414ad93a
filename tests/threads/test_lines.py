"""Words on lines of an answer, and where they stand once it is another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.guard import NotFound, Unusable
from app.learning import attempts
from app.lessons import Lesson
from app.mentoring import anchors, subjects, threads
from app.models import Attempt, Thread, User

FIRST = "def double(x):\n    y = x\n    return y * y\n"
LONGER = "import math\n\ndef double(x):\n    # twice\n    y = x\n    return y + y\n"


@pytest.fixture(autouse=True)
def many_runs(change_settings: Callable[..., None]) -> None:
    change_settings(runs_per_learner=9)


def _hand_in(session: Session, user: User, text: str) -> Attempt:
    made = attempts.hand_in(session, user, "double", text)
    session.commit()
    return made


def _say(session: Session, author: User, attempt: Attempt, line: int, body: str = "Hm.") -> Thread:
    about = subjects.find(session, author, subjects.ATTEMPT, attempt.id)
    made = threads.write_on(session, author, about, body, (line, line))
    session.commit()
    return made


def test_a_remark_moves_with_its_line_to_the_next_attempt(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    said = _say(session, mo, _hand_in(session, ada, FIRST), 2)
    (remark,) = threads.on_lines(session, _hand_in(session, ada, LONGER))
    assert (remark.thread.id, remark.anchor.here) == (said.id, (5, 5))
    assert remark.anchor.old == "    y = x"


def test_a_remark_on_a_line_that_has_changed_shows_the_old_line(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    _say(session, mo, _hand_in(session, ada, FIRST), 3)
    (remark,) = threads.on_lines(session, _hand_in(session, ada, LONGER))
    assert remark.anchor.here is None
    assert (remark.anchor.words, remark.anchor.old) == ("was on a line that has changed", "    return y * y")
    back = _hand_in(session, ada, FIRST)  # and if the line comes back, so does the remark
    assert [one.anchor.here for one in threads.on_lines(session, back)] == [(3, 3)]


def test_an_earlier_attempt_shows_nothing_that_was_said_on_a_later_one(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    first, second = _hand_in(session, ada, FIRST), _hand_in(session, ada, LONGER)
    _say(session, mo, second, 3)
    assert threads.on_lines(session, first) == []
    assert len(threads.on_lines(session, second)) == 1


def test_the_learner_finds_it_at_the_exercise_and_may_ask_about_a_line(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    attempt = _hand_in(session, ada, FIRST)
    said, asked = _say(session, mo, attempt, 2), _say(session, ada, attempt, 3, "Is this twice?")
    found = threads.of_lesson(session, ada, "counting")["double"]
    assert {(one.id, one.answered) for one in found} == {(said.id, True), (asked.id, False)}


def test_what_is_said_of_the_same_line_is_one_thread(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    attempt = _hand_in(session, ada, FIRST)
    first, again = _say(session, mo, attempt, 2), _say(session, mo, attempt, 2)
    more, other = _say(session, ada, attempt, 2, "Why?"), _say(session, mo, attempt, 1)
    assert first.id == again.id == more.id != other.id
    assert [one.body for one in threads.visible(session, ada, first.id).messages] == ["Hm.", "Why?"]


def test_lines_that_are_not_there_and_strangers_are_refused(
    session: Session, ada: User, ben: User, mo: User, outsider: User, lesson: Lesson
) -> None:
    attempt = _hand_in(session, ada, FIRST)
    for line in (0, -1, 4, 2**40):
        with pytest.raises(Unusable, match="lines from 1 to 3"):
            _say(session, mo, attempt, line)
    for stranger in (ben, outsider):
        with pytest.raises(NotFound):
            _say(session, stranger, attempt, 1)


_code = st.lists(st.sampled_from(["", "a = 1", "b = 2", "    c", "d", "return a"]), min_size=1, max_size=12)


@given(before=_code, after=_code, data=st.data())
def test_a_remark_is_carried_to_a_line_of_its_own_words_or_to_none(
    before: list[str], after: list[str], data: st.DataObject
) -> None:
    old, new = "\n".join(before), "\n".join(after)
    count = len(anchors.lines(old))
    first = data.draw(st.integers(1, count))
    last = data.draw(st.integers(first, count))
    found = anchors.carry(old, new, first, last)
    if found is not None and old != new:
        texts = [line for line in anchors.lines(old)[first - 1 : last] if line]
        assert anchors.lines(new)[found[0] - 1] in texts
        assert anchors.lines(new)[found[1] - 1] in texts
    if any(anchors.lines(old)[first - 1 : last]):
        assert anchors.carry(old, old, first, last) == (first, last)
        lower = anchors.carry(old, "\n".join(["# new"] * 3) + "\n" + old, first, last)
        assert lower is not None
        assert first + 3 <= lower[0] <= lower[1] <= last + 3
