"""What a hostile child may send, for hypothesis to draw: JSON of every kind, bodies, frames, bent bytes."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from hypothesis import strategies as st

LENGTHS = struct.Struct(">II")
MARKS = (
    "$tensor",
    "$tuple",
    "$dict",
    "$float",
    "$figure",
    "$factored",
    "$model",
    "$folded",
    "$checkpoint",
    "$repr",
)
NAMES = ("0", "1", "2")  # of tensors in a body
# type → bytes of one number
DTYPES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "U16": 2,
    "U32": 4, "U64": 8, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "C64": 8, "F4": 1, "X": 3,
}  # fmt: skip

words = st.one_of(
    st.sampled_from(["nan", "-inf", "attn-only-1l", "gpt2", "f4", "2, 2", "AAAA", *MARKS, *NAMES]),
    st.text(max_size=8),
)
numbers = st.one_of(
    st.integers(-3, 3),
    st.integers(-(2**70), 2**70),
    st.sampled_from([10**400, -(10**4000), 2**63, 1e308]),
    st.floats(allow_nan=False, allow_infinity=False),
)
leaves = st.one_of(st.none(), st.booleans(), numbers, words)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(words, inner, max_size=3),
        st.builds(lambda mark, content: {mark: content}, st.sampled_from(MARKS), inner),
        st.builds(
            lambda kind, data, shape: {"dtype": kind, "bdata": data, "shape": shape}, words, words, inner
        ),
    )


anything = st.recursive(leaves, _nested, max_leaves=12)
"""JSON that may be meant as a packed value, and may be anything else."""

tensors = st.sampled_from([{"$tensor": name} for name in NAMES])


def _figure(trace: Any, layout: Any) -> dict[str, Any]:
    return {"$figure": {"data": trace, "layout": layout}}


def _array(data: bytes, kind: str, shape: str) -> dict[str, Any]:
    return {"dtype": kind, "bdata": base64.b64encode(data).decode(), "shape": shape}


arrays = st.builds(
    _array,
    st.binary(max_size=32),
    st.sampled_from(["f4", "f8", "i1", "u2", "i4", "c8"]),
    st.sampled_from(["", "2, 2", "1", "4", "-1", "0, 3", "2, 2, 2", "99999999999"]),
)
traces = st.fixed_dictionaries(
    {"type": st.one_of(st.sampled_from(["heatmap", "scatter"]), anything)},
    optional={
        "z": st.one_of(arrays, st.lists(st.lists(leaves, max_size=3), max_size=3), anything),
        "x": anything,
    },
)
layouts = st.dictionaries(st.sampled_from(["title", "xaxis", "yaxis"]), anything)
figures = st.builds(_figure, st.one_of(st.lists(st.one_of(traces, anything), max_size=3), anything), layouts)
values = st.one_of(
    tensors,
    st.lists(tensors, max_size=3).map(lambda items: {"$tuple": items}),
    st.builds(lambda key, value: {"$dict": [[key, value]]}, leaves, tensors),
    figures,
    leaves,
    anything,
)
"""Packed values, most of them nearly well formed."""


@st.composite
def _body(draw: st.DrawFn) -> bytes:
    """Bytes as safetensors lays them out, most of them right."""
    header: dict[str, Any] = {}
    data = b""
    for name in NAMES[: draw(st.integers(1, 3))]:
        kind = draw(st.sampled_from(list(DTYPES)))
        shape = draw(st.lists(st.sampled_from([0, 1, 2, 3, 4, 2**40]), max_size=3))
        count = DTYPES[kind]
        for size in shape:
            count *= size
        piece = draw(st.binary(min_size=min(count, 64), max_size=min(count, 64)))
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


bodies = st.one_of(st.just(b""), _body(), _body(), st.binary(max_size=64))

events = st.sampled_from(["started", "done", "value", "text", "output", "confined", "failed", "ended", "ask"])
headers = st.fixed_dictionaries(
    {"event": st.one_of(events, anything)},
    optional={
        "value": values,
        "error": st.one_of(st.none(), anything, st.fixed_dictionaries({"type": anything, "line": anything})),
        "output": st.one_of(
            anything, st.fixed_dictionaries({"kind": words, "figure": anything, "text": anything})
        ),
        "cell": st.one_of(st.just("one"), anything),
        "stream": anything,
        "text": anything,
        "seconds": anything,
        "ended": anything,
    },
)


def frame(header: Any, body: bytes = b"") -> bytes:
    """A frame of any JSON, well formed or not: what a child would write that does not use our encoder."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


_VALUE = b'{"event": "value", "value": %b}'
odd_texts = st.sampled_from(
    [
        b'{"event": 1e999}',
        b'{"a": NaN}',
        b"",
        b"[]",
        b"{",
        b"[" * 5000,
        b'{"event": "text", "text": "\\ud800\\u0000"}',
        *(_VALUE % value for value in (b"-1e999", b"[" * 400 + b"]" * 400, b"9" * 4000, b'"\xff"')),
    ]
)
frames = st.one_of(st.builds(frame, headers, bodies), st.builds(frame, odd_texts, bodies))


def _answer(value: Any, body: bytes) -> bytes:
    return frame({"event": "value", "value": value}, body)


answers = st.builds(_answer, values, bodies)
"""Well-formed answers to a question, of which only the value is odd."""


@st.composite
def bent(draw: st.DrawFn, real: list[bytes]) -> bytes:
    """A frame that a real child has sent, with some of it changed, cut out, doubled or missing at the end."""
    data = bytearray(draw(st.sampled_from(real)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(["flip", "set", "cut", "double", "end"])):
            case "flip" if data:
                data[place] ^= 1 << draw(st.integers(0, 7))
            case "set" if data:
                data[place] = draw(st.integers(0, 255))
            case "cut":
                del data[place : place + draw(st.integers(1, 9))]
            case "double":
                data[place:place] = data[place : place + draw(st.integers(1, 40))]
            case "end":
                del data[place:]
    return bytes(data)


@st.composite
def pieces(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes, cut anywhere."""
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
