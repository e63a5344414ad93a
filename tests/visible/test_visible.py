"""Orders to a terminal are not obeyed, and what is there to be overlooked is seen."""

from __future__ import annotations

import pytest

from app import markdown
from app.visible import terminal, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred\x1b[0m and \x1b[1;4;38;5;196mmore", "red and more"),
        ("\x1b]8;;https://example.org\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]0;title\x07text\x1b[2J\x1b[H", "text"),
        ("\x9b31mred", "red"),
        ("\x1bcreset \x1b(B", "reset "),
        ("left alone \x1b[", "left alone ␛["),
        ("ring \x07 back \x08 gone \x7f", "ring ␇ back ␈ gone ␡"),
        ("access = '\u202euser\u2066'", "access = '⟨U+202E⟩user⟨U+2066⟩'"),
        ("pay\u200bpal\ufeff \U000e0041", "pay⟨U+200B⟩pal⟨U+FEFF⟩ ⟨U+E0041⟩"),
        ("tab\there\nnew line", "tab\there\nnew line"),
        ("👩\u200d💻 می\u200cخواهم naïve ─ 你好", "👩\u200d💻 می\u200cخواهم naïve ─ 你好"),
    ],
)
def test_text_is_what_one_sees(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_a_progress_bar_shows_its_last_state() -> None:
    assert terminal(" 1%\r50%\r\x1b[A100%\ndone\r\n") == "100%\ndone\n"


def test_code_and_messages_show_what_turns_them() -> None:
    assert "⟨U+202E⟩" in markdown.code("a = 1  # \u202e")
    assert "⟨U+202E⟩" in markdown.render_message("well \u202edone")
