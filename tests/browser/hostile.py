"""The corpus of hostile outputs: read, stored as a run of somebody's, and watched while a page shows it.

One file a thing in `corpus/`; its first line says what it tries. A file has one of: OUTPUT and ERROR (what a
child claims to have shown, or to have failed with), PRINTS, VERDICT, ANSWER, MESSAGE (of a thread), CELL (a
cell's name), NAME and GOAL (a learner's). Scripts set `window.__pwned`; what they fetch or link to is at
http://elsewhere.invalid, in whose place comes the address of a listener.
"""

from __future__ import annotations

import json
import runpy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Page, Route
from sqlalchemy.orm import Session

from app.db import now
from app.models import (
    Attempt,
    Cohort,
    Ending,
    Membership,
    Message,
    Output,
    Role,
    Run,
    RunKind,
    State,
    Thread,
    User,
    Verdict,
)
from app.people.accounts import open_session
from workers.outputs import check_error
from workers.recorder import Recorder

CORPUS = Path(__file__).parent / "corpus"
PLACEHOLDER = "http://elsewhere.invalid"
LESSON, EXERCISE, CELL = "induction-heads", "induction_score", "surprise"
GOOD = "This line is harmless, and stays."
FIGURE = {"kind": "figure", "figure": {"data": [{"type": "bar", "y": [1, 2]}], "layout": {}}, "title": "Good"}
_KINDS = ("OUTPUT", "PRINTS", "ERROR", "VERDICT", "ANSWER", "MESSAGE", "CELL", "NAME", "GOAL")


def corpus(kind: str, elsewhere: str = PLACEHOLDER) -> dict[str, Any]:
    """File's name → what it holds, of one kind."""
    return {name: _at(elsewhere, held[kind]) for name, held in read().items() if kind in held}


def read() -> dict[str, dict[str, Any]]:
    """Every file, with its first line as `tries`."""
    found = {}
    for file in sorted(CORPUS.glob("*.py")):
        held = runpy.run_path(str(file))
        found[file.stem] = {kind: held[kind] for kind in _KINDS if kind in held} | {"tries": held["__doc__"]}
    return found


