"""“Explain it in two sentences”: after a milestone is passed, in every cohort, whatever it says of AI.

The pass stands by itself; until it is explained, the milestone shows as “to be explained”.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotAllowed, NotFound, Unusable, clean_text, one_at_a_time
from app.learning.progress import Mark, Status, of_all
from app.lessons import Exercise, course
from app.lessons.path import Node
from app.models import Explanation, Role, SignOff, User
from app.people import cohorts

LEAST, MOST = 20, 600  # characters


@dataclass(frozen=True)
class Milestone:
    """A milestone that its learner has passed."""

    node: Node
    exercise: Exercise
    text: str = ""
    signed_off: bool = False

    @property
    def to_explain(self) -> bool:
        return not self.text


def of(
    session: Session, learner: User | None, statuses: Mapping[str, Status] | None = None
) -> dict[str, Milestone]:
    """Node → the milestone passed, of a learner in a cohort; of others nothing is asked.

    `statuses` is what `progress.of_all` gives, where it has been asked for already.
    """
    if learner is None or learner.guest:
        return {}
    known = of_all(session, learner) if statuses is None else statuses
    passed = {name for name, status in known.items() if status.mark is Mark.PASSED}
    nodes = [node for node in course().path.nodes if node.milestone in passed & course().exercises.keys()]
    if not nodes or not _asked(session, learner):
        return {}
    mine = select(Explanation.node, Explanation.text).where(Explanation.user_id == learner.id)
    texts = dict(session.execute(mine).all())
    signed = _signed_off(session, learner)
    return {
        node.id: Milestone(
            node, course().exercises[node.milestone], texts.get(node.id, ""), node.milestone in signed
        )
        for node in nodes
    }


def _asked(session: Session, learner: User) -> bool:
    return any(one.role is Role.LEARNER for one in cohorts.of(session, learner))


def _signed_off(session: Session, learner: User) -> set[str]:
    standing = select(SignOff.cell).where(SignOff.user_id == learner.id, SignOff.revoked_at.is_(None))
    return set(session.scalars(standing))


def explain(session: Session, learner: User, node_id: str, text: str) -> Milestone:
    """Keep the learner's two sentences, and return what they explain; they may change them until a mentor has
    signed the milestone off.

    Raises NotFound, NotAllowed, Unusable.
    """
    one_at_a_time(session, learner)
    milestone = of(session, learner).get(node_id)
    if milestone is None:
        raise NotFound("There is no milestone to explain here: pass it first.")
    if milestone.signed_off:
        raise NotAllowed("It is signed off: your explanation stands as your mentor has read it.")
    text = clean_text(text).strip()
    if not LEAST <= len(text) <= MOST:
        raise Unusable(f"Explain it in two sentences: {LEAST} to {MOST} characters. Yours has {len(text)}.")
    mine = select(Explanation).where(Explanation.user_id == learner.id, Explanation.node == node_id)
    row = session.scalar(mine) or Explanation(user_id=learner.id, node=node_id)
    row.text, row.updated_at = text, now()
    session.add(row)
    session.flush()
    return milestone
