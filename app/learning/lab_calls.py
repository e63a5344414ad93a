"""Which of the lab's functions a text calls, and what each stands for in plain TransformerLens.

The equivalents are files that the lab keeps (`workers/lab/equivalents`). Texts are read with `ast`; none is
run.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache, lru_cache

from app.config import SHIPPED

FOLDER = SHIPPED.parents[1] / "equivalents"
_RESULT = re.compile(r"\b(?:ours|theirs)\b")  # the test's names for what both give
_OURS, _PLAIN = "# with the lab\n", "# without it\n"


@dataclass(frozen=True)
class LabCall:
    """One function of the lab: a call of it, and the same without."""

    name: str
    ours: str
    plain: str

    @property
    def text(self) -> str:
        """Both, as code to be read."""
        return f"# with the lab\n{self.ours}\n\n# without it\n{self.plain}"


@lru_cache(maxsize=2048)
def used(text: str) -> tuple[LabCall, ...]:
    """The calls `lab.NAME(…)` in this text, each once, in the order in which they stand there.

    Of a text that is not Python, none.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    found = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls = [call for call in found if isinstance(call, ast.Attribute) and _is_lab(call.value)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    read = [_read(name) for name in dict.fromkeys(call.attr for call in calls)]
    return tuple(one for one in read if one is not None)


def _is_lab(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "lab"


@cache
def _read(name: str) -> LabCall | None:
    """None for what has no equivalent, such as a class."""
    try:
        text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    except OSError:
        return None
    ours, _, plain = text.partition(_OURS)[2].partition(_PLAIN)
    return LabCall(name, *(_RESULT.sub("result", part).strip() for part in (ours, plain)))
