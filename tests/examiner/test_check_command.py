"""The course checks itself: what holds is counted, and what does not is named."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest

from app.config import settings
from app.lessons import load
from app.processes import stop
from tests.examiner.conftest import Desk, start_examiner
from workers.examiner import check
from workers.examiner.hand_in import Sockets


def test_a_course_that_holds_has_no_problems(desk: Desk) -> None:
    report = check.check(desk.course, desk.sockets, ["heads"])
    assert report.all_problems() == []
    found = {each.id: each for each in report.exercises}
    assert set(found) == {"score", "highest", "draw", "ablate", "picture", "form"}
    score = found["score"]
    assert (score.step, score.checks, score.hints) == ("1", 2, 3)
    assert (score.mistakes, score.rejected, score.also_right, score.accepted) == (3, 3, 2, 2)


def test_the_command_prints_a_table_or_json(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    sockets = ["--runner", str(desk.sockets.runner), "--examiner", str(desk.sockets.examiner)]
    options = ["--course", str(desk.course.dir), "--lesson", "faulty", *sockets]
    assert check.main([*options, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["ok"]
    assert {each["id"] for each in found["exercises"]} == {
        "raises",
        "sends",
        "loops",
        "crashes",
        "eats",
        "unimportable",
    }
    assert check.main(options) == 1
    assert "raises: our check failed: check_number of raises: KeyError: 'nothing'" in capsys.readouterr().out


BROKEN = '''
"""Broken

In every way that a hand-in can show.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = ["a", "b", "c"]


def mean(x: Float[Tensor, "n"]) -> Float[Tensor, ""]:
    """The mean."""
    return x.mean()


def check_mean(answer):
    """Any numbers."""
    x = torch.rand(5)
    lab.same(answer.mean(x), x.mean())


def mistake_none__mean(x):
    """This one is right."""
    return x.mean()


def mistake_sum__mean(x):
    """You took the sum."""
    return x.sum()


def mistake_same_sum__mean(x):
    """You took the sum, and nobody can tell it from the other."""
    return x.sum()


def also_right_wrong__mean(x):
    return x.median()
'''

WRONG = BROKEN.replace("return x.mean()", "return x.max()", 1).replace("Broken", "Wrong", 1)

LESSON = """\
---
title: Broken
step: 1
summary: Nothing here holds.
minutes: 1
limits: {slow: 1}
---

```python raises
1 / 0
```

```python slow
import time
time.sleep(1.2)
```

[Broken](broken.py)

[Wrong](wrong.py)
"""

FACTS = """
from workers.lab.models import registry

def test_it():
    raise AssertionError(f"models are looked for in {registry._place}")
"""


@pytest.fixture
def broken_course(tmp_path: Path) -> Path:
    folder = tmp_path / "course" / "01-start" / "all"
    folder.mkdir(parents=True)
    (folder / "lesson.md").write_text(LESSON)
    (folder / "broken.py").write_text(BROKEN.lstrip())
    (folder / "wrong.py").write_text(WRONG.lstrip())
    (folder / "facts_test.py").write_text(FACTS)
    return tmp_path / "course"


def test_whatever_does_not_hold_is_named(broken_course: Path, warm_machines: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as folder:
        examiner = start_examiner(Path(folder), broken_course)
        try:
            sockets = Sockets(warm_machines / "runner.sock", examiner.socket)
            found = check.check(load(broken_course), sockets).all_problems()
        finally:
            stop([examiner.process], 5)
    expected = [
        "The course needs a path.toml: the map.",
        "all: a fact does not hold",
        f"models are looked for in {settings().models_dir}",
        "broken: 2 other right answers are needed, it has 1",
        "broken: mistake_none__mean is passed",
        "broken: mistake_same_sum__mean is rejected, but taken for mistake_sum__mean: ",
        "broken: also_right_wrong__mean is failed: The value: expected 0.",
        "wrong: the reference is failed: The value: expected 0.",
        "all, cell raises: ZeroDivisionError: division by zero",
    ]
    for sentence in expected:
        assert any(sentence in problem for problem in found), (sentence, found)
    slow = r"all, cell slow: took [1-9]\d*\.\d s; the lesson allows 1"
    assert any(re.search(slow, problem) for problem in found), found
