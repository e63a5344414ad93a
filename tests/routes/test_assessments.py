"""The pages of an assessment, and its doors as a browser finds them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import select, update

from app.db import now, transaction
from app.learning import attempts
from app.models import Activity, Allowance, Assessment, Attempt, Cohort, User, Verdict
from app.running import events
from app.teaching import assessments
from app.teaching.assessments import Sheet
from tests.routes.acting import Browser, Things, failed_verdict, finish

L = "/lessons/counting"
HOUR = timedelta(hours=1)


@pytest.fixture
def sheet(things: Things) -> dict[str, str]:
    """What a form says of an assessment that is open now, in UTC."""
    opens, closes = ((now() + hours).strftime("%Y-%m-%dT%H:%M") for hours in (-HOUR, 3 * HOUR))
    return {"title": "Mid", "exercise": "double", "opens": opens, "closes": closes, "minutes": "45"}


@pytest.fixture
def opened(sheet: dict[str, str], cohort: Cohort, mo_browser: Browser) -> str:
    """Its address for learners."""
    answer = mo_browser.post(f"/mentor/cohorts/{cohort.id}/assessments", **sheet)
    assert answer.status_code == 303
    return "/assessments/" + answer.headers["location"].rpartition("/")[2]


def test_it_begins_with_the_rules(opened: str, ada_browser: Browser) -> None:
    page = ada_browser.get(opened).text
    assert "The rules" in page
    assert "you have 45 minutes" in page
    assert "my 45 minutes start now" in page
    assert 'id="cell-double"' not in page


def test_its_page_has_the_exercises_with_their_editors_and_no_help(opened: str, ada_browser: Browser) -> None:
    ada_browser.post(f"{opened}/start", rest="yes")
    page = ada_browser.get(opened).text
    assert 'id="text-double"' in page
    assert "44 minutes left" in page
    assert "A hint" not in page
    assert "Look at a solution" not in page
    assert "Finish now" in page


def test_a_lesson_says_why_there_is_no_help(opened: str, ada_browser: Browser) -> None:
    page = ada_browser.get(L).text
    assert "part of the assessment “Mid”" in page
    assert opened in page


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("post", f"{L}/exercises/double/hints", 403),
        ("post", f"{L}/exercises/double/solution", 403),
        ("get", f"{L}/exercises/double/solution", 303),
        ("post", f"{L}/foundations?", 403),
        ("get", f"{L}/exercises/double/frontier", 403),
        ("get", "/understanding/start/double", 403),
    ],
)
def test_each_door_is_closed_with_a_sentence(
    opened: str, ada_browser: Browser, method: str, url: str, status: int
) -> None:
    fields = {"exercise": "double"} if "foundations" in url else {}
    answer = ada_browser.get(url) if method == "get" else ada_browser.post(url, **fields)
    assert answer.status_code == status
    if status == 403:
        assert "assessment “Mid”" in answer.text


def test_no_page_of_hers_shows_the_solution(
    opened: str, ada: User, ada_browser: Browser, things: Things
) -> None:
    with transaction() as session:  # as if she had looked it up before, and built on it
        session.add(Activity(user_id=ada.id, kind="solution", lesson="counting", cell="double", data={}))
        session.execute(update(Assessment).values(opens_at=now() + HOUR))
        session.flush()
        run = attempts.hand_in(session, ada, "quadruple", "def quadruple(x):\n    return 7").run_id
    ours = "return 2 * x"
    page = ada_browser.get(f"/runs/{run}").text.replace("<span", "")
    assert "2" in page
    with transaction() as session:
        session.execute(update(Assessment).values(opens_at=now() - HOUR))
    ada_browser.post(f"{opened}/start", rest="yes")
    pages = (L, f"{L}/test-out", opened, f"/runs/{run}", "/understanding/start", "/path", "/account")
    downloads = (f"{L}/notebook.ipynb", f"{L}/notebook.py")
    for url in (*pages, *downloads):
        assert ours not in ada_browser.get(url).text, url
    assert "Our solution stood here" in ada_browser.get(f"/runs/{run}").text


def test_a_verdict_is_one_word_on_her_pages_and_in_their_stream_and_whole_on_her_mentors(
    opened: str, ada: User, ada_browser: Browser, mo_browser: Browser, redis: Redis
) -> None:
    ada_browser.post(f"{opened}/start", rest="yes")
    ada_browser.post(f"{L}/exercises/double/attempts", text="def double(x):\n    return x ** 2")
    with transaction() as session:
        attempt = session.scalars(select(Attempt).order_by(Attempt.number.desc())).first()
        assert attempt is not None
    finish(attempt.run_id, failed_verdict())
    with transaction() as session:
        judged = session.get_one(Attempt, attempt.id)
        assert judged.verdict is Verdict.FAILED
        told = events.verdict(attempts.visible(session, ada, attempt.id).run, judged)
    assert "square" not in str(told)
    for url in (f"/attempts/{attempt.id}", f"/runs/{attempt.run_id}", opened):
        page = ada_browser.get(url).text
        assert "You squared it" not in page, url
    assert "You squared it" in mo_browser.get(f"/attempts/{attempt.id}").text


def test_its_clock_hears_of_extra_time_and_of_an_end_that_came_earlier(
    opened: str, ada: User, ada_browser: Browser, mo_browser: Browser, cohort: Cohort
) -> None:
    ada_browser.post(f"{opened}/start", rest="yes")
    assert "44 minutes left" in ada_browser.get(f"{opened}/clock", htmx=True).text
    mo_browser.post(f"/mentor/cohorts/{cohort.id}{opened}/extra", learner=str(ada.id), minutes="15")
    clock = ada_browser.get(f"{opened}/clock", htmx=True).text
    assert "59 minutes left" in clock
    assert 'id="cell-double"' not in clock
    assert ada_browser.get(f"{opened}/clock").headers["location"] == opened
    with transaction() as session:
        session.execute(update(Assessment).values(closes_at=now() - HOUR, last_at=now() - HOUR))
        session.execute(update(Allowance).values(minutes=0))
    assert ada_browser.get(f"{opened}/clock", htmx=True).headers["hx-redirect"] == opened


def test_after_finishing_it_says_what_was_handed_in(
    opened: str, ada_browser: Browser, mo_browser: Browser, cohort: Cohort
) -> None:
    ada_browser.post(f"{opened}/start", rest="yes")
    ada_browser.post(f"{L}/cells/double/draft", text="def double(x):\n    return x + x")
    ada_browser.post(f"{opened}/finish")
    page = ada_browser.get(opened).text
    assert "You have finished" in page
    assert "being judged" in page
    results = mo_browser.get(f"/mentor/cohorts/{cohort.id}{opened}").text
    assert "being judged" in results


def test_a_refused_answer_gives_the_text_back(opened: str, ada_browser: Browser) -> None:
    answer = ada_browser.post(f"{L}/exercises/double/attempts", text="def double(x):\n    return 'mine'")
    assert answer.status_code == 403
    assert "&#39;mine&#39;" in answer.text


def test_the_map_names_it(opened: str, ada_browser: Browser, mo_browser: Browser) -> None:
    assert opened in ada_browser.get("/path").text
    assert opened not in mo_browser.get("/path").text


def test_mentors_make_it_in_their_cohorts_time(
    sheet: dict[str, str], cohort: Cohort, mo_browser: Browser
) -> None:
    with transaction() as session:
        session.get_one(Cohort, cohort.id).time_zone = "Asia/Tokyo"
    sheet |= {"opens": "2031-05-01T09:00", "closes": "2031-05-01T12:00", "exercise": "largest"}
    mo_browser.post(f"/mentor/cohorts/{cohort.id}/assessments", **sheet)
    with transaction() as session:
        made = session.scalars(select(Assessment).where(Assessment.title == "Mid")).one()
        assert made.opens_at.isoformat() == "2031-05-01T00:00:00+00:00"


@pytest.mark.parametrize("wrong", [{"opens": "soon"}, {"minutes": "many"}, {"exercise": "nothing"}])
def test_what_is_wrong_is_said(
    sheet: dict[str, str], cohort: Cohort, mo_browser: Browser, wrong: dict[str, str]
) -> None:
    answer = mo_browser.post(f"/mentor/cohorts/{cohort.id}/assessments", **(sheet | wrong))
    assert answer.status_code == 422


def test_what_the_examiner_says_of_somebody_elses_answer_is_whole(
    opened: str, zoe: User, browser: Callable[..., Browser]
) -> None:
    with transaction() as session:
        attempt = attempts.hand_in(session, zoe, "double", "def double(x):\n    return x * x")
    finish(attempt.run_id, failed_verdict())
    assert "You squared it" in browser(zoe).get(f"/attempts/{attempt.id}").text


def test_a_sheet_is_what_the_form_said(sheet: dict[str, str], cohort: Cohort, mo: User) -> None:
    with transaction() as session:
        here = session.get_one(Cohort, cohort.id)
        told = Sheet("Two", ("largest",), now() - HOUR, now() + HOUR)
        assert assessments.make(session, mo, here, told).minutes is None
