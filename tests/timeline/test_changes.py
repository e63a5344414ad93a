"""What changed between two texts: signs say it, colours only repeat it."""

from __future__ import annotations

from app.mentoring.changes import changes

BEFORE = "".join(f"line {number}\n" for number in range(1, 21))


def signs(before: str, after: str) -> list[str]:
    return [line.sign for line in changes(before, after)]


def test_a_changed_line_stands_with_three_lines_around_it() -> None:
    found = changes(BEFORE, BEFORE.replace("line 10\n", "line ten\n"))
    assert [line.sign for line in found] == ["…", *"   ", "-", "+", *"   ", "…"]
    assert [line.number for line in found] == [None, 7, 8, 9, 10, 10, 11, 12, 13, None]


def test_the_same_text_has_no_changes() -> None:
    assert changes(BEFORE, BEFORE) == changes("", "") == []


def test_what_was_added_at_the_end_and_taken_from_the_start() -> None:
    assert signs("a\nb\n", "b\nc\n") == ["-", " ", "+"]


def test_two_places_have_a_gap_between_them() -> None:
    after = BEFORE.replace("line 2\n", "").replace("line 19\n", "")
    assert signs(BEFORE, after).count("…") == 1


def test_code_is_escaped() -> None:
    (line,) = [line for line in changes("x", "x < '<b>'") if line.sign == "+"]
    assert "<b>" not in line.text
