"""Runs a chain of cells in a child of the runner, the last one for all to see, and says in words what became
of it.
"""

from __future__ import annotations

from typing import Any

from app.chains import Chain
from app.leases import Result
from app.models import Ending
from workers.outputs import check_error
from workers.recorder import Recorder
from workers.runner.client import ChildEnded, RunnerClient, RunnerGone

_BY_LIMIT = ("wall", "cpu", "memory", "output")
_SENTENCE = 300  # characters of an error's message that are repeated in a sentence


def replay(child: RunnerClient, chain: Chain, recorder: Recorder) -> Result:
    """Run every cell of the chain in order, until one fails; only the last one shows anything.

    Raises RunnerGone, and ChildEnded if the run was cancelled.
    """
    result = Result(outputs=recorder.outputs)
    for link in chain:
        last = link is chain[-1]
        try:
            done = _run_cell(child, link, recorder, shown=last)
        except ChildEnded as end:
            _note_end(result, end, None if last else link["cell"])
            break
        result.cell_seconds[link["cell"]] = float(done.get("seconds") or 0.0)
        if error := check_error(done.get("error")):
            recorder.show("error", error)
            result.ending = Ending.ERROR
            result.message = "" if last else _error_above(link["cell"], error)
            break
    recorder.flush()
    return result


def _run_cell(
    child: RunnerClient, link: dict[str, str], recorder: Recorder, *, shown: bool
) -> dict[str, Any]:
    done: dict[str, Any] = {}
    for event in child.cell(link["cell"], link["text"], show=shown):
        if event.get("event") == "done":
            done = event
        elif shown:
            recorder.take(event)
    return done


def _note_end(result: Result, end: ChildEnded, above: str | None) -> None:
    """The learner's process is gone: by a limit, by itself, or (not theirs to hear here) because it was told
    to.
    """
    if end.reason == "cancelled":
        raise end
    if end.reason == "closed":
        raise RunnerGone(f"the runner closed the run: {end.message}") from end
    result.ending = Ending.LIMIT if end.reason in _BY_LIMIT else Ending.DIED
    result.message = f"In the cell “{above}” above: {end.message}" if above else end.message


def _error_above(cell: str, error: dict[str, Any]) -> str:
    line = f" in line {error['line']}" if error["line"] else ""
    what = f"{error['type']}: {error['message']}".splitlines()[0][:_SENTENCE].rstrip(" .:")
    return f"The cell “{cell}” above stopped{line} ({what}). Mend it there, then run this one again."
