"""The API: the same facts as the pages, to read, to write, and to wait for."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from sqlalchemy import event, select

from app.api import waiting
from app.db import engine, first_id, now, transaction
from app.learning import drafts
from app.lessons import course
from app.mentoring import threads
from app.models import (
    Activity,
    Attempt,
    Cohort,
    Declaration,
    Deed,
    Membership,
    Policy,
    Role,
    Run,
    RunKind,
    State,
    User,
)
from app.people import throttle
from app.running import events, runs
from app.teaching import assessments
from app.teaching.assessments import Sheet
from tests.routes.acting import Browser, Program, Things, failed_verdict, finish

CELLS = "/lessons/counting/cells"


@pytest.fixture
def program(site: FastAPI, ada: User) -> Program:
    return Program(site, ada)


@pytest.fixture
def mentors(site: FastAPI, mo: User) -> Program:
    return Program(site, mo)


def own(user: User) -> dict[str, str]:
    with transaction() as session:
        return drafts.of(session, user, "counting")


# ---- reading


def test_who_one_is(program: Program, cohort: Cohort) -> None:
    me = program.get("/me")
    assert (me["name"], me["email"], me["mentor"]) == ("Ada", "ada@example.org", False)
    assert me["cohorts"] == [{"id": str(cohort.id), "name": "Autumn", "role": "learner"}]


def test_the_map_and_its_lessons_with_where_one_stands(program: Program, things: Things) -> None:
    (node,) = [one for one in program.get("/path") if one["lessons"]]
    (lesson,) = node["lessons"]
    assert lesson == program.get("/lessons/counting")
    assert lesson == program.get("/lessons")["items"][0]
    assert lesson["exercises"][0] == {"exercise": "double", "mark": "failed", "attempts": 1, "asking": False}


def test_the_cells_of_a_lesson_with_ones_own_texts(program: Program, things: Things) -> None:
    program.ask("PUT", f"{CELLS}/two/draft", {"text": "y = 2"})
    cells = {cell["cell"]: cell for cell in program.get(f"{CELLS}")}
    assert list(cells) == ["one", "two", "double", "quadruple", "largest"]
    assert (cells["two"]["text"], cells["two"]["changed"], cells["two"]["kind"]) == ("y = 2", True, "cell")
    assert cells["two"]["bet"] == {
        "question": "What comes out?",
        "choices": ["One", "Two"],
        "unit": "",
        "guess": None,
    }
    assert cells["two"]["run"] == str(things.run)
    assert (cells["double"]["kind"], cells["double"]["standing"]["mark"]) == ("exercise", "failed")
    assert cells["largest"]["kind"] == "form"
    assert cells["largest"]["fields"]


def test_a_run_with_what_it_showed(program: Program, things: Things) -> None:
    run = program.get(f"/runs/{things.run}")
    assert (run["state"], run["over"], run["ending"], run["cell"]) == ("done", True, "ok", "two")
    assert [output["kind"] for output in run["outputs"]] == ["text", "figure"]


def test_an_attempt_with_its_verdict(program: Program, things: Things) -> None:
    attempt = program.get(f"/attempts/{things.attempt}")
    assert (attempt["verdict"], attempt["counts_as"], attempt["number"]) == ("failed", "failed", 1)
    assert attempt["answer"] == "def double(x):\n    return x * x\n"
    assert attempt["details"]["mistake"] == "mistake_square__double"
    assert program.get("/exercises/double/attempts")["items"] == [attempt]


def test_a_list_comes_in_parts(program: Program) -> None:
    for number in range(3):
        program.ask("POST", "/exercises/double/attempts", {"answer": f"double = {number}"})
        with transaction() as session:
            for run in session.scalars(select(Run)).all():
                runs.cancel(session, run)
    first = program.get("/exercises/double/attempts?limit=2")
    assert [one["number"] for one in first["items"]] == [3, 2]
    rest = program.get(f"/exercises/double/attempts?limit=2&after={first['next']}")
    assert ([one["number"] for one in rest["items"]], rest["next"]) == ([1], None)
    assert program.ask("GET", "/exercises/double/attempts?after=nothing").status_code == 422


def test_a_list_is_asked_for_in_parts_and_not_cut_from_the_whole(program: Program, ada: User) -> None:
    with transaction() as session:
        session.add_all(_attempt(ada, number) for number in range(1, 40))
    with queries() as asked:
        found = program.get("/exercises/double/attempts?limit=2")
    assert [one["number"] for one in found["items"]] == [39, 38]
    (listed,) = (one for one in asked if "FROM attempts" in one and "attempts.answer" in one)
    assert "LIMIT" in listed
    numbers, after = list[int](), ""
    while after is not None:
        some = program.get(f"/exercises/double/attempts?limit=7&after={after}")
        numbers, after = numbers + [one["number"] for one in some["items"]], some["next"]
    assert numbers == list(range(39, 0, -1))


def _attempt(learner: User, number: int) -> Attempt:
    """One a second: ids are in the order of time."""
    where = {"user_id": learner.id, "lesson": "counting"}
    run = Run(**where, kind=RunKind.GRADE, cell="double", chain=[], chain_hash="", fingerprint="", seed=0)
    run.state, run.queued_at = State.DONE, now()
    made = Attempt(**where, exercise="double", exercise_version="", edition="", number=number, run=run)
    made.id, made.answer = first_id(now() + timedelta(seconds=number)), "double = None"
    return made


@contextmanager
def queries() -> Iterator[list[str]]:
    """Every statement that the site sends meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    yield asked
    event.remove(engine(), "before_cursor_execute", note)


