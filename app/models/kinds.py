"""The words that the schema's rows use of themselves."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Enum


class State(StrEnum):
    """The job's status: did our machinery work?"""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # our fault: it costs the learner nothing
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self not in (State.QUEUED, State.RUNNING)


class Ending(StrEnum):
    """How the learner's code ended, once the job is done."""

    OK = "ok"
    ERROR = "error"  # an exception in a cell
    LIMIT = "limit"  # stopped by a limit; the message names which
    DIED = "died"  # the process is gone: a crash, os._exit


class Verdict(StrEnum):
    """What the examiner says of an answer."""

    PASSED = "passed"
    FAILED = "failed"  # ran, but its values are wrong
    ERROR = "error"  # raised, was killed, or answered nothing
    NOT_ATTEMPTED = "not_attempted"  # still the starter


class InstallState(StrEnum):
    """What is with a model on one machine; its worker sees to the first three."""

    ASKED = "asked"  # what would it take?
    WANTED = "wanted"
    UNWANTED = "unwanted"
    OFFERED = "offered"  # asked, and not wanted yet
    INSTALLED = "installed"
    FAILED = "failed"  # the message says why, and what to do


class RunKind(StrEnum):
    RUN = "run"
    GRADE = "grade"


class Role(StrEnum):
    """What somebody is in a cohort."""

    LEARNER = "learner"
    MENTOR = "mentor"


class Part(StrEnum):
    """What of the course a plan names."""

    NODE = "node"
    LESSON = "lesson"
    EXERCISE = "exercise"


class Policy(StrEnum):
    """What a cohort says of AI."""

    FREE = "free"
    DECLARE = "declare"
    OFF = "off"


class Wish(StrEnum):
    """When somebody is mailed what they are told in the site."""

    NEVER = "never"
    AT_ONCE = "at_once"
    DAILY = "daily"


class LetterKind(StrEnum):
    """What a mail is about."""

    NOTICES = "notices"
    RESET = "reset"  # to whoever has the address in `data`, if anybody has
    WELCOME = "welcome"  # somebody else has made the account
    CONFIRM = "confirm"  # to a new address of theirs, which is in `new_addresses`
    MOVED = "moved"  # the account has another address now; goes to the old one
    PASSWORD = "password"  # it was changed


class RegradeState(StrEnum):
    """Where judging an exercise's attempts again stands."""

    JUDGING = "judging"
    READY = "ready"  # all are judged again: somebody looks at what would change
    APPLIED = "applied"
    UNDONE = "undone"  # it was applied, and taken back
    DISCARDED = "discarded"


class Rejudged(StrEnum):
    """Where judging one attempt again stands."""

    WAITING = "waiting"
    JUDGED = "judged"
    GIVEN_UP = "given_up"  # our fault, or the exercise is gone: the attempt stays as it is


def text_enum(kind: type[StrEnum]) -> Enum:
    """Stored as its value in a plain string column, so that adding a member needs no migration."""
    return Enum(
        kind,
        native_enum=False,
        length=20,
        create_constraint=False,
        values_callable=lambda e: [m.value for m in e],
    )
