"""Outputs are hostile until they are checked: nothing that links, loads or runs comes through."""

from __future__ import annotations

import base64
import contextlib
import json
import struct
import zlib
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workers import lab, outputs
from workers.lab import display
from workers.outputs import Unshowable, check_error, check_output, clean_text


def figure(**changes: Any) -> dict[str, Any]:
    return {"kind": "figure", "figure": {"data": [{"type": "bar", "y": [1, 2], **changes}], "layout": {}}}


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int = 2, height: int = 2, extra: bytes = b"", tail: bytes = b"") -> str:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes((1 + 3 * 2) * 2)))
    data = b"\x89PNG\r\n\x1a\n" + header + extra + pixels + chunk(b"IEND", b"") + tail
    return base64.b64encode(data).decode()


def test_our_own_figures_come_through_as_they_are() -> None:
    for made in (lab.heatmap(torch.randn(3, 4), heads=True), lab.line({"a": torch.arange(3)})):
        described = display.describe(made)
        assert described is not None
        assert check_output(described) == described


@pytest.mark.parametrize("kind", ["scatter3d", "choropleth", "image", "sankey", "", 3, None])
def test_a_trace_the_page_cannot_draw_is_named(kind: Any) -> None:
    with pytest.raises(Unshowable, match="which this page cannot draw"):
        check_output(figure(type=kind))


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.org">click</a>',
        '<img src=x onerror="alert(1)">',
        "<script>alert(1)</script>",
        '<b onclick="x()">',
        "<svg/onload=alert(1)>",
        "<A HREF='javascript:1'",
        "<!-- x -->",
    ],
)
def test_tags_that_link_load_or_run_are_taken_out_of_a_figures_texts(text: str) -> None:
    shown = json.dumps(check_output(figure(name=text, hovertemplate=text)))
    assert not any(
        word in shown.lower() for word in ("href", "onerror", "<script", "onclick", "<svg", "<!--")
    )


@pytest.mark.parametrize(
    "text", ["loss < 3 nats", "<|endoftext|>", "<b>bold</b><br>next", "%{z}<extra></extra>"]
)
def test_harmless_text_stays(text: str) -> None:
    assert check_output(figure(name=text))["figure"]["data"][0]["name"] == text


def test_outside_images_and_sources_are_left_out() -> None:
    output = figure(xsrc="user:1", customdata=[1])
    output["figure"]["layout"] = {
        "images": [{"source": "https://example.org/x.png"}],
        "mapbox": {},
        "meta": {},
    }
    clean = check_output(output)["figure"]
    assert clean["layout"] == {"meta": {}}
    assert "xsrc" not in clean["data"][0]


def test_a_figure_that_is_too_large_says_the_size_and_what_to_do() -> None:
    with pytest.raises(Unshowable, match=r"larger than 4 MB.*Plot fewer points"):
        check_output(figure(y=[1.0] * 500_000))
    with pytest.raises(Unshowable, match="larger than 4 MB"):
        check_output(figure(y={"dtype": "f4", "bdata": "A" * (5 << 20)}))


def test_malformed_arrays_and_depths_are_refused() -> None:
    deep: Any = 1
    for _ in range(50):
        deep = [deep]
    for y in (
        {"dtype": "O", "bdata": ""},
        {"dtype": "f4", "bdata": "<a>"},
        {"bdata": 3, "dtype": "f4"},
        deep,
    ):
        with pytest.raises(Unshowable):
            check_output(figure(y=y))


def test_attention_needs_data_of_its_shape() -> None:
    view = lab.attention(["a", "b"], torch.eye(2)[None], guess=(0, 1)).describe_output()
    assert check_output(view) == view
    for broken in (
        {"shape": [1, 2, 3]},
        {"shape": [0, 2, 2]},
        {"shape": [True, 2, 2]},
        {"shape": None},
        {"tokens": ["a"]},
        {"tokens": [1, 2]},
        {"labels": []},
        {"data": "AAAA"},
        {"data": "<script>"},
        {"data": None},
    ):
        with pytest.raises(Unshowable):
            check_output({**view, **broken})
    assert check_output({**view, "guess": {"head": 5, "query": 0}})["guess"] is None


def test_an_image_is_rebuilt_without_anything_that_is_no_picture() -> None:
    dirty = png(extra=chunk(b"tEXt", b"Comment\x00<script>"), tail=b"<html><script>")
    assert check_output({"kind": "image", "png": dirty, "alt": "x"}) == {
        "kind": "image",
        "png": png(),
        "alt": "x",
    }


@pytest.mark.parametrize(
    "data",
    [
        png(width=100_000),
        png(height=0),
        png()[:-20],
        base64.b64encode(b"<svg>").decode(),
        base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(),
        "?",
        None,
    ],
    ids=lambda data: str(data)[:20],
)
def test_what_is_no_png_is_refused(data: Any) -> None:
    with pytest.raises(Unshowable):
        check_output({"kind": "image", "png": data})


@pytest.mark.parametrize("output", [None, 3, [], {}, {"kind": "html", "text": "<b>"}, {"kind": ["result"]}])
def test_an_unknown_kind_is_refused(output: Any) -> None:
    with pytest.raises(Unshowable):
        check_output(output)


def test_text_can_be_stored_everywhere() -> None:
    assert clean_text("a\x00b\ud800c") == "a\ufffdb?c"
    assert clean_text(None) == ""
    assert clean_text("x" * 50, 10) == "x" * 10 + "… (cut)"


def test_an_error_keeps_its_fields_and_nothing_else() -> None:
    assert check_error(None) is None
    error = check_error({"type": "ValueError", "message": 3, "line": -1, "cell": "a", "more": "x"})
    assert error == {"type": "ValueError", "message": "", "line": None, "cell": "a", "traceback": ""}
    assert check_error("x") == {"type": "Error", "message": "", "line": None, "cell": "", "traceback": ""}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=15,
)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["figure", "attention", "image", "result", "notice"]), json_values, json_values)
def test_any_json_gives_an_output_or_a_sentence(kind: str, one: Any, other: Any) -> None:
    given_output = {"kind": kind, "figure": {"data": one, "layout": other}, "png": one, "text": other}
    given_output |= {"shape": one, "tokens": other, "labels": one, "data": other}
    with contextlib.suppress(Unshowable):
        json.dumps(outputs.check_output(given_output), allow_nan=False)
