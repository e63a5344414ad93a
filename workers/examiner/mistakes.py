"""Names a mistake by its behaviour: the failed check is put to every known mistake, to see which agrees."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from app.lessons import Variant
from workers.examiner import seclusion
from workers.examiner.answer import Answer, alike
from workers.examiner.references import StandIn, reset_models
from workers.examiner.trouble import Ended, Raised

if TYPE_CHECKING:
    from workers.examiner.grading import Grading

# for naming a mistake: the verdict itself is known by then, and the learner waits
SECONDS = 12.0  # of calculating
LONGEST = 20.0  # by the clock, on a machine that does much else
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_VALUES, _WORDS = 1, 2  # what a replay agrees in
_MORE_SEEDS, _SEEDS_TO_TELL_APART = 2, 6  # small whole numbers agree by chance: then more questions tell
_CHANCES = (1, 2)  # what the stand-in of a mistake draws from: two of them tell what is chance in its words

Outcome = Raised | AssertionError | None  # what a check had to say against an answer


class Run(NamedTuple):
    """A check, put once from a seed: the questions and answers, and what it said in the end."""

    check: str
    seed: int
    answer: Answer
    said: Outcome


def recognise(grading: Grading, check: str, answer: Answer, trouble: Exception) -> Variant | None:
    """The known mistake that behaves like this answer in this check, on several seeds; None if there is none.

    Agreement is of the values returned. An answer that draws random numbers gives others each time: there it
    is of what the check says, but for the numbers that chance puts into it. Where several mistakes cannot be
    told apart by this check, the other checks have to.
    """
    if grading.reference.exercise.is_form:
        return _recognise_form(grading, check, trouble)
    if not isinstance(trouble, Raised | AssertionError):
        return None
    try:
        return _Search(grading, Run(check, grading.seed, answer, trouble)).find()
    except Ended:  # the learner's process did not live to be asked again
        return None


class _Search:
    def __init__(self, grading: Grading, first: Run) -> None:
        self.grading, self.first = grading, first
        self.seconds, self.deadline = SECONDS, time.monotonic() + LONGEST
        self.known = grading.reference.exercise.mistakes

    def find(self) -> Variant | None:
        agreement = self._apart(lambda: [self._on_first_run(variant) for variant in self.known]) or []
        pairs = list(zip(self.known, agreement, strict=False))
        in_values = [variant for variant, agrees in pairs if agrees & _VALUES]
        if in_values:
            return self._by_values(in_values)
        in_words = [variant for variant, agrees in pairs if agrees & _WORDS]
        return self._by_words(in_words) if in_words and self._draws() else None

    def _by_values(self, candidates: list[Variant]) -> Variant | None:
        """The first candidate that returns the same from other seeds, and if several do, in other checks."""
        count = _MORE_SEEDS if len(candidates) == 1 else _SEEDS_TO_TELL_APART
        runs = [self._ask(self.first.check, seed) for seed in self._seeds(count)]
        if len(candidates) > 1:
            others = [each.name for each in self.grading.reference.exercise.checks]
            runs += [self._ask(name, self.first.seed) for name in others if name != self.first.check]
        agreeing = (each for each in candidates if self._holds(self._returns_the_same, each, runs))
        return next(agreeing, None)

    def _by_words(self, candidates: list[Variant]) -> Variant | None:
        """The only candidate that also passes what comes before, and is told the same from another seed."""
        runs = [self._ask(self.first.check, seed) for seed in self._seeds(1)]
        agreeing = [each for each in candidates if self._holds(self._is_told_the_same, each, runs)]
        return agreeing[0] if len(agreeing) == 1 else None

    def _seeds(self, count: int) -> list[int]:
        """Other seeds than that of the run that failed."""
        return [self.first.seed ^ (0x5EED * number) for number in range(1, count + 1)]

    def _draws(self) -> bool:
        """Whether the answer returns other values to the same questions."""
        return not _same_calls(self.first, self._ask(self.first.check, self.first.seed))

    def _ask(self, check: str, seed: int) -> Run:
        """A check put to the learner's answer again."""
        return self._run(check, seed, self.grading.new_answer())

    def _run(self, check: str, seed: int, answer: Answer) -> Run:
        try:
            self.grading.run(check, answer, seed)
        except (Raised, AssertionError) as said:
            return Run(check, seed, answer, said)
        return Run(check, seed, answer, None)

    # in a process apart

    def _on_first_run(self, variant: Variant) -> int:
        """What this mistake agrees in with the run that failed."""
        reset_models()
        replay = self._replay(variant, self.first)
        if replay.said is None:
            return 0
        if _same_calls(self.first, replay):
            return _VALUES
        if self.grading.reference.exercise.deterministic or not _same_but_for_numbers(self.first, replay):
            return 0
        return _WORDS if _same_words(self.first, [replay, self._replay(variant, self.first, chance=2)]) else 0

    def _returns_the_same(self, variant: Variant, runs: list[Run]) -> bool:
        """After the run that failed, which may have left something behind, as it may have in the answer."""
        stand_in = StandIn(self.grading.reference, variant.text)
        replays = [self._replay(variant, run, stand_in=stand_in) for run in (self.first, *runs)]
        agree = (_same_calls(run, replay) for run, replay in zip(runs, replays[1:], strict=True))
        return all(agree)

    def _is_told_the_same(self, variant: Variant, runs: list[Run]) -> bool:
        """And stopped by nothing before."""
        if not self._gets_here(variant):
            return False
        return all(_same_words(run, [self._replay(variant, run, n) for n in _CHANCES]) for run in runs)

    def _gets_here(self, variant: Variant) -> bool:
        """Whether this mistake passes the checks before the one that failed."""
        stand_in = StandIn(self.grading.reference, variant.text)
        for name in self.grading.passed:
            if self._run(name, self.first.seed, self.grading.new_answer(stand_in)).said:
                return False
        return True

    def _replay(self, variant: Variant, run: Run, chance: int = 1, stand_in: StandIn | None = None) -> Run:
        stand_in = stand_in or StandIn(self.grading.reference, variant.text, chance)
        return self._run(run.check, run.seed, self.grading.new_answer(stand_in))

    def _holds(
        self, question: Callable[[Variant, list[Run]], bool], variant: Variant, runs: list[Run]
    ) -> bool:
        return self._apart(lambda: [question(variant, runs)]) == [True]

    def _apart(self, work: Callable[[], Sequence[int]]) -> list[int] | None:
        """Does the work in a process of its own, as a mistake may leave hooks on a model, or never end."""
        longest = int(self.deadline - time.monotonic())
        if longest <= 0 or self.seconds <= 0:
            return None
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            _work_and_exit(work, writing, self.seconds, longest)
        os.close(writing)
        with open(reading, "rb") as found:
            answer = found.read()
        _, _, used = os.wait4(pid, 0)
        self.seconds -= used.ru_utime + used.ru_stime
        return list(answer) or None


