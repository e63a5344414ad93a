"""The site without the science: importing it brings no torch, and every template is sound."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.config import ROOT
from app.pages import environment

PROGRAM = "import sys, app.main; print(sorted({'torch', 'transformer_lens', 'workers'} & set(sys.modules)))"


def test_the_site_never_imports_torch() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("name", sorted(environment().list_templates()))
def test_template_compiles(name: str) -> None:
    environment().get_template(name)
