"""Results that learners show to others: what one cell was and what it showed, behind a link nobody can guess.

What is shown is a copy, made when it was shared. Whatever the learner does afterwards, and everything else of
theirs, stays where it is.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotFound, Unusable, one_at_a_time
from app.learning import given
from app.lessons import Cell, course
from app.models import Attempt, Ending, Output, Run, RunKind, Share, State, User
from app.models import Verdict as Word
from app.running import runs
from app.teaching import sittings
from app.visible import visible

LARGEST = 4 << 20  # bytes of what one result shows
MOST = 100  # of one learner
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"[\w-]{43}\Z", re.ASCII)


def share(session: Session, user: User, run_id: UUID, name: str) -> Share:
    """Make a finished run of a live cell public, under a name or (empty) under none.

    A run that is shared already keeps its link, and takes the new name. Raises NotFound for what is not
    theirs, Unusable with what to change, NotAllowed while an assessment has closed an exercise of its lesson.
    """
    name = _clean(name)
    run = runs.own(session, user, run_id)
    _check(run)
    sittings.check_lesson(session, user, run.lesson)
    one_at_a_time(session, user)
    known = session.scalar(select(Share).where(Share.run_id == run.id, Share.user_id == user.id))
    if known is None:
        if (session.scalar(select(func.count()).where(Share.user_id == user.id)) or 0) >= MOST:
            raise Unusable(f"{MOST} results of yours are shared. Take some back first, on your account page.")
        known = _copy(session, user, run)
        session.add(known)
    known.name = name
    session.flush()
    return known


def _clean(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > 80 or visible(name) != name:
        raise Unusable("Give a name of at most 80 characters, or none.")
    return name


def _check(run: Run) -> None:
    lesson = course().lessons.get(run.lesson)
    block = next((one for one in lesson.cells() if one.id == run.cell), None) if lesson else None
    if run.kind is not RunKind.RUN or not isinstance(block, Cell):
        raise Unusable("Only the results of live cells are shared: an answer would spoil its exercise.")
    if run.state is not State.DONE or run.ending is not Ending.OK:
        raise Unusable("This run did not come to its end. Run the cell again, and share what it shows then.")
    if not _worth_showing(run):
        raise Unusable("This run has shown nothing, or it is forgotten by now. Run the cell again.")
    if sum(len(json.dumps(output.data)) for output in _worth_showing(run)) > LARGEST:
        raise Unusable("This is too large to be shared: let the cell print or draw less.")


def _worth_showing(run: Run) -> list[Output]:
    """What the cell showed; notes on its shapes are for whoever writes it."""
    return [output for output in run.outputs if output.kind != "shapes"]


def _copy(session: Session, user: User, run: Run) -> Share:
    shown = [{"kind": output.kind, "data": _shown(output.data)} for output in _worth_showing(run)]
    return Share(
        user_id=user.id,
        run_id=run.id,
        token=secrets.token_urlsafe(32),
        lesson=run.lesson,
        cell=run.cell,
        code=run.chain[-1]["text"],
        outputs=shown,
        modules=_modules(session, user, run),
        ran_at=run.finished_at or now(),
    )


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    """Without the question that an attention view may ask first: a stranger's answer belongs nowhere."""
    return {name: value for name, value in data.items() if name != "guess"}


def _modules(session: Session, user: User, run: Run) -> list[dict[str, Any]]:
    """What the run used of what stood above it: exercises of earlier lessons, and those passed in its own.

    `mine` if the text that ran is one that was passed with; else it was our answer, or something unfinished.
    """
    known, lesson = course(), course().lessons[run.lesson]
    named, own = known.foundation(lesson, run.cell), {exercise.id for exercise in lesson.exercises()}
    answers = select(Attempt.exercise, Attempt.answer).where(
        Attempt.user_id == user.id, Attempt.counts_as == Word.PASSED
    )
    passed = {(exercise, answer) for exercise, answer in session.execute(answers)}
    ours = given.looked_up(session, user)
    found = []
    for link in _used(run):
        mine = (link["cell"], link["text"]) in passed
        used = link["cell"] in named and (mine or ours.get(link["cell"]) == link["text"])
        if used or (mine and link["cell"] in own):
            title = known.exercises[link["cell"]].title
            found.append({"exercise": link["cell"], "title": title, "mine": mine})
    return found


def _used(run: Run) -> list[dict[str, str]]:
    """The exercises of the chain whose names stand in the cells, or in another that is used; in its order."""
    known, found, words = course().exercises, [], set[str]()
    for link in reversed(run.chain):
        exercise = known.get(link["cell"])
        if exercise is None or words & set(exercise.names):
            words |= set(_WORD.findall(link["text"]))
            found += [link] if exercise else []
    return found[::-1]


def by_token(session: Session, token: str) -> Share:
    """What somebody shared, for whoever has the link. Raises NotFound."""
    found = session.scalar(select(Share).where(Share.token == token)) if _TOKEN.match(token) else None
    if found is None:
        raise NotFound("There is nothing here. Whoever shared it may have taken it back.")
    return found


def of(session: Session, user: User) -> list[Share]:
    """What the learner has shared, the newest first."""
    mine = select(Share).where(Share.user_id == user.id)
    return list(session.scalars(mine.order_by(Share.created_at.desc(), Share.id.desc())))


def may_revoke(user: User | None, shared: Share) -> bool:
    """Whoever shared it; and admins, who answer for what their site shows the world."""
    return user is not None and (user.admin or user.id == shared.user_id)


def revoke(session: Session, user: User, share_id: UUID) -> None:
    """Take it back: the link leads nowhere from now on, and the copy is deleted. Raises NotFound."""
    found = session.get(Share, share_id)
    if found is None or not may_revoke(user, found):
        raise NotFound("There is no such link among yours.")
    session.delete(found)
