"""What a mail says, at the moment when it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import settings
from app.models import Letter, LetterKind, User
from app.people import addresses, resets
from app.post import mailing
from app.post.mail import Mail


@dataclass(frozen=True)
class Worded:
    """A mail, and which notices it brings."""

    mail: Mail
    notices: list[UUID] = field(default_factory=list)


def word(session: Session, letter: Letter) -> Worded | None:
    """The mail; None if there is nothing to say, or nobody to say it to, any more.

    A link to choose a password is made here: commit before it leaves.
    """
    return _WORDS[letter.kind](session, letter)


def _notices(session: Session, letter: Letter) -> Worded | None:
    chosen = mailing.of(session, letter.user_id) if letter.user_id else None
    told = mailing.take(session, chosen, letter) if chosen else []
    if chosen is None or not told or chosen.user.email is None:
        return None
    off = f"{settings().url}/mail/off/{chosen.token}"
    lines = [f"- {one.text}\n  {settings().url}{one.href}" for one in told]
    text = "\n\n".join(lines) + f"\n\n\nYou asked to be mailed this. One click turns it off:\n{off}"
    subject = told[0].text if len(told) == 1 else f"{len(told)} things are new for you"
    return Worded(_mail(chosen.user, subject, text, off), [one.id for one in told])


def _reset(session: Session, letter: Letter) -> Worded | None:
    user = session.scalar(select(User).where(User.email == letter.data["email"], User.guest.is_(False)))
    if user is None:
        return None
    link = resets.make(session, user, resets.MAILED)
    text = (
        f"Somebody, likely you, asked for a new password. Choose it here within an hour:\n\n{link}\n\n"
        "If it was not you, do nothing: your password stays as it is."
    )
    return Worded(_mail(user, "Choose a new password", text))


def _welcome(session: Session, letter: Letter) -> Worded | None:
    user = session.get(User, letter.user_id) if letter.user_id else None
    if user is None or user.password_hash is not None:
        return None
    link = resets.make(session, user, resets.WELCOMING)
    text = (
        f"{letter.data['by']} has made an account for you, in the cohort “{letter.data['cohort']}”. "
        f"Choose your password within 14 days:\n\n{link}\n\n"
        "If you don’t expect this, do nothing, and no other mail will come."
    )
    return Worded(_mail(user, f"Your place in “{letter.data['cohort']}”", text))


def _confirm(session: Session, letter: Letter) -> Worded | None:
    user = session.get(User, letter.user_id) if letter.user_id else None
    wanted = addresses.waiting(session, user) if user else None
    if user is None or wanted is None or wanted.email != letter.data["to"]:
        return None
    text = (
        f"Somebody, likely you, wants to sign in at {settings().url} with this address. "
        f"If it was you, confirm it within a day:\n\n{addresses.link(session, wanted)}\n\n"
        "If it was not you, do nothing, and no other mail will come."
    )
    return Worded(Mail(wanted.email, user.name, "Is this address yours?", _dear(user, text)))


def _moved(session: Session, letter: Letter) -> Worded | None:
    user = session.get(User, letter.user_id) if letter.user_id else None
    if user is None:
        return None
    text = (
        f"The account at {settings().url} that had this address has another one now. "
        "If that was not you, tell whoever runs the site."
    )
    return Worded(Mail(letter.data["to"], user.name, "Your account has another address", _dear(user, text)))


def _password(session: Session, letter: Letter) -> Worded | None:
    user = session.get(User, letter.user_id) if letter.user_id else None
    if user is None:
        return None
    text = (
        "The password of your account has been changed, and all other browsers are signed out. "
        f"If that was not you, ask for a new one at once, which also ends all tokens: {settings().url}/forgot"
    )
    return Worded(_mail(user, "Your password has been changed", text))


def _mail(user: User, subject: str, text: str, off: str = "") -> Mail:
    return Mail(user.email or "", user.name, subject, _dear(user, text), off)


def _dear(user: User, text: str) -> str:
    return f"Hello {user.name},\n\n{text}\n\n--\u0020\nUnembed, {settings().url}\n"


_WORDS = {
    LetterKind.NOTICES: _notices,
    LetterKind.RESET: _reset,
    LetterKind.WELCOME: _welcome,
    LetterKind.CONFIRM: _confirm,
    LetterKind.MOVED: _moved,
    LetterKind.PASSWORD: _password,
}