def _at(elsewhere: str, value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(PLACEHOLDER, elsewhere)
    if isinstance(value, list):
        return [_at(elsewhere, item) for item in value]
    if isinstance(value, dict):
        return {key: _at(elsewhere, item) for key, item in value.items()}
    return value


# ── stored ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Stored:
    """A learner with all of it, and the tokens of her browser and of her mentor's."""

    learner: UUID
    attempt: UUID
    run: UUID
    thread: UUID
    shown: int
    token: str
    mentors_token: str


def store(session: Session, elsewhere: str, *, filtered: bool) -> Stored:
    """One learner who has handed in, run and asked everything of the corpus.

    `filtered` sends outputs the way that a worker does; else they are written as if no filter were there.
    """
    (name,), (goal,) = corpus("NAME", elsewhere).values(), corpus("GOAL", elsewhere).values()
    tag = "filtered" if filtered else "raw"
    learner = User(name=name, goal=goal, email=f"hostile-{tag}@example.org")
    mentor = User(name="Mona", email=f"mona-{tag}@example.org")
    cohort = Cohort(name=f"{name[:60]} {tag}")
    session.add_all((learner, mentor, cohort))
    session.flush()
    for one, role in ((learner, Role.LEARNER), (mentor, Role.MENTOR)):
        session.add(Membership(cohort_id=cohort.id, user_id=one.id, role=role))
    answer = "".join(corpus("ANSWER", elsewhere).values())
    run = _run(session, learner, RunKind.GRADE, EXERCISE, answer)
    shown = _show(session, run, elsewhere, filtered=filtered)
    attempt = _attempt(session, learner, run, answer, elsewhere)
    threads = [_ask(session, learner, run, CELL, corpus("MESSAGE", elsewhere))]
    threads += [_ask(session, learner, run, cell, {}) for cell in corpus("CELL", elsewhere).values()]
    tokens = (open_session(session, learner), open_session(session, mentor))
    return Stored(learner.id, attempt.id, run.id, threads[0].id, shown, *tokens)


def _run(session: Session, learner: User, kind: RunKind, cell: str, text: str) -> Run:
    run = Run(
        user_id=learner.id, kind=kind, lesson=LESSON, cell=cell, chain=[{"cell": cell, "text": text}],
        chain_hash="", fingerprint="", seed=1, state=State.DONE, ending=Ending.OK, queued_at=now(),
        finished_at=now(), seconds=0.1, tries=1,
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run


def _show(session: Session, run: Run, elsewhere: str, *, filtered: bool) -> int:
    printed = [{"kind": "text", "text": text} for text in corpus("PRINTS", elsewhere).values()]
    failed = [{"kind": "error", **error} for error in corpus("ERROR", elsewhere).values()]
    good = [FIGURE, {"kind": "result", "text": GOOD}]
    claimed = [*printed, *corpus("OUTPUT", elsewhere).values(), *failed, *good]
    shown = _by_the_worker(run, claimed) if filtered else [_as_it_is(output) for output in claimed]
    rows = [Output(run_id=run.id, seq=i, kind=kind, data=data) for i, (kind, data) in enumerate(shown)]
    session.add_all(rows)
    session.flush()
    return sum(kind != "html" for kind, _ in shown)  # no page knows how to show that


def _by_the_worker(run: Run, claimed: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    recorder = Recorder(run)
    for output in claimed:
        if output["kind"] == "text":
            recorder.take({"event": "text", "stream": "stdout", "text": output["text"]})
        elif output["kind"] == "error":
            recorder.show("error", check_error(output) or {})
        else:
            recorder.take({"event": "output", "output": output})
    recorder.flush()
    return [(shown.kind, shown.data) for shown in recorder.outputs]


def _as_it_is(output: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return output["kind"], {name: value for name, value in output.items() if name != "kind"}


def _attempt(session: Session, learner: User, run: Run, answer: str, elsewhere: str) -> Attempt:
    (verdict,) = corpus("VERDICT", elsewhere).values()
    attempt = Attempt(
        user_id=learner.id, lesson=LESSON, exercise=EXERCISE, exercise_version="", number=1, answer=answer,
        run_id=run.id, verdict=Verdict.FAILED, graded_at=now(), **verdict,
    )  # fmt: skip
    session.add(attempt)
    session.flush()
    return attempt


def _ask(session: Session, learner: User, run: Run, cell: str, messages: dict[str, str]) -> Thread:
    thread = Thread(user_id=learner.id, lesson=LESSON, cell=cell, chain=run.chain, run_id=run.id)
    session.add(thread)
    session.flush()
    for body in [*messages.values(), GOOD]:
        session.add(Message(thread_id=thread.id, author_id=learner.id, body=body))
        session.flush()
    return thread


def forging(elsewhere: str) -> str:
    """A cell that claims to have shown all of it; what comes of it has gone through the real runner."""
    outputs = [
        output for name, output in corpus("OUTPUT", elsewhere).items() if name != "image_bomb"
    ]  # as text, that one is more than a cell may hold
    return (
        f"import json\noutputs = json.loads({json.dumps(outputs)!r})\n"
        f"prints = json.loads({json.dumps(list(corpus('PRINTS', elsewhere).values()))!r})\n"
        "class Forged:\n    def __init__(self, output): self.output = output\n"
        "    def describe_output(self): return self.output\n"
        "for output in outputs: lab.show(Forged(output))\n"
        "for text in prints: print(text)\n"
        f"lab.show(lab.line([1, 2]))\n{GOOD!r}\n"
    )


# ── watched ─────────────────────────────────────────────────────────────────


_MARKS = (
    """() => [window.__pwned && "a script ran", ({}).polluted && "all objects changed"].filter(Boolean)"""
)


@dataclass
class Alarm:
    """What a page did that no page may do."""

    home: str
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    windows: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        """Listen to a browser window; its first page is the only one that may be."""
        page.context.route(lambda url: not url.startswith((f"{self.home}/", "data:", "blob:")), self._leaves)
        page.context.on("page", lambda opened: self.windows.append(opened.url))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    def _leaves(self, route: Route) -> None:
        self.requests.append(route.request.url)
        route.continue_()

    def ran(self, page: Page) -> list[str]:
        """Marks that scripts of the corpus leave on a page."""
        return list(page.evaluate(_MARKS))


@contextmanager
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server that is elsewhere: its address, and the paths that anybody asked it for."""
    heard: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_error(404)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
