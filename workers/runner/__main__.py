"""`python -m workers.runner --socket P --models DIR… --sandbox required|auto|off --pool N`

Runs learner code, each run in a fresh confined process. Prints one line of JSON when warm; SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from workers.runner import confine
from workers.runner.loop import Loop
from workers.runner.pool import Pool
from workers.runner.supervisor import AlreadyRunning, Supervisor


def main() -> int:
    options = _parser().parse_args()
    found = confine.find(options.sandbox, options.models)
    if options.probe:
        print(json.dumps({"layers": found.layers, "missing": found.missing, "enough": found.enough}))
        return 0
    if options.sandbox == "required" and not found.enough:
        print(f"runner: {found.sentence()}", file=sys.stderr)
        return 1
    for sentence in found.missing.values():
        print(f"runner: {sentence}", file=sys.stderr)
    return _serve(options, found)


def _serve(options: argparse.Namespace, found: confine.Found) -> int:
    loop = Loop()
    pool = Pool(loop, found.plan, options.models, spare=options.pool, worn_after=options.worn_after)
    supervisor = Supervisor(options.socket, found, pool, loop)
    try:
        supervisor.serve()
    except (AlreadyRunning, OSError) as error:
        print(f"runner: {error}", file=sys.stderr)
        return 1
    if supervisor.failure:
        print(f"runner: {supervisor.failure}", file=sys.stderr)
    return 1 if supervisor.failure else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.runner", description=__doc__)
    parser.add_argument("--socket", type=Path, default=Path("runner.sock"), help="unix socket to listen on")
    parser.add_argument("--models", nargs="*", default=[], metavar="DIR", help="model folders a run may read")
    parser.add_argument("--sandbox", choices=("required", "auto", "off"), default="required")
    parser.add_argument("--pool", type=int, default=2, help="children that wait, already confined")
    parser.add_argument("--worn-after", type=int, default=1000, help="runs until the warm process is renewed")
    parser.add_argument("--probe", action="store_true", help="only say what protects this machine")
    return parser


if __name__ == "__main__":
    sys.exit(main())
