"""Somebody passes exercises of the small course."""

from __future__ import annotations

from uuid import UUID

from app.db import transaction
from app.learning import attempts
from app.models import User, Verdict
from tests.routes.acting import finish

ANSWERS = {
    "double": "def double(x):\n    return x + x\n",
    "quadruple": "def quadruple(x):\n    return 4 * x\n",
}


def passes(user: User, *exercises: str) -> UUID:
    """They hand these in, and each is judged right. Returns the last one's run."""
    for exercise in exercises:
        with transaction() as session:
            answer = ANSWERS.get(exercise, {"largest": "two"})
            run = attempts.hand_in(session, user, exercise, answer).run_id
        finish(run, attempts.Verdict(Verdict.PASSED, ""))
    return run
