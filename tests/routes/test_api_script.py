"""The script of the manual, as it stands there: it hands in a file and waits for the grader's verdict."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from app.config import ROOT
from app.models import User
from tests.routes.acting import token_of

pytestmark = pytest.mark.slow


@pytest.fixture
def address(site: FastAPI, machines: None) -> Iterator[str]:
    """The site on a port of its own, with a real runner and a real examiner beside it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(site, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (code,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "app/manual/api.md").read_text(), re.M | re.S)
    file = tmp_path / "hand_in.py"
    file.write_text(code)
    return file


@pytest.fixture
def hand_in(
    script: Path, address: str, ada: User, run_jobs: Callable[[], list[str]]
) -> Callable[..., tuple[int, str]]:
    """Runs the script in a process of its own while the jobs are done here: (exit code, what it said)."""
    token = token_of(ada)

    def run(exercise: str, text: str, token: str = token) -> tuple[int, str]:
        answer = script.with_name("answer.py")
        answer.write_text(text)
        env = {**os.environ, "SITE": address, "TOKEN": token}
        command = [sys.executable, str(script), exercise, str(answer)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, env=env, text=True, **pipes) as process:  # type: ignore[call-overload]
            while process.poll() is None:
                run_jobs()
                time.sleep(0.05)
            return process.returncode, process.stdout.read()

    return run


def test_it_says_the_verdict_and_its_exit_code_is_the_verdict(
    hand_in: Callable[..., tuple[int, str]],
) -> None:
    code, said = hand_in("double", "def double(x):\n    return x + x\n")
    assert (code, said.partition(".")[0]) == (0, "Attempt 1: passed")
    code, said = hand_in("double", "def double(x):\n    return x * x\n")
    assert (code, said.partition(".")[0]) == (1, "Attempt 2: failed")
    assert "square" in said


def test_a_no_is_said_as_a_sentence(hand_in: Callable[..., tuple[int, str]]) -> None:
    assert hand_in("nothing", "") == (
        1,
        "There is no such exercise. It may have changed since you opened it: reload the page.\n",
    )
    code, said = hand_in("double", "", token="unembed_wrong")
    assert code == 1
    assert said.startswith("This token is not known here")
