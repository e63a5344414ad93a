"""Many who press Run, cores that take one run each, and the line between them (`app/running/line.py`).

A simulation of discrete events: nothing happens between a press and an end, so time jumps from one to the
next.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Press:
    """Somebody presses Run, or hands in, `at` a second; a core then works on it for `work` seconds."""

    at: float
    learner: int
    work: float


@dataclass(frozen=True)
class Served:
    """A press, and the second in which a core began with it."""

    press: Press
    began: float

    @property
    def waited(self) -> float:
        return self.began - self.press.at


class Line:
    """Who is next, as `app.running.line.first` says.

    A run's turn is its number among its learner's own that wait, and one more for each of theirs that runs
    or has begun since it came. So an earlier one of theirs that begins changes nothing (it waits no more, but
    has begun); a later one puts it back; the end of one that ran already when it came brings it forward.
    """

    def __init__(self) -> None:
        self._order: list[tuple[int, float, int]] = []  # (turn, came, number); old entries stay until met
        self._turns: dict[int, int] = {}
        self._presses: dict[int, Press] = {}
        self._own: dict[int, list[int]] = {}  # learner → numbers of those that wait
        self._running: Counter[int] = Counter()
        self._came = 0

    def __len__(self) -> int:
        return len(self._turns)

    def of(self, learner: int) -> int:
        """How many of this learner's wait or run."""
        return len(self._own.get(learner, ())) + self._running[learner]

    def join(self, press: Press) -> None:
        self._came += 1
        own = self._own.setdefault(press.learner, [])
        own.append(self._came)
        self._presses[self._came] = press
        self._place(self._came, len(own) + self._running[press.learner])

    def take(self) -> Press:
        """The next, which begins now. Raises IndexError if nobody waits."""
        while True:
            turn, _, number = heapq.heappop(self._order)
            if self._turns.get(number) == turn:
                break
        del self._turns[number]
        press = self._presses.pop(number)
        own = self._own[press.learner]
        own.remove(number)
        for earlier in own:
            if earlier < number:
                self._place(earlier, self._turns[earlier] + 1)
        self._running[press.learner] += 1
        return press

    def end(self, served: Served) -> None:
        """It is over."""
        learner = served.press.learner
        self._running[learner] -= 1
        for number in self._own[learner]:
            if self._presses[number].at > served.began:
                self._place(number, self._turns[number] - 1)

    def _place(self, number: int, turn: int) -> None:
        self._turns[number] = turn
        heapq.heappush(self._order, (turn, self._presses[number].at, number))


def serve(presses: Iterable[Press], cores: int, most_each: int = 2) -> list[Served]:
    """What becomes of presses (the earliest first), in the order in which cores begin with them.

    Who has `most_each` waiting or running is refused, as the site refuses them.
    """
    line, served = Line(), list[Served]()
    ends: list[tuple[float, int]] = []  # (when, number in `served`)

    def begin(moment: float) -> None:
        while len(line) and len(ends) < cores:
            press = line.take()
            heapq.heappush(ends, (moment + press.work, len(served)))
            served.append(Served(press, moment))

    def until(moment: float) -> None:
        while ends and ends[0][0] <= moment:
            over, number = heapq.heappop(ends)
            line.end(served[number])
            begin(over)

    for press in presses:
        until(press.at)
        if line.of(press.learner) < most_each:
            line.join(press)
            begin(press.at)
    until(float("inf"))
    return served
