"""Runs a chain of cells in a child of the runner, the last one for all to see, and says in words what became
of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from app.models import Ending
from app.running.chains import Chain
from app.running.leases import Result
from workers.outputs import check_error
from workers.recorder import Recorder
from workers.runner.client import ChildEnded, RunnerClient, RunnerGone

_BY_LIMIT = ("wall", "cpu", "memory", "output")
_SENTENCE = 300  # characters of an error's message that are repeated in a sentence


def replay(
    child: RunnerClient, chain: Chain, recorder: Recorder, name: Callable[[str], str], *, notes: bool = False
) -> Result:
    """Run every cell of the chain in order, until one fails; only the last one shows anything, with `notes`
    also shapes. What the child has done already is skipped.

    `name` says what to call a cell above. Raises RunnerGone, and ChildEnded if the run was cancelled.
    """
    result = Result(outputs=recorder.outputs)
    for link in chain[child.skip :]:
        last, begun = link is chain[-1], time.monotonic()
        try:
            done = _run_cell(child, link, recorder, shown=last, notes=notes and last)
        except ChildEnded as end:
            _note_end(result, end)
            result.message = end.message if last else f"{name(link['cell'])} did not end: {end.message}"
            break
        finally:
            result.cell_seconds[link["cell"]] = time.monotonic() - begun  # our clock: theirs may be anything
        if error := check_error(done.get("error")):
            recorder.show("error", error)
            result.ending = Ending.ERROR
            result.message = "" if last else _error_above(name(link["cell"]), error)
            break
    recorder.finish()
    return result


def _run_cell(
    child: RunnerClient, link: dict[str, str], recorder: Recorder, *, shown: bool, notes: bool
) -> dict[str, Any]:
    done: dict[str, Any] = {}
    for event in child.cell(link["cell"], link["text"], shown, notes):
        if event.get("event") == "done":
            done = event
        elif shown:
            recorder.take(event)
    return done


def _note_end(result: Result, end: ChildEnded) -> None:
    """The learner's process is gone: by a limit, or by itself. Where it was told to go, that is no end."""
    if end.reason == "cancelled":
        raise end
    if end.reason == "closed":
        raise RunnerGone(f"the runner closed the run: {end.message}") from end
    result.ending = Ending.LIMIT if end.reason in _BY_LIMIT else Ending.DIED


def _error_above(name: str, error: dict[str, Any]) -> str:
    line = f" in line {error['line']}" if error["line"] else ""
    what = f"{error['type']}: {error['message']}".splitlines()[0][:_SENTENCE].rstrip(" .:")
    return f"{name} stopped{line} ({what}). Mend it first, then come back."
