"""An exception of a learner's code as they should read it: their lines, a little library, none of ours."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from typing import Any

from workers.runner import limits, older_code, shape_errors

PROBE = "<check>"
LONGEST_MESSAGE = 4000  # characters
LONGEST_TRACEBACK = 8000
_TAIL = 2  # library frames shown after the learner's last one
_MOST_FRAMES = 12
_CELL = re.compile(r"<cell (.*)>")
_LIBRARIES = re.compile(r".*/(?:site-packages|dist-packages|lib/python3\.\d+)/")
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)

memory_sentence = ""  # what to say when memory ran out; the child sets it from its limits


def file_name(cell: str) -> str:
    """The name under which Python knows a cell's source."""
    return f"<cell {cell}>"


def describe(error: BaseException) -> dict[str, Any]:
    """Type, message, the learner's line and cell, a traceback without our machinery, and which axes met."""
    if isinstance(error, SyntaxError) and _CELL.fullmatch(error.filename or ""):
        return _syntax_error(error)
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if _CELL.fullmatch(frame.filename)]
    kind, message = _named(error, frames)
    last = mine[-1] if mine else None
    return {
        "type": kind,
        "message": message[:LONGEST_MESSAGE],
        "line": last.lineno if last else None,
        "cell": _CELL.fullmatch(last.filename)[1] if last else "",  # type: ignore[index]
        "traceback": _render(frames, kind, message)[-LONGEST_TRACEBACK:],
        "shapes": shape_errors.explain(error, _CELL.fullmatch),
    }


def _named(error: BaseException, frames: traceback.StackSummary) -> tuple[str, str]:
    """The exception's name and its message, which for a few is better said by us."""
    kind = type(error).__name__
    message = _text(error)
    last = frames[-1] if frames else None
    if isinstance(error, MemoryError) or "can't allocate memory" in message or _lacks_memory(error):
        return "MemoryError", memory_sentence or message
    if isinstance(error, NotImplementedError) and last and _CELL.fullmatch(last.filename):
        return kind, f"`{last.name}` is not written yet. {message}".strip()
    if isinstance(error, RuntimeError) and "can't start new thread" in message:
        return kind, limits.THREADS_SENTENCE
    if isinstance(error, SystemExit):
        return kind, "sys.exit() and exit() have no use here: a cell ends at its last line."
    if isinstance(error, RecursionError):
        return kind, f"{message}. Does a function call itself without an end?"
    if isinstance(error, ImportError) and (sentence := older_code.instead(error)):
        return kind, sentence
    if isinstance(error, OSError) and (refusal := _refusal(error, frames)):
        return kind, refusal
    return kind, message


def _lacks_memory(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno == errno.ENOMEM


def _refusal(error: OSError, frames: traceback.StackSummary) -> str:
    """Why something that works on a laptop does not work here; empty if it is not ours to explain."""
    files = [frame.filename for frame in frames[-8:]]
    if any(file.endswith("/subprocess.py") or "/multiprocessing/" in file for file in files):
        return "A cell cannot start other programs or processes. With a DataLoader, use num_workers=0."
    if any(file.endswith(("/socket.py", "/urllib/request.py")) for file in files):
        return "A cell has no network. The models that are here: lab.models()."
    if error.errno in _FULL:
        return limits.files_sentence()
    if error.errno == errno.EMFILE:
        return limits.OPEN_FILES_SENTENCE
    if isinstance(error, PermissionError) and error.filename is None:
        return f"{_text(error)}. A cell cannot start processes, signal others or reach the network."
    return ""


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a learner's own __str__ may raise anything
        return ""


def _syntax_error(error: SyntaxError) -> dict[str, Any]:
    lines = traceback.format_exception_only(type(error), error)
    return {
        "type": type(error).__name__,
        "message": (error.msg or "invalid syntax")[:LONGEST_MESSAGE],
        "line": error.lineno,
        "cell": _CELL.fullmatch(error.filename or "")[1],  # type: ignore[index]
        "traceback": "".join(lines)[-LONGEST_TRACEBACK:],
        "shapes": "",
    }


def _render(frames: traceback.StackSummary, kind: str, message: str) -> str:
    kept = _shorten(_of_learner(frames))
    lines = [f"{kind}: {message}\n" if message else f"{kind}\n"]
    if kept:
        lines = [
            "Traceback (most recent call last):\n",
            *traceback.StackSummary.from_list(kept).format(),
            *lines,
        ]
    return "".join(lines)


def _of_learner(frames: traceback.StackSummary) -> list[traceback.FrameSummary]:
    """From the learner's first frame on; after their last one only the end of the library's."""
    places = [i for i, frame in enumerate(frames) if _CELL.fullmatch(frame.filename)]
    if not places:
        return []
    seen = [frame for frame in frames[places[0] : places[-1] + 1] if _may_be_seen(frame)]
    tail = [frame for frame in frames[places[-1] + 1 :] if _may_be_seen(frame)]
    return seen + tail[-_TAIL:]


def _may_be_seen(frame: traceback.FrameSummary) -> bool:
    return not frame.filename.startswith(_OURS) and frame.filename != PROBE


def _shorten(frames: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """Library paths from the package's name on; of a deep recursion only both ends."""
    if len(frames) > _MOST_FRAMES:
        half = _MOST_FRAMES // 2
        frames = frames[:half] + frames[-half:]
    return [
        frame
        if _CELL.fullmatch(frame.filename)
        else traceback.FrameSummary(
            _short_path(frame.filename), frame.lineno, frame.name, lookup_line=False, line=frame.line or ""
        )
        for frame in frames
    ]


def _short_path(path: str) -> str:
    short = _LIBRARIES.sub("", path)
    if short != path:
        return short
    root = os.path.dirname(os.path.dirname(_OURS.rstrip(os.sep))) + os.sep
    return path.removeprefix(root).removeprefix(sys.base_prefix + os.sep)


def plain(kind: str, message: str) -> dict[str, Any]:
    """An error that belongs to no line."""
    return {"type": kind, "message": message, "line": None, "cell": "", "traceback": "", "shapes": ""}
