"""`python -m workers.runner --socket P --models DIR… --sandbox required|auto|off --pool N`

Runs learner code, each run in a fresh confined process. Prints one line of JSON when warm; SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from workers import logs
from workers.runner import confine
from workers.runner.loop import Loop
from workers.runner.pool import Pool
from workers.runner.snapshots import Snapshots, refusal
from workers.runner.supervisor import Supervisor
from workers.sockets import answers


def main() -> int:
    options = _parser().parse_args()
    logs.begin("runner", options.log_format)
    if options.probe:
        return _probe(options)
    if answers(options.socket):
        return _fail(f"another runner already answers at {options.socket}")
    found = _find(options, options.socket.with_suffix(".cells"))
    try:
        if options.sandbox == "required" and not found.enough:
            return _fail(_refusal(found))
        return _serve(options, found)
    finally:
        confine.clean_up(found.plan)


def _probe(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        found = _find(options, Path(folder) / "probe")
        confine.clean_up(found.plan)
    print(json.dumps({"layers": found.plan.layers, "missing": found.missing, "enough": found.enough}))
    return 0


def _find(options: argparse.Namespace, base: Path) -> confine.Found:
    """What this machine gives, snapshots among it where they are wanted."""
    if options.installed:
        with contextlib.suppress(OSError):  # so that it can be shown to runs before the first is installed
            options.installed.mkdir(parents=True, exist_ok=True)
    seen = [*options.models, *([str(options.installed)] if options.installed else [])]
    found = confine.find(options.sandbox, seen, base, options.device)
    why = refusal(found.plan) if options.snapshots else ""
    return replace(found, missing={**found.missing, "snapshots": why}) if why else found


def _snapshots(options: argparse.Namespace, found: confine.Found, loop: Loop, pool: Pool) -> Snapshots | None:
    if not options.snapshots or "snapshots" in found.missing:
        return None
    return Snapshots(loop, pool, options.snapshots, options.snapshots_mb << 20, options.snapshots_idle)


def _serve(options: argparse.Namespace, found: confine.Found) -> int:
    for sentence in found.missing.values():
        logs.say(sentence, "warning")
    loop = Loop()
    lab = {"installed": options.installed and str(options.installed.resolve()), "offered": options.offered}
    pool = Pool(loop, found.plan, options.pool, options.worn_after, lab)
    kept = _snapshots(options, found, loop, pool)
    supervisor = Supervisor(options.socket, found, pool, loop, kept, options.group)
    try:
        supervisor.serve()
    except OSError as error:
        return _fail(str(error))
    return _fail(supervisor.failure) if supervisor.failure else 0


def _refusal(found: confine.Found) -> str:
    reasons = " ".join(found.missing.values())
    return (
        "No code is run here: that needs seccomp, and namespaces or Landlock, and not all of them hold. "
        f"{reasons} On a machine that only you use, UNEMBED_SANDBOX=auto runs code without them."
    )


def _fail(why: str) -> int:
    logs.refuse(why)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.runner", description=__doc__)
    parser.add_argument("--socket", type=Path, default=Path("runner.sock"), help="unix socket to listen on")
    parser.add_argument("--group", action="store_true", help="let this user's group ask, too")
    parser.add_argument("--models", nargs="*", default=[], metavar="DIR", help="model folders a run may read")
    parser.add_argument("--installed", type=Path, metavar="DIR", help="where models are installed")
    parser.add_argument("--offered", nargs="*", default=[], metavar="NAME", help="hub models that may be")
    parser.add_argument("--sandbox", choices=("required", "auto", "off"), default="required")
    parser.add_argument("--device", default="cpu", help="what a run may compute on, as torch calls it")
    parser.add_argument("--pool", type=int, default=2, help="children that wait, already confined")
    parser.add_argument("--worn-after", type=int, default=1000, help="runs until the warm process is renewed")
    parser.add_argument("--snapshots", type=int, default=0, help="states kept of each learner's lesson")
    parser.add_argument("--snapshots-mb", type=int, default=1024, help="memory that all of these may take")
    parser.add_argument("--snapshots-idle", type=float, default=600, help="seconds of rest until they go")
    parser.add_argument("--log-format", choices=logs.FORMATS, default="text", help="of what it says")
    parser.add_argument("--probe", action="store_true", help="only say what protects this machine")
    return parser


if __name__ == "__main__":
    sys.exit(main())
