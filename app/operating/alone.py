"""Who works on a data folder does so alone: two would fight over its sockets and its database."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from app.steps import Failed


@contextlib.contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold the folder until the end of the block. Raises Failed if somebody holds it already."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "serve.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise Failed(
                f"Unembed already runs on {data_dir} (process {file.read().strip() or 'unknown'}): "
                "stop that one, or set UNEMBED_DATA_DIR to another folder."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def holder(data_dir: Path) -> int | None:
    """The process that holds the folder; None if nobody does."""
    try:
        with (data_dir / "serve.lock").open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return int(file.read())
    except FileNotFoundError:
        pass
    return None
