"""While an assessment is open, each way to help on its exercises is closed: by the pages and by the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.db import now, transaction
from app.learning import activity, attempts, drafts
from app.models import Assessment, Attempt, Cohort, Share, Thread, User
from app.teaching import assessments
from app.teaching.assessments import Sheet
from tests.routes.acting import Browser, Program, Things, failed_verdict, finish

L = "/lessons/counting"
HOUR = timedelta(hours=1)
WRONG, SQUARE = "def double(x):\n    return 'mine'", "def double(x):\n    return x ** 2"
SAYS = "assessment “Mid”"
HELP = ("Two of them.", "return 2 * x", "You squared it")  # a hint, the solution, a mistake by its name


@pytest.fixture
def opened(things: Things, cohort: Cohort, mo: User, ada: User) -> Assessment:
    """Open now, of the lesson's exercises. Ada has tried `double` and seen all its help before."""
    with transaction() as session:
        attempts.open_hint(session, ada, "double")
        activity.log(session, ada, activity.Kind.SOLUTION, "counting", "double")
        here = session.get_one(Cohort, cohort.id)
        sheet = Sheet("Mid", ("double", "quadruple", "largest"), now() - HOUR, now() + 3 * HOUR)
        made = assessments.make(session, mo, here, sheet)
    return made


@pytest.fixture
def sitting(opened: Assessment, ada: User) -> Assessment:
    """Ada sits it."""
    with transaction() as session:
        assessments.start(session, ada, opened.id, True)
    return opened


@pytest.fixture
def program(site: FastAPI, ada: User) -> Program:
    return Program(site, ada)


def _asked() -> int:
    with transaction() as session:
        return len(session.scalars(select(Thread)).all())


# ---- pages


