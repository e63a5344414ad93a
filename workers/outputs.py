"""What a run claims to have shown, checked before anybody stores or sees it. Plain Python, no torch.

All of it comes from a process that runs a stranger's code. Text stays text (pages escape it), figures keep
only known kinds of traces and no links, images are rebuilt from the chunks a picture needs.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from typing import Any

MAX_TEXT = 200_000  # characters of one result or notice
MAX_FIGURE = 4 << 20  # bytes, about as JSON
MAX_ATTENTION = 2 << 20
MAX_TOKENS = 1024
MAX_IMAGE = 2 << 20
MAX_PIXELS = 4096  # a side
TRACE_TYPES = frozenset(
    ("scatter", "scattergl", "bar", "heatmap", "histogram", "box", "violin", "contour", "histogram2d")
)

Output = dict[str, Any]


class Unshowable(Exception):
    """The message is a sentence for the learner: what is wrong, and what to do."""


def check_output(output: Any) -> Output:
    """A clean copy of one output. Raises `Unshowable`."""
    kind = output.get("kind") if isinstance(output, dict) else None
    checks = {
        "result": _check_result,
        "notice": _check_result,
        "figure": _check_figure,
        "attention": _check_attention,
        "image": _check_image,
    }
    if not isinstance(kind, str) or kind not in checks:
        raise Unshowable("Something was shown that this page cannot show.")
    return {"kind": kind, **checks[kind](output)}


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
    }


def clean_text(text: Any, most: int = MAX_TEXT) -> str:
    """Text that every database and page can hold: no lone surrogates, no NUL, not too long."""
    if not isinstance(text, str):
        return ""
    if len(text) > most:
        text = f"{text[:most]}… (cut)"
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _check_result(output: Output) -> Output:
    return {"text": clean_text(output.get("text"))}


# -- figures -----------------------------------------------------------------------------------------

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_TAG = re.compile(r"<(?=[a-z/!?])(?!/?(?:b|i|br|sub|sup|em|strong|extra)\s*/?>)[^>]*>?", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_NUMBER_TYPES = frozenset(("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"))
_DROPPED = frozenset(("images", "source", "href", "mapbox", "map", "geo", "scene", "uid", "frames"))
_NUMBER_BYTES = 10
_DEEPEST = 16


def _check_figure(output: Output) -> Output:
    figure = output.get("figure")
    if not isinstance(figure, dict) or not isinstance(figure.get("data"), list):
        raise Unshowable("This figure has no data.")
    cleaner = _FigureCleaner()
    data = cleaner.clean(figure["data"], 0)
    layout = cleaner.clean(figure.get("layout"), 0)
    for trace in data:
        _check_trace(trace)
    title = clean_text(output.get("title"), 300)
    return {"figure": {"data": data, "layout": layout if isinstance(layout, dict) else {}}, "title": title}


def _check_trace(trace: Any) -> None:
    kind = trace.get("type", "scatter") if isinstance(trace, dict) else None
    if not isinstance(kind, str) or kind not in TRACE_TYPES:
        raise Unshowable(
            f"This figure has a trace of type {clean_text(kind, 40)!r}, which this page cannot draw. "
            f"It can draw {', '.join(sorted(TRACE_TYPES))}."
        )


class _FigureCleaner:
    """Copies JSON, leaving out what could load, link or run anything, and counts how much there is."""

    def __init__(self) -> None:
        self.bytes = 0

    def clean(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            raise Unshowable("This figure is nested too deep.")
        self._count(len(value) if isinstance(value, str) else _NUMBER_BYTES)
        if isinstance(value, str):
            return _TAG.sub("", clean_text(value, 20_000))
        if isinstance(value, list):
            return [self.clean(item, depth + 1) for item in value]
        if isinstance(value, dict):
            if "bdata" in value:
                return self._typed_array(value)
            return {key: self.clean(item, depth + 1) for key, item in value.items() if _is_harmless(key)}
        if type(value) is int and abs(value) >= 1 << 63:
            return None
        return value

    def _typed_array(self, value: dict[str, Any]) -> dict[str, str]:
        """Numbers in base64, as Plotly writes them."""
        data, kind, shape = value["bdata"], value.get("dtype"), str(value.get("shape", ""))
        self._count(len(data) if isinstance(data, str) else 0)
        if not (isinstance(data, str) and isinstance(kind, str)):
            raise Unshowable("An array of this figure is malformed.")
        if not (_BASE64.fullmatch(data) and kind in _NUMBER_TYPES):
            raise Unshowable("An array of this figure is malformed.")
        if not re.fullmatch(r"[0-9, ]{0,40}", shape):
            raise Unshowable("An array of this figure is malformed.")
        return {"dtype": kind, "bdata": data, **({"shape": shape} if shape else {})}

    def _count(self, more: int) -> None:
        self.bytes += more
        if self.bytes > MAX_FIGURE:
            raise Unshowable(
                f"This figure is larger than {MAX_FIGURE >> 20} MB, the most a page can draw. "
                "Plot fewer points, or average first."
            )


def _is_harmless(key: str) -> bool:
    return bool(_KEY.fullmatch(key)) and key not in _DROPPED and not key.endswith("src")


# -- attention ---------------------------------------------------------------------------------------


def _check_attention(output: Output) -> Output:
    shape: Any = output.get("shape")
    tokens: Any = output.get("tokens")
    labels: Any = output.get("labels")
    if not (_is_shape(shape) and _are_texts(tokens, shape[1]) and _are_texts(labels, shape[0])):
        raise Unshowable(
            "This attention view is malformed: its tokens, labels and shape do not fit together."
        )
    heads, length, _ = shape
    if heads * length * length > MAX_ATTENTION:
        raise Unshowable("This attention view is too large: show fewer heads or tokens.")
    if len(_decode(output.get("data"), MAX_ATTENTION)) != heads * length * length:
        raise Unshowable("This attention view is malformed: its data does not fit its shape.")
    return {
        "tokens": [clean_text(token, 200) for token in tokens],
        "labels": [clean_text(label, 40) for label in labels],
        "shape": [heads, length, length],
        "data": output["data"],
        "title": clean_text(output.get("title"), 300),
        "guess": _check_guess(output.get("guess"), heads, length),
    }


def _is_shape(shape: Any) -> bool:
    whole = isinstance(shape, list) and len(shape) == 3 and all(type(size) is int for size in shape)
    return whole and shape[0] > 0 and 0 < shape[1] <= MAX_TOKENS and shape[1] == shape[2]


def _are_texts(texts: Any, count: int) -> bool:
    return isinstance(texts, list) and len(texts) == count and all(isinstance(text, str) for text in texts)


def _check_guess(guess: Any, heads: int, length: int) -> dict[str, int] | None:
    if not isinstance(guess, dict):
        return None
    head, query = guess.get("head"), guess.get("query")
    if type(head) is int and type(query) is int and 0 <= head < heads and 0 <= query < length:
        return {"head": head, "query": query}
    return None


def _decode(text: Any, most: int) -> bytes:
    if not isinstance(text, str) or len(text) > most * 4 // 3 + 4:
        raise Unshowable(f"This is larger than {most >> 20} MB, the most a page can show.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unshowable("This cannot be shown: its data is malformed.") from None


# -- images ------------------------------------------------------------------------------------------

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


def _check_image(output: Output) -> Output:
    png = _rebuild_png(_decode(output.get("png"), MAX_IMAGE))
    return {"png": base64.b64encode(png).decode(), "alt": clean_text(output.get("alt"), 300)}


def _rebuild_png(data: bytes) -> bytes:
    """The same picture with nothing but its picture: no text, no profile, nothing after its end."""
    kept = [_SIGNATURE]
    place = len(_SIGNATURE)
    name = b""
    while data.startswith(_SIGNATURE) and name != b"IEND" and place + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        chunk = data[place : place + 12 + length]
        if len(chunk) < 12 + length or zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
            break
        if (name == b"IHDR") != (place == len(_SIGNATURE)) or (name == b"IHDR" and not _fits(chunk)):
            break
        place += 12 + length
        if name in _NEEDED:
            kept.append(chunk)
    else:
        if name == b"IEND":
            return b"".join(kept)
    raise Unshowable(f"This image is not a PNG of at most {MAX_PIXELS} × {MAX_PIXELS} pixels.")


def _fits(header: bytes) -> bool:
    if len(header) != 25:
        return False
    width, height = struct.unpack_from(">II", header, 8)
    return 0 < width <= MAX_PIXELS and 0 < height <= MAX_PIXELS
