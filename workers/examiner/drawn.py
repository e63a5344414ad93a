"""What the learner's code drew, beside what ours draws of the same: for those answers that are a picture."""

from __future__ import annotations

import json
from typing import Any

from workers.examiner.answer import Answer, Call
from workers.lab.besides import compared
from workers.outputs import check_output
from workers.values import figure_json

LARGEST = 256 << 10  # bytes of all views, as JSON


def beside_ours(answer: Answer) -> dict[str, Any] | None:
    """The last figure of this check beside the reference's of the same arguments, checked like any output.

    None if nothing was drawn, if the two cannot be compared, or if both are too large to be kept with an
    attempt.
    """
    call = draws(answer)
    if call is None or answer.respondent is None:
        return None
    try:
        ours = figure_json(answer.reference.function(call.name)(**call.arguments))
        with answer.respondent.reading():
            shown = check_output(compared(call.value, ours).describe_output())
            small = len(json.dumps(shown)) <= LARGEST
    except Exception:  # whatever is odd about it: the verdict has been found, and does not need it
        return None
    shown.pop("kind")
    return shown if small else None


def draws(answer: Answer) -> Call | None:
    """The last call of this check that returned a figure."""
    return next((call for call in reversed(answer.calls) if _drew(answer, call)), None)


def _drew(answer: Answer, call: Call) -> bool:
    drawn = call.error is None and isinstance(call.value, dict) and "data" in call.value
    promised = answer.reference.annotations(call.name).get("return") if drawn else None
    return (getattr(promised, "__module__", None) or "").startswith("plotly.")
