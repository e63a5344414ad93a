"""One run as the supervisor sees it: between the worker's connection and the child, with the limits in hand.

The child is believed in nothing: its events are counted and rebuilt, its time is measured here, and an event
nobody waits for ends the run. What an output holds is looked at by the worker: that takes time, and here
everybody would wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from workers import logs
from workers.outputs import Output, check_error, clean_text
from workers.runner.gathering import PATIENCE, Renewals, TextGatherer
from workers.runner.limits import THREADS, Limits, crash_sentence
from workers.runner.loop import Link, Loop, Timer
from workers.wire import Frame, WireError

_OPEN_SECONDS = 30.0
_LISTEN_SECONDS = 30.0  # how long a worker may take to read how its run ended
_LOOK_SECONDS = 0.5
_LEAST_TEXT = 16  # characters that one event counts for, so that empty ones are no way to keep us busy
_FAR_TOO_MANY = "Stopped: the run showed far more figures than a page can hold."
_MALFORMED = "Something was shown that is no output."
_NO_THREAD = "Thread creation failed"  # as OpenMP says it before it crashes
_EXIT_SECONDS = 2.0  # a process that dies closes its line a moment before it is dead
_LONGEST_KEY = 200  # characters
_QUESTIONS = ("call", "probe", "get")


class Child(Protocol):
    """The process that a run gets."""

    link: Link

    on_exit: Callable[[int, float], None]
    on_lost: Callable[[], None]
    on_noise: Callable[[str], None]

    def kill(self) -> None: ...

    def read_noise(self) -> None: ...

    def overfull(self) -> bool: ...

    def limit_memory(self, count: int) -> None: ...

    def ran_out(self) -> bool: ...

    def lives(self) -> bool: ...

    def threads(self) -> int: ...


class Keeper(Protocol):
    """Whoever may keep a state of this run, to begin another one there."""

    def split(self, run: Run, child: Any) -> None: ...

    def keep(self, run: Run, child: Any) -> None: ...


class Run:
    """From `open` to `ended`. `on_over` is called once, when the child may be forgotten."""

    def __init__(
        self, loop: Loop, client: Link, header: dict[str, Any], on_over: Callable[[Run], None]
    ) -> None:
        """Raises `WireError` if the limits, the seed or the device are malformed."""
        self.id = client.run = logs.known_id(header.get("run"))
        self.limits = Limits.read(header.get("limits", {}))
        self.seed = header.get("seed", 0)
        if type(self.seed) is not int or not 0 <= self.seed < 1 << 63:
            raise WireError("the seed is malformed")
        self.device = header.get("device", "cpu")
        if not isinstance(self.device, str):
            raise WireError("the device is malformed")
        self.key, self.chain = _wish(header.get("snapshots"))
        self.child: Child | None = None
        self.over = False
        self.done = 0  # cells of the chain that are over, without an error
        self._keeper: Keeper | None = None
        self._skipped = 0  # of them, those that another run has done
        self._before = 0.0  # seconds that those took
        self._next: Callable[[], None] | None = None  # to do once the child has started
        self._loop = loop
        self._client = client
        self._on_over = on_over
        self._asked: dict[str, Any] | None = None  # what the child is busy with
        self._shows = False
        self._hidden = False
        self._spent = 0.0  # seconds the child was busy
        self._since = 0.0
        self._alarm: Timer | None = None
        self._text = TextGatherer(loop, client)
        self._renewed = Renewals(loop, client)
        self._printed = self._lines = 0
        self._shown = 0
        self._threads_refused = False
        self._came = time.monotonic()
        client.on_frame = self._on_request
        client.on_gone = self._on_client_gone
        client.on_drained = lambda: self._pause_child(False)

    # -- the way in --------------------------------------------------------------------------------

    def begin(self, child: Child, keeper: Keeper | None = None, left: float | None = None) -> None:
        """The child is there: hand it the limits. One that goes on from a kept state has them, and has `left`
        so many seconds of processor time.
        """
        first, self.child, self._keeper = self.child is None, child, keeper
        child.link.run = self.id
        child.link.on_frame = self._on_event
        child.link.on_gone = self._on_child_silent
        child.on_exit, child.on_lost = self._on_child_exit, self.abandon
        child.on_noise = self._on_noise
        self._asked = {"op": "open"}
        self._start_clock(_OPEN_SECONDS)
        if first:
            logs.say("a child takes the run", run=self.id, waited_ms=self._age())
            self._watch()
        child.limit_memory(self.limits.memory)
        opening = {"op": "open", "limits": self.limits.as_json(), "seed": self.seed, "device": self.device}
        child.link.send(opening if left is None else {**opening, "left": left})

    def go_on_from(self, done: int, wall: float) -> None:
        """So many cells are over, and took so many seconds."""
        self.done = self._skipped = done
        self._before = wall

    @property
    def wall(self) -> float:
        """Seconds that all cells up to now took."""
        return self._spent

    def proceed(self) -> None:
        """With what waited for the child."""
        go_on, self._next = self._next, None
        if go_on is not None:
            go_on()

    def _on_request(self, frame: Frame) -> None:
        header, body = frame
        op = header.get("op")
        if op == "cancel":
            self.end("cancelled")
        elif self.child is None or (op != "hide" and self._asked is not None):
            self.abandon("the worker spoke out of turn")  # its mistake, not the learner's
        elif op == "hide" and self._keeper is None:
            self._hidden = True
            self.child.link.send({"op": "hide"})
        elif op == "cell" and isinstance(header.get("id"), str) and isinstance(header.get("source"), str):
            self._shows = header.get("show", True) is True
            self._ask_cell(header)
        elif self._keeper is not None:
            # a process that may fork is never asked for an answer: no grade comes from it
            self.abandon("the worker asked a process that may fork")
        elif op in _QUESTIONS and isinstance(header.get("name"), str):
            self._shows = True
            self._ask(header, header, body)
        else:
            self.abandon("the worker asked for what there is not")

    def _ask_cell(self, header: dict[str, Any]) -> None:
        asked = {**header, "show": self._shows}
        if self._keeper is None or not self._skipped < self.done == len(self.chain) - 1:
            return self._ask(header, asked, b"")
        self._asked, self._before = {"op": "split"}, self._spent
        self._next = lambda: self._ask(header, asked, b"")
        return self._keeper.split(self, self.child)

    def _ask(self, asked: dict[str, Any], header: dict[str, Any], body: bytes) -> None:
        assert self.child is not None
        self._asked = asked
        self._start_clock(max(0.0, self.limits.wall - self._spent))
        self.child.link.send(header, body)

    # -- the way out -------------------------------------------------------------------------------

    def _on_event(self, frame: Frame) -> None:
        header, body = frame
        event = header.get("event")
        waited = self._waits_for(event, header)
        if event == "text":
            self._on_text(header.get("stream"), header.get("text"))
        elif event == "output":
            self._on_output(header.get("output"))
        elif not waited:
            self.end("crash", "The run answered what nobody asked, so it was stopped.")
        else:
            self._answer(event, header, body)
        if self._client.is_full:
            self._pause_child(True)

    def _waits_for(self, event: Any, header: dict[str, Any]) -> bool:
        op = (self._asked or {}).get("op")
        if event == "done":
            return op == "cell" and header.get("cell") == (self._asked or {}).get("id")
        return (event == "started" and op == "open") or (event == "value" and op in _QUESTIONS)

    def _answer(self, event: Any, header: dict[str, Any], body: bytes) -> None:
        seconds = self._stop_clock()
        asked, self._asked = self._asked or {}, None
        if self.child is not None:
            self.child.read_noise()  # what C libraries printed past Python belongs before the answer
        self._text.flush()
        self._renewed.flush()
        if event == "started":
            self._on_started()
        elif event == "done":
            told = {"seconds": round(seconds, 4), "error": check_error(header.get("error"))}
            self.done += told["error"] is None
            self._client.send({"event": "done", "cell": asked["id"], **told})
        elif (error := check_error(header.get("error"))) is not None:
            self._client.send({"event": "value", "error": error})
        else:
            self._client.send({"event": "value", "value": header.get("value")}, body)

    def _on_started(self) -> None:
        self._spent = self._before
        if self._next is not None:
            return self.proceed()
        return self._client.send({"event": "started", "skip": self._skipped})

    def _on_text(self, stream: Any, text: Any) -> None:
        if isinstance(text, str):
            self._printed += max(len(text), _LEAST_TEXT)
            self._lines += text.count("\n")
        if self._shows and not self._hidden:
            self._text.add("stderr" if stream == "stderr" else "stdout", clean_text(text))
        if self._printed > self.limits.output:
            self.end("output")
        elif self._lines > self.limits.lines:
            self.end("output", self.limits.sentence("lines"))

    def _on_noise(self, noise: str) -> None:
        self._threads_refused |= _NO_THREAD in noise
        self._on_text("stderr", noise)

    def _on_output(self, output: Any) -> None:
        key = output.pop("key", None) if isinstance(output, dict) else None
        if isinstance(key, str) and len(key) <= _LONGEST_KEY:
            output["key"] = key
        else:
            key = None
        if key in self._renewed.keys:
            return self._on_renewal(key, output)
        self._shown += 1
        if self._shown > self.limits.outputs + PATIENCE:
            return self.end("output", _FAR_TOO_MANY)
        if key is not None:
            self._renewed.keys[key] = self._shown <= self.limits.outputs
        if self._hidden or not self._shows:
            return None
        if self._shown > self.limits.outputs:
            if self._shown == self.limits.outputs + 1:
                self._show({"kind": "notice", "text": _too_many(self.limits.outputs)})
            return None
        return self._show(output if isinstance(output, dict) else {"kind": "notice", "text": _MALFORMED})

    def _on_renewal(self, key: str, output: dict[str, Any]) -> None:
        """It takes the place of an earlier one: of many that come at once, the last is enough."""
        assert self.child is not None
        if self._renewed.too_many(time.monotonic() - self._came, self.child.link.received):
            self.end("output", _FAR_TOO_MANY)
        elif self._shows and not self._hidden and self._renewed.keys[key]:
            self._renewed.add(key, output)

    def _show(self, output: Output) -> None:
        self._text.flush()
        self._client.send({"event": "output", "output": output})

    # -- endings -----------------------------------------------------------------------------------

    def end(self, reason: str, message: str = "") -> None:
        """The learner's run is over, for a reason they are told."""
        if self.over:
            return
        self._text.flush()
        self._renewed.flush()
        told = message or self.limits.sentence(reason)
        self._client.send({"event": "ended", "reason": reason, "message": told})
        self._finish(reason, when_sent=True)
        self._loop.later(_LISTEN_SECONDS, self._client.close)

    def abandon(self, why: str = "its child was lost") -> None:
        """End without a word: whose fault it is, is not the learner's. The worker sees the runner gone."""
        if not self.over:
            self._finish(why, when_sent=False)

    def _on_child_exit(self, status: int, cpu: float) -> None:
        """The process is dead; `status` as `os.waitstatus_to_exitcode` gives it."""
        if status in (-24, -9) and cpu >= self.limits.cpu_seconds - 0.1:
            self.end("cpu")
        elif status == -9 and self.child is not None and self.child.ran_out():
            self.end("memory")
        elif status == -9:  # by somebody else, or by a machine without memory: not the learner's doing
            self.abandon("its child was killed from outside")
        else:
            threads = self.limits.sentence("threads") if self._threads_refused else ""
            self.end("crash", threads or crash_sentence(status))

    def _finish(self, why: str, when_sent: bool) -> None:
        self.over = True
        self._renewed.stop()
        self._stop_clock()
        logs.say(
            "the run is over", run=self.id, ending=why, ms=self._age(), busy_ms=round(1000 * self._spent)
        )
        self._client.on_frame = lambda frame: None
        self._client.on_gone = lambda why: None
        self._client.close(when_sent)
        if self._keeper is not None and self._asked is None and self.done == len(self.chain):
            self._keeper.keep(self, self.child)
        elif self.child is not None:
            self.child.kill()
        self._on_over(self)

    def _on_client_gone(self, why: Exception | None) -> None:
        self.abandon("closed")

    def _on_child_silent(self, why: Exception | None) -> None:
        """Its end of the channel is closed; mostly it is dead, and its exit status comes in a moment."""
        if isinstance(why, WireError):
            self.end("output", "The run sent something malformed or far too large. Show or return less.")
        else:
            self._loop.later(_EXIT_SECONDS, self._on_still_silent)

    def _on_still_silent(self) -> None:
        """Whoever lives has closed the line itself; a dead one's status will come, or its zygote is gone."""
        if self.child is None or self.child.lives():
            self.end("crash", "The run closed the line on which it answers.")
        else:
            self._loop.later(_OPEN_SECONDS, self.abandon)

    # -- time --------------------------------------------------------------------------------------

    def _age(self) -> int:
        """Milliseconds since it came."""
        return round(1000 * (time.monotonic() - self._came))

    def _start_clock(self, seconds: float) -> None:
        self._since = time.monotonic()
        opening = (self._asked or {}).get("op") == "open"
        self._alarm = self._loop.later(seconds, self.abandon if opening else lambda: self.end("wall"))

    def _stop_clock(self) -> float:
        """Seconds since it was started; only those count in which the child was asked something."""
        if self._alarm is None:
            return 0.0
        self._alarm.cancel()
        self._alarm = None
        seconds = time.monotonic() - self._since
        self._spent += seconds
        return seconds

    def _watch(self) -> None:
        """Look at what the kernel does not limit everywhere: scratch files and threads."""
        if self.over or self.child is None:
            return
        if self.child.overfull():
            self.end("output", self.limits.sentence("files"))
        elif self.child.threads() > THREADS:
            self.end("output", self.limits.sentence("threads"))
        else:
            self._loop.later(_LOOK_SECONDS, self._watch)

    def _pause_child(self, paused: bool) -> None:
        if self.child is not None and not self.over:
            self.child.link.pause(paused)


def _wish(given: Any) -> tuple[str, tuple[str, ...]]:
    """Whose states this run may use and leave, and its cells; both empty for none. Raises `WireError`."""
    if given is None:
        return "", ()
    key, chain = (given.get("key"), given.get("chain")) if isinstance(given, dict) else (None, None)
    if not (isinstance(key, str) and key and isinstance(chain, list) and chain):
        raise WireError("the wish for snapshots is malformed")
    if not all(isinstance(each, str) for each in chain):
        raise WireError("the chain is malformed")
    return key, tuple(chain)


def _too_many(most: int) -> str:
    return f"Only the first {most} figures and results of a run are shown. Put several into one."
