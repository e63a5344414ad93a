"""Zygotes and their children, as the supervisor holds them: some wait, already confined, for the next run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workers import logs
from workers.runner import confine, control
from workers.runner.loop import Link, Loop
from workers.runner.zygote import environment
from workers.wire import Frame

ROOT = Path(__file__).resolve().parents[2]
# -P keeps the current folder out of the module path; the package's own root is named instead
_START = "import sys; sys.path.insert(0, sys.argv[2]); from workers.runner.zygote import main; main()"
_MOST_FAILURES = 5  # children in a row that could not be confined
_PAUSE = 0.5  # seconds before a dead zygote is replaced
_REFILL_PAUSE, _LAST_TAKEN_PAUSE = 0.25, 0.03
_NOISE = 65_536  # bytes of noise read at once
_GROUP_TRIES, _GROUP_PAUSE = 20, 0.1


class Child:
    """One forked process, from the order to its death."""

    def __init__(
        self, loop: Loop, plan: confine.Plan, number: int, channel: socket.socket, noise: int
    ) -> None:
        self.number = number
        self.plan = plan
        self.link = Link(loop, channel)
        self.on_exit: Callable[[int, float], None] = lambda status, cpu: None
        self.on_lost: Callable[[], None] = lambda: None  # its zygote is gone, and it with it
        self.on_noise: Callable[[str], None] = lambda noise: logs.say(noise, "warning")
        self._loop = loop
        self._noise = noise
        self.is_here = False  # its zygote has told of it, and it is in its control groups
        self.on_here: Callable[[], None] = lambda: None
        self._handle: int | None = None
        self._pid = 0  # as the zygote knows it
        self.seen_as = 0  # as we do; 0 where nobody can say
        self._dead = self._killed = False
        os.set_blocking(noise, False)
        loop.watch(noise, lambda events: self.read_noise())

    def is_born(self, pid: int, handle: int | None) -> None:
        self._pid, self._handle = pid, handle
        if self._killed:
            return self.kill()
        try:
            self._enter_groups()
        except OSError as error:  # it ends before it has run anything, and the pool counts that
            logs.say(f"no control group for a child: {error}", "error")
            return self.kill()
        self.is_here = True
        return self.on_here()

    def _enter_groups(self) -> None:
        if self._handle is not None:
            self.seen_as = confine.host_pid(self._handle)
        if self.plan.groups and self.seen_as:
            self.plan.groups.enter(self.number, self.seen_as)

    def limit_memory(self, count: int) -> None:
        """From now on, to so many bytes. Raises OSError."""
        if self.plan.groups:
            self.plan.groups.set_memory(self.number, count)

    def ran_out(self) -> bool:
        """Whether the kernel killed it because it had more memory than it may; not known without groups."""
        return self.plan.groups is not None and self.plan.groups.ran_out(self.number)

    def lives(self) -> bool:
        return not self._dead and (self._handle is None or confine.lives(self._handle))

    def threads(self) -> int:
        """How many threads it has; 0 if nobody can say."""
        return confine.threads(self.seen_as) if self.seen_as else 0

    def kill(self) -> None:
        """At once; its exit is still to come."""
        self._killed = True
        with contextlib.suppress(ProcessLookupError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif self._pid and not self._dead:
                os.kill(self._pid, signal.SIGKILL)

    def read_noise(self) -> None:
        """Pass on what was written past Python since the last time."""
        try:
            data = os.read(self._noise, _NOISE)
        except OSError:
            return
        if data:
            self.on_noise(data.decode("utf-8", "replace"))
        else:
            self._loop.forget(self._noise)

    def overfull(self) -> bool:
        """Whether it wrote more files than it may."""
        return confine.overfull(self.plan, self.number)

    def is_dead(self, status: int, cpu: float) -> None:
        self._dead = True
        self.link.drain()
        self.read_noise()
        self.on_exit(status, cpu)
        self.forget()

    def forget(self) -> None:
        """Close everything; it is dead or its zygote is, so its number may be another's from now on."""
        self._dead = True
        self.link.close()
        self._loop.forget(self._noise)
        os.close(self._noise)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        self._leave_groups(_GROUP_TRIES)

    def _leave_groups(self, tries: int) -> None:
        """What has just been killed is there for a moment more."""
        if self.plan.groups and tries and not self.plan.groups.leave(self.number):
            self._loop.later(_GROUP_PAUSE, lambda: self._leave_groups(tries - 1))


