"""`python -m workers.examiner --socket P --course DIR`

Judges answers. Prints one line of JSON when warm; SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from workers import logs
from workers.examiner import seclusion


def main() -> int:
    options = _parser().parse_args()
    logs.begin("examiner", options.log_format)
    seclusion.start_over_if_needed(sys.argv[1:])
    if not seclusion.leave_network():
        logs.say("this kernel does not let it leave the network", "warning")
    from workers.examiner.examiner import Examiner, Limits  # imports torch, which starts threads
    from workers.lab.models.registry import look_in

    seclusion.close_to_others()
    limits = Limits(options.seconds, options.cpu_seconds, options.memory_mb << 20)
    try:
        look_in(options.installed)
        Examiner(options.socket, options.course, limits, options.group, options.courses).serve()
    except OSError as error:
        logs.refuse(str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.examiner", description=__doc__)
    parser.add_argument("--socket", type=Path, default=Path("examiner.sock"), help="unix socket to listen on")
    parser.add_argument("--group", action="store_true", help="let this user's group ask, too")
    parser.add_argument("--course", type=Path, default=Path("app/course"), help="folder of the course")
    parser.add_argument("--courses", type=Path, metavar="DIR", help="where pinned editions of it are kept")
    parser.add_argument("--installed", type=Path, metavar="DIR", help="where models are installed")
    parser.add_argument("--seconds", type=int, default=120, help="limit of one grading, waiting included")
    parser.add_argument("--cpu-seconds", type=int, default=30, help="limit of what one grading calculates")
    parser.add_argument(seclusion.CLEAN, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--log-format", choices=logs.FORMATS, default="text", help="of what it says")
    parser.add_argument("--memory-mb", type=int, default=2048, help="memory one grading may add")
    return parser


if __name__ == "__main__":
    sys.exit(main())
