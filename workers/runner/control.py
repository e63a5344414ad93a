"""What supervisor and zygote say to each other: small JSON of one length, with file descriptors beside it.

A fixed length keeps each message and its descriptors together on every system's stream sockets.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

SIZE = 4096
_MOST_DESCRIPTORS = 4

Message = dict[str, Any]


def send(channel: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    """Write one message whole, with copies of the descriptors."""
    data = json.dumps(message).encode().ljust(SIZE)
    if len(data) > SIZE:
        raise ValueError("this message is too long")
    sent = socket.send_fds(channel, [data], list(descriptors)) if descriptors else 0
    channel.sendall(data[sent:])


def receive(channel: socket.socket) -> tuple[Message, list[int]] | None:
    """Read one message; None if the other side is gone. The caller owns the descriptors."""
    data, descriptors = b"", []
    while len(data) < SIZE:
        try:
            piece, more, _, _ = socket.recv_fds(channel, SIZE - len(data), _MOST_DESCRIPTORS)
        except ConnectionError:
            piece, more = b"", []
        descriptors += more
        if not piece:
            close(descriptors)
            return None
        data += piece
    return json.loads(data), descriptors


def close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
