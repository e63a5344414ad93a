"""Runs in the kernel's own environment, and is told what to do: a line of JSON in, a line of JSON out.

Some Jupyter kernels stay warm here. What is timed is between asking a kernel to execute and its saying that
it is idle again: with nothing in between; or, `served`, through a Jupyter Server and a WebSocket, which is
how a page speaks to one. No browser is in between.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

_PATIENCE = 120
# our side answers pings only while it listens, so the server would hang up while others are measured
_NO_PINGS = "--ServerApp.tornado_settings={'ws_ping_interval': 0}"


class Kernel:
    """One kernel, used by one thread at a time; spoken to by `jupyter_client`."""

    def __init__(self, setup: list[str]) -> None:
        self.setup = setup
        self._start()
        self.execute(setup)

    def _start(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(stdout=sys.stderr, stderr=sys.stderr)
        self._connect()

    def _connect(self) -> None:
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=_PATIENCE)

    @property
    def process(self) -> int:
        return int(self.manager.provisioner.process.pid)

    def execute(self, cells: list[str]) -> str:
        """All at once, as “run all” asks for them. “full” if none raised, “none” if the kernel died."""
        asked = [self.ask(cell) for cell in cells]
        fine = True
        while True:
            message = self.hear()
            if message is None:
                return "none"
            about, kind = message["parent_header"].get("msg_id"), message["msg_type"]
            fine = fine and not (kind == "error" and about in asked)
            if kind == "status" and message["content"]["execution_state"] == "idle" and about == asked[-1]:
                return "full" if fine else "less"

    def ask(self, cell: str) -> str:
        """Returns the question's id."""
        return str(self.client.execute(cell, store_history=True, stop_on_error=True))

    def hear(self) -> dict[str, Any] | None:
        """What the kernel says next; None if it has died."""
        while True:
            try:
                message: dict[str, Any] = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                if not self.manager.is_alive():
                    return None
            else:
                return message

    def afresh(self, cells: list[str]) -> str:
        """Restart, then run all: what a learner does to be sure of a result."""
        self.restart()
        return self.execute([*self.setup, *cells])

    def restart(self) -> None:
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self._connect()

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class Server:
    """A Jupyter Server; a token of its own, on a port of its own."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = int(free.getsockname()[1])
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
        self.process = subprocess.Popen(
            [*command, f"--port={self.port}", "--ServerApp.port_retries=0", _NO_PINGS],
            env={**os.environ, "JUPYTER_TOKEN": self.token},
            stdout=sys.stderr,
        )

    def make_kernel(self) -> str:
        """Its id. Waits for the server."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
            headers = {"authorization": f"token {self.token}", "content-type": "application/json"}
            try:
                connection.request("POST", "/api/kernels", '{"name": "python3"}', headers)
                return str(json.loads(connection.getresponse().read())["id"])
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            finally:
                connection.close()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


class ServedKernel(Kernel):
    """Spoken to as a page does: JSON through a WebSocket of the server's. It is never restarted."""

    def __init__(self, server: Server, setup: list[str]) -> None:
        self._server, self._session = server, secrets.token_hex(8)
        super().__init__(setup)

    def _start(self) -> None:
        import websocket  # of the environment that has the server

        address = f"ws://127.0.0.1:{self._server.port}/api/kernels/{self._server.make_kernel()}/channels"
        known = f"token={self._server.token}&session_id={self._session}"
        self._socket = websocket.create_connection(f"{address}?{known}", timeout=_PATIENCE)

    @property
    def process(self) -> int:
        return self._server.process.pid

    def ask(self, cell: str) -> str:
        header = {"msg_id": secrets.token_hex(16), "msg_type": "execute_request", "session": self._session}
        header |= {"username": "", "version": "5.3", "date": ""}
        content = {"code": cell, "silent": False, "store_history": True, "stop_on_error": True}
        content |= {"user_expressions": {}, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": []}
        self._socket.send(json.dumps({**message, "channel": "shell"}))
        return str(header["msg_id"])

    def hear(self) -> dict[str, Any] | None:
        """Answers of the shell come on the same line: only what all may hear is of interest."""
        while True:
            message: dict[str, Any] = json.loads(self._socket.recv())
            if message.get("channel") == "iopub":
                return message

    def close(self) -> None:
        self._socket.close()


KERNELS: list[Kernel] = []
SERVERS: list[Server] = []


def _timed(kernel: Kernel, afresh: bool, cells: list[str]) -> dict[str, Any]:
    begun = time.monotonic()
    verdict = kernel.afresh(cells) if afresh else kernel.execute(cells)
    return {"seconds": time.monotonic() - begun, "verdict": verdict, "ended": time.monotonic()}


def start(count: int, setup: list[str], served: bool) -> dict[str, Any]:
    """Warm kernels."""
    if served and not SERVERS:
        SERVERS.append(Server())
    while len(KERNELS) < count:
        KERNELS.append(ServedKernel(SERVERS[0], setup) if served else Kernel(setup))
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
        for one in [*KERNELS, *SERVERS]:
            one.close()


if __name__ == "__main__":
    main()