class Zygote:
    """One warm process and the children forked from it."""

    def __init__(self, loop: Loop, plan: confine.Plan, lab: dict[str, Any]) -> None:
        self.ready = False
        self.info: dict[str, Any] = {}
        self.children: dict[int, Child] = {}
        self.forks = 0
        self.on_ready: Callable[[Zygote], None] = lambda zygote: None
        self.on_gone: Callable[[Zygote], None] = lambda zygote: None
        self.retired = False
        self._loop, self._plan = loop, plan
        self._channel, theirs = socket.socketpair()
        self._process = _spawn(theirs, plan, lab)
        theirs.close()
        loop.watch(self._channel, self._on_message)

    def fork(self, number: int, line: socket.socket | None = None, hurry: bool = False) -> Child:
        """Order a child; it says `confined` on its link when it waits for work. With a `line` it becomes one
        that may fork, and says on it who is to be asked for leave. In a `hurry` it does not rehearse.
        """
        ours, theirs = socket.socketpair()
        noise, their_noise = os.pipe()
        child = Child(self._loop, self._plan, number, ours, noise)
        self.children[number] = child
        self.forks += 1
        lines = (theirs.fileno(), their_noise, *([line.fileno()] if line else []))
        try:
            control.send(self._channel, {"fork": number, "hurry": hurry}, lines)
        except OSError:
            self._loop.later(0, self._gone)
        theirs.close()
        os.close(their_noise)
        return child

    def retire(self) -> None:
        """Fork no more, and leave when the last child is dead."""
        self.retired = True
        if not self.children:
            self.stop()

    def stop(self) -> None:
        """Now, with everything it forked."""
        self._loop.forget(self._channel)
        for child in list(self.children.values()):
            child.kill()
            child.forget()
        self.children.clear()
        self._channel.close()
        self._process.kill()  # the launcher; what it started dies with it
        self._process.wait()

    def _on_message(self, events: int) -> None:
        received = control.receive(self._channel)
        if received is None:
            return self._gone()
        message, descriptors = received
        if "ready" in message:
            self.ready, self.info = True, message
            return self.on_ready(self)
        if "forked" in message:
            child = self.children.get(message["forked"])
            if child is not None:
                return child.is_born(message["pid"], descriptors[0] if descriptors else None)
            return control.close(descriptors)
        return self._on_exit(message)

    def _on_exit(self, message: control.Message) -> None:
        child = self.children.pop(message["exit"], None)
        if child is not None:
            child.is_dead(message["status"], message["cpu"])
        if self.retired and not self.children:
            self.stop()

    def _gone(self) -> None:
        if self._channel.fileno() < 0:
            return
        lost = list(self.children.values())
        self.stop()
        for child in lost:
            child.on_lost()
        self.on_gone(self)


def _spawn(channel: socket.socket, plan: confine.Plan, lab: dict[str, Any]) -> subprocess.Popen[bytes]:
    config = json.dumps({"plan": plan.as_json(), "channel": channel.fileno(), "log": logs.form(), "lab": lab})
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _START, config, str(ROOT)],
        env=environment(plan.scratch),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        pass_fds=[channel.fileno()],
        cwd="/",
    )


