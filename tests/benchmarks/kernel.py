"""Warm Jupyter kernels: no browser, no isolation, state left behind.

*Warm* executes the answer and its tests in a kernel that has long imported all, driven by `jupyter_client`
with nothing in between. *Served* does so through a Jupyter Server, as a notebook's page does. *Restart, run
all* is what a learner in Jupyter does for a result that does not hang on what ran before.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from app.steps import Failed
from tests.benchmarks import measure
from tests.benchmarks.environments import Peer
from tests.benchmarks.exercise import SETUP, course_tests
from tests.benchmarks.submissions import Submission, right
from tests.benchmarks.systems import Burst, Graded, System, Verdict

_DRIVER = Path(__file__).with_name("kernel_driver.py")


class Kernels:
    """The driver in the kernels' own environment, and the kernels below it: one for each processor."""

    def __init__(self, peer: Peer, folder: Path, served: bool = False) -> None:
        folder.mkdir(parents=True)
        self._served = served
        with (folder / "kernels.log").open("wb") as log:
            self._driver = subprocess.Popen(
                [str(peer.python), str(_DRIVER)],
                env=peer.variables(folder),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is for us: we end it in our own way
            )
        self._log = folder / "kernels.log"
        self.processes()  # starts them

    def processes(self) -> list[int]:
        """Those that run the kernels now: a restart gives a kernel another."""
        found: list[int] = self.ask("start", count=os.cpu_count(), setup=[SETUP], served=self._served)[
            "processes"
        ]
        return found

    def ask(self, do: str, **what: Any) -> dict[str, Any]:
        """Raises Failed if the driver has gone."""
        assert self._driver.stdin
        assert self._driver.stdout
        self._driver.stdin.write(json.dumps({"do": do, **what}).encode() + b"\n")
        self._driver.stdin.flush()
        line = self._driver.stdout.readline()
        if not line:
            raise Failed(f"The kernels' driver ended: see {self._log}.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def cpu(self) -> float:
        """Of all kernels that have been; the client's own is left out, as ours is elsewhere."""
        return measure.cpu(self._driver.pid, itself=False)

    def close(self) -> None:
        assert self._driver.stdin
        self._driver.stdin.close()
        try:
            self._driver.wait(5)
        except subprocess.TimeoutExpired:
            self._driver.kill()
            self._driver.wait()


class WarmKernel(System):
    """Isolation: none. Every learner needs a kernel of their own, or finds what others have left."""

    name, title, cold = "kernel", "warm kernel", False
    afresh = False

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels

    def grade(self, text: str) -> Graded:
        before = self._kernels.cpu()
        told = self._kernels.ask("submit", cells=_cells(text), afresh=self.afresh)
        return Graded(told["seconds"], self._kernels.cpu() - before, told["verdict"])

    def burst(self, learners: int, seconds: float) -> Burst:
        """They share the kernels, of which there are as many as processors."""
        before, each = self._kernels.cpu(), 1 if self.afresh else max(2, 64 // learners)
        submissions = [_cells(right(number)) for number in range(learners * each)]
        told = self._kernels.ask(
            "burst", submissions=submissions, learners=learners, afresh=self.afresh, seconds=seconds
        )
        latencies = told["latencies"]
        used = self._kernels.cpu() - before
        return Burst(learners, len(latencies), max(latencies, default=seconds), latencies, used)

    def verdicts(self, submissions: list[Submission]) -> dict[str, Verdict]:
        """Each in a kernel just restarted: an attack would stay in force for those who come later."""
        return {
            one.name: self._kernels.ask("submit", cells=_cells(one.text), afresh=True)["verdict"]
            for one in submissions
        }

    def memory(self) -> dict[str, measure.Memory]:
        processes = self._kernels.processes()
        return {"waiting": measure.memory(processes[:1]), "all": measure.memory(processes)}


class ServedKernel(WarmKernel):
    """Warm kernels behind a Jupyter Server."""

    name, title = "jupyter", "warm kernel, Jupyter Server"

    def verdicts(self, submissions: list[Submission]) -> dict[str, Verdict]:
        """The kernels are the same; so would these be."""
        return {}

    def memory(self) -> dict[str, measure.Memory]:
        return {}


class RestartedKernel(WarmKernel):
    """The same kernels, restarted for each submission."""

    name, title, cold, afresh = "restart", "kernel: restart, run all", True, True

    def verdicts(self, submissions: list[Submission]) -> dict[str, Verdict]:
        """The warm kernel's are made in this very way."""
        return {}

    def memory(self) -> dict[str, measure.Memory]:
        return {}


def _cells(text: str) -> list[str]:
    return [text, *(test.cell for test in course_tests())]
