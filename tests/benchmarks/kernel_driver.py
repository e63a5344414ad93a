"""Runs in the kernel's own environment, and is told what to do: a line of JSON in, a line of JSON out.

Some Jupyter kernels stay warm here. What is timed is between asking a kernel to execute and its saying that
it is idle again; no browser, no server and no other process is in between.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

_PATIENCE = 120


class Kernel:
    """One kernel, used by one thread at a time."""

    def __init__(self, setup: list[str]) -> None:
        self.setup = setup
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(stdout=sys.stderr, stderr=sys.stderr)
        self._connect()
        self.execute(setup)

    def _connect(self) -> None:
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=_PATIENCE)

    @property
    def process(self) -> int:
        return int(self.manager.provisioner.process.pid)

    def execute(self, cells: list[str]) -> str:
        """All at once, as “run all” asks for them. “full” if none raised, “none” if the kernel died."""
        asked = [self.client.execute(cell, store_history=True, stop_on_error=True) for cell in cells]
        fine = True
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                if not self.manager.is_alive():
                    return "none"
                continue
            about, kind = message["parent_header"].get("msg_id"), message["msg_type"]
            fine = fine and not (kind == "error" and about in asked)
            if kind == "status" and message["content"]["execution_state"] == "idle" and about == asked[-1]:
                return "full" if fine else "less"

    def submit(self, cells: list[str]) -> str:
        """In the kernel as it is, with whatever others have left in it."""
        return self.execute(cells)

    def afresh(self, cells: list[str]) -> str:
        """Restart, then run all: what a learner does to be sure of a result."""
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self._connect()
        return self.execute([*self.setup, *cells])

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


KERNELS: list[Kernel] = []


def _timed(kernel: Kernel, afresh: bool, cells: list[str]) -> dict[str, Any]:
    begun = time.monotonic()
    verdict = kernel.afresh(cells) if afresh else kernel.submit(cells)
    return {"seconds": time.monotonic() - begun, "verdict": verdict, "ended": time.monotonic()}


def start(count: int, setup: list[str]) -> dict[str, Any]:
    """Warm kernels."""
    while len(KERNELS) < count:
        KERNELS.append(Kernel(setup))
    return {"processes": [kernel.process for kernel in KERNELS]}


def submit(cells: list[str], afresh: bool) -> dict[str, Any]:
    """One submission, in the first kernel."""
    return _timed(KERNELS[0], afresh, cells)


def burst(submissions: list[list[str]], learners: int, afresh: bool, seconds: float) -> dict[str, Any]:
    """All of them, over the kernels, by at most so many at once; none is begun after `seconds`."""
    waiting: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    for cells in submissions:
        waiting.put(cells)
    begun, latencies = time.monotonic(), []

    def work(kernel: Kernel) -> None:
        while time.monotonic() - begun < seconds:
            try:
                cells = waiting.get_nowait()
            except queue.Empty:
                return
            latencies.append(_timed(kernel, afresh, cells)["ended"] - begun)

    threads = [threading.Thread(target=work, args=(kernel,)) for kernel in KERNELS[:learners]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"latencies": latencies}


_DEEDS: dict[str, Callable[..., dict[str, Any]]] = {"start": start, "submit": submit, "burst": burst}


def main() -> None:
    """Until standard input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr
    try:
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(_DEEDS[asked.pop("do")](**asked)), file=answers, flush=True)
    finally:
        for kernel in KERNELS:
            kernel.close()


if __name__ == "__main__":
    main()
