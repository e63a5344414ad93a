"""The child: one run in one process, and then it is gone. Forked from the zygote, confined before work comes.

It answers the frames of `workers.wire` on descriptor 3. Learner code shares this process and can forge any
frame, so the supervisor believes nothing it says: a forged value is only a claimed value.
"""

from __future__ import annotations

import builtins
import contextlib
import json
import os
import random
import signal
import socket
import sys
import threading
import time
from typing import Any, NoReturn

import numpy as np
import torch

from workers import rehearsal, values, wire
from workers.lab import display
from workers.lab.models import devices
from workers.runner import confine, control, errors, holding
from workers.runner.cells import Notebook, no_input
from workers.runner.holding import CHANNEL
from workers.runner.limits import Limits, size
from workers.runner.streams import EventStream

_LINE = CHANNEL + 1

_REHEARSAL = (
    "import torch\nmodel = lab.load('attn-only-2l')\nmodel.cfg.n_heads",
    "torch.randn(2, 2) @ torch.randn(2, 2)",
    "lab.heatmap(torch.eye(2))",
    "def broken(x):\n    return x.y\nbroken(1)",
)


def main(
    plan: confine.Plan, number: int, channel: int, noise: int, line: int | None = None, *, hurry: bool = False
) -> NoReturn:
    """Take over the forked process; `noise` gets what C libraries print. Never returns.

    In a `hurry` somebody waits for it already, and nothing is rehearsed.
    With a `line` it is never used itself: it forks, whenever the supervisor says so, who will be.
    """
    status = 1
    try:
        _take_descriptors(channel, noise, line)
        devices.prepare(plan.device)  # behind the walls it could not be opened any more
        layers = confine.enter_child(plan, number, None if line is None else _send_listener)
        if not hurry:
            _rehearse()
        wire.send(CHANNEL, {"event": "confined", "layers": layers})
        if line is not None:
            holding.remember_ours()
            holding.hold()
        _Child(plan).serve()
        status = 0
    except BaseException as error:
        _report(error)
    finally:
        os._exit(status)


def _rehearse() -> None:
    """Walk the way of a first cell. After a fork each page is copied when it is first touched: better now."""
    _seed(0)
    notebook = Notebook()
    display.SINK = _write_as_json
    for source in _REHEARSAL:
        notebook.run("rehearsal", source)
    rehearsal.rehearse()
    display.SINK = None


def _write_as_json(output: dict[str, Any]) -> None:
    json.dumps(output)


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _report(error: BaseException) -> None:
    """Before the run this is our fault and the supervisor's log says so; later nobody listens."""
    with contextlib.suppress(OSError, wire.WireError):
        wire.send(CHANNEL, {"event": "failed", "message": f"{type(error).__name__}: {error}"})


def _send_listener(listener: int) -> None:
    """Give the supervisor the descriptor on which leave for a fork is asked; keep neither it nor the line."""
    with socket.socket(fileno=_LINE) as line:
        control.send(line, {"listener": True}, (listener,))
    os.close(listener)


def _take_descriptors(channel: int, noise: int, line: int | None) -> None:
    """0 is empty, 1 and 2 are the noise, 3 the channel, 4 the line, if any; nothing else is inherited."""
    signal.set_wakeup_fd(-1)
    for name in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    wanted = (nothing, noise, noise, channel, *([] if line is None else [line]))
    high = [os.dup(fd) for fd in wanted]
    while min(high) <= _LINE:  # so that no dup2 below overwrites one still needed
        high = [os.dup(fd) for fd in high]
    for target, source in enumerate(high):
        os.dup2(source, target, inheritable=False)
    os.closerange(len(high), 65536)


class _Child:
    def __init__(self, plan: confine.Plan) -> None:
        self._plan = plan
        self._lock = threading.Lock()  # cells may print from several threads
        self._silent = True
        self._hidden = False
        self._notebook = Notebook()
        sys.stdout = EventStream("stdout", self._emit_text)
        sys.stderr = EventStream("stderr", self._emit_text)
        builtins.input = no_input

    def serve(self) -> None:
        """Answer until the supervisor closes."""
        answers = {"open": self._open, "cell": self._cell, "hide": self._hide, "hold": self._hold}
        while (frame := wire.receive(CHANNEL)) is not None:
            header, body = frame
            answer = answers.get(header["op"])
            if answer is not None:
                answer(header)
            else:
                self._question(header, body)

    def _open(self, header: dict[str, Any]) -> None:
        if header.get("left") is not None:  # we are a fork: everything is as it was when its cells were over
            confine.set_processor_time(header["left"])
            return self._emit({"event": "started"})
        limits = Limits.read(header["limits"])
        errors.memory_sentence = (
            f"This needs more than the {size(limits.memory)} of memory one run may use. "
            "Try a smaller batch or a shorter sequence, or keep fewer activations."
        )
        _seed(int(header["seed"]))
        display.SINK = self._emit_output
        devices.use(header["device"])
        confine.set_run_limits(self._plan, limits)
        return self._emit({"event": "started"})

    def _cell(self, header: dict[str, Any]) -> None:
        self._silent = not header["show"]
        began = time.monotonic()
        error = self._notebook.run(header["id"], header["source"], notes=header.get("notes") is True)
        self._flush()
        self._silent = True
        seconds = time.monotonic() - began
        self._emit({"event": "done", "cell": header["id"], "seconds": seconds, "error": error})

    def _hide(self, header: dict[str, Any]) -> None:
        self._hidden = True
        display.SINK = None

    def _hold(self, header: dict[str, Any]) -> None:
        """Stay as we are from now on; what goes on is a fork. If that cannot be, say why, and go on."""
        why = holding.obstacle()
        if why:
            return self._emit({"event": "held", "why": why})
        said = holding.hold()
        return None if said is None else self._open(said)

    def _question(self, header: dict[str, Any], body: bytes) -> None:
        """`call`, `probe` or `get`: values come in, one value goes out."""
        self._silent = False
        try:
            packed, answer = values.pack(self._answer(header, body))
            event = {"event": "value", "value": packed}
            wire.encode(event, answer)  # too large to travel is an error of this answer, not of the channel
        except (values.Untransferable, wire.WireError) as error:
            event, answer = {"event": "value", "error": errors.plain("ValueError", str(error))}, b""
        except BaseException as error:
            event, answer = {"event": "value", "error": errors.describe(error)}, b""
        self._flush()
        self._silent = True
        self._emit(event, answer)

    def _answer(self, header: dict[str, Any], body: bytes) -> Any:
        if header["op"] == "get":
            return self._notebook.value(header["name"])
        given = [header.get("args", []), header.get("kwargs", {"$dict": []})]
        arguments = values.unpack(given, body, devices.device())
        if header["op"] == "probe":
            function = self._notebook.probe(header["source"], header["name"])
        else:
            function = self._notebook.function(header["name"])
        return function(*arguments[0], **arguments[1])

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:  # the cell put something of its own there
                continue

    def _emit_text(self, event: dict[str, Any]) -> None:
        if not (self._silent or self._hidden):
            self._emit(event)

    def _emit_output(self, output: dict[str, Any]) -> None:
        if self._silent or self._hidden:
            return
        self._flush()
        try:
            self._emit({"event": "output", "output": output})
        except wire.WireError:
            kind = output.get("kind", "output")
            text = f"This {kind} is larger than {size(wire.MAX_JSON)}: show less of it."
            self._emit({"event": "output", "output": {"kind": "notice", "text": text}})

    def _emit(self, event: dict[str, Any], body: bytes = b"") -> None:
        with self._lock:
            wire.send(CHANNEL, event, body)
