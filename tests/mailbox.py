"""A real SMTP server in this process: it keeps what it is handed, or refuses as it is told."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class Mailbox(socketserver.ThreadingTCPServer):
    """What has come. `refusal`: what it says to every recipient instead of taking the mail."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[tuple[list[str], EmailMessage]] = []
        self.refusal = ""
        self.credentials = ""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def text(self, number: int = -1) -> str:
        """Of one letter, its words."""
        body = self.letters[number][1].get_body()
        assert body is not None
        return str(body.get_content())

    def link(self, number: int = -1) -> str:
        """The first link in a letter: its path."""
        found = re.search(r"https?://[^/\s]+(/\S+)", self.text(number))
        assert found is not None
        return found[1]


class _Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 a mailbox for tests")
        to: list[str] = []
        while line := self.rfile.readline().decode().strip():
            word = line.upper()
            if word.startswith("EHLO"):
                self._say("250-mailbox\r\n250-8BITMIME\r\n250 AUTH PLAIN")
            elif word.startswith("AUTH"):
                self.server.credentials = line.split()[2]
                self._say("235 welcome")
            elif word.startswith("RCPT"):
                to.append(line[8:].strip("<> "))
                self._say(self.server.refusal or "250 fine")
            elif word == "DATA":
                self._take(to)
                to = []
            elif word == "QUIT":
                return self._say("221 bye")
            else:
                self._say("250 fine")

    def _take(self, to: list[str]) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.server.letters.append((to, message))
        self._say("250 kept")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def running() -> Iterator[Mailbox]:
    """One that listens, until it is left."""
    with Mailbox() as mailbox:
        thread = threading.Thread(target=mailbox.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield mailbox
        finally:
            mailbox.shutdown()
            thread.join()