class Pool:
    """Keeps some confined children waiting, and gives each to one run."""

    def __init__(
        self, loop: Loop, plan: confine.Plan, spare: int, worn_after: int, lab: dict[str, Any]
    ) -> None:
        """`lab`: in which folder models are installed, and which of the hub's may be."""
        self.on_warm: Callable[[list[str]], None] = lambda layers: None  # a child waits, behind these walls
        self.on_broken: Callable[[str], None] = lambda why: None
        self.on_renewed: Callable[[], None] = lambda: None
        self._loop, self._plan, self._lab = loop, plan, lab
        self._spare, self._worn_after = spare, worn_after
        self._numbers = 0
        self._ready: list[Child] = []
        self._coming: set[Child] = set()
        self._waiting: list[Callable[[Child], None]] = []
        self._failures = 0
        self._zygotes = 0  # ever started
        self._current: Zygote | None = None
        self._next: Zygote | None = None
        self._retired: list[Zygote] = []
        self._stopped = self._again = False

    def start(self) -> None:
        """Begin to warm a zygote up."""
        if self._stopped or self._next is not None:
            return
        self._zygotes += 1
        self._next = Zygote(self._loop, self._plan, self._lab)
        self._next.on_ready = self._on_ready
        self._next.on_gone = self._on_gone

    def renew(self) -> None:
        """Warm a new zygote up, as what it loads has changed; one that is warming up may have missed that."""
        self._again = self._next is not None
        self.start()

    def stop(self) -> None:
        """End every zygote and every child."""
        self._stopped = True
        for zygote in filter(None, (self._current, self._next, *self._retired)):
            zygote.stop()

    def status(self) -> dict[str, Any]:
        warm = [zygote for zygote in (self._current, *self._retired) if zygote]
        return {
            "pool": self._spare,
            "spare": len(self._ready),
            "waiting": len(self._waiting),
            "alive": sum(len(zygote.children) for zygote in warm),
            "zygotes": self._zygotes,
        }

    def give(self, to: Callable[[Child], None]) -> None:
        """Call `to` with a confined child: at once if one waits, else as soon as one does."""
        self._waiting.append(to)
        self._match()

    def take_back(self, to: Callable[[Child], None]) -> None:
        """Whoever waited does so no longer."""
        if to in self._waiting:
            self._waiting.remove(to)

    def number(self) -> int:
        """For a new child, never given before."""
        self._numbers += 1
        return self._numbers

    def plant(self, line: socket.socket) -> Child | None:
        """A fresh child that may fork (see `Zygote.fork`), for whoever calls this; None if nobody is warm."""
        return self._current.fork(self.number(), line) if self._current else None

    def _match(self) -> None:
        while self._waiting and self._ready:
            self._waiting.pop(0)(self._ready.pop(0))
        if self._waiting:
            self._refill()
        else:  # a fork would compete with the run that just began
            self._loop.later(_REFILL_PAUSE if self._ready else _LAST_TAKEN_PAUSE, self._refill)

    def _refill(self) -> None:
        zygote = self._current
        if zygote is None or self._stopped:
            return
        wanted = len(self._waiting) or self._spare  # those who wait come first, and alone
        while len(self._ready) + len(self._coming) < wanted:
            self._order(zygote)
        if zygote.forks >= self._worn_after:
            self.start()

    def _order(self, zygote: Zygote) -> None:
        child = zygote.fork(self.number(), hurry=bool(self._waiting))
        self._coming.add(child)
        child.link.on_frame = lambda frame: self._on_confined(child, frame)
        child.on_exit = lambda status, cpu: self._on_stillborn(child, f"it ended with {status}")

    def _on_confined(self, child: Child, frame: Frame) -> None:
        header, _ = frame
        if child not in self._coming:
            return child.kill()
        if not child.is_here:  # it was faster than its zygote's word about it
            child.on_here = lambda: self._on_confined(child, frame)
            return None
        if header.get("event") != "confined":
            return self._on_stillborn(child, str(header.get("message")))
        self._coming.discard(child)
        self._failures = 0
        child.on_exit = lambda status, cpu: self._on_spare_dead(child)
        self._ready.append(child)
        self.on_warm(header["layers"])
        return self._match()

    def _on_stillborn(self, child: Child, why: str) -> None:
        """Without its walls a child runs nothing. If that happens again and again, say so and stop."""
        if child not in self._coming:
            return
        self._coming.discard(child)
        child.kill()
        self._failures += 1
        logs.say(f"a child could not be confined: {why}", "error")
        if self._failures >= _MOST_FAILURES:
            self.on_broken(f"no child could be confined: {why}")
        else:
            self._loop.later(0.2 * self._failures, self._refill)

    def _on_spare_dead(self, child: Child) -> None:
        if child in self._ready:
            self._ready.remove(child)
        self._refill()

    def _on_ready(self, zygote: Zygote) -> None:
        """The new one forks from now on; the old one's idle children go, its busy ones finish."""
        idle = [*self._ready, *self._coming]
        self._ready, self._coming = [], set()
        for child in idle:
            child.kill()
        if self._current is not None:
            self._retired = [*(old for old in self._retired if old.children), self._current]
            self._current.retire()
            self.on_renewed()
        self._current, self._next = zygote, None
        if self._again:
            self.renew()
        self._refill()

    def _on_gone(self, zygote: Zygote) -> None:
        """Its children died with it, which costs no learner anything: the worker tries again."""
        if self._stopped:
            return
        if zygote is self._next:
            self._next = None
        if zygote is self._current:
            self._current, self._ready, self._coming = None, [], set()
        if self._numbers == 0:
            return self.on_broken("the warm process did not start; what it printed stands above")
        if self._current is None:
            self._loop.later(_PAUSE, self.start)
