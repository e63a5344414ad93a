"""An error names the learner's line and shows none of our machinery."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.runner.conftest import Seen
from workers.runner.client import RunnerClient

Run = Callable[..., Seen]


def error_of(seen: Seen) -> dict[str, Any]:
    assert seen.error is not None
    assert "workers/runner" not in seen.error["traceback"]
    return seen.error


def test_an_exception_has_type_message_line_and_the_line_itself(run: Run) -> None:
    error = error_of(run("x = [1]\n\nx[5]"))
    assert (error["type"], error["message"], error["line"], error["cell"]) == (
        "IndexError",
        "list index out of range",
        3,
        "one",
    )
    assert "x[5]" in error["traceback"]


@pytest.mark.parametrize(
    ("source", "line", "kind"),
    [
        ("x = 1\ny = (2,\nz = 3", 2, "SyntaxError"),
        ("if True:\nx", 2, "IndentationError"),
        ("'''open", 1, "SyntaxError"),
        ("x = 1\n  y = 2", 2, "IndentationError"),
        ("return 3", 1, "SyntaxError"),
        ("f(\x00)", None, "SyntaxError" if sys.version_info >= (3, 11, 4) else "ValueError"),
    ],
)
def test_a_syntax_error_has_its_line(run: Run, source: str, line: int | None, kind: str) -> None:
    error = error_of(run(source))
    assert (error["type"], error["line"]) == (kind, line)


def test_a_library_is_shown_only_by_its_end(run: Run) -> None:
    error = error_of(run("import torch\nm = lab.load('attn-only-2l')\nm(torch.full((1, 3), 99999))"))
    assert error["line"] == 3
    places = [line for line in error["traceback"].splitlines() if line.strip().startswith("File")]
    assert places[0].strip() == 'File "<cell one>", line 3, in <module>'
    assert 2 <= len(places) <= 3
    assert all("site-packages" not in place for place in places)


def test_an_error_in_an_earlier_cells_function_names_that_cell(
    open_child: Callable[..., RunnerClient],
) -> None:
    with open_child() as child:
        list(child.cell("first", "def f(x):\n    return 1 / x", show=False))
        done = list(child.cell("second", "\nf(0)"))[-1]
    assert (done["error"]["cell"], done["error"]["line"]) == ("first", 2)
    assert '"<cell second>", line 2' in done["error"]["traceback"]


def test_a_starter_that_is_still_one_is_named(run: Run) -> None:
    error = error_of(run('def score(p):\n    raise NotImplementedError("Write me.")\n\nscore(1)'))
    assert error["message"] == "`score` is not written yet. Write me."


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("input('name?')", "write the value into the code"),
        ("import sys\nsys.exit(1)", "a cell ends at its last line"),
        ("def f(): f()\nf()", "call itself without an end"),
        ("import subprocess\nsubprocess.run(['ls'])", "cannot start other programs"),
        ("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:1')", "no network"),
        ("from torch.utils.data import DataLoader\nlist(DataLoader([1], num_workers=1))", "num_workers=0"),
        ("lab.load('gpt5')", "There is no model called 'gpt5'"),
    ],
)
def test_what_works_elsewhere_and_not_here_is_explained(run: Run, source: str, words: str) -> None:
    assert words in error_of(run(source))["message"]


def test_errors_that_misbehave_are_still_told(run: Run) -> None:
    source = "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd"
    assert error_of(run(source))["type"] == "Odd"
    assert error_of(run("raise KeyboardInterrupt"))["type"] == "KeyboardInterrupt"
    assert len(error_of(run("raise ValueError('x' * 100_000)"))["message"]) < 10_000
