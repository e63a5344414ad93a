"""What learners do while everything around them is killed, and what has to come of it."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass

from tests.chaos.browsing import Browser, Shown, watch

LESSON = "/lessons/counting"
OURS = "our fault"
_LINES = 4
_SLOW = "import time\ntime.sleep({})\n"


@dataclass(frozen=True)
class Deed:
    """One press of a button, and the one thing that may be said of it, unless it was our fault."""

    cell: str
    fields: dict[str, str]
    truth: str
    prints: str = ""
    grade: bool = True

    @property
    def path(self) -> str:
        kind = f"exercises/{self.cell}/attempts" if self.grade else f"cells/{self.cell}/runs"
        return f"{LESSON}/{kind}"


@dataclass(frozen=True)
class Done:
    """A deed and all that its page showed of it."""

    deed: Deed
    run: str
    word: str
    shown: Shown
    seconds: float


def deed(dice: random.Random, mark: str) -> Deed:
    """Something that learners do; `mark` makes its text unlike any other."""
    wait = _SLOW.format(round(dice.uniform(0, 1.5), 2)) if dice.random() < 0.6 else ""
    answer = f"# {mark}\n{wait}def double(x: int) -> int:\n    "
    return dice.choice(
        [
            Deed("double", {"text": f"{answer}return x + x"}, "passed"),
            Deed("double", {"text": f"{answer}return x * x"}, "failed"),
            Deed("double", {"text": f"{answer}return x.y"}, "error"),
            Deed("double", {"text": f"{answer}return 2 * x\n1 / 0"}, "error"),
            Deed("largest", {"largest": "three"}, "passed"),
            Deed("largest", {"largest": "two"}, "failed"),
            _printing(dice, mark),
            Deed("one", {"text": f"{wait}raise ValueError('{mark}')"}, "error", grade=False),
            Deed("one", {"text": f"import os  # {mark}\n{wait}os._exit(3)"}, "died", grade=False),
        ]
    )


def _printing(dice: random.Random, mark: str) -> Deed:
    pause = round(dice.uniform(0, 0.4), 2)
    lines = [f"line {i} of {mark}" for i in range(_LINES)]
    text = (
        f"import time\nfor i in range({_LINES}):\n    print('line', i, 'of {mark}')\n    time.sleep({pause})"
    )
    return Deed("one", {"text": text}, "ok", "\n".join(lines) + "\n", grade=False)


class Learner:
    """Does one thing after another, each to its end, until told that it is `enough`."""

    def __init__(self, browser: Browser, name: str, seed: int) -> None:
        self.browser, self.name, self.done = browser, name, list[Done]()
        self.enough = threading.Event()
        self._dice = random.Random(f"{seed} {name}")

    def work(self) -> list[Done]:
        try:
            self._arrive()
            while not self.enough.is_set():
                self._do(deed(self._dice, f"{self.name}-{len(self.done)}"))
        finally:
            self.browser.close()
        return self.done

    def _arrive(self) -> None:
        """Become a guest, and place the bet that the first cell asks for."""
        self.browser.get(LESSON)
        self.browser.patiently(
            lambda: self.browser.post(f"{LESSON}/cells/one/prediction", value="3", confidence="70")
        )

    def _do(self, wanted: Deed) -> None:
        begun = time.monotonic()
        section = self.browser.submit(LESSON, wanted.cell, wanted.path, **wanted.fields)
        last, shown = watch(self.browser, section)
        self.done.append(Done(wanted, section.run, last.word, shown, time.monotonic() - begun))


def checked(done: Done) -> None:
    """The page told the truth: exactly what has to come of the deed, or that it was our fault."""
    assert done.word in (done.deed.truth, OURS), done
    lines = done.shown.text.splitlines(keepends=True)
    assert lines == [line for line in done.deed.prints.splitlines(keepends=True) if line in lines], done
