"""The page of all people, and the audit log's filters."""

from __future__ import annotations

from collections.abc import Callable

from app.config import ROOT
from app.db import transaction
from app.models import Cohort, User
from app.people import deeds
from tests.routes.acting import Browser

Made = Callable[..., Browser]


def test_everybody_is_there_with_role_and_cohort(
    boss: User, mo: User, zoe: User, cohort: Cohort, browser: Made
) -> None:
    browser(mo)
    page = browser(boss).get("/people").text
    assert "5 accounts" in page
    assert "Autumn</a> (mentor)" in page
    assert "last seen just now" in page
    assert "has not chosen a password yet" in page


def test_one_searches_by_parts_of_name_and_address(boss: User, ada: User, ben: User, browser: Made) -> None:
    his = browser(boss)
    assert "ada@example.org" in his.get("/people?q=AD").text
    assert "ben@example.org" not in his.get("/people?q=AD").text
    assert "ben@example.org" in his.get("/people?q=ben%40example").text
    assert "Nobody’s name" in his.get("/people?q=100%25").text
    assert his.get("/people?page=0").status_code == 422


def test_an_admin_makes_and_unmakes_admins_but_not_the_last(
    boss: User, ada: User, stranger: User, browser: Made
) -> None:
    his = browser(boss)
    assert his.post(f"/people/{boss.id}/not-admin").status_code == 403
    assert his.post(f"/people/{ada.id}/admin").status_code == 303
    assert browser(ada).get("/people").status_code == 200
    assert his.post(f"/people/{boss.id}/not-admin").headers["location"] == "/path"
    assert his.get("/people").status_code == 403
    assert browser(ada).post(f"/people/{stranger.id}/admin").status_code == 404  # a guest
    log = browser(ada).get("/audit").text
    assert "made an admin of <b>Ada</b>" in log
    assert "took the rights of an admin from" in log


def lines(page: str) -> int:
    return page.count("<tr><td><time")


def test_the_log_is_filtered_by_person_cohort_and_kind(
    boss: User, ada: User, zoe: User, cohort: Cohort, browser: Made
) -> None:
    his = browser(boss)
    his.get(f"/mentor/learners/{ada.id}")
    his.get(f"/mentor/learners/{zoe.id}")
    his.post(f"/mentor/cohorts/{cohort.id}/members", email="zoe@example.org")
    assert lines(his.get("/audit").text) == 3
    assert lines(his.get("/audit?person=zoe").text) == 2
    assert lines(his.get("/audit?person=ada%40example.org").text) == 1
    assert lines(his.get(f"/audit?cohort={cohort.id}").text) == 1
    assert lines(his.get(f"/audit?cohort={cohort.id}&kind=looked&person=").text) == 0
    assert his.get("/audit?cohort=nonsense").status_code == 404


def test_the_log_finds_people_by_the_name_that_they_had(boss: User, ada: User, browser: Made) -> None:
    browser(boss).get(f"/mentor/learners/{ada.id}")
    browser(ada).post("/account/name", name="Countess")
    assert lines(browser(boss).get("/audit?person=Ada").text) == 1
    assert lines(browser(boss).get("/audit?person=Countess").text) == 0


def test_every_kind_of_deed_has_words() -> None:
    template = (ROOT / "templates/operate/audit.html").read_text()
    assert [kind.value for kind in deeds.Kind if f'"{kind.value}": "' not in template] == []


def test_a_page_of_the_log_keeps_its_filters(boss: User, ada: User, browser: Made) -> None:
    with transaction() as session:
        for _ in range(deeds.PAGE + 1):
            deeds.note(
                session, session.get_one(User, boss.id), deeds.Kind.LOOKED, about=session.get(User, ada.id)
            )
    page = browser(boss).get("/audit?person=Ada&kind=looked").text
    older = page.split('">Older')[0].rpartition('href="')[2].replace("&amp;", "&")
    assert "person=Ada" in older
    assert lines(browser(boss).get(older).text) == 1
