"""Names a mistake by its behaviour: the failed check is put to every known mistake, to see which agrees."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from app.lessons import Variant
from workers.examiner.answer import Answer, alike
from workers.examiner.references import StandIn
from workers.examiner.trouble import Ended, Raised

if TYPE_CHECKING:
    from workers.examiner.grading import Grading

SECONDS = 6.0  # for naming a mistake: the verdict itself is known by then, and the learner waits
_NUMBER = re.compile(r"-?\d[\d.,e+-]*")

Outcome = Raised | AssertionError | None  # what a check had to say against an answer


def recognise(grading: Grading, check: str, answer: Answer, trouble: Exception) -> Variant | None:
    """The known mistake that behaves like this answer in this check, on two seeds; None if there is none.

    Agreement is of the values returned. An answer that draws random numbers gives others each time: there it
    is of what the check says, numbers aside.
    """
    if grading.reference.exercise.is_form:
        return _recognise_form(grading, check, trouble)
    if not isinstance(trouble, Raised | AssertionError):
        return None
    deadline = time.monotonic() + SECONDS
    try:
        return _Search(grading, check, deadline).find(answer, trouble)
    except Ended:  # the learner's process did not live to be asked again
        return None


class _Search:
    def __init__(self, grading: Grading, check: str, deadline: float) -> None:
        self.grading, self.check, self.deadline = grading, check, deadline
        self.seeds = (grading.seed, grading.seed ^ 0x5EED)

    def find(self, answer: Answer, trouble: Raised | AssertionError) -> Variant | None:
        replays = self._replays()
        agreeing = [v for v, replay, _ in replays if _same_calls(answer, replay)]
        if agreeing:
            return self._confirmed(agreeing)
        again, trouble_again = self._run(self.grading.new_answer(), self.seeds[0])
        if _same_calls(answer, again):  # no chance in it, and no mistake that we know
            return None
        alike_in_words = [v for v, _, said in replays if _same_words(trouble, said)]
        return alike_in_words[0] if len(alike_in_words) == 1 and _same_words(trouble, trouble_again) else None

    def _replays(self) -> list[tuple[Variant, Answer, Outcome]]:
        """Each mistake that fails this check, with what it answered and what the check said."""
        replays: list[tuple[Variant, Answer, Outcome]] = []
        for variant in self.grading.reference.exercise.mistakes:
            if time.monotonic() > self.deadline:
                break
            replay, said = self._run(self._stand_in(variant), self.seeds[0])
            if said is not None:
                replays.append((variant, replay, said))
        return replays

    def _confirmed(self, agreeing: list[Variant]) -> Variant | None:
        """The first that agrees on the second seed too."""
        answer, _ = self._run(self.grading.new_answer(), self.seeds[1])
        for variant in agreeing:
            replay, said = self._run(self._stand_in(variant), self.seeds[1])
            if said is not None and _same_calls(answer, replay):
                return variant
        return None

    def _stand_in(self, variant: Variant) -> Answer:
        return self.grading.new_answer(StandIn(self.grading.reference, variant.text))

    def _run(self, answer: Answer, seed: int) -> tuple[Answer, Outcome]:
        try:
            self.grading.run(self.check, answer, seed)
        except (Raised, AssertionError) as said:
            return answer, said
        return answer, None


def _same_calls(one: Answer, other: Answer) -> bool:
    """Whether both were asked as many questions and answered them alike. No questions tell nothing."""
    pairs = zip(one.calls, other.calls, strict=False)
    return 0 < len(one.calls) == len(other.calls) and all(a.agrees(b) for a, b in pairs)


def _same_words(one: Exception | None, other: Exception | None) -> bool:
    return type(one) is type(other) and _NUMBER.sub("#", str(one)) == _NUMBER.sub("#", str(other))


def _recognise_form(grading: Grading, check: str, trouble: Exception) -> Variant | None:
    """The mistake with the same value in its field that the check rejects in the same words."""
    kinds = {field.name: field.kind for field in grading.reference.exercise.fields}
    right = {name: grading.reference.function(name) for name in kinds}
    agreeing: list[Variant] = []
    for variant in grading.reference.exercise.mistakes:
        value = grading.reference.function(variant.name)()
        free_text = kinds[variant.target] == "text"
        if not free_text and not alike(grading.values[variant.target], value):
            continue
        try:
            grading.run(
                check, Answer(grading.reference, None, {**right, variant.target: value}), grading.seed
            )
        except AssertionError as said:
            if _same_words(trouble, said):
                agreeing.append(variant)
    return agreeing[0] if len(agreeing) == 1 else None
