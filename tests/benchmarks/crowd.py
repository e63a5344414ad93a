"""Locust's learners on a cohort's installation: how long pages and verdicts take, what a submission costs.

Every crowd hands in equally often, so that what one submission takes can be compared. The seconds in which
they arrive are not counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.config import ROOT
from app.processes import spawn, stop
from app.steps import Failed
from tests import cohort
from tests.benchmarks import measure, table
from tests.benchmarks.environments import Peer
from tests.benchmarks.exercise import LESSON, NAME
from tests.benchmarks.simulation.measuring import cpu
from tests.benchmarks.submissions import all_of_them
from tests.cohort import Cohort

CROWDS = {20: 30.0, 100: 30.0, 200: 60.0}  # learners: seconds that count
HAND_INS = 20  # in a minute, of all together
PAUSE = 30.0  # seconds between two things that a learner does, on the average
_ARRIVING, _SETTLING = 5, 5.0  # learners a second; seconds after the last has come
_GRACE = 90  # seconds that what was begun may take to its end
_DRIVER = Path(__file__).with_name("crowd_driver.py")
_ENGINE = ("worker", "runner", "examiner")
_HOUSE = ("site", "postgres", "redis")


@dataclass(frozen=True)
class Crowd:
    """What was measured of one."""

    learners: int
    seconds: float
    pages: list[float]  # seconds of each; saving a text counts, what a browser keeps does not
    verdicts: list[float]
    errors: list[str]
    cpu: dict[str, float]  # part → CPU-seconds

    @property
    def per_submission(self) -> float:
        """CPU-seconds of those who run and judge."""
        return sum(self.cpu[part] for part in _ENGINE) / max(1, len(self.verdicts))

    @property
    def per_page(self) -> float:
        """CPU-seconds of the others, for each page and each submission."""
        return sum(self.cpu[part] for part in _HOUSE) / max(1, len(self.pages) + len(self.verdicts))

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"per_submission": self.per_submission, "per_page": self.per_page}


def measured(peer: Peer, quick: bool) -> list[Crowd]:
    """One crowd after the other, on the same installation. Raises Failed."""
    found = []
    with _installation() as running:
        tokens = running.sign_in(sum(CROWDS))
        for learners, seconds in CROWDS.items():
            mine = [tokens.pop() for _ in range(learners)]
            found.append(_one(running, peer, mine, seconds / 4 if quick else seconds))
            print(f"  {_line(found[-1])}", flush=True)
    return found


@contextmanager
def _installation() -> Iterator[Cohort]:
    print(
        "Starting a cohort's installation: Postgres, Redis, two sites, worker, examiner, runner…", flush=True
    )
    course = str(ROOT / "app" / "course")
    with cohort.folder() as folder, cohort.start(folder, course_dir=course, sandbox="required") as running:
        yield running


def _one(running: Cohort, peer: Peer, tokens: list[str], seconds: float) -> Crowd:
    folder = running.folder / f"crowd-{len(tokens)}"
    folder.mkdir()
    arriving = len(tokens) / _ARRIVING + _SETTLING
    since = time.time() + arriving
    until = since + seconds
    _order(running, folder, tokens, since)
    locust = _locust(peer, folder, len(tokens), arriving + seconds)
    try:
        running.wait_for(lambda: time.time() >= since)
        before = cpu(running)
        running.wait_for(lambda: time.time() >= until or locust.poll() is not None, seconds + 60)
        used = {part: total - before[part] for part, total in cpu(running).items()}
        running.wait_for(lambda: locust.poll() is not None, 2 * _GRACE)
    finally:
        stop([locust], 5)
    return _found(folder, len(tokens), (since, until), used)


def _locust(peer: Peer, folder: Path, learners: int, seconds: float) -> subprocess.Popen[bytes]:
    words = [peer.program("locust"), "--headless", "--only-summary", "-f", str(_DRIVER)]
    words += ["-u", str(learners), "-r", str(_ARRIVING)]
    words += ["-t", f"{seconds:.0f}s", "--stop-timeout", str(_GRACE)]
    env = {**peer.variables(folder), "UNEMBED_CROWD_ORDER": str(folder / "order.json")}
    with (folder / "log").open("wb") as output:
        return spawn(words, env=env, cwd=folder, output=output, errors=output)


def _order(running: Cohort, folder: Path, tokens: list[str], since: float) -> None:
    """What the learners shall do, for `crowd_driver.py`."""
    texts = {one.name: one.text for one in all_of_them()}
    order = {
        "sites": running.sites,
        "tokens": tokens,
        "learners": len(tokens),
        "lesson": f"/lessons/{LESSON}",
        "exercise": NAME,
        "answers": {"passed": texts["right"], "failed": texts["wrong"]},
        "hand_ins": HAND_INS,
        "pause": PAUSE,
        "from": since,
        "seed": len(tokens),
        "result": str(folder / "found.json"),
    }
    (folder / "order.json").write_text(json.dumps(order))


def _found(folder: Path, learners: int, span: tuple[float, float], used: dict[str, float]) -> Crowd:
    result = folder / "found.json"
    if not result.exists():
        raise Failed(f"Locust measured nothing:\n{(folder / 'log').read_text(errors='replace')[-2000:]}")
    samples = json.loads(result.read_text())
    counted = [one for one in samples if span[0] <= one["begun"] <= span[1] and not one["error"]]
    return Crowd(
        learners=learners,
        seconds=span[1] - span[0],
        pages=[one["seconds"] for one in counted if one["name"] in ("page", "draft")],
        verdicts=[one["seconds"] for one in counted if one["name"] == "verdict"],
        errors=[one["error"] for one in samples if one["error"]],
        cpu=used,
    )


# ── the result ──────────────────────────────────────────────────────────────


def report(crowds: list[Crowd]) -> str:
    """A table, a column for each crowd."""
    header = ["learners at the same time", *(str(crowd.learners) for crowd in crowds)]
    rows = [
        ["seconds", *(f"{crowd.seconds:.0f}" for crowd in crowds)],
        ["pages a second", *(f"{len(crowd.pages) / crowd.seconds:.1f}" for crowd in crowds)],
        ["page, median, ms", *(_ms(crowd.pages, 0.5) for crowd in crowds)],
        ["page, 95th percentile, ms", *(_ms(crowd.pages, 0.95) for crowd in crowds)],
        ["submissions", *(str(len(crowd.verdicts)) for crowd in crowds)],
        ["submit → verdict, median, ms", *(_ms(crowd.verdicts, 0.5) for crowd in crowds)],
        ["submit → verdict, 95th percentile, ms", *(_ms(crowd.verdicts, 0.95) for crowd in crowds)],
        ["errors", *(str(len(crowd.errors)) for crowd in crowds)],
        ["CPU-s of a submission: worker, runner, examiner", *(f"{one.per_submission:.2f}" for one in crowds)],
        ["CPU-ms of a page or submission: the others", *(f"{1000 * one.per_page:.0f}" for one in crowds)],
    ]
    wrong = sorted({error for crowd in crowds for error in crowd.errors})
    return "\n".join([table.markdown(header, rows), *wrong])


def _ms(seconds: list[float], share: float) -> str:
    return f"{1000 * measure.percentile(seconds, share):.0f}" if seconds else ""


def _line(crowd: Crowd) -> str:
    return (
        f"{crowd.learners} learners: {len(crowd.pages)} pages, {len(crowd.verdicts)} submissions, "
        f"{len(crowd.errors)} errors, load {os.getloadavg()[0]:.1f}"
    )