# ---- asking for help


def test_who_is_stuck_asks_and_reads_the_answer(
    program: Program, things: Things, ada: User, mo: User
) -> None:
    program.ask("PUT", f"{CELLS}/two/draft", {"text": "y = 2"})
    answer = program.ask("POST", f"{CELLS}/two/threads", {"body": "Why?", "text": "y = 3"})
    assert answer.status_code == 201
    asked = answer.json()
    assert (asked["cell"], asked["stands"], asked["about"]) == ("two", "waiting", "the cell two")
    assert own(ada)["two"] == "y = 3"
    with transaction() as session:
        assert [text for _, text in drafts.earlier(session, ada, "counting", "two")] == ["y = 2"]
        thread = threads.visible(session, mo, UUID(asked["id"]))
        assert {"cell": "two", "text": "y = 3"} in thread.chain  # her mentor sees what she sees
        threads.reply(session, mo, thread, "Look at `x`.", changes=True)
    told = program.get(f"/threads/{asked['id']}")
    assert told["stands"] == "changes"
    assert [(one["by"], one["mine"], one["body"]) for one in told["messages"]] == [
        ("Ada", True, "Why?"),
        ("Mo", False, "Look at `x`."),
    ]
    said = program.ask("POST", f"/threads/{asked['id']}/messages", {"body": "I see."}).json()
    assert (said["stands"], len(said["messages"])) == ("changes", 3)
    first = program.get("/threads?limit=1")
    assert [one["id"] for one in first["items"]] == [asked["id"]]
    assert len(program.get(f"/threads?limit=1&after={first['next']}")["items"]) == 1


def test_a_question_without_words_changes_nothing(program: Program, ada: User) -> None:
    answer = program.ask("POST", f"{CELLS}/two/threads", {"body": " ", "text": "y = 3"})
    assert answer.status_code == 422
    assert own(ada) == {}


def test_hints_open_one_after_the_other(program: Program, ada: User) -> None:
    hints = course().exercises["double"].hints
    assert program.get("/exercises/double/hints") == {"exercise": "double", "hints": [], "left": len(hints)}
    for count in (*range(1, len(hints) + 1), len(hints)):
        opened = program.ask("POST", "/exercises/double/hints").json()
        assert opened == {"exercise": "double", "hints": list(hints[:count]), "left": len(hints) - count}
    assert program.get("/exercises/double/hints") == opened
    with transaction() as session:
        noted = session.scalars(select(Activity).where(Activity.kind == "hint", Activity.user_id == ada.id))
        assert [one.data["rung"] for one in noted] == list(range(1, len(hints) + 1))


