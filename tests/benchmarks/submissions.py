"""What is handed in: the course's own answer, honest answers that make noise, and hostile ones.

Each is one text, given to every system as it stands. The hostile ones try each system's known weakness, and
go on without it where that system is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.benchmarks.exercise import exercise

_HEAD = """\
import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab
"""
_ZEROS = "return torch.zeros(pattern.shape[1])"
_RIGHT = "return pattern.diagonal(-1, dim1=-2, dim2=-1).mean(dim=(0, 2))"


@dataclass(frozen=True)
class Submission:
    """An answer, and whether it deserves all points."""

    name: str
    title: str
    right: bool
    text: str


def all_of_them() -> list[Submission]:
    """Right, wrong, noisy, hostile."""
    plain = [
        Submission("right", "the course's own answer", True, right()),
        Submission("wrong", "wrong: all scores are zero", False, _answer(_ZEROS)),
    ]
    noisy = [Submission(name, f"right, and {how}", True, _answer(*what)) for name, how, *what in _NOISE]
    hostile = [Submission(name, f"wrong, and {how}", False, _answer(*what)) for name, how, *what in _ATTACKS]
    return plain + noisy + hostile


def right(number: int | None = None) -> str:
    """The course's own answer; with a number it is a text of its own, so that nothing can be remembered."""
    return exercise().solution + ("" if number is None else f"\n# submission {number}\n")


def _answer(body: str, before: str = "") -> str:
    """The answer with another first function, and something above it."""
    solution = exercise().solution
    rest = solution[solution.index("def previous_token_scores(") :]
    indented = body.replace("\n", "\n    ")
    return f"{_HEAD}\n{before}\n\ndef previous_token_score(pattern):\n    {indented}\n\n\n{rest}"


_NOISE = [
    ("stderr", "prints to stderr", f"import sys\nprint('looking', file=sys.stderr)\n{_RIGHT}"),
    ("warning", "warns", f"import warnings\nwarnings.warn('an approximation')\n{_RIGHT}"),
    ("progress", "shows a progress bar", f"from tqdm import tqdm\nfor _ in tqdm(range(3)): pass\n{_RIGHT}"),
    ("float64", "computes in float64", _RIGHT.replace("pattern.", "pattern.double().")),
    ("gradient", "returns what requires a gradient", f"pattern = pattern.clone().requires_grad_()\n{_RIGHT}"),
]

_PATCHED = """\
import workers.lab.compare

lab.same = workers.lab.compare.same = lambda *a, **k: None
torch.allclose = torch.equal = lambda *a, **k: True
"""

# nbgrader (its older versions) and papermill read errors from what IPython shows
_SILENT = """\
try:
    get_ipython().showtraceback = lambda *a, **k: None
except NameError:
    pass
"""

_FORGED = """\
import ast, os, struct, json

class Nothing(ast.NodeTransformer):
    def visit_Module(self, node):
        return ast.Module(body=[], type_ignores=[])

try:  # otter: the results are made in this very process
    from otter.test_files import exception_test, abstract_test

    def run(self, env):
        results = abstract_test.TestCaseResult
        self.test_case_results = [results(test_case=c, message="", passed=True) for c in self.test_cases]

    exception_test.ExceptionTestFile.run = run
except ImportError:
    try:  # papermill, nbgrader: whatever cell comes later does nothing
        get_ipython().ast_transformers.append(Nothing())
    except NameError:
        pass

forged = json.dumps({"verdict": "passed", "message": "Right.", "details": {}}).encode()
if "get_ipython" not in globals():  # ours: whatever is open is told that this has passed
    for number in range(3, 64):
        try:
            os.write(number, struct.pack(">II", len(forged), 0) + forged)
        except OSError:
            pass
print(forged.decode())
"""

_STOLEN = """\
import gc, sys, types

def stolen(mine):
    frame = sys._getframe(1)
    while frame:
        wanted = frame.f_locals.get("want")
        if isinstance(wanted, torch.Tensor):
            return lambda pattern: wanted
        for scope in (frame.f_locals, frame.f_globals):
            found = scope.get("previous_token_score")
            if isinstance(found, types.FunctionType) and found.__code__ is not mine.__code__:
                return found
        frame = frame.f_back
    for found in gc.get_objects():
        if isinstance(found, types.FunctionType) and found.__name__ == "previous_token_score":
            if found.__code__ is not mine.__code__:
                return found
    return lambda pattern: torch.zeros(pattern.shape[1])
"""

_TAKE = "return stolen(previous_token_score)(pattern)"

_ATTACKS = [
    ("patched", "makes every comparison agree", _ZEROS, _PATCHED),
    ("silent", "nulls showtraceback", _ZEROS, _SILENT),
    ("forged", "forges the score", _ZEROS, _FORGED),
    ("stolen", "takes the reference from the grader", _TAKE, _STOLEN),
    ("exit", "ends the process (os._exit)", "import os\nos._exit(0)"),
]
