"""A network of the cohort's own, which nothing else of this machine is in; and the door through which its
people come, as Caddy is one.
"""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.processes import spawn, stop

SWITCH = "10.77.0.1"
_NEWNET = 0x40000000
_PATIENCE = 30.0  # seconds for which Caddyfile holds a request that finds nobody


@contextmanager
def switch() -> Iterator[int]:
    """The process whose network has the bridge, at the address SWITCH; it ends with us."""
    holder = spawn(["/usr/bin/unshare", "--net", "/bin/sleep", "infinity"])
    try:
        while Path(f"/proc/{holder.pid}/comm").read_text() != "sleep\n":
            assert holder.poll() is None, "no network namespace may be made here"
            time.sleep(0.01)
        for command in (
            "link add bridge type bridge",
            f"address add {SWITCH}/24 dev bridge",
            "link set bridge up",
            "link set lo up",
        ):
            subprocess.run(["nsenter", "-t", str(holder.pid), "-n", "ip", *command.split()], check=True)
        yield holder.pid
    finally:
        stop([holder], 1)


class Door:
    """Listens on this machine's loopback and passes everything on to one of `targets`, in turns.

    Who finds nobody is held for a moment, and sent to the next.
    """

    def __init__(self, holder: int, port: int) -> None:
        self.targets: list[str] = []
        self._port, self._turns = port, itertools.count()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, args=(holder,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._listener.close()

    def _live(self, holder: int) -> None:
        """What this thread opens from here on is in the cohort's network."""
        with open(f"/proc/{holder}/ns/net") as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), _NEWNET) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self._listener))
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            there, to = await self._connect()
            await asyncio.gather(_pass_on(reader, to), _pass_on(there, writer))
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        deadline = time.monotonic() + _PATIENCE
        while True:
            target = self.targets[next(self._turns) % len(self.targets)]
            try:
                return await asyncio.open_connection(target, self._port)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    with suppress(OSError):
        target.close()
