"""Ours: a real `unembed serve` with its sandbox, asked over HTTP as a learner's page asks it.

From pressing “Hand in” to the verdict on the page: POST, then the page's stream of events until it brings the
verdict. What the page does after that is done too, but nobody waits for it.

All settings are the defaults; the data folder is a temporary one.
"""

from __future__ import annotations

import contextlib
import html
import http.client
import os
import re
import sys
import time
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from app.config import ROOT, Settings
from app.processes import spawn, stop
from app.steps import Failed
from tests.benchmarks import measure
from tests.benchmarks.exercise import LESSON, NAME
from tests.benchmarks.submissions import Submission, right
from tests.benchmarks.systems import Burst, Graded, System, Verdict, all_at_once
from tests.serve.starting import bring_bundle, free_port

_LONGEST, _IDLE = 120.0, 60.0  # seconds
_VERDICT = r'class="verdict (\w+)"'
_PAGE = f"/lessons/{LESSON}"
_HAND_IN = f"{_PAGE}/exercises/{NAME}/attempts"
_A_MINUTE = 100  # hand-ins of one learner: the site takes 120


class Site:
    """The platform: every part as `make serve` starts it. It never outlives us."""

    def __init__(self, folder: Path) -> None:
        self.data, self.port = folder / "data", free_port()
        bring_bundle(self.data)
        self.runner = Settings(data_dir=self.data).runner_socket
        self._output = folder / "output"
        command = [sys.executable, "-m", "app.cli", "serve"]
        begun = time.monotonic()
        with self._output.open("wb") as output:
            self.process = spawn(command, env=self._variables(), cwd=ROOT, output=output, errors=output)
        try:
            self._wait()
        except BaseException:
            self.close()
            raise
        self.seconds_to_start = time.monotonic() - begun

    def _variables(self) -> dict[str, str]:
        """Every setting as it is by default, whatever the environment and `.env` say."""
        fields = Settings.model_fields.items()
        ours = {"database_url": "", "redis_url": "", "public_url": "", "sandbox": "required"}
        ours |= {name: str(field.default) for name, field in fields if field.default is not None}
        ours |= {"data_dir": str(self.data), "port": str(self.port)}
        settings = {f"UNEMBED_{name.upper()}": value for name, value in ours.items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("UNEMBED_")}
        return {**kept, **settings, "PYTHONUNBUFFERED": "1"}

    def _wait(self) -> None:
        deadline = time.monotonic() + _LONGEST
        while "Unembed is at" not in self.said():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"The site does not start:\n{self.said()}")
            time.sleep(0.02)

    def said(self) -> str:
        return self._output.read_text(errors="replace")

    def cpu(self) -> dict[str, float]:
        """CPU-seconds of every part so far, and of all together."""
        parts = {part: _part(part) for part in measure.children(self.process.pid)}
        found = {name: measure.cpu(part) for part, name in parts.items() if name}
        return found | {"all": measure.cpu(self.process.pid)}

    def walls(self) -> str:
        """What protects learners' code, as the site printed it at its start."""
        found = re.search(r"runner: ready in .*?\((.*)\)", self.said())
        return found[1] if found else "unknown"

    def close(self) -> None:
        stop([self.process], 8)


class Learner:
    """One guest's browser: its cookies, and its connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_LONGEST)
        self._port, self._cookies, self._spoke = port, SimpleCookie(), time.monotonic()
        self._ask("GET", _PAGE)

    def hand_in(self, text: str) -> tuple[float, Verdict]:
        """Returns the seconds until the verdict was there, and the verdict."""
        begun = time.monotonic()
        csrf = self._cookies["unembed_csrf"].value
        fragment = self._ask("POST", _HAND_IN, {"csrf": csrf, "text": text})
        run = re.search(r'data-from="([^"]*)" data-events="([^"]*)" data-url="([^"]*)"', fragment)
        seconds = time.monotonic() - begun
        if run:  # otherwise it is over already
            start, events, address = map(html.unescape, run.groups())
            seen = self._follow(
                f"{events}?{urlencode({'after': start})}", f'hx-get="{address}" hx-trigger="load"'
            )
            fragment, seconds = self._ask("GET", address), (seen or time.monotonic()) - begun
        found = re.search(_VERDICT, fragment)
        if not found:
            return seconds, "none"
        return seconds, "full" if found[1] == "passed" else "less"

    def _headers(self) -> dict[str, str]:
        return {"cookie": "; ".join(f"{name}={one.coded_value}" for name, one in self._cookies.items())}

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> str:
        headers = self._headers() | ({"hx-request": "true"} if path != _PAGE else {})
        body = None
        if form is not None:
            body, headers["content-type"] = urlencode(form), "application/x-www-form-urlencoded"
        if time.monotonic() - self._spoke > _IDLE:  # the site hangs up on those who say nothing
            self._connection.close()
        self._spoke = time.monotonic()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        for cookie in answer.headers.get_all("set-cookie") or []:
            self._cookies.load(cookie)
        said = answer.read().decode()
        if answer.status != 200:
            raise Failed(f"{method} {path} was answered with {answer.status}: {said[:300]}")
        return said

    def _follow(self, path: str, last_word: str) -> float | None:
        """The page's stream of events, to its end. Returns when the verdict came, if it did."""
        seen = None
        stream = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_LONGEST)
        try:
            stream.request("GET", path, headers=self._headers())
            answer = stream.getresponse()
            while line := answer.readline():
                if seen is None and re.search(_VERDICT, line.decode()):
                    seen = time.monotonic()
                if last_word.encode() in line or line.startswith(b"event: done"):
                    break
            return seen
        finally:
            stream.close()

    def close(self) -> None:
        self._connection.close()


