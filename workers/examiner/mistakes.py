"""Names a mistake by its behaviour: the failed check is put to every known mistake, to see which agrees."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from app.lessons import Variant
from workers.examiner import seclusion
from workers.examiner.answer import Answer, alike
from workers.examiner.references import StandIn, reset_models
from workers.examiner.trouble import Ended, Raised

if TYPE_CHECKING:
    from workers.examiner.grading import Grading

SECONDS = 8.0  # for naming a mistake: the verdict itself is known by then, and the learner waits
_NUMBER = re.compile(r"-?\d[\d.,e+-]*")
_VALUES, _WORDS = 1, 2  # what a replay agrees in

Outcome = Raised | AssertionError | None  # what a check had to say against an answer


class Run(NamedTuple):
    """The failed check, put once: the questions and answers, and what it said in the end."""

    answer: Answer
    said: Outcome


def recognise(grading: Grading, check: str, answer: Answer, trouble: Exception) -> Variant | None:
    """The known mistake that behaves like this answer in this check, on two seeds; None if there is none.

    Agreement is of the values returned. An answer that draws random numbers gives others each time: there it
    is of what the check says, numbers aside.
    """
    if grading.reference.exercise.is_form:
        return _recognise_form(grading, check, trouble)
    if not isinstance(trouble, Raised | AssertionError):
        return None
    try:
        return _Search(grading, check).find(Run(answer, trouble))
    except Ended:  # the learner's process did not live to be asked again
        return None


class _Search:
    def __init__(self, grading: Grading, check: str) -> None:
        self.grading, self.check = grading, check
        self.deadline = time.monotonic() + SECONDS
        self.seeds = (grading.seed, grading.seed ^ 0x5EED, grading.seed ^ 0xBEEF)

    def find(self, first: Run) -> Variant | None:
        """Who agrees on the first seed, quickly; then who still does on the others."""
        known = self.grading.reference.exercise.mistakes
        agreement = list(zip(known, self._apart(lambda: self._on_first_seed(first)) or [], strict=False))
        runs: list[Run] = []
        for variant, agrees in agreement:
            if agrees & _VALUES:
                runs = runs or [
                    first,
                    *(self._run(self.grading.new_answer(), seed) for seed in self.seeds[1:]),
                ]
                if self._still_agrees(variant, runs) & _VALUES:
                    return variant
        in_words = [variant for variant, agrees in agreement if agrees & _WORDS]
        if len(in_words) != 1 or not self._by_chance(first):
            return None
        runs = [first, self._run(self.grading.new_answer(), self.seeds[1])]
        return in_words[0] if self._still_agrees(in_words[0], runs) & _WORDS else None

    def _by_chance(self, first: Run) -> bool:
        """Whether the answer gives other values to the same questions."""
        return not _same_calls(first.answer, self._run(self.grading.new_answer(), self.seeds[0]).answer)

    def _on_first_seed(self, first: Run) -> list[int]:
        """What each known mistake agrees in, one after the other, with the models put right in between."""
        return [self._replay(variant, [first]) for variant in self.grading.reference.exercise.mistakes]

    def _still_agrees(self, variant: Variant, runs: list[Run]) -> int:
        """What this mistake agrees in with all of these runs, one for each seed."""
        return (self._apart(lambda: [self._replay(variant, runs)]) or [0])[0]

    def _replay(self, variant: Variant, runs: list[Run]) -> int:
        reset_models()
        stand_in = StandIn(self.grading.reference, variant.text)
        agrees = _VALUES | _WORDS
        for run, seed in zip(runs, self.seeds, strict=False):
            if agrees:
                agrees &= _agreement(run, self._run(self.grading.new_answer(stand_in), seed))
        return agrees

    def _run(self, answer: Answer, seed: int) -> Run:
        try:
            self.grading.run(self.check, answer, seed)
        except (Raised, AssertionError) as said:
            return Run(answer, said)
        return Run(answer, None)

    def _apart(self, work: Callable[[], list[int]]) -> list[int] | None:
        """Does the work in a process of its own, as a mistake may leave hooks on a model, or never end."""
        seconds = int(self.deadline - time.monotonic())
        if seconds <= 0:
            return None
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            _work_and_exit(work, writing, seconds)
        os.close(writing)
        with open(reading, "rb") as found:
            answer = found.read()
        os.waitpid(pid, 0)
        return list(answer) or None


def _work_and_exit(work: Callable[[], list[int]], writing: int, seconds: int) -> NoReturn:
    try:
        seclusion.end_with_parent()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)
        os.write(writing, bytes(work()))
    finally:
        os._exit(0)


def _agreement(run: Run, replay: Run) -> int:
    if replay.said is None:
        return 0
    values = _VALUES if _same_calls(run.answer, replay.answer) else 0
    return values | (_WORDS if _same_words(run.said, replay.said) else 0)


def _same_calls(one: Answer, other: Answer) -> bool:
    """Whether both were asked as many questions and answered them alike. No questions tell nothing."""
    pairs = zip(one.calls, other.calls, strict=False)
    return 0 < len(one.calls) == len(other.calls) and all(a.agrees(b) for a, b in pairs)


def _same_words(one: Exception | None, other: Exception | None) -> bool:
    return type(one) is type(other) and _NUMBER.sub("#", str(one)) == _NUMBER.sub("#", str(other))


def _recognise_form(grading: Grading, check: str, trouble: Exception) -> Variant | None:
    """The mistake with the same value in its field that the checks stop at the same place, in the same words.

    Free text never is the same, so there the words alone have to do.
    """
    exercise = grading.reference.exercise
    kinds = {field.name: field.kind for field in exercise.fields}
    agreeing: list[Variant] = []
    for variant in exercise.mistakes:
        values = grading.reference.form_values(variant)
        same_value = alike(grading.values[variant.target], values[variant.target])
        if not same_value and kinds[variant.target] != "text":
            continue
        stopped_at, said = _first_said(grading, Answer(grading.reference, None, values))
        if stopped_at == check and _same_words(trouble, said):
            agreeing.append(variant)
    return agreeing[0] if len(agreeing) == 1 else None


def _first_said(grading: Grading, answer: Answer) -> tuple[str, Outcome]:
    """The first check that has something to say against these values, and what it says."""
    for check in grading.reference.exercise.checks:
        try:
            grading.run(check.name, answer, grading.seed)
        except (Raised, AssertionError) as said:
            return check.name, said
    return "", None
