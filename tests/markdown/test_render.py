"""Markdown becomes HTML that our strict policy lets live, whoever wrote it."""

from __future__ import annotations

import re

import pytest
from markupsafe import escape

from app import markdown


def test_mathematics_becomes_mathml() -> None:
    html = markdown.render("The loss is $-\\log p$, and\n\n$$ A = \\mathrm{softmax}(QK^\\top) $$")
    assert html.count("<math") == 2
    assert 'display="block"' in html


def test_aligned_formulas_are_known() -> None:
    html = markdown.render("$$\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}$$")
    assert "<mtable" in html


def test_a_named_function_stands_apart_from_what_it_is_taken_of() -> None:
    assert re.search(r"<mi>log</mi>\s*<mspace[^>]*>\s*<mi>p</mi>", markdown.render("$\\log p$"))


def test_a_formula_that_cannot_be_read_is_shown_as_typed() -> None:
    html = markdown.render("$\\begin{matrix} 1 \\\\ $")
    assert "\\begin{matrix}" in html or "<math" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "$\\style{color:red}{x}$ $\\href{javascript:alert(1)}{x}$ $\\class{x}{y}$",
        "| a |\n|:-:|\n| <b onclick=x> |",
        "```html\n<script>alert(1)</script>\n```",
        "$\\text{<img/src=x/onerror=alert(1)>}$",
        "$$\\tag{<script>alert(1)</script>} x$$",
        "$\\textcolor{<iframe/src=//elsewhere.example>}{x}$ $\\operatorname{<b>}$ $\\verb|<b>|$",
        "[x](vbscript:1) [x](ms-word:1) <intent:1> <file:///etc/passwd>",
    ],
)
@pytest.mark.parametrize("render", [markdown.render, markdown.render_inline, markdown.render_message])
def test_nobodys_text_can_do_anything(render, text: str) -> None:
    html = render(text)
    tags = re.findall(r"<([a-z]+)([^>]*)>", html)
    assert not {"script", "img", "b", "iframe", "style"} & {tag for tag, _ in tags}
    assert not any(re.search(r"\s(on\w+|style)=", attributes) for _, attributes in tags)
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert not re.search(r'href="(?!https?:|mailto:|/|#)', html)


def test_a_link_elsewhere_is_marked_however_it_is_written() -> None:
    for link in (
        "[x](https://elsewhere.example)",
        "[x](//elsewhere.example)",
        "[x](https:elsewhere)",
        "<http://elsewhere.example>",
    ):
        assert 'rel="noopener noreferrer nofollow"' in markdown.render_message(link)
    assert "rel=" not in markdown.render_message("[x](/path)")


def test_a_message_cannot_take_the_look_of_a_verdict() -> None:
    assert "class=" not in markdown.render_message("!!! verdict passed\n    You passed.")


def test_a_long_or_deep_formula_is_shown_as_typed() -> None:
    for formula in ("x" * 5000, "{" * 900 + "}" * 900, "a_{" * 80 + "}" * 80):
        assert "<code>" in markdown.render_message(f"${formula}$")


def test_pictures_in_messages_are_not_fetched() -> None:
    assert "<img" not in markdown.render_message("![look](https://elsewhere.example/x.png)")


def test_columns_are_aligned_by_class() -> None:
    html = markdown.render("| head | score |\n|---|--:|\n| 0.5 | 0.95 |")
    assert '<td class="align-right">0.95</td>' in html
    assert "style=" not in html


def test_headings_can_be_linked_to() -> None:
    text = "## How does it `know`?\n\ntext\n\n### Further"
    assert 'id="how-does-it-know"' in markdown.render(text)
    (first, second) = markdown.headings(text)
    assert (first.anchor, first.title) == ("how-does-it-know", "How does it know?")
    assert (second.level, second.title) == (3, "Further")


def test_links_to_other_lessons_work_here_and_where_files_are_browsed() -> None:
    html = markdown.render(
        "[next](../attention-heads/lesson.md#queries) and [paper](https://arxiv.org/abs/1)"
    )
    assert 'href="/lessons/attention-heads#queries"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_code_is_coloured_by_class() -> None:
    html = markdown.render("```python\nreturn 1\n```")
    assert '<span class="k">return</span>' in html
    assert markdown.render("```nonsense\na < b\n```").count("&lt;") == 1


def test_a_line_without_its_marks() -> None:
    assert markdown.plain("Find **the** `head` of $x$") == "Find the head of x"


def test_a_message_names_no_place_of_the_page() -> None:
    assert 'id="notice' not in markdown.render_message("$$x$$ (notice-reply)")
    first, second = (markdown.render_message(f"{words}[^1]\n\n[^1]: Below.") for words in ("One", "Two"))
    names = [set(re.findall(r'id="([^"]+)"', text)) for text in (first, second)]
    assert all(names)
    assert not names[0] & names[1]


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("**19:00** in *room 5*\n\nBring `x`.", "19:00 in room 5"),
        ("## Hello, [Ada](https://example.org)\nOn Monday.", "Hello, Ada"),
        ("- first\n- second", "first"),
        ("one\ntwo  \nthree\n\nfour", "one two three"),
        ("> quoted **words**", "quoted words"),
        ("```python\nprint(1)\nprint(2)\n```\nSee above.", "print(1)"),
        ("---", "---"),
    ],
)
def test_how_a_text_opens_is_said_without_its_marks(text: str, opening: str) -> None:
    assert markdown.opening(text) == opening


@pytest.mark.parametrize(
    ("text", "href", "rest"),
    [
        ("https://meet.example.org/ada?a=1&b=2", "https://meet.example.org/ada?a=1&amp;b=2", ""),
        ("Room 5, or http://example.org/x.", "http://example.org/x", "."),
        ("(HTTPS://example.org)", "HTTPS://example.org", ")"),
        ("https://example.org/wiki/A_(b)", "https://example.org/wiki/A_(b)", ""),
    ],
)
def test_an_address_in_plain_text_can_be_followed(text: str, href: str, rest: str) -> None:
    html = markdown.linked(text)
    assert f'<a class="elsewhere" href="{href}" rel="noopener noreferrer nofollow">{href}</a>{rest}' in html
    assert html.endswith(f"</a>{rest}")


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org",
        "https://",
        "http://[",
        "<b>Room</b> & 5",
        "a@b.org",
    ],
)
def test_nothing_else_in_plain_text_becomes_a_tag(text: str) -> None:
    assert markdown.linked(text) == escape(text)


def test_an_address_cannot_leave_its_link() -> None:
    html = markdown.linked('https://example.org/"><script>alert(1)</script>')
    assert html.count("<a ") == 1
    assert "<script" not in html
    assert 'href="https://example.org/"' in html
