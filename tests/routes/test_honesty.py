"""What a cohort says of AI, where one hands in; and milestones in one's own words."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update

from app.db import transaction
from app.learning import attempts
from app.models import Attempt, Cohort, Policy, User, Verdict
from tests.routes.acting import Browser, Things

L = "/lessons/counting"
ATTEMPTS = f"{L}/exercises/double/attempts"


def set_policy(cohort: Cohort, policy: Policy) -> None:
    with transaction() as session:
        session.get_one(Cohort, cohort.id).ai_policy = policy


def test_it_is_shown_where_one_hands_in(things: Things, cohort: Cohort, ada_browser: Browser) -> None:
    assert "AI: use it as you like in Autumn" in ada_browser.get(L).text
    set_policy(cohort, Policy.DECLARE)
    assert "Did you use AI for this answer?" in ada_browser.get(L).text
    set_policy(cohort, Policy.OFF)
    assert "I work on this lesson without AI" in ada_browser.get(L).text


def test_others_see_none_of_it(
    things: Things, cohort: Cohort, zoe: User, browser: Callable[..., Browser]
) -> None:
    set_policy(cohort, Policy.OFF)
    for reader in (zoe, None):
        assert 'class="ai"' not in browser(reader).get(L).text


def test_what_is_declared_is_asked_remembered_and_shown_to_mentors(
    things: Things, cohort: Cohort, ada_browser: Browser, mo_browser: Browser
) -> None:
    set_policy(cohort, Policy.DECLARE)
    refused = ada_browser.post(ATTEMPTS, htmx=True, source="form#form-double", text="double = 1")
    assert refused.status_code == 422
    assert refused.headers["hx-retarget"] == "#notice-double"
    ada_browser.post(ATTEMPTS, text="double = 2", ai="yes", ai_for="<b>the idea</b>")
    assert 'value="&lt;b&gt;the idea' in ada_browser.get(L).text
    with transaction() as session:
        attempt = session.scalars(select(Attempt.id).order_by(Attempt.number.desc())).first()
    assert "AI was used for: &lt;b&gt;the idea" in mo_browser.get(f"/attempts/{attempt}").text


def test_off_is_confirmed_once(things: Things, cohort: Cohort, ada_browser: Browser) -> None:
    set_policy(cohort, Policy.OFF)
    assert ada_browser.post(ATTEMPTS, text="double = 1").status_code == 422
    assert ada_browser.post(ATTEMPTS, text="double = 1", promise="yes").status_code == 303
    assert ada_browser.post(ATTEMPTS, text="double = 2").status_code == 303
    assert "as you have confirmed" in ada_browser.get(L).text


def test_a_milestone_is_explained_and_its_mentor_reads_it(
    things: Things, ada: User, ada_browser: Browser, mo_browser: Browser
) -> None:
    with transaction() as session:
        attempt = attempts.hand_in(session, ada, "largest", "{}")
        session.execute(update(Attempt).where(Attempt.id == attempt.id).values(verdict=Verdict.PASSED))
    learner = f"/mentor/learners/{ada.id}"
    assert "To be explained" in ada_browser.get("/path").text
    assert "to be explained" in mo_browser.get(learner).text
    url, words = "/path/nodes/start/explanation", "I compared all three & took the largest."
    assert ada_browser.post(url, text="Short.").status_code == 422
    assert ada_browser.post(url, text=words).status_code == 303
    assert "To be explained" not in ada_browser.get("/path").text
    assert "I compared all three &amp; took" in mo_browser.get(learner).text


def test_a_milestone_is_explained_where_it_was_passed(
    things: Things, ada: User, ada_browser: Browser
) -> None:
    asked = "To be explained: Which is largest?"
    assert asked not in ada_browser.get("/lessons/counting").text
    with transaction() as session:
        attempt = attempts.hand_in(session, ada, "largest", "{}")
        session.execute(update(Attempt).where(Attempt.id == attempt.id).values(verdict=Verdict.PASSED))
    assert asked in ada_browser.get("/lessons/counting").text
    words = "I compared all three. The third is the largest."
    answer = ada_browser.post("/path/nodes/start/explanation", text=words, at="lesson")
    assert answer.headers["location"] == "/lessons/counting#cell-largest"
    page = ada_browser.get("/lessons/counting").text
    assert asked not in page
    assert words in page
