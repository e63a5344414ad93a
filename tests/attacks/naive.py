"""A grader as most are: it runs answer and reference in one process and believes what it sees there.

`python naive.py REFERENCE ANSWER` prints ESCAPED if every check lets the answer pass. So what the real
examiner stops was worth stopping.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path

from workers import lab


def main(reference: Path, answer: Path) -> int:
    trusted = _run(f"course_{reference.stem}", reference)
    learner = _run("answer", answer)
    asked = types.SimpleNamespace(**vars(learner))
    checks = [value for name, value in vars(trusted).items() if name.startswith("check_")]
    for check in checks:
        try:
            check(asked)
        except Exception as error:
            print(f"{check.__name__}: {type(error).__name__}: {error}")
            return 1
    sys.__stdout__.write("ESCAPED all checks pass\n")
    return 0


def _run(name: str, file: Path) -> types.ModuleType:
    module = types.ModuleType(name)
    vars(module)["lab"] = lab
    sys.modules[name] = module
    exec(compile(file.read_text(), str(file), "exec", dont_inherit=True), vars(module))
    return module


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
