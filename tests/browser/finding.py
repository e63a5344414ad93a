"""Where the browser tests get their browser: one that is installed, else Playwright's, else Debian's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_ON_A_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find_browser() -> str | None:
    """The program to start, or None: then nothing is installed here and nothing could be."""
    return installed() or from_playwright() or from_debian()


def installed() -> str | None:
    """A Chromium or Chrome on PATH, or in a Mac's applications."""
    on_path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    return on_path or next((path for path in _ON_A_MAC if Path(path).exists()), None)


def from_playwright() -> str | None:
    """Playwright's own Chromium; it is downloaded if it can be."""
    there = _of_playwright()
    if there is None:
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        _tried(command, seconds=240)
        there = _of_playwright()
    return there


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def from_debian() -> str | None:
    """Debian's package, where this process may install packages."""
    if os.getuid() != 0 or not shutil.which("apt-get"):
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _tried(["apt-get", "update", "-qq"], 120, environment)
    _tried(["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"], 600, environment)
    return installed()


def _tried(command: list[str], seconds: int, environment: dict[str, str] | None = None) -> bool:
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