@pytest.mark.parametrize(
    ("door", "fields"),
    [
        ("exercises/double/hints", {}),
        ("exercises/double/solution", {}),
        ("foundations", {"exercise": "double"}),
        ("cells/double/threads", {"body": "What is twice?"}),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_help_is_refused_with_the_sentence_that_says_why(
    sitting: Assessment, ada_browser: Browser, door: str, fields: dict[str, str], htmx: bool
) -> None:
    before = _asked()
    answer = ada_browser.post(f"{L}/{door}", htmx=htmx, **fields)
    assert answer.status_code == 403
    assert SAYS in answer.text
    assert not any(help in answer.text for help in HELP)
    assert _asked() == before


def test_a_question_that_is_refused_is_given_back(sitting: Assessment, ada_browser: Browser) -> None:
    answer = ada_browser.post(f"{L}/cells/double/threads", body="What is *twice*?")
    assert "What is *twice*?" in answer.text


def test_no_word_goes_on_in_a_thread_that_was_open_before(
    sitting: Assessment, things: Things, ada_browser: Browser, mo_browser: Browser
) -> None:
    assert ada_browser.post(f"/threads/{things.thread}/messages", body="And now?").status_code == 403
    assert mo_browser.post(f"/threads/{things.thread}/messages", body="Later.").status_code == 303


def test_words_on_ones_own_attempt(sitting: Assessment, things: Things, ada_browser: Browser) -> None:
    answer = ada_browser.post(f"/attempts/{things.attempt}/lines", body="Why?", first="1", last="1")
    assert answer.status_code == 403
    with transaction() as session:
        about = session.scalars(select(Thread).where(Thread.subject_id == things.attempt)).all()
    assert about == []


def test_sharing_a_result_of_its_lesson(
    sitting: Assessment, things: Things, ada: User, ada_browser: Browser
) -> None:
    with transaction() as session:
        before = len(session.scalars(select(Share)).all())
    answer = ada_browser.post(f"/runs/{things.run}/share", name="Ada")
    assert answer.status_code == 403
    assert SAYS in answer.text
    with transaction() as session:
        assert len(session.scalars(select(Share)).all()) == before


@pytest.mark.parametrize(
    "page",
    [L, f"{L}/test-out", f"{L}/notebook.ipynb", f"{L}/notebook.py", "/requests", "/understanding/start"],
)
def test_nothing_of_it_stands_on_a_page_or_in_a_file(
    sitting: Assessment, ada_browser: Browser, page: str
) -> None:
    text = ada_browser.get(page).text
    assert "return 2 * x" not in text
    assert "Two of them." not in text


def test_a_notebook_that_comes_in_is_texts_and_no_answer(
    sitting: Assessment, ada: User, ada_browser: Browser
) -> None:
    ada_browser.post(f"{L}/notebook/texts", **{"take-double": "yes", "text-double": WRONG})
    with transaction() as session:
        assert drafts.of(session, ada, "counting")["double"] == WRONG
        assert session.scalars(select(Attempt).where(Attempt.answer == WRONG)).all() == []


# ---- the API


def test_by_the_api_no_answer_is_taken_before_one_sits_it(
    opened: Assessment, program: Program, ada: User
) -> None:
    answer = program.ask("POST", "/exercises/double/attempts", {"answer": WRONG})
    assert answer.status_code == 403
    assert SAYS in answer.text
    with transaction() as session:
        assert session.scalars(select(Attempt).where(Attempt.answer == WRONG)).all() == []


def test_by_the_api_a_verdict_is_one_word(sitting: Assessment, program: Program) -> None:
    made = program.ask("POST", "/exercises/double/attempts", {"answer": SQUARE})
    assert made.status_code == 201
    with transaction() as session:
        attempt = session.scalars(select(Attempt).where(Attempt.answer == SQUARE)).one()
    finish(attempt.run_id, failed_verdict())
    for told in (
        program.get(f"/attempts/{attempt.id}"),
        program.get("/exercises/double/attempts")["items"][0],
    ):
        assert told["verdict"] == "failed"
        assert told["details"] == {}
        assert "squared" not in told["message"]
    assert "squared" not in str(program.get(f"/runs/{attempt.run_id}"))


def test_by_the_api_no_cell_tells_a_hint_or_a_solution(sitting: Assessment, program: Program) -> None:
    for path in (f"{L}/cells", f"{L}/cells/double", L, "/lessons", "/path"):
        assert not any(help in str(program.get(path)) for help in HELP), path


def test_by_the_api_what_is_filled_into_a_form_is_kept_and_handed_in_at_the_end(
    sitting: Assessment, program: Program, ada: User
) -> None:
    kept = program.ask("PUT", f"{L}/cells/largest/draft", {"text": '{"largest": "three", "other": "x"}'})
    assert kept.json()["text"] == '{"largest": "three"}'
    with transaction() as session:
        assessments.finish(session, ada, sitting.id)
        (attempt,) = attempts.of(session, ada, "largest")
        assert attempt.answer == '{"largest": "three"}'


@pytest.mark.parametrize(
    ("method", "door"),
    [
        ("GET", "/exercises/double/hints"),
        ("POST", "/exercises/double/hints"),
        ("POST", f"{L}/cells/double/threads"),
        ("POST", "/threads/{thread}/messages"),
    ],
)
def test_by_the_api_no_help_is_given(
    sitting: Assessment, program: Program, things: Things, method: str, door: str
) -> None:
    answer = program.ask(method, door.format(thread=things.thread), {"body": "What is twice?"})
    assert not any(help in answer.text for help in HELP)
    assert answer.status_code == 403 or answer.json()["opened"] == []


def test_by_the_api_running_ones_code_goes_on(sitting: Assessment, program: Program) -> None:
    assert program.ask("POST", f"{L}/cells/double/runs", {"text": WRONG}).status_code == 201


def test_it_all_opens_when_the_assessment_has_closed(
    sitting: Assessment, program: Program, ada_browser: Browser
) -> None:
    with transaction() as session:
        session.execute(update(Assessment).values(closes_at=now() - HOUR, last_at=now() - HOUR))
    assert ada_browser.post(f"{L}/exercises/double/hints").status_code == 303
    assert ada_browser.post(f"{L}/cells/double/threads", body="What is twice?").status_code == 303
    assert program.ask("POST", "/exercises/double/attempts", {"answer": WRONG}).status_code == 201
