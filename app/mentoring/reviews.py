"""What a mentor does about an answer: one word for all who wrote the same, a ruling beside a verdict."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload

from app.db import now
from app.guard import NotAllowed, Unusable, clean_text, mentor_only, one_at_a_time
from app.learning import standings
from app.mentoring import subjects, threads
from app.models import Attempt, Message, Thread, User
from app.models import Verdict as Word
from app.people import deeds, oversight
from app.people.deeds import Kind
from app.post import notices

MAX_REASON = 12_000  # bytes: 3,000 characters of any script
LOOKED_AT = 500  # newest answers of other learners, at most, that are compared with one


# ---- one answer for all who wrote the same


@dataclass(frozen=True)
class Alike:
    """Other learners' newest answers that are like one, and that no mentor has answered yet."""

    code: tuple[Attempt, ...] = ()  # the same but for comments and layout
    mistake: tuple[Attempt, ...] = ()  # with the same named mistake

    def of(self, how: str) -> tuple[Attempt, ...]:
        """Those that are alike in this way: `code`, `mistake`. Raises Unusable."""
        if how not in ("code", "mistake"):
            raise Unusable("Say to whom this should go.")
        return self.code if how == "code" else self.mistake


def alike(session: Session, mentor: User, attempt: Attempt) -> Alike:
    """Who else, of this mentor's learners, has the same answer or the same named mistake."""
    others = _newest_unanswered(session, mentor, attempt)
    text, mistake = normal(attempt.answer), attempt.details.get("mistake")
    return Alike(
        tuple(one for one in others if normal(one.answer) == text),
        tuple(one for one in others if mistake and one.details.get("mistake") == mistake),
    )


def _newest_unanswered(session: Session, mentor: User, attempt: Attempt) -> list[Attempt]:
    """Each of the mentor's other learners' newest answer to the same exercise, if it has not passed."""
    numbers = select(Attempt.user_id, func.max(Attempt.number).label("number"))
    newest = numbers.where(Attempt.exercise == attempt.exercise).group_by(Attempt.user_id).subquery()
    by_mentor = (
        exists()
        .where(Thread.run_id == Attempt.run_id, Message.thread_id == Thread.id)
        .where(Message.author_id.is_distinct_from(Thread.user_id))
    )
    same = (newest.c.user_id == Attempt.user_id) & (newest.c.number == Attempt.number)
    query = (
        select(Attempt)
        .join(newest, same)
        .where(Attempt.exercise == attempt.exercise, oversight.answered_by(mentor, Attempt.user_id))
        .where(Attempt.user_id.not_in([attempt.user_id, mentor.id]), Attempt.verdict.is_not(None))
        .where(Attempt.counts_as != Word.PASSED, ~by_mentor)
    )
    recent = query.order_by(Attempt.created_at.desc(), Attempt.id.desc()).limit(LOOKED_AT)
    return list(session.scalars(recent.options(joinedload(Attempt.user))))


@lru_cache(maxsize=2048)
def normal(text: str) -> str:
    """Code without what does not matter: comments, blank lines, layout. What is no Python, word by word."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.unparse(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(text.split())


def answer(
    session: Session,
    mentor: User,
    attempt: Attempt,
    body: str,
    to: str = "one",
    *,
    changes: bool = False,
) -> list[Thread]:
    """A word on this attempt; with `to` “code” or “mistake”, on those alike as well, to each in a thread of
    their own.

    Raises NotAllowed, TextTooLong, Unusable, Claimed.
    """
    mentor_only(mentor)
    one_at_a_time(session, mentor)  # before who is alike: a double click finds them answered
    others = () if to == "one" else alike(session, mentor, attempt).of(to)
    return [threads.answer(session, mentor, one, body, changes=changes) for one in (attempt, *others)]


# ---- a ruling


def overrule(session: Session, mentor: User, attempt: Attempt, verdict: str, reason: str) -> None:
    """Say what the attempt counts as, and why. The verdict stays beside it. Raises NotAllowed, Unusable."""
    _others_work(mentor, attempt)
    if verdict not in (Word.PASSED, Word.FAILED):
        raise Unusable("Say whether it counts as passed or as not passed yet.")
    reason = clean_text(reason, MAX_REASON).strip()
    if not reason:
        raise Unusable("Say why: the learner reads it, and so does whoever looks this up later.")
    if attempt.run is not None and not attempt.run.state.over:
        raise Unusable("It is being judged just now. Wait for the verdict, then rule on it.")
    attempt.ruling, attempt.ruling_reason = Word(verdict), reason
    attempt.ruled_by, attempt.ruled_at = mentor.name, now()
    _note(session, mentor, Kind.OVERRULED, attempt, ruling=verdict, reason=reason)
    counts = "counts as passed" if verdict == Word.PASSED else "does not count as passed"
    _tell(session, attempt, f"{mentor.name} says that your answer to {{}} {counts}, and why.")


def withdraw(session: Session, mentor: User, attempt: Attempt) -> None:
    """Let the verdict stand alone again. Raises NotAllowed."""
    _others_work(mentor, attempt)
    if attempt.ruling is None:
        return
    ruled = attempt.ruling
    attempt.ruling, attempt.ruling_reason, attempt.ruled_by, attempt.ruled_at = None, "", "", None
    _note(session, mentor, Kind.RULING_WITHDRAWN, attempt, ruling=ruled)
    _tell(session, attempt, f"{mentor.name} took back a ruling: the verdict on your answer to {{}} holds.")


def _others_work(mentor: User, attempt: Attempt) -> None:
    mentor_only(mentor)
    if attempt.user_id == mentor.id:
        raise NotAllowed("This answer is your own: somebody else rules on it.")


def _note(session: Session, mentor: User, kind: Kind, attempt: Attempt, **data: Any) -> None:
    about = session.get(User, attempt.user_id)
    deeds.note(
        session,
        mentor,
        kind,
        about=about,
        exercise=attempt.exercise,
        attempt=attempt.number,
        verdict=attempt.verdict,
        **data,
    )
    standings.refresh(session, attempt.user_id, attempt.exercise)


def _tell(session: Session, attempt: Attempt, sentence: str) -> None:
    told = sentence.format(subjects.name(attempt.exercise))
    notices.tell(session, attempt.user_id, "ruling", told, f"/attempts/{attempt.id}")
