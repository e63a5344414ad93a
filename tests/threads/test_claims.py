"""The queue: who waits, who takes whom, and that no two take the same."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db import now, transaction
from app.guard import NotAllowed, Unusable
from app.lessons import Lesson
from app.mentoring import claims, threads
from app.mentoring.claims import Claimed, Filter
from app.models import Cohort, Membership, Message, Role, Thread, User
from app.people import cohorts


@pytest.fixture
def kim(cohort: Cohort, zoe: User) -> User:
    """Another mentor of the cohort."""
    with transaction() as session:
        session.add(Membership(cohort_id=cohort.id, user_id=zoe.id, role=Role.MENTOR))
        session.flush()
        return session.get_one(User, zoe.id, populate_existing=True)


@pytest.fixture
def asked(session: Session, ada: User, ben: User, lesson: Lesson) -> list[UUID]:
    """Four questions of Ada's and four of Ben's, the first the oldest."""
    who = [(user, number) for number in range(4) for user in (ada, ben)]
    made = [threads.ask(session, user, "counting", "one", f"Why {number}?").id for user, number in who]
    session.commit()
    return made


def _later(session: Session, minutes: int) -> None:
    """So much time passes for every claim."""
    at = Thread.claimed_until
    for thread in session.query(Thread).where(at.is_not(None)):
        assert thread.claimed_until is not None
        thread.claimed_until -= timedelta(minutes=minutes)
    session.commit()


def test_next_for_me_is_the_longest_waiting_that_nobody_has(
    session: Session, mo: User, kim: User, asked: list[UUID]
) -> None:
    taken = [claims.next_for(session, mentor) for mentor in (mo, kim, mo)]
    assert taken == asked[:3]
    held = threads.visible(session, mo, asked[0])
    assert held.claimed_until is not None
    assert timedelta(minutes=29) < held.claimed_until - now() <= timedelta(minutes=30)


def test_two_mentors_at_once_never_take_the_same(
    session: Session, mo: User, kim: User, asked: list[UUID]
) -> None:
    together = Barrier(2)

    def take(mentor: User) -> list[UUID | None]:
        taken = []
        for _ in range(3):
            together.wait(30)
            with transaction() as own:
                taken.append(claims.next_for(own, mentor))
        return taken

    with ThreadPoolExecutor(2) as pool:
        both = [one for found in pool.map(take, (mo, kim)) for one in found]
    assert sorted(map(str, both)) == sorted(map(str, asked[:6]))


def test_of_two_who_claim_one_thread_at_once_one_gets_it(
    session: Session, mo: User, kim: User, asked: list[UUID]
) -> None:
    together = Barrier(2)

    def take(mentor: User) -> bool:
        with transaction() as own:
            thread = threads.visible(own, mentor, asked[0])
            together.wait(30)
            try:
                claims.claim(own, mentor, thread)
            except Claimed:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, (mo, kim))) == [False, True]


def test_a_mentor_holds_four_at_most_until_one_is_answered_or_released(
    session: Session, mo: User, asked: list[UUID]
) -> None:
    for _ in range(claims.MOST):
        claims.next_for(session, mo)
    with pytest.raises(Unusable, match="hold 4 already"):
        claims.next_for(session, mo)
    with pytest.raises(Unusable, match="hold 4 already"):
        claims.claim(session, mo, threads.visible(session, mo, asked[5]))
    claims.claim(
        session, mo, threads.visible(session, mo, asked[0])
    )  # to hold one's own for longer is no fifth
    threads.reply(session, mo, threads.visible(session, mo, asked[0]), "So.")
    assert claims.next_for(session, mo) == asked[4]
    claims.release(session, mo, threads.visible(session, mo, asked[1]))
    assert claims.next_for(session, mo) == asked[1]


def test_a_claim_ends_by_itself_and_writing_renews_it(
    session: Session, mo: User, kim: User, asked: list[UUID]
) -> None:
    claims.next_for(session, mo)
    session.commit()
    _later(session, 25)
    claims.claim(session, mo, threads.visible(session, mo, asked[0]))  # what the page does while one writes
    session.commit()
    _later(session, 25)
    with pytest.raises(Claimed):
        claims.claim(session, kim, threads.visible(session, kim, asked[0]))
    _later(session, 5)
    assert claims.holder(threads.visible(session, kim, asked[0])) is None
    assert claims.next_for(session, kim) == asked[0]


def test_an_answer_to_what_somebody_else_has_is_refused_with_their_name(
    session: Session, ada: User, mo: User, kim: User, asked: list[UUID]
) -> None:
    claims.claim(session, mo, threads.visible(session, mo, asked[0]))
    session.commit()
    with pytest.raises(Claimed, match="Mo is answering this one"):
        threads.reply(session, kim, threads.visible(session, kim, asked[0]), "I know!")
    session.rollback()
    threads.reply(session, ada, threads.visible(session, ada, asked[0]), "And also this.")  # its learner may
    threads.reply(session, mo, threads.visible(session, mo, asked[0]), "So.")
    threads.reply(session, kim, threads.visible(session, kim, asked[0]), "And so.")  # answered: free again
    bodies = [message.body for message in threads.visible(session, ada, asked[0]).messages]
    assert bodies == ["Why 0?", "And also this.", "So.", "And so."]


def test_nobody_releases_what_another_has_and_a_learner_claims_nothing(
    session: Session, ada: User, mo: User, kim: User, asked: list[UUID]
) -> None:
    claims.claim(session, mo, threads.visible(session, mo, asked[0]))
    claims.release(session, kim, threads.visible(session, kim, asked[0]))
    holder = claims.holder(threads.visible(session, ada, asked[0]))
    assert holder is not None
    assert holder.name == "Mo"
    with pytest.raises(NotAllowed):
        claims.claim(session, ada, threads.visible(session, ada, asked[0]))


def test_the_queue_is_filtered_by_cohort_lesson_and_age(
    session: Session, ada: User, cohort: Cohort, mo: User, outsider: User, asked: list[UUID]
) -> None:
    def shown(**wanted: object) -> list[UUID]:
        return [thread.id for thread in threads.queue(session, mo, Filter(**wanted))]  # type: ignore[arg-type]

    assert shown() == shown(cohort=cohort) == shown(lesson="counting") == asked
    assert shown(lesson="other") == shown(age="hour") == []
    old = update(Thread).where(Thread.id == asked[3])
    session.execute(old.values(waiting_since=now() - timedelta(days=2)))
    assert shown(age="day") == [asked[3]]
    assert (shown(age="week"), shown()[0]) == ([], asked[3])
    assert threads.queue(session, outsider) == []


def test_who_writes_twice_has_waited_since_the_first_word(
    session: Session, ada: User, mo: User, asked: list[UUID]
) -> None:
    before = threads.visible(session, ada, asked[0]).waiting_since
    threads.reply(session, ada, threads.visible(session, ada, asked[0]), "Anybody?")
    assert threads.visible(session, ada, asked[0]).waiting_since == before
    assert [thread.id for thread in threads.queue(session, mo)] == asked


def test_a_mentors_own_question_is_not_in_their_queue(
    session: Session, mo: User, kim: User, boss: User, lesson: Lesson
) -> None:
    mine = threads.ask(session, mo, "counting", "one", "Why?")
    session.commit()
    assert threads.queue(session, mo) == []
    assert [one.id for one in threads.queue(session, boss)] == [mine.id]  # who answers those of no cohort
    with pytest.raises(NotAllowed):
        claims.claim(session, mo, threads.visible(session, mo, mine.id))


def test_what_is_settled_or_answered_waits_no_more(
    session: Session, ada: User, mo: User, asked: list[UUID]
) -> None:
    threads.close(session, threads.visible(session, ada, asked[0]))
    threads.reply(session, mo, threads.visible(session, mo, asked[1]), "So.")
    assert [thread.id for thread in threads.queue(session, mo)] == asked[2:]


def test_messages_are_never_lost_on_the_way(
    session: Session, asked: list[UUID], mo: User, kim: User, ada: User
) -> None:
    count: Callable[[], int] = lambda: session.query(Message).count()  # noqa: E731
    before = count()
    claims.next_for(session, mo)
    claims.release(session, mo, threads.visible(session, mo, asked[0]))
    threads.close(session, threads.visible(session, ada, asked[0]))
    assert count() == before


@pytest.mark.parametrize("how", ["taken out", "goes", "a learner now"])
def test_what_a_mentor_held_is_free_once_they_are_none_of_the_cohort_any_more(
    session: Session, cohort: Cohort, mo: User, kim: User, boss: User, asked: list[UUID], how: str
) -> None:
    here = session.get_one(Cohort, cohort.id)
    assert claims.next_for(session, mo) == asked[0]
    if how == "taken out":
        cohorts.remove(session, boss, here, mo.id)
    elif how == "goes":
        cohorts.leave(session, mo, here.id)
    else:
        cohorts.add(session, boss, here, "mo@example.org", Role.LEARNER)
    assert claims.next_for(session, kim) == asked[0]
