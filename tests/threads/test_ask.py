"""“I'm stuck”: what goes along, who answers, who waits."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotAllowed, NotFound, TextTooLong, Unusable
from app.learning import drafts
from app.lessons import Lesson
from app.mentoring import threads
from app.models import Activity, Thread, User
from app.running import runs


def test_a_question_takes_along_the_texts_and_the_newest_run(
    session: Session, ada: User, lesson: Lesson
) -> None:
    run = runs.submit(session, ada, "counting", "two", {})
    session.commit()
    thread = threads.ask(session, ada, "counting", "two", " Why is it 2?\r\n", {"one": "x = 5"})
    session.commit()
    drafts.save(session, ada, "counting", "one", "x = 6")
    assert [link["cell"] for link in thread.chain] == ["one", "two"]
    assert thread.chain[0]["text"] == "x = 5"
    assert thread.run_id == run.id
    (shown,) = threads.of_lesson(session, ada, "counting")["two"]
    assert [(message.author.name, message.body) for message in shown.messages] == [("Ada", "Why is it 2?")]
    assert (shown.answered, shown.closed_at) == (False, None)


def test_a_question_on_a_form_takes_along_what_was_filled_in(
    session: Session, ada: User, lesson: Lesson
) -> None:
    thread = threads.ask(session, ada, "counting", "largest", "Is it two?", {"largest": '{"largest": "two"}'})
    assert thread.chain == [{"cell": "largest", "text": '{"largest": "two"}'}]


def test_the_same_question_twice_is_one_thread(session: Session, ada: User, lesson: Lesson) -> None:
    first = threads.ask(session, ada, "counting", "one", "Why?")
    assert threads.ask(session, ada, "counting", "one", "Why?").id == first.id
    assert threads.ask(session, ada, "counting", "one", "And how?").id != first.id


def test_a_mentors_reply_answers_and_the_learners_asks_again(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    thread = threads.ask(session, ada, "counting", "one", "Why?")
    threads.reply(session, mo, thread, "Because.")
    assert thread.answered
    threads.reply(session, ada, thread, "Why because?")
    assert not thread.answered


def test_a_solo_learners_own_reply_is_no_answer(session: Session, mo: User, lesson: Lesson) -> None:
    thread = threads.ask(session, mo, "counting", "one", "Why?")
    threads.reply(session, mo, thread, "Hm.")
    assert not thread.answered


def test_mentors_see_who_waits_longest_first_then_who_was_answered(
    session: Session, ada: User, ben: User, stranger: User, mo: User, lesson: Lesson
) -> None:
    asked = [threads.ask(session, one, "counting", "one", "Why?") for one in (ada, ben, stranger)]
    session.commit()
    threads.reply(session, mo, asked[0], "Because.")
    threads.close(session, asked[2])
    session.commit()
    assert [thread.user.name for thread in threads.open_for_mentor(session, mo)] == ["Ben", "Ada"]
    with pytest.raises(NotAllowed):
        threads.open_for_mentor(session, ada)


def test_a_reply_opens_a_closed_thread_again(session: Session, ada: User, lesson: Lesson) -> None:
    thread = threads.ask(session, ada, "counting", "one", "Why?")
    threads.close(session, thread)
    assert thread.closed_at
    threads.reply(session, ada, thread, "One more thing.")
    assert thread.closed_at is None


def test_only_its_learner_and_mentors_see_a_thread(
    session: Session, ada: User, ben: User, mo: User, lesson: Lesson
) -> None:
    thread = threads.ask(session, ada, "counting", "one", "Why?")
    session.commit()
    for viewer in (ada, mo):
        assert threads.visible(session, viewer, thread.id).messages
    with pytest.raises(NotFound):
        threads.visible(session, ben, thread.id)


def test_an_empty_or_endless_question_is_refused(session: Session, ada: User, lesson: Lesson) -> None:
    with pytest.raises(Unusable):
        threads.ask(session, ada, "counting", "one", "  \n")
    with pytest.raises(TextTooLong):
        threads.ask(session, ada, "counting", "one", "why " * 9000)
    with pytest.raises(NotFound):
        threads.ask(session, ada, "counting", "nothing", "Why?")
    assert session.scalars(select(Thread)).all() == []


def test_asking_is_noted_in_the_activity_log(session: Session, ada: User, lesson: Lesson) -> None:
    threads.ask(session, ada, "counting", "one", "Why?")
    session.flush()
    assert session.scalars(select(Activity.kind)).all() == ["asked"]


def test_a_message_may_be_as_long_in_any_script_as_its_box_allows(
    session: Session, ada: User, lesson: Lesson
) -> None:
    for one in "Ж中😀":
        thread = threads.ask(session, ada, "counting", "two", one * 8000)
        session.flush()
        assert len(threads.visible(session, ada, thread.id).messages[0].body) == 8000