def test_an_assessment_closes_hints_here_too(program: Program, cohort: Cohort, mo: User) -> None:
    moment, hour = now(), timedelta(hours=1)
    with transaction() as session:
        here, mentor = session.get_one(Cohort, cohort.id), session.get_one(User, mo.id)
        assessments.make(session, mentor, here, Sheet("Mid", ("double",), moment - hour, moment + hour))
    for method in ("GET", "POST"):
        refused = program.ask(method, "/exercises/double/hints")
        assert refused.status_code == 403
        assert "part of the assessment" in refused.json()["detail"]


# ---- writing


def test_a_draft_is_saved_and_what_stood_there_is_set_aside(program: Program, ada: User) -> None:
    program.ask("PUT", f"{CELLS}/two/draft", {"text": "y = 2"})
    answer = program.ask("PUT", f"{CELLS}/two/draft", {"text": "y = 3\r\n"})
    assert (answer.status_code, answer.json()["text"]) == (200, "y = 3\n")
    assert own(ada) == {"two": "y = 3\n"}
    with transaction() as session:
        assert [text for _, text in drafts.earlier(session, ada, "counting", "two")] == ["y = 2"]
    assert program.ask("PUT", f"{CELLS}/two/draft", {"text": "x" * 70_000}).status_code == 413


def test_a_bet_comes_before_the_run(program: Program) -> None:
    refused = program.ask("POST", f"{CELLS}/two/runs", {})
    assert refused.status_code == 422
    assert "bet" in refused.json()["detail"]
    assert program.ask("POST", f"{CELLS}/two/prediction", {"guess": "Three"}).status_code == 422
    assert program.ask("POST", f"{CELLS}/two/prediction", {"guess": "Two"}).status_code == 204
    run = program.ask("POST", f"{CELLS}/two/runs", {"text": "y = 7"})
    assert (run.status_code, run.json()["state"]) == (201, "queued")
    assert program.get(f"{CELLS}/two")["text"] == "y = 7"
    stopped = program.ask("POST", f"/runs/{run.json()['id']}/cancel")
    assert stopped.json()["state"] == "cancelled"


def test_a_form_is_handed_in_by_its_values(program: Program) -> None:
    answer = program.ask("POST", "/exercises/largest/attempts", {"answer": {"largest": "two", "other": 1}})
    assert answer.status_code == 201
    assert answer.json()["answer"] == '{"largest": "two"}'
    assert program.ask("POST", "/exercises/double/attempts", {"answer": {"x": 1}}).status_code == 422


def test_what_builds_on_something_missing_says_so_as_on_the_page(program: Program) -> None:
    answer = program.ask("POST", "/exercises/quadruple/attempts", {"answer": "x = 1"})
    assert answer.status_code == 422
    assert "Hand that in first" in answer.json()["detail"]


def test_what_a_cohort_asks_of_ai_is_asked_here_too(program: Program, ada: User, cohort: Cohort) -> None:
    with transaction() as session:
        session.get_one(Cohort, cohort.id).ai_policy = Policy.DECLARE
    silent = program.ask("POST", "/exercises/double/attempts", {"answer": "double = 1"})
    assert (silent.status_code, "AI" in silent.json()["detail"]) == (422, True)
    said = program.ask("POST", "/exercises/double/attempts", {"answer": "double = 1", "ai": "the loop"})
    assert said.status_code == 201
    with transaction() as session:
        assert session.scalars(select(Declaration.used_for)).all() == ["the loop"]


# ---- waiting


