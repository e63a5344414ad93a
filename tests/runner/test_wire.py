"""Frames: whatever bytes come, there is a frame, or a WireError, and never anything else."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers import wire

LENGTHS = struct.Struct(">II")


def frame(text: bytes, body: bytes = b"") -> bytes:
    return LENGTHS.pack(len(text), len(body)) + text + body


def test_what_is_sent_is_received() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire.send(ours, {"op": "cell", "text": "é∂"}, b"\x00\xff")
        wire.send(ours, {})
        assert wire.receive(theirs) == ({"op": "cell", "text": "é∂"}, b"\x00\xff")
        assert wire.receive(theirs) == ({}, b"")


def test_a_pipe_carries_a_large_body() -> None:
    reading, writing = os.pipe()
    body = os.urandom(3 << 20)
    sender = threading.Thread(target=wire.send, args=(writing, {"n": 1}, body))
    sender.start()
    assert wire.receive(reading) == ({"n": 1}, body)
    sender.join()
    os.close(reading)
    os.close(writing)


def test_an_end_between_frames_is_none_and_an_end_within_one_is_an_error() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        assert wire.receive(theirs) is None
    for piece in (b"\x00", frame(b"{}", b"abc")[:-1], frame(b'{"a": 1}')[:10]):
        ours, theirs = socket.socketpair()
        with theirs:
            ours.sendall(piece)
            ours.close()
            with pytest.raises(wire.WireError):
                wire.receive(theirs)


@pytest.mark.parametrize("lengths", [(wire.MAX_JSON + 1, 0), (2, wire.MAX_BODY + 1), (2**32 - 1, 2**32 - 1)])
def test_a_length_is_checked_before_anything_is_read(lengths: tuple[int, int]) -> None:
    with pytest.raises(wire.WireError, match="at most"):
        wire.Reader().feed(LENGTHS.pack(*lengths))


@pytest.mark.parametrize(
    "text",
    [
        b"[]",
        b"3",
        b"{",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"[" * 200_000,
        b'{"a": ' * 100_000,
        b'{"a": ' + b"9" * 100_000 + b"}",
        b"",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_header_that_is_no_plain_object_is_refused(text: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.Reader().feed(frame(text))


def test_what_cannot_be_written_is_refused_by_the_sender() -> None:
    loop: list[object] = []
    loop.append(loop)
    for header in ({"a": float("nan")}, {"a": object()}, {"a": loop}, {"a": "x" * wire.MAX_JSON}):
        with pytest.raises(wire.WireError):
            wire.encode(header)
    with pytest.raises(wire.WireError):
        wire.encode({}, bytes(wire.MAX_BODY + 1))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.dictionaries(st.text(), st.integers()), st.binary()), max_size=5), st.data())
def test_frames_are_found_however_the_bytes_are_cut(
    frames: list[tuple[dict[str, int], bytes]], data: st.DataObject
) -> None:
    stream = b"".join(wire.encode(header, body) for header, body in frames)
    reader, found = wire.Reader(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert found == frames


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_give_frames_or_a_wire_error(data: bytes) -> None:
    with contextlib.suppress(wire.WireError):
        for header, body in wire.Reader().feed(data):
            assert isinstance(body, bytes)
            json.dumps(header)
