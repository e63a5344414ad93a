"""LaTeX to MathML that cannot be anything but MathML, whoever wrote the formula.

The library takes what stands in `\\text{…}` and `\\color{…}` over as it is, also where that is HTML. So its
tree is written out here: only elements and attributes of mathematics, and every text escaped.
"""

from __future__ import annotations

import html
import re
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

LONGEST = 4000  # characters of one formula
_DEEPEST = 60  # elements inside each other
_ELEMENT = re.compile(
    "math|m(row|i|n|o|s|text|space|style|padded|phantom|enclose|sub|sup|subsup|under|over|underover|frac|root"
    "|sqrt|table|tr|td)"
)
_ATTRIBUTE = re.compile(
    "display|accent|accentunder|column(align|lines|spacing)|row(lines|spacing)|depth|displaystyle|fence|form"
    "|height|largeop|linethickness|lspace|rspace|mathvariant|maxsize|minsize|movablelimits|notation"
    "|scriptlevel|separator|stretchy|symmetric|voffset|width"
)
_VALUE = re.compile(r"[A-Za-z0-9 .%+-]{0,60}")
# browsers put no space between the name of a function and what it is taken of
_APART = re.compile(
    r"(<mi>(?:log|ln|exp|max|min|sin|cos|tan|tanh|det|arg|lim|sup|inf)</mi>)(?=<(?:mi|mn|msub|msup))"
)


def mathml(formula: str, *, display: bool = False) -> str:
    """MathML as HTML; a formula that we can't read is shown as it was typed."""
    try:
        made = _formula(formula, "block" if display else "inline")
    except Exception:  # latex2mathml raises whatever its parser stumbles over
        return f"<code>{html.escape(formula)}</code>"
    return _APART.sub(r"\1<mspace width='0.17em'/>", made)


def _formula(formula: str, display: str) -> str:
    if len(formula) > LONGEST:
        raise ValueError("too long")
    return _written(convert_to_element(_known_names(formula), display=display), 0)


def _known_names(formula: str) -> str:
    """`aligned` is not known to latex2mathml; `align*` is, and looks the same."""
    return re.sub(r"\{aligned\}", "{align*}", formula)


def _written(element: Element, depth: int) -> str:
    if not _ELEMENT.fullmatch(element.tag) or depth > _DEEPEST:
        raise ValueError(f"no mathematics: {element.tag}")
    attributes = "".join(
        f' {name}="{value}"'
        for name, value in element.attrib.items()
        if _ATTRIBUTE.fullmatch(name) and _VALUE.fullmatch(value)
    )
    children = (_written(child, depth + 1) + _text(child.tail) for child in element)
    inside = _text(element.text) + "".join(children)
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"


def _text(text: str | None) -> str:
    """The library writes symbols as `&#x…;`, which are characters here."""
    return html.escape(html.unescape(text or ""))
