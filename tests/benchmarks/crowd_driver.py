"""What Locust runs, in an environment of its own: learners who browse and hand in, as `crowd.py` orders.

Each is a browser of tests/chaos: cookies, the token of every form, an event stream while something runs.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
from locust import User, events, task

from tests.chaos.browsing import Browser, watch

ORDER: dict[str, Any] = json.loads(Path(os.environ["UNEMBED_CROWD_ORDER"]).read_text())
TOKENS = list(ORDER["tokens"])
LESSON = ORDER["lesson"]
FOUND: list[dict[str, Any]] = []
DICE = random.Random(ORDER["seed"])
T = TypeVar("T")


class Learner(User):
    """Reads, types, and now and then hands in; answers are right or wrong, and so has the verdict to be."""

    def on_start(self) -> None:
        self.browser = Browser(*ORDER["sites"], session=TOKENS.pop())
        self.answers = False
        page = self.timed("page", lambda: self.browser.get(LESSON))
        for address in set(re.findall(r'"(/assets/[^"]+)"', page)):
            self.timed("asset", partial(self.browser.get, address))
        self.next_answer = max(time.time(), ORDER["from"]) + self._until_next_answer()

    def _until_next_answer(self) -> float:
        return DICE.expovariate(ORDER["hand_ins"] / ORDER["learners"] / 60)

    def wait_time(self) -> float:
        """Seconds to the next thing to do; Locust asks after each."""
        pause, left = DICE.expovariate(1 / ORDER["pause"]), self.next_answer - time.time()
        self.answers = pause >= left
        return max(0.0, left) if self.answers else pause

    @task
    def act(self) -> None:
        if self.answers:
            self.next_answer += self._until_next_answer()
            self._hand_in()
        else:
            self._browse()

    def _browse(self) -> None:
        what = DICE.choices(["lesson", "path", "home", "attempts", "draft"], [40, 20, 10, 10, 20])[0]
        if what == "draft":
            draft = f"{LESSON}/cells/{ORDER['exercise']}/draft"
            self.timed("draft", lambda: self.browser.post(draft, text=f"# {DICE.random()}"))
            return
        attempts = f"{LESSON}/exercises/{ORDER['exercise']}/attempts"
        path = {"lesson": LESSON, "path": "/path", "home": "/", "attempts": attempts}[what]
        self.timed("page", lambda: self.browser.get(path))

    def _hand_in(self) -> None:
        wanted = DICE.choice(["passed", "passed", "failed"])
        text = ORDER["answers"][wanted] + f"\n# {DICE.random()}\n"
        path = f"{LESSON}/exercises/{ORDER['exercise']}/attempts"

        def hand_in() -> None:
            section = self.browser.submit(LESSON, ORDER["exercise"], path, text=text)
            found = watch(self.browser, section)[0].word
            if found != wanted:
                raise AssertionError(f"{found} instead of {wanted}")

        self.timed("verdict", hand_in)

    def timed(self, name: str, act: Callable[[], T]) -> T:
        """Done, and told to Locust and to us."""
        begun, error, broken = time.perf_counter(), None, self.browser.broken_lines
        try:
            return act()
        except (httpx.HTTPError, AssertionError) as why:
            error = why
            raise
        finally:
            if error is None and self.browser.broken_lines > broken:
                error = ConnectionError("the line broke")
            took = 1000 * (time.perf_counter() - begun)
            self.environment.events.request.fire(
                request_type="", name=name, response_time=took, response_length=0, exception=error, context={}
            )


@events.request.add_listener
def _note(name: str, response_time: float, exception: Exception | None, **_: object) -> None:
    said = repr(exception)[:500] if exception else ""
    seconds = response_time / 1000
    FOUND.append({"begun": time.time() - seconds, "name": name, "seconds": seconds, "error": said})


@events.quitting.add_listener
def _keep(**_: object) -> None:
    Path(ORDER["result"]).write_text(json.dumps(FOUND))
