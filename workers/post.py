"""The job of sending one mail. What fails is tried again later; the row says when."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from app import jobs, logs
from app.db import transaction
from app.jobs import celery
from app.models import Letter
from app.post import letters, mail, mailing, wording
from app.post.mail import NotSent

log = logging.getLogger(__name__)


@celery.task(name=jobs.MAIL)
def send(letter_id: str, **_: Any) -> None:
    """Send this letter, if nobody else does."""
    if not mail.ready():
        return
    with transaction() as session:
        letter = letters.claim(session, UUID(letter_id))
    if letter is None:
        return
    with logs.about(letter=letter.id):
        try:
            _send(letter)
        except NotSent as trouble:
            _failed(letter, str(trouble), for_good=trouble.for_good)
        except Exception as fault:  # of ours: one letter must not come back for ever
            _failed(letter, f"{type(fault).__name__}: {fault}", for_good=False)
            raise


def _send(letter: Letter) -> None:
    with transaction() as session:
        worded = wording.word(session, letter)
    if worded is not None and worded.mail.to:
        mail.send(worded.mail)
    with transaction() as session:
        letters.sent(session, letter.id)
        if worded is not None and worded.notices and letter.user_id is not None:
            mailing.mailed(session, letter.user_id, worded.notices)
    logs.say(log, "a mail is sent" if worded else "a mail has nothing to say", kind=letter.kind.value)


def _failed(letter: Letter, trouble: str, *, for_good: bool) -> None:
    logs.say(log, "a mail was not sent", logging.WARNING, kind=letter.kind.value, tries=letter.tries)
    with transaction() as session:
        letters.failed(session, letter.id, trouble, for_good=for_good)
