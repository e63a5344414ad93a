"""`python -m tests.benchmarks.simulation measure | simulate | draw`: how many workers a class needs.

Each step reads what the one before it has written: services.json beside this file, waiting.json, and the
figure in the manual.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from app.config import ROOT
from app.processes import adopt_orphans, end_orphans
from app.steps import Failed
from tests.benchmarks.simulation import drawing, learners

WAITING = learners.MEASURED.with_name("waiting.json")
FIGURE = ROOT / "app" / "manual" / "waiting.svg"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.simulation", description=__doc__)
    parser.add_argument("step", choices=("measure", "simulate", "draw"))
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured")
    options = parser.parse_args()
    try:
        {"measure": _measure, "simulate": _simulate, "draw": _draw}[options.step](options)
    except Failed as why:
        print(why, file=sys.stderr)
        return 2
    return 0


def _measure(options: argparse.Namespace) -> None:
    from tests.benchmarks.simulation import measuring

    adopt_orphans()
    try:
        found = measuring.take(options.rounds)
    finally:
        end_orphans()
    presses = ",\n".join(f"  {json.dumps(one)}" for one in found.pop("presses"))
    learners.MEASURED.write_text(f'{json.dumps(found)[:-1]}, "presses": [\n{presses}\n]}}\n')


def _simulate(_options: argparse.Namespace) -> None:
    found = learners.tabulate(_say)
    rows = ",\n".join(f"  {json.dumps(row)}" for row in found.pop("rows"))
    WAITING.write_text(f'{json.dumps(found)[:-1]}, "rows": [\n{rows}\n]}}\n')


def _say(row: dict[str, Any]) -> None:
    print("  ".join(f"{name} {value:g}" for name, value in row.items()), flush=True)


def _draw(_options: argparse.Namespace) -> None:
    FIGURE.write_text(drawing.svg(json.loads(WAITING.read_text())))


if __name__ == "__main__":
    sys.exit(main())
