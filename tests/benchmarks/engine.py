"""Runner and examiner alone, asked by their own client as `jupyter_client` asks a kernel.

Every layer of isolation, and a verdict judged in another process; no site, queue or database around them.
They are those of the site that is measured too.
"""

from __future__ import annotations

import time

from app.config import Settings
from tests.benchmarks.exercise import exercise
from tests.benchmarks.ours import Site
from tests.benchmarks.submissions import Submission, right
from tests.benchmarks.systems import Burst, Graded, System, Verdict, all_at_once
from workers.examiner.hand_in import Sockets, hand_in


class Engine(System):
    """What of ours does the same work as a kernel that executes an answer and its tests."""

    name, title, cold = "engine", "its runner and examiner", False

    def __init__(self, site: Site) -> None:
        settings = Settings(data_dir=site.data)
        self._site, self._sockets = site, Sockets(settings.runner_socket, settings.examiner_socket)

    def grade(self, text: str) -> Graded:
        before, begun = self._site.cpu()["all"], time.monotonic()
        verdict = self._verdict(text)
        seconds = time.monotonic() - begun
        return Graded(seconds, self._site.cpu()["all"] - before, verdict)

    def _verdict(self, text: str) -> Verdict:
        return "full" if hand_in(self._sockets, exercise(), text)["verdict"] == "passed" else "less"

    def burst(self, learners: int, seconds: float) -> Burst:
        """Each hands in again as soon as the verdict is there."""
        each, latencies = max(2, 64 // learners), list[float]()
        before, begun = self._site.cpu()["all"], time.monotonic()

        def work() -> None:
            for number in range(each):
                asked = time.monotonic()
                if asked < begun + seconds and self._verdict(right(number)) == "full":
                    latencies.append(time.monotonic() - asked)

        took = all_at_once([work] * learners)
        return Burst(learners, len(latencies), took, latencies, self._site.cpu()["all"] - before)

    def verdicts(self, submissions: list[Submission]) -> dict[str, Verdict]:
        """The site's are theirs."""
        return {}
