"""Links into a cohort: who may make them, whom they let in, and how they end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotAllowed, Unusable
from app.models import Cohort, Deed, Invite, Membership, Role, User
from app.people import cohorts, deeds
from app.people.cohorts import InviteOver


def _role(session: Session, cohort: Cohort, user: User) -> Role | None:
    row = select(Membership).where(Membership.cohort_id == cohort.id, Membership.user_id == user.id)
    found = session.scalar(row.where(Membership.left_at.is_(None)))
    return found.role if found else None


def test_whoever_has_the_link_comes_in_as_what_it_says(
    session: Session, cohort: Cohort, mo: User, boss: User, zoe: User, stranger: User
) -> None:
    learner = cohorts.invite(session, mo, cohort, Role.LEARNER)
    assert cohorts.accept(session, zoe, learner.token).id == cohort.id
    assert _role(session, cohort, zoe) is Role.LEARNER
    mentor = cohorts.invite(session, boss, cohort, Role.MENTOR)
    cohorts.accept(session, zoe, mentor.token)
    assert _role(session, cohort, zoe) is Role.MENTOR
    assert session.get_one(User, zoe.id, populate_existing=True).mentor
    with pytest.raises(NotAllowed, match="Make an account first"):
        cohorts.accept(session, stranger, learner.token)


def test_a_mentor_invites_learners_only(session: Session, cohort: Cohort, mo: User) -> None:
    with pytest.raises(NotAllowed):
        cohorts.invite(session, mo, cohort, Role.MENTOR)


def test_a_learners_link_makes_no_learner_of_a_mentor(
    session: Session, cohort: Cohort, mo: User, ada: User
) -> None:
    link = cohorts.invite(session, mo, cohort, Role.LEARNER)
    for somebody in (mo, ada):
        cohorts.accept(session, somebody, link.token)
    session.refresh(link)
    assert (_role(session, cohort, mo), link.uses) == (Role.MENTOR, 0)  # who is in it uses nothing up


def test_a_link_ends_by_its_uses(session: Session, cohort: Cohort, mo: User, zoe: User, boss: User) -> None:
    link = cohorts.invite(session, mo, cohort, Role.LEARNER, most_uses=1)
    cohorts.accept(session, zoe, link.token)
    session.refresh(link)
    with pytest.raises(InviteOver, match="as often as it may"):
        cohorts.accept(session, boss, link.token)
    assert cohorts.invites(session, cohort) == []


def test_of_two_who_take_the_last_use_one_comes_too_late(
    session: Session, cohort: Cohort, mo: User, zoe: User
) -> None:
    link = cohorts.invite(session, mo, cohort, Role.LEARNER, most_uses=1)
    stale = cohorts.invited(session, link.token)
    cohorts.accept(session, zoe, link.token)
    with pytest.raises(InviteOver, match="just been used up"):
        cohorts._use_up(session, stale)


def test_a_link_ends_by_time_and_by_being_revoked(
    session: Session, cohort: Cohort, mo: User, zoe: User
) -> None:
    old = cohorts.invite(session, mo, cohort, Role.LEARNER)
    old.expires_at = now() - timedelta(seconds=1)
    revoked = cohorts.invite(session, mo, cohort, Role.LEARNER)
    cohorts.revoke(session, mo, cohort, revoked.id)
    for link, word in ((old, "expired"), (revoked, "does not lead anywhere")):
        with pytest.raises(InviteOver, match=word):
            cohorts.accept(session, zoe, link.token)
    with pytest.raises(InviteOver, match="does not lead anywhere"):
        cohorts.invited(session, "no such token")
    assert _role(session, cohort, zoe) is None


@pytest.mark.parametrize(("days", "most_uses"), [(0, 1), (366, 1), (1, 0), (1, 1001)])
def test_a_link_for_no_time_or_nobody_is_refused(
    session: Session, cohort: Cohort, mo: User, days: int, most_uses: int
) -> None:
    with pytest.raises(Unusable, match="1 to 365 days"):
        cohorts.invite(session, mo, cohort, Role.LEARNER, days, most_uses)


def test_all_of_it_is_in_the_audit_log(
    session: Session, cohort: Cohort, mo: User, zoe: User, boss: User
) -> None:
    link = cohorts.invite(session, mo, cohort, Role.LEARNER)
    cohorts.accept(session, zoe, link.token)
    cohorts.leave(session, zoe, cohort.id)
    cohorts.revoke(session, mo, cohort, link.id)
    found = [(line.kind, line.data["actor"]) for line in deeds.log(session, boss)]
    assert found == [("invite_revoked", "Mo"), ("left", "Zoe"), ("joined", "Zoe"), ("invited", "Mo")]
    assert link.token not in str(session.scalars(select(Deed.data)).all())
    assert session.scalar(select(Invite.uses)) == 1


def test_who_was_taken_out_does_not_come_back_by_an_older_link(
    session: Session, cohort: Cohort, mo: User, boss: User, ada: User, ben: User
) -> None:
    link = cohorts.invite(session, mo, cohort, Role.LEARNER)
    cohorts.remove(session, boss, cohort, ada.id)
    with pytest.raises(InviteOver, match="older than your going"):
        cohorts.invited(session, link.token, ada)  # the page says so, before anything is pressed
    with pytest.raises(InviteOver, match="older than your going"):
        cohorts.accept(session, ada, link.token)
    cohorts.accept(session, ada, cohorts.invite(session, mo, cohort, Role.LEARNER).token)
    assert _role(session, cohort, ada) is Role.LEARNER
    cohorts.leave(session, ben, cohort.id)  # by himself
    cohorts.accept(session, ben, link.token)
    assert _role(session, cohort, ben) is Role.LEARNER


@pytest.mark.parametrize("how", ["taken out", "a learner now"])
def test_with_a_mentor_go_the_links_for_mentors(
    session: Session, cohort: Cohort, mo: User, boss: User, zoe: User, how: str
) -> None:
    known = cohorts.invite(session, boss, cohort, Role.MENTOR)
    learners = cohorts.invite(session, boss, cohort, Role.LEARNER)
    if how == "taken out":
        cohorts.remove(session, boss, cohort, mo.id)
    else:
        cohorts.add(session, boss, cohort, "mo@example.org", Role.LEARNER)
    for somebody in (mo, zoe):  # under another name, perhaps
        with pytest.raises(InviteOver):
            cohorts.accept(session, somebody, known.token)
    assert [one.id for one in cohorts.invites(session, cohort)] == [learners.id]
    ended = session.scalars(select(Deed).where(Deed.kind == deeds.Kind.INVITE_REVOKED)).all()
    assert [line.data["role"] for line in ended] == ["mentor"]


def test_who_is_in_it_is_led_there_whatever_became_of_the_link(
    session: Session, cohort: Cohort, mo: User, ada: User, zoe: User
) -> None:
    link = cohorts.invite(session, mo, cohort, Role.LEARNER, most_uses=1)
    cohorts.accept(session, zoe, link.token)
    cohorts.revoke(session, mo, cohort, link.id)
    session.commit()
    for somebody, role in ((zoe, Role.LEARNER), (ada, Role.LEARNER), (mo, Role.MENTOR)):
        found = cohorts.already_in(session, somebody, link.token)
        assert found is not None
        assert (found[0].id, found[1]) == (cohort.id, role)
    cohorts.leave(session, zoe, cohort.id)
    session.flush()
    assert cohorts.already_in(session, zoe, link.token) is None
