"""The real course, whole: every reference, mistake and other right answer through runner and examiner."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from app.config import ROOT


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_the_course_checks_itself() -> None:
    command = [sys.executable, "-m", "workers.examiner.check", "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout, ran.stderr
    report = json.loads(ran.stdout)
    assert report["ok"], json.dumps(report, indent=1)
    assert len(report["exercises"]) >= 140
