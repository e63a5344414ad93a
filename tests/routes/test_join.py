"""Where a link into a cohort leads, and where its page is found afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.db import now, transaction
from app.models import Cohort, Role, User
from app.people import cohorts
from app.teaching import bulletin
from tests.routes.acting import Browser


def _link(boss: User, cohort: Cohort, role: Role) -> str:
    with transaction() as session:
        return f"/join/{cohorts.invite(session, boss, cohort, role, most_uses=1).token}"


@pytest.mark.parametrize(
    ("role", "lands", "again"),
    [
        (Role.LEARNER, "/path", "/cohorts/{}"),
        (Role.MENTOR, "/mentor/cohorts/{}", "/mentor/cohorts/{}"),
    ],
)
def test_who_came_by_a_link_is_led_to_the_cohort_when_it_is_opened_again(
    browser: Callable[[User | None], Browser],
    cohort: Cohort,
    boss: User,
    zoe: User,
    role: Role,
    lands: str,
    again: str,
) -> None:
    link, zoes = _link(boss, cohort, role), browser(zoe)
    assert zoes.post(link).headers["location"] == lands.format(cohort.id)
    back = zoes.get(link)  # it is used up by now
    assert (back.status_code, back.headers["location"]) == (303, again.format(cohort.id))
    assert f"You are in {cohort.name} already." in zoes.get(back.headers["location"]).text
    assert zoes.post(link).status_code == 303


def test_the_address_of_an_office_hour_can_be_followed_by_learners(
    browser: Callable[[User | None], Browser], cohort: Cohort, mo: User, ada: User
) -> None:
    with transaction() as session:
        known = session.get_one(Cohort, cohort.id)
        bulletin.add_date(
            session, known, now() + timedelta(days=1), "Room 5, https://meet.example.org/a?b=1&c"
        )
        bulletin.add_date(session, known, now() + timedelta(days=2), "javascript:alert(1) <b>x</b>")
    for who, where in ((ada, f"/cohorts/{cohort.id}"), (mo, f"/mentor/cohorts/{cohort.id}/bulletin")):
        page = browser(who).get(where).text
        assert 'href="https://meet.example.org/a?b=1&amp;c" rel="noopener noreferrer nofollow"' in page
        assert 'href="javascript' not in page
        assert "<b>x</b>" not in page
