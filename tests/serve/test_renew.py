"""A running site that is told to become the version that is there now."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import install
from app.config import ROOT
from app.environment import LOCK, hash_of
from tests.chaos.browsing import Browser, watch
from tests.conftest import SMALL_COURSE
from tests.serve.starting import SECONDS_TO_START, Site, start_site

LESSON = "/lessons/counting"
READY = "Unembed is at"


def call(command: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "app.cli", command]
    env = {**os.environ, "UNEMBED_DATA_DIR": str(data_dir)}
    return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


def stands_installed(site: Site) -> None:
    """The data folder of a site that `make serve` has installed: what runs these tests is its environment."""
    python, data = site.data_dir / "env" / "bin" / "python", site.data_dir
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (data / "env" / "installed.json").write_text(json.dumps({LOCK.name: hash_of(LOCK)}))
    (data / "assets-built-from").write_text(install.digest_of_sources())


def test_it_begins_anew_in_the_same_process_and_what_ran_is_done_again(tmp_path: Path) -> None:
    with start_site(tmp_path, UNEMBED_COURSE_DIR=str(SMALL_COURSE)) as site:
        site.wait_until_ready()
        stands_installed(site)
        browser = Browser(site.url)
        browser.get(LESSON)
        browser.post(f"{LESSON}/cells/one/prediction", value="3", confidence="70")
        code = "import time\nprint('begun', flush=True)\ntime.sleep(6)\nprint('ended')"
        section = browser.submit(LESSON, "one", f"{LESSON}/cells/one/runs", text=code)
        told = call("renew", site.data_dir)
        assert told.returncode == 0, told.stderr
        site.wait_for(READY + " " + site.url + "  (Ctrl-C stops it)\n\n\nStopping…", SECONDS_TO_START)
        section, _ = watch(browser, section)
        assert section.word == "ok"
        assert "ended" in browser.get(LESSON)
        assert site.output.count(READY) == 2
        browser.close()


@pytest.mark.parametrize("started_once", [True, False])
def test_where_nothing_runs_it_says_what_to_do(tmp_path: Path, started_once: bool) -> None:
    if started_once:
        (tmp_path / "serve.lock").write_text("1")
    told = call("renew", tmp_path)
    assert told.returncode == 2
    assert (
        told.stderr
        == "Unembed does not run here: `make serve` starts it, as the version that is there now.\n"
    )