def test_a_verdict_is_waited_for(program: Program, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is answered when the run is over: the time that it may wait is never used up."""
    monkeypatch.setattr(waiting, "_LOOK_AGAIN", 300.0)
    handed_in = program.ask("POST", "/exercises/double/attempts", {"answer": "def double(x): return x * x"})
    run = UUID(handed_in.json()["run"])
    began, heard, real = threading.Event(), list[bool](), waiting._finished

    async def noticed(*arguments: Any) -> bool:
        began.set()
        heard.append(await real(*arguments))
        return heard[-1]

    def work() -> None:
        began.wait(30)
        finish(run, failed_verdict())
        with transaction() as session:
            recorded = session.get_one(Run, run)
            events.tell(session, recorded, events.finished(recorded))

    monkeypatch.setattr(waiting, "_finished", noticed)
    worker = threading.Thread(target=work)
    worker.start()
    attempt = program.get(f"/attempts/{handed_in.json()['id']}?wait=60")
    worker.join()
    assert (attempt["verdict"], attempt["state"], heard) == ("failed", "done", [True])


def test_the_time_to_wait_has_an_end(program: Program) -> None:
    handed_in = program.ask("POST", "/exercises/double/attempts?wait=1", {"answer": "double = 1"})
    assert (handed_in.json()["verdict"], handed_in.json()["state"]) == (None, "queued")
    assert program.ask("GET", f"/attempts/{handed_in.json()['id']}?wait=61").status_code == 422


def test_what_redis_lost_is_found_in_the_database(
    program: Program, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_LOOK_AGAIN", 0.2)
    handed_in = program.ask("POST", "/exercises/double/attempts", {"answer": "double = 1"})

    def cancel_silently() -> None:
        with transaction() as session:
            run = session.get_one(Run, UUID(handed_in.json()["run"]))
            runs.cancel(session, run)
            session.info.pop("on_commit", None)

    real = waiting._finished

    async def silently(*arguments: Any) -> bool:
        cancel_silently()
        return await real(*arguments)

    monkeypatch.setattr(waiting, "_finished", silently)
    assert program.get(f"/attempts/{handed_in.json()['id']}?wait=60")["state"] == "cancelled"


def test_only_so_many_wait_at_once(program: Program, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(waiting._waiting, ada.id, waiting.MOST)
    answer = program.ask("POST", "/exercises/double/attempts?wait=5", {"answer": "double = 1"})
    assert answer.status_code == 429
    assert (
        program.get("/exercises/double/attempts")["items"][0]["number"] == 1
    )  # it is handed in all the same


# ---- mentors


def test_a_mentor_sees_their_cohorts_learners_and_what_they_handed_in(
    mentors: Program, things: Things, ada: User, ben: User
) -> None:
    (cohort,) = mentors.get("/cohorts")["items"]
    assert (cohort["id"], cohort["learners"], cohort["mentors"]) == (str(things.cohort), 2, 1)
    learners = mentors.get(f"/cohorts/{things.cohort}/learners")["items"]
    assert [one["name"] for one in learners] == ["Ada", "Ben"]
    assert learners[0]["standings"][0]["mark"] == "failed"
    (attempt,) = mentors.get(f"/learners/{ada.id}/attempts")["items"]
    assert attempt == mentors.get(f"/learners/{ada.id}/attempts/{things.attempt}")
    assert mentors.get(f"/learners/{ada.id}/attempts?exercise=quadruple")["items"] == []
    assert mentors.ask("GET", f"/learners/{ben.id}/attempts/{things.attempt}").status_code == 404


def test_grades_are_told_in_parts_and_noted_once(mentors: Program, things: Things, mo: User) -> None:
    first = mentors.get(f"/cohorts/{things.cohort}/grades?by=exercise&limit=1")
    assert first["items"][0]["name"] == "Ada"
    grade = {"item": "double", "points": 0, "attempts": 1, "passed_at": None}
    grade |= {"due": "2027-01-08T23:59:59Z", "late": False}  # later for her
    assert first["items"][0]["grades"][0] == grade
    rest = mentors.get(f"/cohorts/{things.cohort}/grades?by=exercise&limit=1&after={first['next']}")
    assert rest["items"][0]["name"] == "Ben"
    with transaction() as session:
        deeds = session.scalars(select(Deed).where(Deed.kind == "grades_taken")).all()
    assert [(deed.actor_id, deed.data["layout"]) for deed in deeds] == [(mo.id, "api")]


def test_learners_come_in_parts_by_name(mentors: Program, things: Things, cohort: Cohort) -> None:
    with transaction() as session:
        for name in ("Ben", "Cyd", "Ada"):
            user = User(name=name, email=f"{name}@elsewhere.example")
            session.add(user)
            session.flush()
            session.add(Membership(cohort_id=cohort.id, user_id=user.id, role=Role.LEARNER))
    names, after = list[str](), ""
    while after is not None:
        some = mentors.get(f"/cohorts/{things.cohort}/learners?limit=2&after={after}")
        names, after = names + [one["name"] for one in some["items"]], some["next"]
    assert names == ["Ada", "Ada", "Ben", "Ben", "Cyd"]
    gone = f"/cohorts/{things.cohort}/learners?after={cohort.id}"
    assert mentors.ask("GET", gone).status_code == 422


def test_grades_are_noted_wherever_one_begins(mentors: Program, things: Things, ada: User, mo: User) -> None:
    mentors.get(f"/cohorts/{things.cohort}/grades?after={ada.id}")
    with transaction() as session:
        deeds = session.scalars(select(Deed).where(Deed.kind == "grades_taken")).all()
    assert [deed.actor_id for deed in deeds] == [mo.id]


def test_an_admins_look_is_noted(site: FastAPI, things: Things, ada: User, boss: User) -> None:
    Program(site, boss).get(f"/learners/{ada.id}/attempts")
    with transaction() as session:
        deed = session.scalars(select(Deed).where(Deed.kind == "looked")).one()
    assert (deed.actor_id, deed.about_id) == (boss.id, ada.id)


# ---- refusals


def test_a_no_is_a_problem_detail_with_a_sentence(program: Program) -> None:
    answer = program.ask("GET", "/lessons/nothing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such lesson. The map shows all there are.",
        "errors": [],
    }
    wrong = program.ask("POST", "/exercises/double/attempts", {"answr": "x"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["where"] == ["body", "answer"]
    for address in ("/nowhere", "/lessons/a%0Ab", "/%0A"):
        assert program.ask("GET", address).headers["content-type"] == "application/problem+json"
    assert program.ask("DELETE", "/me").status_code == 405


def test_too_often_says_when_to_come_back(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "API", throttle.Limit("api", 2, 3600, "asking the API"))
    answers = [program.ask("GET", "/me") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) > 0


def test_answers_carry_the_sites_headers(program: Program) -> None:
    headers = program.ask("GET", "/me").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"]
    assert "set-cookie" not in headers


# ---- described


def test_the_schema_is_openapi_and_the_page_shows_all_of_it(site: FastAPI, newcomer: Browser) -> None:
    schema = newcomer.get("/api/v1/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    for shape in schema["components"]["schemas"].values():
        Draft202012Validator.check_schema(shape)
    page = newcomer.get("/api/docs").text
    for path, methods in schema["paths"].items():
        for method in methods:
            assert f"{method.upper()} /api/v1{path}" in page
    assert set(re.findall(r'<script[^>]*\ssrc="(/?[^/"]*)/', page)) == {"/assets"}


def test_every_answer_is_as_the_schema_says(
    site: FastAPI,
    browser: Callable[..., Browser],
    program: Program,
    mentors: Program,
    things: Things,
    ada: User,
) -> None:
    schema = site.state.api.openapi()
    names = {"lesson": "counting", "cell": "two", "exercise": "double", "run": things.run}
    names |= {"attempt": things.attempt, "cohort": things.cohort, "learner": ada.id}
    names |= {"thread": things.thread}
    for path, methods in schema["paths"].items():
        if "get" not in methods:
            continue
        told = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        who = mentors if methods["get"]["x-scope"] == "mentor" else program
        answer = who.get(path.format(**names))
        Draft202012Validator({**told, "components": schema["components"]}).validate(answer)
