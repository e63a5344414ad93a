"""Review as pages: what stands where, for whom, without a script, and that a refusal loses no words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.db import transaction
from app.learning import attempts
from app.lessons import Lesson
from app.mentoring import canned, claims, threads
from app.models import Attempt, CannedReply, Message, Run, Thread, User, Verdict
from app.running import runs
from tests.routes.acting import Browser, Things, failed_verdict, finish

Made = Callable[[User | None], Browser]


def _handed_in(user: User, exercise: str, answer: str | dict[str, str], verdict: attempts.Verdict) -> Attempt:
    with transaction() as session:
        made = attempts.hand_in(session, user, exercise, answer)
    finish(made.run_id, verdict)
    return made


def test_each_line_has_a_link_and_its_form_opens_below(things: Things, mo_browser: Browser) -> None:
    page = mo_browser.get(f"/attempts/{things.attempt}").text
    assert 'aria-label="Write on line 2"' in page
    assert "Your words on line" not in page
    page = mo_browser.get(f"/attempts/{things.attempt}?line=2").text
    assert page.index('id="line-2"') < page.index("Your words on line 2")
    part = mo_browser.get(f"/attempts/{things.attempt}?line=2", htmx=True).text
    assert part.strip().startswith("<form")
    assert mo_browser.get(f"/attempts/{things.attempt}?line=99").status_code == 200


def test_a_remark_stands_beside_the_code_and_in_the_lesson(
    things: Things, mo_browser: Browser, ada_browser: Browser
) -> None:
    mo_browser.post(f"/attempts/{things.attempt}/lines", first="2", body="Twice, not *squared*.")
    for address in (f"/attempts/{things.attempt}", "/lessons/counting"):
        page = ada_browser.get(address).text
        assert "Twice, not <em>squared</em>." in page
        assert "return" in page[page.index("quoted") :]
    with transaction() as session:
        again = attempts.hand_in(session, session.get_one(User, _owner(things)), "double", "double = len")
    page = ada_browser.get(f"/attempts/{again.id}").text
    assert "was on a line that has changed" in page


def _owner(things: Things) -> object:
    with transaction() as session:
        return session.get_one(Attempt, things.attempt).user_id


def test_a_form_has_no_lines_to_write_on(ada: User, mo_browser: Browser, lesson: Lesson) -> None:
    made = _handed_in(ada, "largest", {"largest": "one"}, attempts.Verdict(Verdict.FAILED, "No."))
    assert "Write on line" not in mo_browser.get(f"/attempts/{made.id}").text
    refused = mo_browser.post(f"/attempts/{made.id}/lines", first="1", body="Hm.")
    assert refused.status_code == 422
    assert "no lines" in refused.text
    assert "Hm." in refused.text  # given back


def test_who_answers_what_another_has_gets_the_text_back(
    things: Things, mo: User, boss: User, browser: Made
) -> None:
    browser(mo).post(f"/threads/{things.thread}/claim")
    refused = browser(boss).post(f"/threads/{things.thread}/messages", body="Long & thought through.")
    assert refused.status_code == 409
    assert "Mo is answering this one" in refused.text
    assert "Long &amp; thought through." in refused.text
    with transaction() as session:
        assert session.query(Message).where(Message.thread_id == things.thread).count() == 1


def test_while_one_writes_the_claim_is_renewed_and_the_page_stays(
    things: Things, mo: User, boss: User, browser: Made
) -> None:
    writing = browser(mo).post(f"/threads/{things.thread}/claim", htmx=True, writing="true", body="So")
    assert (writing.status_code, writing.text) == (204, "")
    with transaction() as session:
        holder = claims.holder(threads.visible(session, boss, things.thread))
        assert holder is not None
        assert holder.name == "Mo"


def test_next_for_me_goes_there_and_says_when_nobody_waits(things: Things, mo_browser: Browser) -> None:
    assert mo_browser.post("/mentor/queue/next").headers["location"] == f"/threads/{things.thread}"
    assert mo_browser.post("/mentor/queue/next").headers["location"] == "/mentor/queue"
    assert "Nobody waits whom no mentor has" in mo_browser.get("/mentor/queue").text
    assert mo_browser.get("/mentor/queue?cohort=seven").status_code == 404


def test_a_question_comes_with_text_outputs_and_attempts(
    things: Things, ada: User, mo_browser: Browser
) -> None:
    with transaction() as session:
        thread = threads.ask(session, ada, "counting", "double", "Why?", {"double": "double = sum"}).id
    page = mo_browser.get(f"/threads/{thread}").text
    for part in (">sum<", "hello &lt;b&gt;there", "Attempt 1", f"/attempts/{things.attempt}"):
        assert part in page


def test_the_learner_sees_who_looks_and_finds_all_requests_on_one_page(
    things: Things, mo: User, browser: Made, ada_browser: Browser
) -> None:
    browser(mo).post(f"/threads/{things.thread}/claim")
    for address in ("/requests", "/lessons/counting"):
        assert "Mo is looking at it" in ada_browser.get(address).text
    browser(mo).post(f"/threads/{things.thread}/messages", body="Like so.", changes="true")
    page = ada_browser.get("/requests").text
    assert "To do for you" in page
    assert "Changes asked for" in page
    assert "changes asked for" in ada_browser.get("/lessons/counting").text


def test_a_ruling_is_shown_with_its_reason_beside_the_verdict(
    things: Things, mo_browser: Browser, ada_browser: Browser
) -> None:
    mo_browser.post(f"/attempts/{things.attempt}/ruling", verdict="passed", body="The check is *too strict*.")
    for address in (f"/attempts/{things.attempt}", "/lessons/counting"):
        page = ada_browser.get(address).text
        assert "Not yet" in page
        assert "Counts as passed" in page
        assert "The check is <em>too strict</em>." in page
    assert "counts as passed" in ada_browser.get("/lessons/counting/exercises/double/attempts").text
    mo_browser.post(f"/attempts/{things.attempt}/ruling/withdraw")
    assert "Counts as passed" not in ada_browser.get("/lessons/counting").text


def test_a_signed_milestone_is_on_the_learners_map(
    ada: User, mo_browser: Browser, ada_browser: Browser, lesson: Lesson
) -> None:
    made = _handed_in(ada, "largest", {"largest": "two"}, attempts.Verdict(Verdict.PASSED, ""))
    mo_browser.post(f"/attempts/{made.id}/sign-off", body="Well argued.")
    page = ada_browser.get("/path").text
    assert "Milestone signed off by <b>Mo</b>" in page
    assert "Well argued." in page
    assert "signed off by Mo" in ada_browser.get("/lessons/counting").text
    assert "Well argued." in mo_browser.get(f"/attempts/{made.id}").text


def test_the_audit_log_says_it_in_words(
    things: Things, mo_browser: Browser, boss: User, browser: Made
) -> None:
    mo_browser.post(f"/attempts/{things.attempt}/ruling", verdict="passed", body="So.")
    assert "overruled the verdict on an answer of" in browser(boss).get("/audit").text


def test_a_canned_reply_is_inserted_without_a_script(things: Things, mo: User, mo_browser: Browser) -> None:
    with transaction() as session:
        canned.save(session, mo, "Shapes", "Print the shapes.", None)
        known = session.scalars(select(CannedReply.id).where(CannedReply.owner_id == mo.id)).one()
    to = f"/threads/{things.thread}/messages"
    page = mo_browser.post(
        f"/mentor/replies/{known}/insert", body="Hello <Ada>.", box="reply-1", action=to
    ).text
    assert "Hello &lt;Ada&gt;.\n\nPrint the shapes." in page
    assert f'action="{to}"' in page
    elsewhere = mo_browser.post(f"/mentor/replies/{known}/insert", action="//example.org/").text
    assert "example.org" not in elsewhere


def test_a_message_can_be_kept_as_a_canned_reply(things: Things, mo: User, mo_browser: Browser) -> None:
    body = (
        "Look at the shapes first, then at the values, and only after that at the figure that you drew.\nSo."
    )
    mo_browser.post(f"/threads/{things.thread}/messages", body=body, keep="true")
    with transaction() as session:
        kept = session.scalars(select(CannedReply).where(CannedReply.owner_id == mo.id)).one()
    assert kept.body == body
    assert len(kept.title) == 80
    assert mo_browser.get("/mentor/replies?q=shapes").text.count("Look at the shapes") >= 2
    part = mo_browser.get("/mentor/replies?q=nothing+like&box=reply-1", htmx=True).text
    assert "None with these words" in part


def test_asking_for_a_review_puts_the_attempt_into_the_queue(
    things: Things, ada_browser: Browser, mo_browser: Browser
) -> None:
    assert "Ask for a review" in ada_browser.get(f"/attempts/{things.attempt}").text
    ada_browser.post(f"/attempts/{things.attempt}/review")
    assert "an answer to “Twice as much”" in mo_browser.get("/mentor/queue").text
    with transaction() as session:
        about = session.scalars(select(Thread).where(Thread.subject_id == things.attempt)).one()
    assert about.waiting_since is not None


def test_one_answer_goes_to_all_who_wrote_the_same(
    things: Things, ada: User, ben: User, mo_browser: Browser
) -> None:
    _handed_in(ben, "double", "def double(x):\n    return x*x  # ?\n", failed_verdict())
    page = mo_browser.get(f"/attempts/{things.attempt}").text
    assert "and 1 with the same code, not answered yet: Ben" in page
    mo_browser.post(f"/attempts/{things.attempt}/messages", body="Try 3.", to="code")
    with transaction() as session:
        assert session.query(Message).where(Message.body == "Try 3.").count() == 2
        (bens,) = threads.of_lesson(session, ben, "counting")["double"]
        assert bens.user_id == ben.id
    assert "with the same code" not in mo_browser.get(f"/attempts/{things.attempt}").text


def test_a_trial_is_the_mentors_and_its_page_shows_it(
    things: Things, ada: User, mo: User, mo_browser: Browser, ada_browser: Browser
) -> None:
    before = ada_browser.get("/lessons/counting/exercises/double/attempts").text
    mo_browser.post(f"/attempts/{things.attempt}/trial", text="print('a copy')")
    with transaction() as session:
        run = session.scalars(select(Run).where(Run.user_id == mo.id)).one()
        assert runs.latest(session, mo, "counting") == {}
    finish(run.id)
    page = mo_browser.get(f"/attempts/{things.attempt}/trial").text
    assert "print(&#39;a copy&#39;)" in page
    assert "hello &lt;b&gt;there" in page
    assert ada_browser.get(f"/runs/{run.id}").status_code == 404
    assert "a copy" not in mo_browser.get("/lessons/counting").text
    assert ada_browser.get("/lessons/counting/exercises/double/attempts").text == before


def test_opening_what_a_notice_leads_to_reads_it(
    things: Things, mo_browser: Browser, ada_browser: Browser
) -> None:
    mo_browser.post(f"/threads/{things.thread}/messages", body="Like so.")
    assert "Mo wrote to you about “Four times as much”." in ada_browser.get("/notices").text
    before = ada_browser.get("/path").text.count("Notices: ")
    ada_browser.get(f"/threads/{things.thread}")
    page = ada_browser.get("/notices").text
    assert before == 1
    assert page.count('class="new"') == 1  # the one about her cohort


@pytest.fixture
def only(database: str) -> User:
    """The only account there is."""
    with transaction() as session:
        user = User(name="Solo", email="solo@example.org", admin=True)
        session.add(user)
        session.flush()
        session.refresh(user)
        return user


def test_a_solo_learner_meets_none_of_it(site: FastAPI, only: User) -> None:
    made = _handed_in(only, "double", "def double(x):\n    return x * x\n", failed_verdict())
    browser = Browser(site, only)
    page = browser.get(f"/attempts/{made.id}").text
    for word in ("Write on line", "Ask for a review", "Overrule", "Sign off", "Ask about this", "mentor"):
        assert word not in page, word
    assert "/requests" not in browser.get("/account").text


def test_the_next_attempt_that_passes_shows_what_was_said_before(
    things: Things, ada: User, mo_browser: Browser
) -> None:
    mo_browser.post(f"/attempts/{things.attempt}/lines", first="1", body="A good name.", changes="true")
    made = _handed_in(
        ada, "double", "# twice\ndef double(x):\n    return 2 * x\n", attempts.Verdict(Verdict.PASSED, "")
    )
    page = mo_browser.get(f"/attempts/{made.id}")
    assert page.status_code == 200
    assert "on line 2" in page.text
    assert "A good name." in page.text
    assert "Sign it off" in page.text


def test_the_timeline_leads_to_the_attempt_and_to_a_copy_of_its_code(
    things: Things, ada: User, mo_browser: Browser
) -> None:
    page = mo_browser.get(f"/mentor/learners/{ada.id}").text
    assert f'href="/attempts/{things.attempt}/trial"' in page
    assert "Write on a line" in page
