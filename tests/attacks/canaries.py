"""Secrets that are planted everywhere, and the search for them in all that a learner or mentor could see."""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

KINDS = (
    *("worker", "runner", "examiner", "redis"),  # in the environment of each
    *(
        "database",
        "file",
        "key",
        "course",
        "expected",
    ),  # a row, beside the data folder, in Redis, the examiner
    *("stream", "datagram", "abstract", "socket"),  # told to whoever connects
    *("neighbour", "before"),  # in what others run, now and earlier
)


def plant() -> dict[str, str]:
    """A canary of each kind. Attacks know their form, `canary-KIND-16 digits`, and none of them."""
    return {kind: f"canary-{kind}-{secrets.token_hex(8)}" for kind in KINDS}


def found_in(canaries: dict[str, str], everything: Iterable[Any]) -> set[str]:
    """The kinds of canaries that occur, in any disguise of letters, in any of these values."""
    text = "\n".join(json.dumps(value, default=str) for value in everything).lower()
    return {kind for kind, canary in canaries.items() if _digits(canary) in text or _as_hex(canary) in text}


def _digits(canary: str) -> str:
    return canary.rpartition("-")[2]


def _as_hex(canary: str) -> str:
    return _digits(canary).encode().hex()


class Listeners:
    """Doors that nobody inside may find: each tells a canary to whoever knocks."""

    def __init__(self, folder: Path, canaries: dict[str, str]) -> None:
        self._canaries = canaries
        self.stream = socket.create_server(("127.0.0.1", 0))
        self.datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagram.bind(("127.0.0.1", 0))
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract_name = f"unembed-test-{secrets.token_hex(4)}"
        self.abstract.bind(f"\0{self.abstract_name}")
        self.abstract.listen()
        self.path = folder / "door.sock"
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(str(self.path))
        self.unix.listen()
        self.mailbox_path = folder / "mailbox.sock"
        self.mailbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.mailbox.bind(str(self.mailbox_path))
        self.mailbox.setblocking(False)
        for path in (self.path, self.mailbox_path):
            path.chmod(0o777)
        for kind, listening in (("stream", self.stream), ("abstract", self.abstract), ("socket", self.unix)):
            threading.Thread(target=self._tell, args=(listening, canaries[kind]), daemon=True).start()
        threading.Thread(target=self._answer, daemon=True).start()

    def mail(self) -> list[bytes]:
        """What was dropped into the mailbox."""
        found = []
        while True:
            try:
                found.append(self.mailbox.recv(4096))
            except BlockingIOError:
                return found

    def close(self) -> None:
        for each in (self.stream, self.datagram, self.abstract, self.unix, self.mailbox):
            for shut in (lambda each=each: each.shutdown(socket.SHUT_RDWR), each.close):
                try:
                    shut()
                except OSError:
                    continue

    def _tell(self, listening: socket.socket, canary: str) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.sendall(canary.encode())

    def _answer(self) -> None:
        while True:
            try:
                _, sender = self.datagram.recvfrom(100)
            except OSError:
                return
            if sender is None:  # closed
                return
            self.datagram.sendto(self._canaries["datagram"].encode(), sender)
