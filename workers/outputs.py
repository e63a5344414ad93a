"""What a run claims to have shown, checked before anybody stores or sees it. Plain Python, no torch.

All of it comes from a process that runs a stranger's code. Text stays text (pages escape it), figures are
rebuilt from what Plotly knows, images from the chunks that a picture needs.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

from workers.claims import Unshowable as Unshowable
from workers.claims import clean_text as clean_text
from workers.claims import decoded
from workers.figure_check import check_figure
from workers.plotly_schema import TRACE_TYPES as TRACE_TYPES
from workers.view_check import VIEWS

MAX_NOTES = 200  # on shapes
MAX_IMAGE = 2 << 20
MAX_PIXELS = 4096  # a side
MAX_AREA = 8 << 20  # pixels: what a browser has to hold, four bytes each

Output = dict[str, Any]


def check_output(output: Any) -> Output:
    """A clean copy of one output. Raises `Unshowable`."""
    kind = output.get("kind") if isinstance(output, dict) else None
    checks = {
        "result": _check_result,
        "notice": _check_result,
        "figure": _check_figure,
        "image": _check_image,
        "shapes": _check_shapes,
        "progress": _check_progress,
        "beside": _check_beside,
        "slider": _check_slider,
        **VIEWS,
    }
    if not isinstance(kind, str) or kind not in checks:
        raise Unshowable("Something was shown that this page cannot show.")
    return {"kind": kind, **checks[kind](output)}


def checked(output: Any) -> Output:
    """The output, or a notice that says why it is not shown."""
    try:
        return check_output(output)
    except Unshowable as sentence:
        return {"kind": "notice", "text": str(sentence)}


def check_error(error: Any) -> dict[str, Any] | None:
    """A clean copy of an error, or None for none. Anything malformed becomes an error without details."""
    if error is None:
        return None
    if not isinstance(error, dict):
        error = {}
    line = error.get("line")
    return {
        "type": clean_text(error.get("type"), 200) or "Error",
        "message": clean_text(error.get("message"), 8000),
        "line": line if type(line) is int and 0 < line < 1_000_000 else None,
        "cell": clean_text(error.get("cell"), 200),
        "traceback": clean_text(error.get("traceback"), 20_000),
        "shapes": clean_text(error.get("shapes"), 1000),
    }


def _check_result(output: Output) -> Output:
    return {"text": clean_text(output.get("text"))}


def _check_shapes(output: Output) -> Output:
    lines = output.get("lines")
    if not isinstance(lines, list) or len(lines) > MAX_NOTES:
        raise Unshowable("The notes on shapes are malformed.")
    return {"lines": [_check_note(line) for line in lines]}


def _check_note(note: Any) -> dict[str, Any]:
    if not isinstance(note, list) or len(note) != 5 or type(note[0]) is not int or not 0 < note[0] < 10**6:
        raise Unshowable("The notes on shapes are malformed.")
    name, shape, axes = (clean_text(text, 120) for text in note[1:4])
    return {"line": note[0], "name": name, "shape": shape, "axes": axes, "varies": note[4] is True}


def _check_figure(output: Output) -> Output:
    figure, left_out = check_figure(output.get("figure"))
    note = {"note": left_out} if left_out else {}
    return {"figure": figure, "title": clean_text(output.get("title"), 300), **note}


_VIEWS = ("Side by side", "Overlaid", "Difference")


def _check_beside(output: Output) -> Output:
    """Two figures, and the views of both together."""
    views: Any = output.get("views")
    if not isinstance(views, list) or not 0 < len(views) <= len(_VIEWS):
        raise Unshowable("This comparison has no views.")
    return {
        "title": clean_text(output.get("title"), 300),
        "words": clean_text(output.get("words"), 1000),
        "views": [_check_view(view) for view in views],
    }


def _check_view(view: Any) -> dict[str, Any]:
    figures: Any = view.get("figures") if isinstance(view, dict) else None
    if not isinstance(figures, list) or not 0 < len(figures) <= 2 or view.get("name") not in _VIEWS:
        raise Unshowable("A view of this comparison is malformed.")
    return {"name": str(view["name"]), "figures": [check_figure(figure)[0] for figure in figures]}


MAX_STEPS, MAX_THINGS = 60, 6
MAX_SLIDER = 6 << 20  # characters of its text and numbers
_UNDER_A_SLIDER = {"figure", "result", *VIEWS}


def _check_slider(output: Output) -> Output:
    """Outputs for each of many steps, alike at all of them."""
    labels: Any = output.get("labels")
    frames: Any = output.get("frames")
    if not (_fills(labels, MAX_STEPS) and _fills(frames, MAX_STEPS) and len(labels) == len(frames)):
        raise Unshowable("This slider has no steps, or too many.")
    if not all(_fills(frame, MAX_THINGS) and len(frame) == len(frames[0]) for frame in frames):
        raise Unshowable("This slider has nothing to show at some step, or too much.")
    found = [[_under_a_slider(one) for one in frame] for frame in frames]
    kinds = [[one["kind"] for one in frame] for frame in found]
    if any(each != kinds[0] for each in kinds):
        raise Unshowable("This slider shows other things at one step than at the first.")
    if len(json.dumps(found)) > MAX_SLIDER:
        raise Unshowable("This slider is too large: show fewer steps, or fewer heads or tokens at each.")
    return {
        "title": clean_text(output.get("title"), 300),
        "name": clean_text(output.get("name"), 40) or "step",
        "labels": [clean_text(label, 40) for label in labels],
        "frames": found,
    }


def _fills(value: Any, most: int) -> bool:
    return isinstance(value, list) and 0 < len(value) <= most


def _under_a_slider(output: Any) -> Output:
    kind = output.get("kind") if isinstance(output, dict) else None
    if not isinstance(kind, str) or kind not in _UNDER_A_SLIDER:
        raise Unshowable("This slider holds something that cannot be moved.")
    return check_output(output)


_LONGEST_LOOP = 10**15  # steps, and seconds


def _check_progress(output: Output) -> Output:
    """How far a loop is; what cannot be is nothing. A loop that went beyond its total has none."""
    done, total, state = _count(output.get("done")), _count(output.get("total")), output.get("state")
    seconds: Any = output.get("seconds")
    sane = type(seconds) in (int, float) and 0 <= seconds < _LONGEST_LOOP
    return {
        "title": clean_text(output.get("title"), 200),
        "done": done or 0,
        "total": total if total is not None and total >= (done or 0) else None,
        "seconds": float(seconds) if sane else 0.0,
        "state": state if state in ("running", "done") else "stopped",
    }


def _count(number: Any) -> int | None:
    return number if type(number) is int and 0 <= number < _LONGEST_LOOP else None


# -- images ------------------------------------------------------------------------------------------

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by PNG's colour types
_PIECE = 1 << 16


def _check_image(output: Output) -> Output:
    chunks = _png_chunks(decoded(output.get("png"), MAX_IMAGE))
    if not chunks or not _is_picture(chunks):
        raise Unshowable(
            f"This image is not a whole PNG of at most {MAX_PIXELS} × {MAX_PIXELS} pixels and "
            f"{MAX_AREA >> 20} million in all. Make it smaller."
        )
    png = _SIGNATURE + b"".join(chunk for _, chunk in chunks)
    return {"png": base64.b64encode(png).decode(), "alt": clean_text(output.get("alt"), 300)}


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The picture and nothing but the picture: no text, no profile, nothing after its end. None if broken."""
    kept: list[tuple[bytes, bytes]] = []
    place = len(_SIGNATURE)
    while data.startswith(_SIGNATURE) and place + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        chunk = data[place : place + 12 + length]
        if len(chunk) < 12 + length or zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
            break
        if (name == b"IHDR") != (place == len(_SIGNATURE)):
            break
        place += 12 + length
        if name in _NEEDED:
            kept.append((name, chunk))
        if name == b"IEND":
            return kept
    return []


def _is_picture(chunks: list[tuple[bytes, bytes]]) -> bool:
    """Whether it is small enough, and its pixels are exactly as many as it says: a bomb has more."""
    header = chunks[0][1][8:-4]
    if len(header) != 13:
        return False
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    small = 0 < width <= MAX_PIXELS and 0 < height <= MAX_PIXELS and width * height <= MAX_AREA
    if not small or bits not in (1, 2, 4, 8, 16) or colour not in _CHANNELS or interlaced:
        return False
    row = 1 + (width * bits * _CHANNELS[colour] + 7) // 8
    packed = b"".join(chunk[8:-4] for name, chunk in chunks if name == b"IDAT")
    return _inflated_size(packed, row * height) == row * height


def _inflated_size(packed: bytes, most: int) -> int:
    """How many bytes there are, counted piece by piece up to a little more than `most`; -1 if broken."""
    unpacker, size = zlib.decompressobj(), 0
    try:
        while packed and size <= most:
            size += len(unpacker.decompress(packed, _PIECE))
            packed = unpacker.unconsumed_tail
    except zlib.error:
        return -1
    return size if unpacker.eof else -1
