"""Editions: a course as it was at some moment, named by what its files say. Only files; the rows are those of
`app.teaching.editions`.

An edition is kept in a folder of that name, which is never changed. Whoever reads one checks its name first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

_PLACES = ("*.toml", "*/*/*.md", "*/*/*.py")
_NAME = re.compile(r"[0-9a-f]{64}")


def files(folder: Path) -> Iterator[Path]:
    """All files that a course consists of, in no order."""
    return (file for place in _PLACES for file in folder.glob(place))


def texts(folder: Path) -> dict[str, str]:
    """Place in the course → text. Raises OSError, UnicodeDecodeError (while an author is saving)."""
    return {file.relative_to(folder).as_posix(): _text(file) for file in files(folder)}


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8")  # line ends as they are


def name_of(texts: Mapping[str, str]) -> str:
    """The edition's name: the same files, the same name."""
    digest = hashlib.sha256()
    for place, text in sorted(texts.items()):
        for part in (place.encode(), text.encode()):
            digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()


def is_name(edition: str) -> bool:
    """Whether this can be the name of an edition, and so part of a path."""
    return _NAME.fullmatch(edition) is not None


def folder_of(edition: str, shelf: Path) -> Path | None:
    """Where on this shelf the edition stands; None if it does not, or is not what its name says."""
    if not is_name(edition) or not (folder := shelf / edition).is_dir():
        return None
    try:
        return folder if name_of(texts(folder)) == edition else None
    except (OSError, UnicodeDecodeError):
        return None


def put(edition: str, texts: Mapping[str, str], shelf: Path) -> Path:
    """Write it there, whole or not at all; one that stands there and is what it should be is left as it is.

    Raises ValueError if these texts are another edition, or name a place outside.
    """
    if name_of(texts) != edition:
        raise ValueError(f"these texts are not the edition {edition}")
    shelf.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=shelf))
    try:
        for place, text in texts.items():
            _write(made, place, text)
        if folder_of(edition, shelf) is None:
            shutil.rmtree(shelf / edition, ignore_errors=True)
            with contextlib.suppress(OSError):  # somebody else was quicker, with the same
                os.rename(made, shelf / edition)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return shelf / edition


def _write(folder: Path, place: str, text: str) -> None:
    file = folder / place
    if not any(Path(place).match(each) for each in _PLACES) or not file.resolve().is_relative_to(
        folder.resolve()
    ):
        raise ValueError(f"{place} is no place in a course")
    for above in reversed([one for one in file.parents if one.is_relative_to(folder)]):
        above.mkdir(exist_ok=True)
        above.chmod(0o755)  # the examiner reads it as somebody else
    file.write_bytes(text.encode())
    file.chmod(0o444)


def clear(shelf: Path, wanted: set[str]) -> int:
    """Take away the editions that nobody wants; returns how many."""
    found = [folder for folder in shelf.iterdir() if is_name(folder.name)] if shelf.is_dir() else []
    gone = [folder for folder in found if folder.name not in wanted]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)
