"""Whatever a child sends as a value: it is read, or refused with an error that is made for that."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jaxtyping import Bool, Complex, Float, Int, Num, Shaped
from plotly.graph_objects import Figure
from torch import Tensor

from tests.wire import hostile
from workers import outputs, wire
from workers.examiner.answer import _unpacked, alike, described
from workers.examiner.figures import Figure as Drawn
from workers.examiner.judge import judge
from workers.examiner.trouble import Unfit, Unreadable
from workers.lab.compare import Different, same

ANNOTATIONS = (
    Float[Tensor, "n"], Int[Tensor, "n"], Bool[Tensor, "n"], Float[Tensor, ""], Float[Tensor, "*batch n"],
    Num[Tensor, "..."], Complex[Tensor, "..."], Shaped[Tensor, "..."], Float[Tensor, "n n"], Tensor, Any,
    None, int, float, bool, str, list[int], list[float], tuple[float, float], tuple[Float[Tensor, "n"], ...],
    dict[str, float], dict[str, Float[Tensor, "n"]], Float[Tensor, "n"] | None, Figure,
)  # fmt: skip
WANTED = (torch.ones(2), torch.tensor(True), 1, 1.5, True, "text", None, (1, 2.0), [torch.ones(1)], {"a": 1})


@settings(max_examples=150)
@example(10**300, b"", Float[Tensor, ""], torch.tensor(True))
@given(hostile.values, hostile.bodies, st.sampled_from(ANNOTATIONS), st.sampled_from(WANTED))
def test_any_value_is_judged_or_refused(packed: Any, body: bytes, annotation: Any, want: Any) -> None:
    try:
        value = _unpacked({"value": packed}, body)
    except Unreadable:
        return
    described(value)
    alike(value, value)
    with contextlib.suppress(Different):
        same(value, want)
    with contextlib.suppress(Unfit, Different):
        found = judge(value, annotation, {"n": 2}, "`f`")
        described(found)
        if isinstance(found, Drawn):
            look_at(found)


def look_at(figure: Drawn) -> None:
    """As checks do. Raises Unfit and Different."""
    assert isinstance(figure.text("title"), str)
    assert isinstance(figure.text("xaxis", "title"), str)
    same(figure.values("heatmap", "z"), torch.eye(2))


@settings(max_examples=60)
@given(hostile.anything, hostile.arrays)
def test_any_output_is_cleaned_or_refused(output: Any, array: dict[str, Any]) -> None:
    kinds = ("result", "notice", "figure", "attention", "image")
    for kind in kinds:
        claimed = {
            "kind": kind,
            "figure": {"data": [output, array]},
            "text": output,
            "png": output,
            "data": output,
        }
        with contextlib.suppress(outputs.Unshowable):
            wire.encode(outputs.check_output(claimed))
    with contextlib.suppress(outputs.Unshowable):
        outputs.check_output(output)
    wire.encode({"error": outputs.check_error(output)})


@settings(max_examples=60)
@given(st.lists(hostile.frames, max_size=4), st.binary(max_size=30), st.data())
def test_any_frames_however_cut_are_read_or_refused_alike(
    frames: list[bytes], end: bytes, data: st.DataObject
) -> None:
    sent = b"".join(frames) + end
    whole, refused = _read(wire.Reader(), [sent])
    again, refused_again = _read(wire.Reader(), data.draw(hostile.pieces(sent)))
    assert refused == refused_again
    assert again == whole
    assert _received(sent) == whole


def _read(reader: wire.Reader, pieces: list[bytes]) -> tuple[list[wire.Frame], bool]:
    found: list[wire.Frame] = []
    for piece in [*pieces, b""]:
        try:
            found += reader.feed(piece)
        except wire.WireError:
            return found, True
    return found, False


def _received(sent: bytes) -> list[wire.Frame]:
    """The same by the other way to read: from a socket, waiting for the rest."""
    ours, theirs = socket.socketpair()
    found: list[wire.Frame] = []
    with ours, theirs:
        theirs.sendall(sent)
        theirs.close()
        with contextlib.suppress(wire.WireError):
            while (frame := wire.receive(ours)) is not None:
                found.append(frame)
    return found


@pytest.mark.parametrize("text", [b'{"value": 1e999}', b'{"value": [-1e999]}', b'{"value": {"a": 1e400}}'])
def test_a_number_too_large_for_a_float_is_no_frame(text: bytes) -> None:
    """It would be read as infinity, which cannot be written again."""
    with pytest.raises(wire.WireError):
        wire.Reader().feed(hostile.frame(text))
