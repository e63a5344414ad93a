"""Cells pasted from a notebook: lines that are Jupyter's and not Python's are left out, or say what to write.

Only where Python itself finds an error: a `%` that begins a line may well be the remainder of a division.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

_MOST_LINES = 100
_MAGIC = re.compile(r"(?P<indent>\s*)(?P<mark>%%|%|!|\?)\s*(?P<name>[\w./-]*)\s*(?P<rest>.*)")
_PIP = re.compile(
    r"\s*[%!]*\s*(?:(?:python3?|\{?sys\.executable\}?) -m )?(?:pip3?|uv|conda|mamba|apt(?:-get)?)\s+\S"
)
_ASKS = re.compile(r"\s*(?P<name>[\w.]+)\s*\?{1,2}\s*$")
_QUIET = frozenset(
    [
        "load_ext",
        "reload_ext",
        "autoreload",
        "matplotlib",
        "config",
        "reset",
        "capture",
        "pylab",
        "env",
        "set_env",
        "precision",
    ]
)
_TIME = "time"  # runs what stands behind it
_TIMEIT = "Write `import timeit` and `timeit.timeit(lambda: …, number=10)`: seconds for ten times."
_LANGUAGES = frozenset(
    ["bash", "sh", "html", "javascript", "js", "latex", "markdown", "perl", "ruby", "svg", "writefile"]
)


@dataclass
class Plain:
    """A cell as Python reads it: every line where it was, and what to tell whoever pasted it."""

    tree: ast.Module
    source: str
    notices: list[str] = field(default_factory=list)


def parse(source: str, file: str) -> Plain:
    """The cell's tree. Raises `SyntaxError`: Python's, or for a line of Jupyter's a sentence in its place."""
    notices: list[str] = []
    lines = source.split("\n")
    for _ in range(_MOST_LINES):
        text = "\n".join(lines)
        try:
            return Plain(ast.parse(text, file), text, notices)
        except SyntaxError as error:
            number = _jupyter_line(lines, error)
            if number is None:
                raise
            lines[number] = _in_place_of(lines[number], number + 1, file, notices)
    return Plain(ast.parse("\n".join(lines), file), "\n".join(lines), notices)


def _jupyter_line(lines: list[str], error: SyntaxError) -> int | None:
    """Which line is none of Python's: the one where it stumbled, or one just before."""
    for number in ((error.lineno or 0) - 1, (error.lineno or 0) - 2):
        if 0 <= number < len(lines) and _is_jupyter(lines[number]):
            return number
    return None


def _is_jupyter(line: str) -> bool:
    return bool(line.lstrip()[:1] in ("%", "!", "?") or _PIP.match(line) or _ASKS.match(line))


def _in_place_of(line: str, number: int, file: str, notices: list[str]) -> str:
    """What Python is to read in this line. Raises `SyntaxError` with a sentence."""
    indent = line[: len(line) - len(line.lstrip())]
    if _PIP.match(line):
        notices.append(
            f"Line {number}, `{line.strip()[:60]}`, is left out: a cell can install nothing. Here are torch, "
            "transformer_lens, transformers, einops, jaxtyping, numpy, pandas, plotly, matplotlib and tqdm."
        )
        return f"{indent}pass"
    found = _MAGIC.match(line)
    name = found["name"] if found else ""
    if found and found["mark"] in ("%", "%%") and name == _TIME:
        return f"{indent}{found['rest'] or 'pass'}"
    if found and found["mark"] in ("%", "%%") and name in _QUIET:
        return f"{indent}pass"
    raise SyntaxError(_instead(line, found, name), (file, number, None, line))


def _instead(line: str, found: re.Match[str] | None, name: str) -> str:
    if asked := _ASKS.match(line):
        return f"`{line.strip()}` is Jupyter's, not Python's: write `help({asked['name']})`."
    if found and found["mark"] == "?":
        return f"`{line.strip()[:60]}` is Jupyter's, not Python's: write `help({name})`."
    if found and found["mark"] == "!":
        return (
            f"`{line.strip()[:60]}` is Jupyter's, not Python's, and a cell starts no other programs: leave "
            "it out. What models are here: lab.models(); where it runs: lab.device()."
        )
    if name == "timeit":
        return f"`%timeit` is Jupyter's, not Python's. {_TIMEIT}"
    if name in _LANGUAGES:
        return f"`%%{name}` is Jupyter's, not Python's: a cell here holds Python, and nothing else."
    return f"`{line.strip()[:60]}` is Jupyter's, not Python's: leave it out."
