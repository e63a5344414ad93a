"""What one run may use, and the sentence a learner reads when it used more."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from workers.wire import WireError

FILE_BYTES = 64 << 20  # of one file, and of all scratch files together
FILES = 4096
OPEN_FILES = 256
THREADS = 64
MOST_MEMORY = 64 << 30
MOST_SECONDS = 3600

ENDINGS = ("wall", "cpu", "memory", "output", "crash", "cancelled", "closed")


@dataclass(frozen=True)
class Limits:
    """Of one run: seconds of clock and of processor, bytes of memory, characters and lines of printed text,
    things shown.
    """

    wall: float = 60
    cpu: float = 60
    memory: int = 2 << 30
    output: int = 1 << 20
    lines: int = 20_000
    outputs: int = 20

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, given: Any) -> Limits:
        """Limits from JSON; what is not said keeps its default. Raises `WireError`."""
        if not isinstance(given, dict) or set(given) - {field.name for field in fields(cls)}:
            raise WireError("these limits are malformed")
        limits = cls(**given)
        for field in fields(cls):
            value = getattr(limits, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
                raise WireError(f"the limit {field.name} is malformed")
        if not (limits.wall <= MOST_SECONDS and limits.cpu <= MOST_SECONDS and limits.memory <= MOST_MEMORY):
            raise WireError("these limits are larger than any run needs")
        return limits

    @property
    def cpu_seconds(self) -> int:
        """Whole seconds, as the kernel counts them."""
        return max(1, math.ceil(self.cpu))

    def sentence(self, reason: str) -> str:
        """Why the run was stopped, and what to do next."""
        match reason:
            case "wall":
                return (
                    f"Stopped after {_seconds(self.wall)}, the time one run may take. "
                    "Is there a loop that never ends, or can the work be made smaller?"
                )
            case "cpu":
                return (
                    f"Stopped after {_seconds(self.cpu_seconds)} of computing, as much as one run may use. "
                    "Try a smaller batch, fewer steps or a shorter sequence."
                )
            case "memory":
                return (
                    f"Stopped: the run needed more than {size(self.memory)} of memory. "
                    "Use a smaller batch, or keep fewer activations (names_filter in run_with_cache)."
                )
            case "output":
                return (
                    f"Stopped: the run printed more than {size(self.output)}. "
                    "Print less, for instance every hundredth line only."
                )
            case "lines":
                return (
                    f"Stopped: the run printed more than {self.lines:,} lines. "
                    "Print less, for instance every hundredth line only."
                )
            case "threads":
                return f"Stopped: {THREADS_SENTENCE}"
            case "files":
                return f"Stopped: {files_sentence()}"
            case "cancelled":
                return "Cancelled."
        return "The run is over."


THREADS_SENTENCE = (
    f"A run may have at most {THREADS} threads. One is mostly the fastest here: "
    "what computes in torch does not get faster with more."
)
OPEN_FILES_SENTENCE = f"A run may have at most {OPEN_FILES} files open at once: close some, or use `with`."


def files_sentence() -> str:
    return (
        f"A run may write at most {size(FILE_BYTES)}, in {FILES:,} files. "
        "Keep what you can in variables; files are gone after the run anyway."
    )


def crash_sentence(status: int) -> str:
    """For a process that ended by itself: `status` as `os.waitstatus_to_exitcode` gives it."""
    if status >= 0:
        return f"The code ended its own process (exit code {status}), so nothing after that line ran."
    named = {-11: "a segmentation fault", -6: "an abort", -7: "a bus error", -4: "an illegal instruction"}
    cause = named.get(status, f"signal {-status}")
    return (
        f"The process crashed ({cause}). Very deep recursion and memory tricks do that; undo the last change."
    )


def size(count: float) -> str:
    """Bytes for people."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{int(count)} bytes"


def _seconds(count: float) -> str:
    return "1 second" if count == 1 else f"{count:.3g} seconds"
