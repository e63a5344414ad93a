"""`python -m workers.installing NAME --into DIR`: fetch a model, convert it, try it out, and move it in.

Prints JSON lines: `{"stage", "done", "total"}` (in MB) while it works, and at last one of `{"installed"}`,
`{"removed"}`, `{"offer"}` (with `--ask`: what it would take) or `{"refused": sentence}`, which exits with 1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tomllib
import traceback
from pathlib import Path
from typing import Any

from app.running.catalogue import CATALOGUE, NoSuchModel, folder_of
from workers.installing import hub, package, place
from workers.installing.plan import Plan, Refused, mb, of_package
from workers.runner.client import RunnerGone, renew


def main() -> int:
    """Do it. 0: done; 1: refused, and the last line says why."""
    options = _parser().parse_args()
    say = _only_ours_to_speak()
    _settle_libraries()
    _be_killed_first()
    try:
        say(_ask(options) if options.ask else _act(options, say))
    except (Refused, NoSuchModel) as why:
        say({"refused": str(why)})
        return 1
    except Exception as error:  # an error of ours, or of a library: whoever waits must hear something
        traceback.print_exc()
        say({"refused": f"Something unforeseen went wrong ({type(error).__name__}: {error})."})
        return 1
    return 0


def _ask(options: argparse.Namespace) -> dict[str, Any]:
    return {"offer": _plan(options.name).offer()}


def _act(options: argparse.Namespace, say: Any) -> dict[str, Any]:
    with place.alone(options.into, options.name):
        if options.remove:
            place.move_out(folder_of(options.name, options.into))
            done: dict[str, Any] = {"removed": options.name}
        else:
            done = {"installed": _install(options, say)}
    _tell(options.tell)
    return done


def _install(options: argparse.Namespace, say: Any) -> dict[str, Any]:
    """Returns the facts of the installed model."""
    _at(say, "asking")
    plan = _plan(options.name)
    place.check_room(plan, options.into)

    def fetched(done: int, total: int) -> None:
        say({"stage": "fetching", "done": min(done // 10**6, plan.download_mb), "total": mb(total)})

    with place.beside(options.into) as work:
        for name in ("fetched", "made"):
            (work / name).mkdir()
        fetched(0, plan.download_mb * 10**6)
        fetch = package.fetch if plan.source == "package" else hub.fetch
        found = fetch(plan, work / "fetched", fetched)
        _at(say, "loading")
        from workers.installing.converting import convert  # imports torch

        facts = convert(plan, found, work / "made", lambda stage: _at(say, stage))
        place.move_in(work / "made", options.into, facts)
    return facts


def _at(say: Any, stage: str) -> None:
    """A stage of which nobody can say how far it is."""
    say({"stage": stage, "done": 0, "total": 0})


def _plan(name: str) -> Plan:
    """From the catalogue; a name that is not in it is the hub's."""
    folder_of(name, Path())  # raises NoSuchModel for what is no name
    entry = tomllib.loads(CATALOGUE.read_text(encoding="utf-8")).get(name)
    if entry is None:
        return hub.plan(name)
    if entry["source"] == "shipped":
        raise Refused(f"{name} is shipped: it is there already.")
    os.environ["HF_HUB_OFFLINE"] = "1"  # all that is needed is in the package
    return of_package(name, entry)


def _tell(runner: Path | None) -> None:
    """Whoever warms children up anew has them share what is new. The examiner looks by itself."""
    if runner is None:
        return
    try:
        renew(runner)
    except RunnerGone as why:
        print(f"no runner was told: {why}", file=sys.stderr)


def _only_ours_to_speak() -> Any:
    """A function that prints JSON lines; all that libraries print goes to stderr."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=lines, flush=True)

    return say


def _settle_libraries() -> None:
    """Nothing is said about us, and progress is ours to tell."""
    os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", TQDM_DISABLE="1")


def _be_killed_first() -> None:
    """Where memory runs out, an installation should end before anything that learners need."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")
    with contextlib.suppress(OSError):
        os.nice(5)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.installing", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--into", type=Path, required=True, metavar="DIR", help="the models folder")
    parser.add_argument("--tell", type=Path, metavar="SOCKET", help="the runner, to warm up anew afterwards")
    parser.add_argument("--ask", action="store_true", help="only say what it would take")
    parser.add_argument("--remove", action="store_true", help="remove it instead")
    return parser


if __name__ == "__main__":
    sys.exit(main())
