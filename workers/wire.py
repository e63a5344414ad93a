"""The frames both sides of a socket speak: two lengths, a JSON object, a body of bytes.

A frame is `>II` (bytes of JSON, bytes of body), the JSON, the body (safetensors, or nothing). The other side
may be hostile: lengths are checked before anything is read, the JSON must be one plain object, and nothing is
ever unpickled. Whatever is wrong with a frame is a `WireError`.
"""

from __future__ import annotations

import json
import math
import os
import socket
import struct
from typing import Any

MAX_JSON = 8 << 20  # bytes
MAX_BODY = 64 << 20  # bytes

Frame = tuple[dict[str, Any], bytes]
Channel = socket.socket | int  # a socket, or a file descriptor

_LENGTHS = struct.Struct(">II")
_CHUNK = 1 << 16


class WireError(Exception):
    """What came is not a frame, or it is larger than a frame may be."""


def encode(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One frame as bytes. Raises `WireError` if it would be larger than the other side accepts."""
    try:
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError, UnicodeEncodeError) as error:
        raise WireError(f"this cannot be written as JSON: {error}") from None
    _check_lengths(len(text), len(body))
    return _LENGTHS.pack(len(text), len(body)) + text + body


def send(channel: Channel, header: dict[str, Any], body: bytes = b"") -> None:
    """Write one frame, whole."""
    data = encode(header, body)
    if isinstance(channel, socket.socket):
        channel.sendall(data)
        return
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(channel, rest) :]


def receive(channel: Channel) -> Frame | None:
    """Read one frame; None if the other side closed between two frames."""
    start = _read(channel, _LENGTHS.size)
    if not start:
        return None
    text_length, body_length = _lengths(start)
    text = _read(channel, text_length)
    body = _read(channel, body_length)
    if len(start) < _LENGTHS.size or len(text) < text_length or len(body) < body_length:
        raise WireError("the other side closed in the middle of a frame")
    return _parse(text), body


class Reader:
    """Cuts frames out of bytes that arrive in any pieces, for those who must never wait for the rest."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._broken: WireError | None = None  # what came last is no frame
        self.received = 0  # bytes, ever

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`. Holds at most one unfinished frame.

        Raises `WireError`; where whole frames came before what is none, at the next call: the same bytes
        give the same frames however they were cut.
        """
        if self._broken is not None:
            raise self._broken
        self._held += data
        self.received += len(data)
        frames: list[Frame] = []
        try:
            while (frame := self._next()) is not None:
                frames.append(frame)
        except WireError as error:
            self._broken = error
            if not frames:
                raise
        return frames

    def _next(self) -> Frame | None:
        if len(self._held) < _LENGTHS.size:
            return None
        text_length, body_length = _lengths(self._held[: _LENGTHS.size])
        middle = _LENGTHS.size + text_length
        end = middle + body_length
        if len(self._held) < end:
            return None
        frame = _parse(bytes(self._held[_LENGTHS.size : middle])), bytes(self._held[middle:end])
        del self._held[:end]
        return frame


def _lengths(start: bytes | bytearray) -> tuple[int, int]:
    if len(start) < _LENGTHS.size:
        raise WireError("the other side closed in the middle of a frame")
    text_length, body_length = _LENGTHS.unpack(start)
    _check_lengths(text_length, body_length)
    return text_length, body_length


def _check_lengths(text_length: int, body_length: int) -> None:
    if text_length > MAX_JSON:
        raise WireError(f"{text_length} bytes of JSON; at most {MAX_JSON} are allowed")
    if body_length > MAX_BODY:
        raise WireError(f"a body of {body_length} bytes; at most {MAX_BODY} are allowed")


def _parse(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError, UnicodeDecodeError):  # ValueError: also integers of too many digits
        raise WireError("the header is not JSON") from None
    if not isinstance(header, dict):
        raise WireError("the header is not a JSON object")
    return header


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    """`1e999` is JSON, but would be read as infinity, which is not: nobody could write it again."""
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large for a float")
    return number


def _read(channel: Channel, length: int) -> bytes:
    """Up to `length` bytes; fewer only if the other side closed."""
    data = bytearray()
    while len(data) < length:
        wanted = min(length - len(data), _CHUNK)
        piece = channel.recv(wanted) if isinstance(channel, socket.socket) else os.read(channel, wanted)
        if not piece:
            break
        data += piece
    return bytes(data)
