"""The zygote: imports and loads everything once, then forks one child per run. It never reads a job.

It starts with an environment made of nothing and holds no secret; the supervisor passes it, for each child,
one end of a socket that only the child reads. It stays single-threaded, so that a fork is a whole process.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from workers import logs
from workers.runner import confine, control

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "learner",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    # one thread: a fork copies only the thread that forks, and two on a busy machine are slower than one
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # as one that is loaded starts a thread, used or not
    "MALLOC_ARENA_MAX": "2",  # each arena reserves 64 MB of the address space that a run's limit counts
    "HF_HUB_OFFLINE": "1",  # without it a missing file is asked for again and again, for minutes
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "WANDB_MODE": "disabled",
    "MPLBACKEND": "module://workers.lab.pyplot",
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS ends children of a process that used its frameworks
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # asking for a GPU must not open one before the fork
}
_OF_GPUS = ("CUDA_VISIBLE_DEVICES",)  # which of several an operator means; kept where it is said


def environment(scratch: str) -> dict[str, str]:
    """The whole environment of zygote and children; `scratch` is where they may write."""
    folders = {"HOME": scratch, "TMPDIR": scratch}
    return {
        **ENVIRONMENT,
        **{name: os.environ[name] for name in _OF_GPUS if name in os.environ},
        **folders,
        "MPLCONFIGDIR": f"{scratch}/matplotlib",
        "HF_HOME": f"{scratch}/huggingface",
    }


def main() -> None:
    """Warm up and serve the supervisor's socket, whose descriptor is in argv, until it closes."""
    config = json.loads(sys.argv[1])
    logs.begin("runner", config["log"], catch_all=False)  # whom it forks is a learner's
    try:
        _serve(config)
    except Exception:
        logs.fault("the warm process ends")
        sys.exit(1)


def _serve(config: dict[str, Any]) -> None:
    plan = confine.Plan.read(config["plan"])
    channel = socket.socket(fileno=config["channel"])
    confine.enter_zygote(plan)
    began = time.monotonic()
    _warm(config["lab"])
    threads = _threads()
    if threads > 1:
        logs.say(f"the zygote has {threads} threads; forks may hang", "warning")
    control.send(channel, {"ready": True, "seconds": round(time.monotonic() - began, 2), "threads": threads})
    _Zygote(channel, plan).serve()


def _warm(told: dict[str, Any]) -> None:
    """Everything a first cell would otherwise wait for; `told` where models are installed."""
    import einops  # noqa: F401
    import jaxtyping  # noqa: F401
    import pandas  # noqa: F401
    import plotly.express
    import torch
    import tqdm
    import transformer_lens  # noqa: F401
    from transformer_lens.model_bridge import TransformerBridge  # noqa: F401

    from workers import lab
    from workers.lab import display, older
    from workers.lab.hooks import check_every_model
    from workers.lab.models.registry import look_in
    from workers.runner import child  # noqa: F401

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    tqdm.tqdm.monitor_interval = 0
    check_every_model()
    older.offer()
    look_in(Path(told["installed"]) if told["installed"] else None, told["offered"])
    for model in lab.models():
        _load(model)
    display.describe(lab.heatmap(torch.eye(2)))
    plotly.express.line(y=[0, 1])
    _draw_once()
    gc.collect()
    gc.freeze()
    confine.collapse_heap()


def _load(entry: Any) -> None:
    """So that all children share it; one that is damaged concerns those alone who ask for it."""
    import torch

    from workers import lab

    try:
        for folded in (False, True)[: 2 if entry.folder and entry.folded else 1]:
            with torch.no_grad():
                tokens = torch.zeros(1, min(4, entry.n_ctx), dtype=torch.long)
                lab.load(entry.name, folded=folded)(tokens)
    except Exception as error:  # of an installed model: nobody else's runs may suffer
        if entry.folder is None:
            raise
        print(f"runner: {error}", file=sys.stderr, flush=True)


def _draw_once() -> None:
    """matplotlib reads its fonts at the first drawing."""
    from matplotlib import pyplot as plt

    from workers.lab import display

    plt.plot([0, 1])
    display.describe(plt.gcf())
    plt.close("all")


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


class _Zygote:
    def __init__(self, channel: socket.socket, plan: confine.Plan) -> None:
        self._channel = channel
        self._plan = plan
        self._children: dict[int, int] = {}  # pid → number
        self._alarm, wake = socket.socketpair()
        self._alarm.setblocking(False)
        wake.setblocking(False)
        self._wake = wake
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)

    def serve(self) -> None:
        """Fork when asked, tell of each death, leave when the supervisor is gone."""
        while True:
            ready, _, _ = select.select([self._channel, self._alarm], [], [])
            if self._alarm in ready:
                self._alarm.recv(4096)
                self._reap()
            if self._channel in ready:
                message = control.receive(self._channel)
                if message is None:
                    return
                self._fork(*message)

    def _fork(self, message: control.Message, descriptors: list[int]) -> None:
        number = int(message["fork"])
        try:
            pid = confine.fork(self._plan)
        except OSError as error:  # no memory, or too many processes: of this child only
            logs.say(f"cannot fork: {error}", "error")
            control.close(descriptors)
            return control.send(self._channel, {"exit": number, "status": -9, "cpu": 0.0})
        if pid == 0:
            from workers.runner import child

            child.main(self._plan, number, *descriptors, hurry=bool(message.get("hurry")))
        control.close(descriptors)
        self._children[pid] = number
        handle = confine.handle(pid)
        told: dict[str, Any] = {"forked": number, "pid": pid}
        control.send(self._channel, told, (handle,) if handle is not None else ())
        if handle is not None:
            os.close(handle)
        return None

    def _reap(self) -> None:
        """As process 1 of its namespace the zygote also inherits orphans; they have no number."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            number = self._children.pop(pid, None)
            if number is None:
                continue
            code = os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime
            confine.clean_up(self._plan, number)
            control.send(self._channel, {"exit": number, "status": code, "cpu": round(cpu, 3)})