def _work_and_exit(work: Callable[[], Sequence[int]], writing: int, seconds: float, longest: int) -> NoReturn:
    try:
        seclusion.end_with_parent()
        for ending in (signal.SIGALRM, signal.SIGPROF):
            signal.signal(ending, signal.SIG_DFL)
        signal.alarm(longest)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        os.write(writing, bytes(work()))
    finally:
        os._exit(0)


def _same_calls(one: Run, other: Run) -> bool:
    """Whether both were asked the same and answered alike, to the same end. No questions tell nothing."""
    pairs = zip(one.answer.calls, other.answer.calls, strict=False)
    as_many = 0 < len(one.answer.calls) == len(other.answer.calls)
    return as_many and (one.said is None) == (other.said is None) and all(a.agrees(b) for a, b in pairs)


def _same_words(run: Run, replays: list[Run]) -> bool:
    """Whether the check said the same, but for numbers that differ between the replays: those are chance."""
    said = [_words(run.said), *(_words(replay.said) for replay in replays)]
    if any(words != said[0][0] for words, _ in said) or len({len(numbers) for _, numbers in said}) > 1:
        return False
    ours, *theirs = (numbers for _, numbers in said)
    return all(
        len(set(drawn)) > 1 or drawn[0] == number for number, *drawn in zip(ours, *theirs, strict=True)
    )


def _same_but_for_numbers(run: Run, replay: Run) -> bool:
    return _words(run.said)[0] == _words(replay.said)[0]


def _words(said: Exception | None) -> tuple[str, list[str]]:
    """A sentence without its numbers, and they."""
    text = f"{type(said).__name__}: {said}"
    return _NUMBER.sub("#", text), _NUMBER.findall(text)


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
        if stopped_at == check and _words(trouble)[0] == _words(said)[0]:
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
