"""Outputs are hostile until they are checked: nothing that links, loads or runs comes through."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any

import plotly.express as px
import plotly.graph_objects as go
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plotly.subplots import make_subplots

from workers import lab, outputs
from workers.lab import display
from workers.outputs import Unshowable, check_error, check_output, clean_text


def figure(**changes: Any) -> dict[str, Any]:
    return {"kind": "figure", "figure": {"data": [{"type": "bar", "y": [1, 2], **changes}], "layout": {}}}


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PIXELS = bytes((1 + 3 * 2) * 2)  # two rows of two


def png(
    width: int = 2,
    height: int = 2,
    extra: bytes = b"",
    tail: bytes = b"",
    *,
    packed: bytes = zlib.compress(PIXELS),
    interlaced: int = 0,
) -> str:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlaced))
    pixels = chunk(b"IDAT", packed)
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
        '<b onclick="x()">',
        "<b style='background:url(https://example.org)'>",
        "<A HREF='javascript:1'",
        "<!-- x -->",
        '<<script>a href="https://example.org">',
        "%{y:<=6x} href='https://example.org'>",
        "<%{text} href='https://example.org'>",
        "%{x|<}a href='https://example.org'>",
        "ends with <",
    ],
)
def test_marks_that_could_link_load_or_run_are_only_signs_in_a_figures_texts(text: str) -> None:
    shown = json.dumps(check_output(figure(name=text, hovertemplate=text, customdata=[text], ids=[[text]])))
    assert not re.search(r"<(?!/?b>)[^ 0-9|]", shown)


@pytest.mark.parametrize(
    "text", ["loss < 3 nats", "<|endoftext|>", "<b>bold</b><br>next", "%{z}<extra></extra>", "a <3"]
)
def test_harmless_text_stays(text: str) -> None:
    assert check_output(figure(name=text))["figure"]["data"][0]["name"] == text


@pytest.mark.parametrize(
    ("layout", "part"),
    [
        ({"images": [{"source": "https://example.org/x.png"}]}, "layout.images"),
        ({"mapbox": {"style": "https://example.org/style"}}, "layout.mapbox"),
        ({"map": {}}, "layout.map"),
        ({"geo": {"visible": True}}, "layout.geo"),
        ({"scene2": {}}, "layout.scene2"),
        ({"onclick": "x()"}, "layout.onclick"),
        ({"__proto__": {"x": 1}}, "layout.__proto__"),
        ({"xaxis": {"title": {"href": "x"}}}, "layout.xaxis.title.href"),
        ({"annotations": [{"text": "x"}, {"xlink:href": "x"}]}, "layout.annotations[1].xlink:href"),
        ({"images[0].source": "https://example.org"}, "layout.images[0].source"),
    ],
)
def test_what_plotly_does_not_know_or_we_do_not_show_is_named(layout: dict[str, Any], part: str) -> None:
    output = figure()
    output["figure"]["layout"] = layout
    with pytest.raises(Unshowable, match=re.escape(f"“{part}”, which this page does not show")):
        check_output(output)


@pytest.mark.parametrize(
    "changes",
    [
        {"orientation": "<a href=x>"},
        {"marker": {"color": "url(javascript:1)!"}},
        {"marker": "red"},
        {"width": "12"},
        {"hoverlabel": {"align": {"x": 1}}},
        {"textfont": [1]},
        {"offset": {"a": 1}},
        {"y": {"a": 1}},
        {"visible": "on\nload"},
    ],
)
def test_a_value_of_another_kind_is_named(changes: dict[str, Any]) -> None:
    with pytest.raises(Unshowable, match=r"“data\[0\]\.[a-z.]+” is not of the kind"):
        check_output(figure(**changes))


def test_sources_frames_and_buttons_are_left_out_and_free_places_hold_no_prototypes() -> None:
    output = figure(xsrc="user:1", uid="x", customdata=[1], meta={"__proto__": {"x": 1}, "a": ["<a"]})
    output["figure"] |= {"layout": {"modebar": {"add": ["sendDataToCloud"]}}, "frames": [{"data": []}]}
    clean = check_output(output)["figure"]
    assert clean == {
        "data": [{"type": "bar", "y": [1, 2], "customdata": [1], "meta": {"a": ["&lt;a"]}}],
        "layout": {},
    }


def test_a_menu_that_sets_known_things_stays_and_any_other_is_left_out_with_a_word() -> None:
    plain = {"args": [{"visible": [True]}, {"title.text": "x", "xaxis.range[0]": 1}], "method": "update"}
    hostile: list[dict[str, Any]] = [
        {"args": ["images[0].source", "https://example.org/x.png"], "method": "relayout"},
        {"args": [{"images": [{"source": "x"}]}], "method": "relayout"},
        {"args": [{"annotations": [{"text": "x"}]}], "method": "relayout"},
        {"args": [None], "args2": [{"map.style": "x"}], "method": "relayout"},
        {"args": [{"type": "choropleth"}], "method": "restyle"},
        {"args": ["x"], "method": "animate"},
        {"args": "visible", "method": "restyle"},
    ]
    output = figure()
    menus = [{"buttons": [plain]}, *({"buttons": [plain, step]} for step in hostile), {"buttons": "x"}]
    output["figure"]["layout"] = {"updatemenus": menus, "sliders": [{"steps": [hostile[0]]}]}
    clean = check_output(output)
    assert clean["figure"]["layout"] == {"updatemenus": [{"buttons": [plain]}], "sliders": []}
    assert "a menu or slider" in clean["note"]


def test_a_theme_of_plotlys_comes_through_without_what_it_says_of_maps() -> None:
    for theme in ("plotly", "plotly_dark", "simple_white"):
        described = display.describe(go.Figure(go.Bar(y=[1]), layout={"template": theme}))
        assert described is not None
        clean = check_output(described)["figure"]["layout"]["template"]
        assert "xaxis" in clean["layout"]
        assert not {"geo", "scene", "mapbox", "map"} & set(clean["layout"])
        assert set(clean.get("data", ())) <= outputs.TRACE_TYPES


@pytest.mark.parametrize(
    "make",
    [
        lambda: px.imshow(torch.rand(3, 2).numpy(), text_auto=True, x=["<s>", "b"]),
        lambda: px.imshow(torch.rand(4, 3, 2).numpy(), facet_col=0, facet_col_wrap=2),
        lambda: px.bar(x=["a", "b"], y=[1, 2], pattern_shape=["/", "\\"], log_y=True),
        lambda: px.histogram(x=[1, 2, 2], nbins=2, marginal="box"),
        lambda: px.violin(y=[1, 2, 3], box=True, points="all"),
        lambda: px.scatter(x=[1, 2], y=[3, 4], size=[1, 2], symbol=["a", "b"], marginal_y="violin"),
        lambda: px.density_heatmap(x=[1, 2], y=[3, 4]),
        lambda: (
            make_subplots(2, 2, subplot_titles=list("abcd"))
            .add_scatter(y=[1, 2], row=2, col=2, error_y={"array": [0.1, 0.2]}, fill="tozeroy")
            .add_hline(1, annotation_text="<b>x</b>")
        ),
    ],
)
def test_what_people_draw_comes_through_and_plotly_still_takes_it(make: Callable[[], go.Figure]) -> None:
    described = display.describe(make())
    assert described is not None
    clean = check_output(described)
    assert go.Figure(clean["figure"]).to_plotly_json()["data"]
    assert "note" not in clean


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
        {"bdata": "AAAA", "dtype": "f4"},
        {"bdata": "AAAAAAAA", "dtype": "i1", "shape": "3, 3"},
        {"bdata": "", "dtype": "i1", "shape": "99999999, 0, 1, 1"},
        deep,
    ):
        with pytest.raises(Unshowable):
            check_output(figure(y=y))


def test_more_parts_than_a_page_can_draw_are_refused() -> None:
    many = figure()
    many["figure"]["data"] *= 2001
    with pytest.raises(Unshowable, match="2001 traces"):
        check_output(many)
    axes = figure()
    axes["figure"]["layout"] = {f"xaxis{i}": {} for i in range(2, 300)}
    with pytest.raises(Unshowable, match="200 axes"):
        check_output(axes)


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
        png(4000, 4000, packed=zlib.compress(bytes((1 + 3 * 4000) * 4000))),
        png(packed=zlib.compress(bytes(50 << 20))),
        png(packed=zlib.compress(PIXELS[:-1])),
        png(packed=zlib.compress(PIXELS)[:-3]),
        png(packed=b"<html>"),
        png(interlaced=1),
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


NOTHING = {"traceback": "", "shapes": ""}


def test_an_error_keeps_its_fields_and_nothing_else() -> None:
    assert check_error(None) is None
    error = check_error({"type": "ValueError", "message": 3, "line": -1, "cell": "a", "more": "x"})
    assert error == {"type": "ValueError", "message": "", "line": None, "cell": "a", **NOTHING}
    assert check_error("x") == {"type": "Error", "message": "", "line": None, "cell": "", **NOTHING}


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


LOOP = {"kind": "progress", "title": "t", "done": 4, "total": 10, "seconds": 1.5, "state": "running"}


def test_a_loop_comes_through_as_it_is() -> None:
    assert check_output(LOOP) == LOOP


@pytest.mark.parametrize(
    ("claimed", "kept"),
    [
        ({"done": -1}, {"done": 0}),
        ({"done": True}, {"done": 0}),
        ({"done": 11}, {"done": 11, "total": None}),
        ({"total": "10"}, {"total": None}),
        ({"seconds": float("nan")}, {"seconds": 0.0}),
        ({"seconds": "1"}, {"seconds": 0.0}),
        ({"state": ["running"]}, {"state": "stopped"}),
        ({"title": ["t"], "html": "x"}, {"title": ""}),
    ],
)
def test_of_a_loop_what_cannot_be_is_left_out(claimed: dict[str, Any], kept: dict[str, Any]) -> None:
    assert check_output(LOOP | claimed) == LOOP | kept


@pytest.mark.parametrize(
    "views",
    [
        None,
        [],
        ["x"],
        [{"name": "<b>", "figures": [{"data": []}]}],
        [{"name": "Overlaid", "figures": []}],
        [{"name": "Overlaid", "figures": [{"data": []}] * 3}],
        [{"name": ["Overlaid"], "figures": [{"data": []}]}],
        [{"name": "Overlaid", "figures": [{"data": [{"type": "scatter3d"}]}]}],
        [{"name": "Overlaid", "figures": [{"data": []}]}] * 4,
    ],
)
def test_a_malformed_comparison_is_refused(views: Any) -> None:
    with pytest.raises(Unshowable):
        check_output({"kind": "beside", "title": "", "words": "", "views": views})
