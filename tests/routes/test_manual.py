"""The manual for operators speaks of what there is: settings, layers, modes."""

from __future__ import annotations

import re
from typing import get_args

from app.config import ROOT, Settings
from app.markdown import headings, render
from tests.routes.acting import Browser
from workers.runner import confine
from workers.runner.confine.cgroup import Groups
from workers.runner.limits import FILES, OPEN_FILES, THREADS, Limits

TEXT = (ROOT / "app" / "manual" / "operators.md").read_text()
MOST_WORDS = 1800


def test_everybody_may_read_it_and_every_page_leads_there(newcomer: Browser, mo_browser: Browser) -> None:
    for browser in (newcomer, mo_browser):
        assert "/manual/operators" in browser.get("/path").text
        page = browser.get("/manual/operators")
        assert page.status_code == 200
        for heading in headings(TEXT):
            assert f'href="#{heading.anchor}"' in page.text
            assert f'id="{heading.anchor}"' in page.text


def test_every_setting_that_it_names_exists() -> None:
    named = set(re.findall(r"UNEMBED_\w+", TEXT))
    assert named
    assert named <= {f"UNEMBED_{name.upper()}" for name in Settings.model_fields}


def test_every_layer_and_mode_is_explained() -> None:
    groups = Groups("cgroup2", ())
    every = confine.Plan(namespaces=True, landlock=1, seccomp=True, user=1, groups=groups).layers
    missing = ["sandbox", *(layer for layer in every if layer != "limits")]
    explained = re.findall(r"\*\*(\w+)\*\*", TEXT)
    assert set(every) | {"sandbox"} <= set(explained)
    for layer in set(missing) - {"sandbox"}:
        assert f"\n| {layer} | " in TEXT  # how to mend it
    modes = get_args(get_args(Settings.model_fields["sandbox"].annotation)[0])
    assert set(modes) == {mode for mode in modes if f"| `{mode}` |" in TEXT}


def test_its_numbers_are_ours() -> None:
    for name in ("run_seconds", "grade_seconds", "memory_mb", "runs_per_learner"):
        row = next(line for line in TEXT.splitlines() if line.endswith(f"`UNEMBED_{name.upper()}` |"))
        assert re.search(rf"\b{Settings.model_fields[name].default}\b", row), name
    for number in (f"{FILES} files", f"{OPEN_FILES} open", f"| {THREADS} |", f"{Limits().lines:,} lines"):
        assert number in TEXT


def test_it_is_short_and_has_no_loose_marks() -> None:
    assert len(TEXT.split()) <= MOST_WORDS
    assert "**" not in render(TEXT)
