"""Two who do the same at the same moment: one of them is late, and neither meets a fault of ours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now, transaction
from app.guard import NotAllowed, Unusable
from app.lessons import Lesson
from app.mentoring import claims, handover, threads
from app.mentoring.claims import Claimed
from app.models import Allowance, Assessment, Cohort, Extension, Part, Role, User, Wish
from app.people import accounts, classlist, cohorts, directory, leaving, resets
from app.people.cohorts import InviteOver
from app.post import mailing
from app.teaching import assessments, bulletin, deadlines, plan
from app.teaching.assessments import Sheet
from app.teaching.plan import Item

Work = Callable[[Session], Any]


def at_once(first: Work, second: Work) -> list[Any]:
    """What each returned, or raised: the second begins when the first has done its work and not committed."""
    came: list[Any] = [None, None]

    def late() -> None:
        came[1] = _tried(second)

    thread = threading.Thread(target=late)
    with transaction() as session:
        came[0] = first(session)
        session.flush()
        thread.start()
        time.sleep(0.4)  # it has come as far as it can: it waits for the first, or has not asked for anything
    thread.join(60)
    return came


def _tried(work: Work) -> Any:
    try:
        with transaction() as session:
            return work(session)
    except Exception as error:
        return error


def _get(session: Session, user: User) -> User:
    return session.get_one(User, user.id)


def _here(session: Session, cohort: Cohort) -> Cohort:
    return session.get_one(Cohort, cohort.id)


def _link(cohort: Cohort, boss: User, uses: int = 9) -> str:
    with transaction() as session:
        made = cohorts.invite(session, _get(session, boss), _here(session, cohort), Role.LEARNER, 14, uses)
        return made.token


def test_the_last_use_of_an_invite_is_used_once(
    cohort: Cohort, boss: User, zoe: User, outsider: User
) -> None:
    token = _link(cohort, boss, 1)
    came = at_once(
        lambda session: cohorts.accept(session, _get(session, zoe), token),
        lambda session: cohorts.accept(session, _get(session, outsider), token),
    )
    assert isinstance(came[1], InviteOver)


def test_a_double_click_on_join_is_one_place_and_one_use(cohort: Cohort, boss: User, zoe: User) -> None:
    token = _link(cohort, boss)

    def join(session: Session) -> UUID:
        return cohorts.accept(session, _get(session, zoe), token).id

    assert at_once(join, join) == [cohort.id, cohort.id]
    with transaction() as session:
        assert cohorts.invited(session, token).uses == 1


def test_two_mentors_claim_and_one_has_it(
    cohort: Cohort, ada: User, mo: User, boss: User, redis: Redis, lesson: Lesson
) -> None:
    with transaction() as session:
        thread = threads.ask(session, _get(session, ada), "counting", "two", "Why?").id

    def claim(who: User) -> Work:
        def work(session: Session) -> None:
            mentor = _get(session, who)
            claims.claim(session, mentor, threads.visible(session, mentor, thread))

        return work

    came = at_once(claim(mo), claim(boss))
    assert came[0] is None
    assert isinstance(came[1], Claimed)


def test_a_class_list_that_is_sent_twice_makes_everybody_once(cohort: Cohort, mo: User, redis: Redis) -> None:
    def bring(session: Session) -> int:
        viewer, there = _get(session, mo), _here(session, cohort)
        lines = classlist.foresee(session, viewer, there, classlist.read("Ann, ann@example.org\n"))
        return classlist.bring(session, viewer, there, lines).made

    assert at_once(bring, bring) == [1, 0]


def test_two_admins_put_the_same_person_into_a_cohort(
    cohort: Cohort, boss: User, ada: User, zoe: User
) -> None:
    with transaction() as session:
        _get(session, ada).admin = True

    def add(who: User) -> Work:
        def work(session: Session) -> UUID:
            there = _here(session, cohort)
            return cohorts.add(session, _get(session, who), there, "zoe@example.org", Role.LEARNER).id

        return work

    first, second = at_once(add(boss), add(ada))
    assert first == second


def test_choosing_mail_twice_is_choosing_it_once(ada: User) -> None:
    def choose(session: Session) -> Wish:
        return mailing.choose(session, _get(session, ada), "daily")

    assert at_once(choose, choose) == [Wish.DAILY, Wish.DAILY]


def test_two_mentors_write_office_hours_and_the_later_words_stand(
    cohort: Cohort, mo: User, boss: User
) -> None:
    def say(who: User, words: str) -> Work:
        return lambda session: bulletin.say_hours(session, _get(session, who), _here(session, cohort), words)

    assert at_once(say(mo, "Mondays"), say(boss, "Fridays")) == [None, None]
    with transaction() as session:
        assert bulletin.hours(session, cohort) == "Fridays"


def test_two_mentors_hand_over_the_same_learner(cohort: Cohort, mo: User, boss: User, ada: User) -> None:
    def give(who: User) -> Work:
        def work(session: Session) -> int:
            there = _here(session, cohort)
            return len(handover.give(session, _get(session, who), there, [ada.id], mo.id, ""))

        return work

    assert at_once(give(mo), give(boss)) == [1, 1]


def test_two_mentors_bring_in_the_same_class_list(cohort: Cohort, mo: User, boss: User, redis: Redis) -> None:
    def bring(who: User) -> Work:
        def work(session: Session) -> tuple[int, int]:
            viewer, there = _get(session, who), _here(session, cohort)
            lines = classlist.foresee(session, viewer, there, classlist.read("Ann, ann@example.org\n"))
            done = classlist.bring(session, viewer, there, lines)
            return done.made, done.added

        return work

    assert at_once(bring(mo), bring(boss)) == [(1, 0), (0, 0)]


def test_two_mentors_plan_at_once_and_nothing_is_lost(
    cohort: Cohort, mo: User, boss: User, lesson: Lesson
) -> None:
    same = Item(Part.LESSON, "counting", date(2026, 12, 1))
    other = Item(Part.EXERCISE, "double", date(2026, 12, 2))

    def put(who: User, *items: Item) -> Work:
        return lambda session: plan.put(session, _get(session, who), _here(session, cohort), items)

    assert at_once(put(mo, same), put(boss, same, other)) == [None, None]
    with transaction() as session:
        assert plan.of(session, _here(session, cohort)) == [same, other]


def test_undo_pressed_twice_takes_one_change_back(cohort: Cohort, mo: User, lesson: Lesson) -> None:
    first = Item(Part.LESSON, "counting", date(2026, 12, 1))
    with transaction() as session:
        mentor, there = _get(session, mo), _here(session, cohort)
        plan.put(session, mentor, there, [first])
        plan.put(session, mentor, there, [Item(Part.EXERCISE, "double", date(2026, 12, 2))])
        newest = plan.last_change(session, there)
        assert newest is not None
        shown = newest.id

    def undo(session: Session) -> str:
        return plan.undo(session, _get(session, mo), _here(session, cohort), shown)

    came = at_once(undo, undo)
    assert came[0] == "added “Twice as much”"
    assert isinstance(came[1], Unusable)
    with transaction() as session:
        assert plan.of(session, _here(session, cohort)) == [first]


def test_two_mentors_give_more_time_at_once_and_the_later_word_stands(
    cohort: Cohort, mo: User, boss: User, ada: User, lesson: Lesson, redis: Redis
) -> None:
    due, moment = date(2026, 12, 1), now()
    with transaction() as session:
        mentor, there = _get(session, mo), _here(session, cohort)
        plan.put(session, mentor, there, [Item(Part.LESSON, "counting", due)])
        sheet = Sheet("Mid", ("double",), moment - timedelta(hours=1), moment + timedelta(hours=1))
        held = assessments.make(session, mentor, there, sheet).id

    def extend(who: User, days: int) -> Work:
        later = Item(Part.LESSON, "counting", due + timedelta(days))
        return lambda session: deadlines.extend(
            session, _get(session, who), _here(session, cohort), later, [ada.id]
        )

    def allow(who: User, minutes: int) -> Work:
        def work(session: Session) -> None:
            sat = session.get_one(Assessment, held)
            assessments.allow(session, _get(session, who), _here(session, cohort), sat, ada.id, minutes)

        return work

    assert at_once(extend(mo, 1), extend(boss, 2)) == [1, 1]
    assert at_once(allow(mo, 10), allow(boss, 20)) == [None, None]
    with transaction() as session:
        assert session.scalars(select(Extension.day)).all() == [due + timedelta(2)]
        assert session.scalars(select(Allowance.minutes)).all() == [20]


def test_of_two_admins_who_leave_at_once_one_stays(boss: User, ada: User, zoe: User) -> None:
    with transaction() as session:
        for one in (boss, ada):
            _get(session, one).admin = True
            accounts.set_password(session, _get(session, one), "long enough")

    def go(who: User) -> Work:
        return lambda session: leaving.delete_account(session, _get(session, who), "long enough", "delete")

    came = at_once(go(boss), go(ada))
    assert came[0] is None
    assert isinstance(came[1], NotAllowed)


def test_of_two_admins_who_unmake_each_other_one_stays(boss: User, ada: User) -> None:
    with transaction() as session:
        _get(session, ada).admin = True

    def unmake(who: User, whom: User) -> Work:
        return lambda session: directory.unmake_admin(session, _get(session, who), _get(session, whom))

    came = at_once(unmake(boss, ada), unmake(ada, boss))
    assert came[0] is None
    assert isinstance(came[1], NotAllowed)
    with transaction() as session:
        assert session.scalars(select(User.name).where(User.admin)).all() == ["Boss"]


def test_a_question_that_is_sent_twice_is_one_thread(ada: User, lesson: Lesson, redis: Redis) -> None:
    def ask(session: Session) -> UUID:
        return threads.ask(session, _get(session, ada), "counting", "two", "Why?").id

    first, second = at_once(ask, ask)
    assert first == second


def test_a_link_chooses_one_password(ada: User) -> None:
    with transaction() as session:
        token = resets.make(session, _get(session, ada), resets.MAILED).rpartition("/")[2]

    def use(session: Session) -> UUID:
        return resets.use(session, token, "long enough").id

    came = at_once(use, use)
    assert came[0] == ada.id
    assert isinstance(came[1], resets.LinkOver)


@pytest.mark.parametrize("addresses", [("zed", "zed"), ("zed", "zoe")])
def test_of_two_first_accounts_one_runs_the_site(
    database: str, redis: Redis, addresses: tuple[str, str]
) -> None:
    def sign_up(name: str) -> Work:
        return lambda session: (
            accounts.sign_up(session, None, name, f"{name}@example.org", "long enough").admin
        )

    came = at_once(*map(sign_up, addresses))
    assert came[0] is True
    assert isinstance(came[1], accounts.AccountError)


def test_two_admins_cannot_both_stop_being_one(boss: User, ada: User) -> None:
    with transaction() as session:
        _get(session, ada).admin = True

    def unmake(who: User, whom: User) -> Work:
        return lambda session: directory.unmake_admin(session, _get(session, who), _get(session, whom))

    came = at_once(unmake(boss, boss), unmake(ada, ada))
    assert came[0] is None
    assert isinstance(came[1], NotAllowed)