class Ours(System):
    """Isolation: every layer that the site found; the verdict is judged in another process."""

    name, title, cold = "ours", "Unembed", False

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.site = Site(folder)
        self._learners: list[Learner] = []
        self._handed_in = 0
        self.cpu_by_part: dict[str, float] = {}  # of one submission, in a series of one learner
        self.first = self.right(self.grade(right(0)))

    def learner(self, number: int) -> Learner:
        """Learners are guests, made once: a site takes only so many in an hour."""
        while len(self._learners) <= number:
            self._learners.append(Learner(self.site.port))
        return self._learners[number]

    def grade(self, text: str) -> Graded:
        """A learner hands in no more a minute than the site takes; the next one goes on."""
        learner = self.learner(32 + self._handed_in // _A_MINUTE)
        self._handed_in += 1
        before = self.site.cpu()["all"]
        seconds, verdict = learner.hand_in(text)
        return Graded(seconds, self.site.cpu()["all"] - before, verdict)

    def burst(self, learners: int, seconds: float) -> Burst:
        """Each learner hands in again as soon as the verdict is there."""
        each = max(2, 64 // learners)
        crowd = [_Busy(self.learner(number), each) for number in range(learners)]
        before, begun = self.site.cpu(), time.monotonic()
        took = all_at_once(partial(one.work, begun + seconds) for one in crowd)
        after = self.site.cpu()
        latencies = [latency for one in crowd for latency in one.latencies]
        if learners == 1 and latencies:
            self.cpu_by_part = {name: (after[name] - before.get(name, 0)) / len(latencies) for name in after}
        failed = {one.failed for one in crowd if one.failed}
        for why in sorted(failed):
            print(f"  Unembed turned a learner away: {why}", flush=True)
        used, away = after["all"] - before["all"], sum(one.failed != "" for one in crowd)
        return Burst(learners, len(latencies), took, latencies, used, away)

    def verdicts(self, submissions: list[Submission]) -> dict[str, Verdict]:
        return {one.name: self.grade(one.text).verdict for one in submissions}

    def memory(self) -> dict[str, measure.Memory]:
        """One child that waits in the pool; and all services together."""
        found = {"all": measure.memory(measure.family(self.site.process.pid))}
        with contextlib.suppress(PermissionError):
            found["waiting"] = measure.memory([self._idle_child()])
        return found

    def _idle_child(self) -> int:
        """The deepest process below the runner: supervisor, launcher, zygote, child."""
        (runner,) = (p for p in measure.children(self.site.process.pid) if _part(p) == "runner")
        depths = {runner: 0}
        for process in measure.family(runner):
            for below in measure.family(process)[1:]:
                depths[below] = depths.get(below, 0) + 1
        return max(depths, key=lambda process: depths[process])

    def close(self) -> None:
        for learner in self._learners:
            learner.close()
        self.site.close()


class _Busy:
    """One of many learners at once: hands in again and again, and stops when turned away."""

    def __init__(self, browser: Learner, times: int) -> None:
        self.latencies: list[float] = []
        self.failed = ""
        self._browser, self._times = browser, times

    def work(self, until: float) -> None:
        try:
            for number in range(self._times):
                if time.monotonic() < until:
                    self._hand_in(number)
        except (Failed, OSError, http.client.HTTPException) as why:
            self.failed = str(why) or type(why).__name__

    def _hand_in(self, number: int) -> None:
        seconds, verdict = self._browser.hand_in(right(number))
        if verdict != "full":
            raise Failed(f"a right answer got {verdict!r} points")
        self.latencies.append(seconds)


_PARTS = {
    "workers.runner": "runner",
    "workers.examiner": "examiner",
    "workers.worker": "worker",
    "site": "site",
    "valkey-server": "redis",
}


def _part(process: int) -> str:
    """Which part of the platform a child of `unembed serve` is."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")
        words[0] = Path(words[0].split(" ")[0]).name  # Redis writes its address into its name
        return next((name for word, name in _PARTS.items() if word in words), "")
    return ""
