"""What is said meanwhile, as the lines of a log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.logs import Lines
from tests.routes.conftest import browser, site  # noqa: F401  (fixtures of these tests, too)

Said = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def said() -> Iterator[Said]:
    """Every line of this process since the test began, read back from its JSON."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    handler.setFormatter(Lines("site", as_json=True))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    handler.addFilter(lambda record: not record.name.startswith("httpx"))  # the tests' own browser
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)
