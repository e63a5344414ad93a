"""otter-grader: `otter run`, its way without a container (there is no Docker in this comparison)."""

from __future__ import annotations

import json
from pathlib import Path

from app.steps import Failed
from tests.benchmarks import measure
from tests.benchmarks.environments import Peer
from tests.benchmarks.exercise import SETUP, CourseTest, course_tests
from tests.benchmarks.systems import OneCommandEach, Verdict, cell, write_notebook

_TEST = """\
from otter.test_files import test_case

OK_FORMAT = False
name, points = {name!r}, 1

{code}

@test_case(points=1, hidden={hidden})
def graded(env):
    {call}
"""


class Otter(OneCommandEach):
    """Isolation: none with `otter run`; a container with `otter grade`, which takes longer."""

    name, title = "otter", "otter run"

    def __init__(self, peer: Peer, folder: Path) -> None:
        super().__init__(peer, folder)
        self._program = [str(peer.python), "-m", "otter"]
        for test in course_tests():
            path = folder / "tests" / f"{test.name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(_test_file(test))
        options = [
            "-t",
            "tests",
            "-o",
            "autograder.zip",
            "--no-environment",
            "--no-requirements",
            "--no-config",
        ]
        made = measure.Command([*self._program, "generate", *options], folder / "generate.log", folder)
        if measure.run(made, self.environment).code:
            raise Failed(f"otter generate failed: see {made.log}.")

    def command(self, number: int, text: str) -> list[str]:
        notebook = self.folder / str(number) / "answer.ipynb"
        sources = [SETUP, text]
        write_notebook(notebook, (cell(source, place) for place, source in enumerate(sources)))
        options = ["--no-logo", "-a", "autograder.zip", "-o", str(notebook.parent)]
        return [*self._program, "run", *options, str(notebook)]

    def verdict(self, number: int, code: int) -> Verdict:
        results = self.folder / str(number) / "results.json"
        if not results.exists():
            return "none"
        scored = [one for one in json.loads(results.read_text())["tests"] if one.get("max_score")]
        got, most = (sum(one.get(what) or 0 for one in scored) for what in ("score", "max_score"))
        return "full" if most and got == most else "less"


def _test_file(test: CourseTest) -> str:
    call = f"{test.name}(__import__('types').SimpleNamespace(**env))"
    return _TEST.format(name=test.name, code=test.code, hidden=test.hidden, call=call)
