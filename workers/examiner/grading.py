"""One grading: the checks of an exercise in their order, until one fails, and what the learner is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.lessons import Exercise
from workers.claims import quoted
from workers.examiner import forms, mistakes, style
from workers.examiner.answer import OURS, Answer, Respondent, described
from workers.examiner.drawn import beside_ours, draws
from workers.examiner.references import Reference, seed_all
from workers.examiner.trouble import Ended, Raised, Unfit
from workers.lab.compare import Different

LONGEST_MESSAGE = 4000  # characters: a check may quote what the answer claims


class CheckBroken(Exception):
    """A check of ours raised something that is no verdict: our fault, never the learner's."""


def grade(
    reference: Reference, answer: str | Mapping[str, Any], respondent: Respondent, seed: int
) -> dict[str, Any]:
    """The verdict on an answer: the text that `respondent` has run, or the values of a form.

    Raises CheckBroken where the fault is ours.
    """
    exercise = reference.exercise
    if not exercise.is_form:
        grading = Grading(reference, respondent, {}, seed)
        if isinstance(answer, str) and exercise.is_starter(answer):
            return grading.verdict_of(
                "not_attempted", "This is still the starter: there is nothing to check yet."
            )
        return _with_notes(grading.verdict(), exercise, str(answer))
    grading = Grading(reference, None, {}, seed)
    try:
        grading.values = forms.read(exercise, answer if isinstance(answer, Mapping) else {})
    except forms.Blank as blank:
        return grading.verdict_of("not_attempted", str(blank))
    except forms.Unusable as unusable:
        return grading.verdict_of("failed", str(unusable))
    return grading.verdict()


def _with_notes(said: dict[str, Any], exercise: Exercise, answer: str) -> dict[str, Any]:
    """Of an answer that passed, also how it is written."""
    if said["verdict"] == "passed":
        said["details"]["style"] = style.notes(exercise, answer)
    return said


@dataclass
class Grading:
    """What is being graded, against what, and how far it has come."""

    reference: Reference
    respondent: Respondent | None
    values: dict[str, Any]
    seed: int
    passed: list[str] = field(default_factory=list)
    measures: dict[str, float] = field(default_factory=dict)

    def verdict(self) -> dict[str, Any]:
        """Runs the checks. Raises CheckBroken, or what the connection raises."""
        drawn = None
        for check in self.reference.exercise.checks:
            answer = self.new_answer()
            try:
                self.run(check.name, answer, self.seed)
            except (Raised, Ended, AssertionError) as trouble:
                self.measures |= answer.measures
                return self._stopped(check.name, answer, trouble)
            self.measures |= answer.measures
            self.passed.append(check.name)
            drawn = answer if draws(answer) else drawn
        count = len(self.passed)
        said = self.verdict_of("passed", "Right." if count == 1 else f"Right: all {count} checks pass.")
        return _with_figures(said, drawn)

    def new_answer(self, respondent: Respondent | None = None) -> Answer:
        """The answer, or the same exercise answered by somebody else, with nothing asked yet."""
        return Answer(self.reference, respondent or self.respondent, self.values)

    def run(self, check: str, answer: Answer, seed: int) -> None:
        """One check from its own seed. Raises what it has to say against the answer, or CheckBroken."""
        seed_all(seed)
        try:
            self.reference.function(check)(answer)
            answer.settle()
        except (Raised, Ended, AssertionError):
            answer.settle()  # an answer that differs from itself is told that first
            raise
        except ConnectionError:
            raise
        except Exception as error:
            raise CheckBroken(
                f"{check} of {self.reference.exercise.id}: {type(error).__name__}: {error}"
            ) from error

    # what is said

    def _stopped(self, check: str, answer: Answer, trouble: Exception) -> dict[str, Any]:
        """The verdict on an answer that did not get past this check."""
        if isinstance(trouble, Ended):
            return self.verdict_of("error", trouble.message, check, answer)
        if isinstance(trouble, Raised) and trouble.not_written:
            return self.verdict_of("not_attempted", trouble.message, check, answer)
        kind = "error" if isinstance(trouble, Raised) else "failed"
        mistake = mistakes.recognise(self, check, answer, trouble)
        message = self._message(check, answer, trouble)
        if mistake:
            message += f"\n\nThis looks like *{mistake.label}*: {' '.join(mistake.doc.split())}"
        said = self.verdict_of(kind, message, check, answer, trouble)
        said["details"]["mistake"] = mistake.name if mistake else None
        return _with_figures(said, answer)

    def _message(self, check: str, answer: Answer, trouble: Exception) -> str:
        if isinstance(trouble, Raised):
            asked = answer.calls[-1].name
            name = OURS if asked in self.reference.exercise.probes else f"`{asked}`"
            line = f" in line {trouble.line}" if trouble.line else ""
            raised = f"{name} raised{line} {quoted(f'{trouble.type}: {trouble.message}')}"
            return f"{raised} {trouble.shapes}".rstrip()
        doc = next(c.doc for c in self.reference.exercise.checks if c.name == check)
        return str(trouble).strip() or f"This does not hold yet: {doc}"

    def verdict_of(
        self, kind: str, message: str, check: str = "", answer: Answer | None = None, trouble: Any = None
    ) -> dict[str, Any]:
        details: dict[str, Any] = {
            "check": next((c.doc for c in self.reference.exercise.checks if c.name == check), None),
            "checks": self._checks(check),
            "mistake": None,
            "input": [],
            "got": None,
            "expected": None,
            "line": getattr(trouble, "line", None),
        }
        if self.measures:
            details["measured"] = self.measures
        if answer and answer.calls and trouble:
            details |= _evidence(answer, trouble)
        return {"verdict": kind, "message": message[:LONGEST_MESSAGE], "details": details}

    def _checks(self, stopped_at: str) -> list[dict[str, Any]]:
        """All checks: passed, failed, or (None) not run."""
        outcome = {**dict.fromkeys(self.passed, True), stopped_at: False}
        checks = self.reference.exercise.checks
        return [{"name": check.name, "doc": check.doc, "passed": outcome.get(check.name)} for check in checks]


def _with_figures(said: dict[str, Any], answer: Answer | None) -> dict[str, Any]:
    """The verdict with what was drawn beside what we draw."""
    if answer is not None and (shown := beside_ours(answer)):
        said["details"]["beside"] = shown
    return said


def _evidence(answer: Answer, trouble: Exception) -> dict[str, Any]:
    """What was asked last, what came back, and what should have."""
    call = answer.calls[-1]
    found: dict[str, Any] = {"input": [{"name": n, **described(v)} for n, v in call.arguments.items()]}
    if isinstance(trouble, Different):
        return found | {"got": described(trouble.got), "expected": described(trouble.want)}
    if isinstance(trouble, AssertionError):
        found["got"] = described(call.value)
    if isinstance(trouble, Unfit):
        found["expected"] = {"shape": None, "dtype": "", "text": trouble.expected}
    return found
