"""Markdown to HTML that our strict policy lets live: no raw HTML, no style attributes, no scripts.

Lessons, exercises and what people write to each other all go through here. Mathematics between dollars
becomes MathML, code is coloured by Pygments with classes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from app.mathematics import mathml
from app.visible import visible

_FORMATTER = HtmlFormatter(nowrap=True)
# Pygments knows 500; whoever writes chooses, and not all of them are quick on every text
_LANGUAGES = ("python", "pycon", "pytb", "console", "bash", "json", "toml", "yaml", "diff", "latex")


@dataclass(frozen=True)
class Heading:
    """A place in the text that can be linked to."""

    level: int
    anchor: str
    title: str


@lru_cache(maxsize=2048)
def render(text: str) -> Markup:
    """A whole text as HTML; headings get anchors."""
    return Markup(_lesson_md().render(text))


@lru_cache(maxsize=2048)
def render_inline(text: str) -> Markup:
    """One line as HTML, without a paragraph around it: hints, labels, messages."""
    return Markup(_lesson_md().renderInline(text))


@lru_cache(maxsize=2048)
def render_message(text: str) -> Markup:
    """What somebody wrote to somebody: as `render`, but without anchors and pictures."""
    text = visible(text)
    own = {
        "docId": sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    }  # of its footnotes, on this page
    return Markup(_message_md().render(text, own))


@lru_cache(maxsize=512)
def headings(text: str) -> tuple[Heading, ...]:
    """The headings of a text, in order."""
    tokens = _lesson_md().parse(text)
    return tuple(
        Heading(int(token.tag[1]), str(token.attrs.get("id", "")), _plain(following))
        for token, following in pairwise(tokens)
        if token.type == "heading_open"
    )


def plain(text: str) -> str:
    """One line of Markdown without its marks, for attributes and titles."""
    return " ".join(_plain(token) for token in _lesson_md().parseInline(text)).strip()


def opening(text: str) -> str:
    """The first paragraph, heading or line of code of a text, as one line without marks: for a notice."""
    for token in _message_md().parse(text):
        if token.type == "inline" and (words := " ".join(_plain(token).split())):
            return words
        if token.type in ("fence", "code_block", "math_block"):
            return token.content.strip().partition("\n")[0]
    return text.strip().partition("\n")[0]


def linked(text: str) -> Markup:
    """Plain text in which addresses of the web can be followed; nothing else in it becomes a tag."""
    parts = _ADDRESS.split(visible(text))
    return Markup("").join(_as_link(part) if at % 2 else part for at, part in enumerate(parts))


_ADDRESS = re.compile(r"""(https?://[^\s<>"“”]+)""", re.IGNORECASE)


def _as_link(address: str) -> Markup | str:
    """Without the sentence's own full stop or bracket at its end."""
    url = address.rstrip(".,;:!?'’" if "(" in address else ".,;:!?'’)]")
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host:
        return address
    link = Markup('<a class="elsewhere" href="{0}" rel="noopener noreferrer nofollow">{0}</a>').format(url)
    return link + address[len(url) :]


def code(text: str, language: str = "python") -> Markup:
    """Coloured code, to be put into a <pre>."""
    return Markup(_coloured(visible(text), language, ""))


# ── how it is made ──────────────────────────────────────────────────────────


@lru_cache
def _lesson_md() -> MarkdownIt:
    return _markdown().use(anchors_plugin, min_level=2, max_level=4, slug_func=_slug)


@lru_cache
def _message_md() -> MarkdownIt:
    """Pictures would be fetched; a box can take the look of any class of ours, a verdict's for one; the name
    of an equation would be an id of the page, the place of another's notice for one.
    """
    return _markdown(labels=False).disable(["image", "admonition"])


def _markdown(*, labels: bool = True) -> MarkdownIt:
    options = {"html": False, "linkify": False, "typographer": False, "highlight": _coloured}
    md = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    md.use(dollarmath_plugin, renderer=_mathml, allow_space=False, double_inline=True, allow_labels=labels)
    md.use(footnote_plugin).use(admon_plugin)
    md.validateLink = _is_link  # type: ignore[method-assign]
    for rule, rewrite in _REWRITES.items():
        md.add_render_rule(rule, _rewriting(rewrite))
    return md


def _coloured(text: str, language: str, _attrs: str) -> str:
    if language not in _LANGUAGES:
        return html.escape(text)
    return str(highlight(text, get_lexer_by_name(language), _FORMATTER))


def _is_link(url: str) -> bool:
    """To a page, or to somebody's mail; nothing that runs, and no other program."""
    try:
        return urlsplit(url.strip()).scheme.lower() in ("", "http", "https", "mailto")
    except ValueError:
        return False


def _mathml(formula: str, options: dict[str, bool]) -> str:
    return mathml(formula, display=options["display_mode"])


def _slug(title: str) -> str:
    return re.sub(r"[^\w]+", "-", title.lower()).strip("-") or "section"


def _plain(token: Token) -> str:
    if token.children:
        return "".join(_plain(child) for child in token.children)
    return (
        token.content
        if token.type in ("text", "code_inline", "math_inline")
        else " " * (token.type in ("softbreak", "hardbreak"))
    )


Rewrite = Callable[[Token], None]


def _rewriting(rewrite: Rewrite) -> Callable[..., str]:
    def rule(
        self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, _env: EnvType
    ) -> str:
        rewrite(tokens[index])
        return self.renderToken(tokens, index, options, _env)

    return rule


def _align_by_class(token: Token) -> None:
    """Table alignment comes as a style attribute, which our policy forbids."""
    style = str(token.attrs.pop("style", ""))
    if style:
        token.attrJoin("class", style.replace("text-align:", "align-").strip())


def _reachable(token: Token) -> None:
    """A table wider than its page scrolls, and not only for those who have a mouse."""
    token.attrSet("tabindex", "0")


def _guard_link(token: Token) -> None:
    url = str(token.attrs.get("href", ""))
    if url.startswith("//") or urlsplit(url).scheme in ("http", "https"):
        token.attrSet("rel", "noopener noreferrer nofollow")
        token.attrJoin("class", "elsewhere")
    elif match := re.fullmatch(r"\.\./([\w-]+)/lesson\.md(#[\w-]+)?", url):
        token.attrSet("href", f"/lessons/{match[1]}{match[2] or ''}")


_REWRITES: dict[str, Rewrite] = {
    "table_open": _reachable,
    "th_open": _align_by_class,
    "td_open": _align_by_class,
    "link_open": _guard_link,
}


def setup(filters: dict[str, Any]) -> None:
    """Give templates the words for all of these."""
    filters.update(
        markdown=render,
        markdown_inline=render_inline,
        message=render_message,
        code=code,
        plain=plain,
        opening=opening,
        linked=linked,
    )
