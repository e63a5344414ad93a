"""The small course with a second lesson that stands on the first."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import SMALL_COURSE

LESSON = """---
title: Halving
step: 1
summary: Half as much.
minutes: 5
uses: [quadruple]
test_out: [halve]
criteria:
  - {text: You can halve., exercise: halve}
  - {text: You know why.}
resources:
  - {title: On halves, url: "https://example.org/halves", note: the better half}
---
Four times as much, on your own code:

```python four
quadruple(3)
```

[Half as much](halve.py)
"""

HALVE = '''"""Half as much

Built on nothing.
"""

HINTS = ["Half.", "Divide.", "`x / 2`"]
MINUTES = 5
PURPOSE = "Everything is **halved** sooner or later."
WHY = "Because two halves make a whole."
DIFFICULTY = 2
IMPORTANCE = 5
STYLE = {"loop": "A division does it in one step."}
SEE = {"mistake_twice__halve": "double"}


def halve(x: float) -> float:
    """Half of `x`.

    >>> halve(3.0)
    1.5
    """
    return x / 2


def check_three(answer):
    """Half of 3 is 1.5."""
    assert answer.halve(3.0) == 1.5, "Half of 3 is 1.5."


def mistake_twice__halve(x):
    """You doubled it."""
    return 2 * x


def mistake_whole__halve(x):
    """You round down."""
    return float(x // 2)


def mistake_nothing__halve(x):
    """Nothing happens to it."""
    return x


def also_right_times__halve(x):
    return 0.5 * x


def also_right_loop__halve(x):
    for _ in range(1):
        x = x / 2
    return x
'''


def write(folder: Path) -> Path:
    """The course, in a folder of its own."""
    course = folder / "course"
    shutil.copytree(SMALL_COURSE, course, ignore=shutil.ignore_patterns("__pycache__"))
    lesson = course / "01-start" / "halving"
    lesson.mkdir()
    (lesson / "lesson.md").write_text(LESSON)
    (lesson / "halve.py").write_text(HALVE)
    path = course / "path.toml"
    listed = '{ title = "Counting", slug = "counting" }'
    path.write_text(path.read_text().replace(listed, f'{listed}, {{ title = "Halving", slug = "halving" }}'))
    return course
