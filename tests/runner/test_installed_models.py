"""Models that are installed while the runner runs: new children share them, and nobody is disturbed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.installing import tiny
from tests.runner.conftest import Seen
from tests.runner.starting import runner as start_runner
from workers.runner.client import RunnerClient, renew, status
from workers.runner.limits import Limits

LOAD = "from workers import lab\nlab.load('acme/tiny', folded=True).cfg.d_model"
SHARED = "from workers.lab.models import loading\nlen(loading._booted)"
MOST_SECONDS = 280


def cell(child: RunnerClient, source: str) -> Seen:
    seen = Seen()
    for event in child.cell("one", source):
        seen.take(event)
    return seen


@pytest.mark.timeout(900)
def test_an_installed_model_is_shared_by_the_children_that_come(tmp_path: Path) -> None:
    models = tmp_path / "models"
    with start_runner(
        "--installed", str(models), "--offered", "acme/tiny", "--sandbox", "auto", pool=1
    ) as started:

        def fresh() -> RunnerClient:
            return RunnerClient(started.socket, Limits(wall=MOST_SECONDS), 1)

        with fresh() as busy:
            assert "An admin of this site can install it: /models" in cell(busy, LOAD).error["message"]
            cell(busy, "x = 17")
            renew(started.socket)  # the first of these two warms up without the model
            tiny.installed(models, "acme/tiny", tiny.gpt2())
            renew(started.socket)
            assert cell(busy, LOAD).result == "32"  # an older child has to read it itself
            deadline = time.monotonic() + MOST_SECONDS
            while _in(fresh(), SHARED) != "2":
                assert time.monotonic() < deadline, started.log.read_text()
                time.sleep(0.2)
            assert cell(busy, "x").result == "17"
        assert _in(fresh(), LOAD) == "32"
        assert status(started.socket)["zygotes"] <= 3


def _in(client: RunnerClient, source: str) -> str:
    with client as child:
        return cell(child, source).result
