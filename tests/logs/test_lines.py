"""A line is one line, whatever is said in it, and says what it is about."""

from __future__ import annotations

import contextvars
import inspect
import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from app import logs as of_app
from app.db import transaction
from app.models import User
from tests.logs.conftest import Said
from workers import logs as of_workers

log = logging.getLogger("tests.logs")

HOSTILE = 'x\n{"level": "error", "message": "forged"}\r\x1b[2J\u2028\u202e\x00 ' + "y" * 10_000


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], list[str]]:
    """What runner and examiner have written since the call before; from here on they write in this form."""
    for name in ("part", "as_json", "always"):
        monkeypatch.setattr(of_workers._Speaker, name, getattr(of_workers._Speaker, name))

    def take(form: str) -> list[str]:
        of_workers.begin("runner", form, catch_all=False)
        return capsys.readouterr().err.splitlines()

    return take


def test_what_is_said_inside_is_about_it(said: Said) -> None:
    with of_app.about(run="r1"):
        log.info("one")
        of_app.note(user="u1")
        with of_app.about(request="q1"):
            log.info("two")
        log.info("three")
    of_app.note(user="nobody listens")
    log.info("four")
    about = [{name: line.get(name) for name in ("run", "user", "request")} for line in said()]
    assert about == [
        {"run": "r1", "user": None, "request": None},
        {"run": "r1", "user": "u1", "request": "q1"},
        {"run": "r1", "user": "u1", "request": None},
        {"run": None, "user": None, "request": None},
    ]


def test_threads_do_not_speak_of_each_others_runs(said: Said) -> None:
    both = threading.Barrier(2)

    def speak(run: str) -> None:
        with of_app.about(run=run):
            both.wait(30)
            log.info("mine is %s", run)
            both.wait(30)

    threads = [threading.Thread(target=speak, args=[name]) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((line["message"], line["run"]) for line in said()) == [
        ("mine is a", "a"),
        ("mine is b", "b"),
    ]


def test_what_a_helping_thread_notes_is_known_where_it_was_asked_for(said: Said) -> None:
    """As routes do, which run in threads of their own."""
    with of_app.about(request="q1"):
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=[lambda: of_app.note(user="u1")])
        thread.start()
        thread.join()
        log.info("over")
    assert said()[0]["user"] == "u1"


def test_nothing_hostile_begins_a_line_or_fills_the_log(said: Said) -> None:
    with of_app.about(run=HOSTILE):
        log.warning("it says %s", HOSTILE)
    (line,) = said()
    assert line["message"].startswith("it says x\\n{")
    for text in (line["message"], line["run"]):
        assert text.isprintable()
        assert len(text) < 4000


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_words_at_all_are_one_line_in_either_form(message: str, name: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", (message,), None)
    record.about = {"run": name}
    for as_json in (True, False):
        line = of_app.Lines("site", as_json=as_json).format(record)
        assert len(line.splitlines()) == 1
        assert line.isprintable()


def test_a_fault_is_one_line_with_the_places_it_came_from(said: Said) -> None:
    try:
        try:
            raise KeyError("the cause")
        except KeyError as cause:
            raise RuntimeError("a bug of ours") from cause
    except RuntimeError:
        log.exception("it broke")
    (line,) = said()
    assert line["level"] == "error"
    assert "test_lines.py" in line["traceback"]
    assert line["traceback"].index("KeyError: 'the cause'") < line["traceback"].index("RuntimeError: a bug")


def test_what_people_wrote_is_in_no_fault_of_the_database(said: Said, ada: User) -> None:
    secret = "import antigravity  # my answer"
    row = {"name": secret, "email": ada.email, "guest": False, "admin": False, "goal": ""}
    with pytest.raises(IntegrityError) as caught, transaction() as session:
        session.execute(insert(User).values(**row))
    log.error("it broke: %s", caught.value, exc_info=caught.value)
    (line,) = said()
    for private in (secret, "antigravity", ada.email or ""):
        assert private not in json.dumps(line)
    assert "IntegrityError" in line["traceback"]


def test_runner_and_examiner_write_the_same_lines(spoken: Callable[[str], list[str]], said: Said) -> None:
    spoken("json")
    of_workers.say(HOSTILE, "warning", run="r1", ms=7, empty="")
    (theirs,) = map(json.loads, spoken("text"))
    with of_app.about(run="r1"):
        of_app.say(log, HOSTILE, logging.WARNING, ms=7, empty="")
    (ours,) = said()
    unlike: dict[str, Any] = {"time": "", "part": "", "logger": ""}
    assert ours | unlike == theirs | unlike
    for function in ("one_line", "described"):
        assert inspect.getsource(getattr(of_app, function)) == inspect.getsource(
            getattr(of_workers, function)
        )


def test_as_text_they_are_for_people(spoken: Callable[[str], list[str]]) -> None:
    spoken("text")
    of_workers.say("a child takes the run", run="r1")
    try:
        raise ValueError("a check\nof ours")
    except ValueError:
        of_workers.fault("it broke", run="r1")
    first, second, *places = spoken("text")
    assert first.endswith(" INFO runner: a child takes the run [run=r1]")
    assert second.endswith(" ERROR runner: it broke [run=r1]")
    assert places[-1] == "ValueError: a check"


@pytest.mark.parametrize("given", ["", None, 7, "x" * 65, "a b", "a\n", {"run": 1}, "é"])
def test_an_id_from_outside_is_an_id_or_nothing(given: object) -> None:
    assert of_workers.known_id(given) == ""
    assert of_workers.known_id("0197c0de-aaaa") == "0197c0de-aaaa"


def test_a_fork_that_has_one_run_to_see_to_names_it_always(spoken: Callable[[str], list[str]]) -> None:
    spoken("json")
    of_workers.always(run="r1")
    of_workers.say("an answer is judged", verdict="passed")
    (line,) = map(json.loads, spoken("text"))
    assert (line["run"], line["verdict"]) == ("r1", "passed")
