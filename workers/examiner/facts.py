"""A plugin of pytest for `*_test.py` beside lessons: facts about a model hold, too, where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.lab.models.registry import look_in


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--installed", type=Path, metavar="FOLDER", help="where models are installed")


def pytest_configure(config: pytest.Config) -> None:
    look_in(config.getoption("--installed"))
