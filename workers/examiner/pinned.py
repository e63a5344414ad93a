"""The editions of the course by which running classes are judged, beside the newest one.

They stand in a folder that only the operator's own worker writes to. Each is held against its name before it
is read, which is a hash of all that its files say. Who judges by one that is not warm reads it by itself, and
tells the examiner, which has it warm for those who come next.
"""

from __future__ import annotations

import contextlib
import socket
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app import lessons
from app.lessons import editions
from workers import logs
from workers.examiner import references
from workers.examiner.references import Reference

WARM = 3  # editions; others are read when they are asked for
_NAME = 64  # bytes


class NotKept(Exception):
    """No such edition stands there, or it is not what its name says: our fault."""


@dataclass
class Judges:
    """What judges by one course: exercise → reference; and why some cannot."""

    edition: str = ""
    references: Mapping[str, Reference] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


class PinnedCourses:
    """Of one examiner. Without a folder there are none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._warm: OrderedDict[str, Judges] = OrderedDict()
        self.wishes, self._wish = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (self.wishes, self._wish):
            end.setblocking(False)

    def judges(self, edition: str, exercise: str) -> Judges:
        """By this edition, at least of this exercise; for a grading in its own process. Raises NotKept."""
        if edition in self._warm:
            return self._warm[edition]
        with contextlib.suppress(OSError):  # so many wish for something: it is warmed a little later
            self._wish.send(edition.encode())
        return self._read(edition, exercise)

    def grant_wish(self) -> bool:
        """In the examiner itself: warm what a grading asked for. Whether anything is warm that was not."""
        try:
            edition = self.wishes.recv(_NAME).decode()
            if edition not in self._warm:
                self._warm[edition] = self._read(edition)
            self._warm.move_to_end(edition)
        except (BlockingIOError, NotKept):
            return False
        while len(self._warm) > WARM:
            self._warm.popitem(last=False)
        return True

    def _read(self, edition: str, only: str | None = None) -> Judges:
        folder = self._folder and editions.folder_of(edition, self._folder)
        if not folder:
            raise NotKept(f"the edition {edition[:12]!r} of the course is not kept here as it was")
        found = lessons.load(folder)
        wanted = None if only is None else [only] if only in found.exercises else []
        judges = Judges(edition, *references.load(found.exercises, {}, edition[:12], wanted))
        for exercise, fault in judges.faults.items():
            logs.say(f"{exercise} of {edition[:12]} cannot be graded: {fault}", "error", exercise=exercise)
        return judges
