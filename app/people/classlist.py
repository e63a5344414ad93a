"""A class list, as spreadsheets write it: read line by line, and the people on it brought into a cohort."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import Refused, TextTooLong, Unusable
from app.models import Cohort, LetterKind, Membership, Role, User
from app.people import accounts, cohorts, deeds, resets
from app.people.deeds import Kind
from app.post import letters, mail, notices

MAX_BYTES, MAX_LINES = 256 << 10, 500
_INVITED = timedelta(days=14)
_SEPARATORS = ",;\t"
_HEADINGS = {
    "email": ("email", "e-mail", "mail", "e-mail address", "email address", "login id"),
    "name": ("name", "full name", "student", "learner", "student name"),
    "first": ("first name", "firstname", "given name", "forename"),
    "last": ("last name", "lastname", "surname", "family name"),
    "role": ("role",),
}
_ROLES = {"": Role.LEARNER, "learner": Role.LEARNER, "student": Role.LEARNER, "mentor": Role.MENTOR}


@dataclass(frozen=True)
class Line:
    """One person of the list, and what is wrong with the line or what will happen."""

    number: int  # as a text editor counts
    name: str
    email: str
    role: Role = Role.LEARNER
    problem: str = ""
    fate: str = ""


@dataclass(frozen=True)
class Brought:
    """What was done. `links` are to be handed over, where the site sends no mail: (name, address, link)."""

    added: int = 0
    made: int = 0
    asked: int = 0
    links: list[tuple[str, str, str]] = field(default_factory=list)


# ---- reading


def decode(raw: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, or what Western Windows writes. Raises TextTooLong."""
    if len(raw) > MAX_BYTES:
        raise TextTooLong(
            f"A class list may have {MAX_BYTES >> 10} KB. Split it, and bring the parts one by one."
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def read(text: str) -> list[Line]:
    """Its lines, each with what is wrong with it. Raises TextTooLong, Unusable if there are none."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise TextTooLong(
            f"A class list may have {MAX_BYTES >> 10} KB. Split it, and bring the parts one by one."
        )
    rows = list(_rows(text.removeprefix("\ufeff").replace("\x00", "")))
    columns = _columns(rows[0][1]) if rows else None
    rows = rows[1:] if columns else rows
    if not rows:
        raise Unusable("There is nobody on this list. Write a line for each: name, e-mail address.")
    if len(rows) > MAX_LINES:
        raise Unusable(f"A class list may have {MAX_LINES} lines; this has {len(rows)}. Split it.")
    return _without_doubles(_line(number, row, columns or _guessed(row)) for number, row in rows)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of each line that has any. Raises Unusable if quotes don't fit."""
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"), newline="")
    begun = 1
    reader = csv.reader(lines, delimiter=_separator(text), skipinitialspace=True, strict=True)
    try:
        for row in reader:
            cells = [" ".join(cell.split()) for cell in row]
            if any(cells):
                yield begun, cells
            begun = reader.line_num + 1
    except csv.Error as error:
        raise Unusable(f"Line {begun} can’t be read ({error}): look at its quotation marks.") from None


def _separator(text: str) -> str:
    """What stands between cells: of those in the first line, outside of quotes, the most frequent."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_SEPARATORS, key=bare.count) if any(one in bare for one in _SEPARATORS) else ","


def _columns(row: list[str]) -> dict[str, int] | None:
    """Where name, e-mail and role stand, if this line says so."""
    found: dict[str, int] = {}
    for place, cell in enumerate(row):
        for column, words in _HEADINGS.items():
            if cell.lower() in words:
                found.setdefault(column, place)
    return found if "email" in found else None


def _guessed(row: list[str]) -> dict[str, int]:
    """Without headings: name, e-mail, role; or the address first."""
    address_first = "@" in row[0] and not (len(row) > 1 and "@" in row[1])
    return {"email": 0, "name": 1, "role": 2} if address_first else {"name": 0, "email": 1, "role": 2}


def _line(number: int, row: list[str], columns: dict[str, int]) -> Line:
    def cell(column: str) -> str:
        place = columns.get(column, len(row))
        return row[place] if place < len(row) else ""

    name = cell("name") or " ".join(filter(None, (cell("first"), cell("last"))))
    line = Line(number, name, cell("email").lower())
    role = _ROLES.get(cell("role").lower())
    try:
        email, name = accounts.clean_email(line.email), accounts.clean_name(name)
    except Refused as refused:
        return replace(line, problem=refused.message)
    if role is None:
        return replace(line, problem=f"The role is learner or mentor, not “{cell('role')}”.")
    return replace(line, name=name, email=email, role=role)


def _without_doubles(lines: Iterator[Line]) -> list[Line]:
    found: list[Line] = []
    first: dict[str, int] = {}
    for line in lines:
        if line.email in first and not line.problem:
            line = replace(line, problem=f"This address stands in line {first[line.email]} already.")
        first.setdefault(line.email, line.number)
        found.append(line)
    return found


# ---- bringing them in


def foresee(session: Session, viewer: User, cohort: Cohort, lines: Sequence[Line]) -> list[Line]:
    """The same lines, each with what would become of it; what this person may not do is a problem, too."""
    known = _accounts(session, lines)
    members = _roles(session, cohort)
    return [_foreseen(viewer, line, known.get(line.email), members) for line in lines]


def _foreseen(viewer: User, line: Line, user: User | None, members: dict[object, Role]) -> Line:
    if line.problem:
        return line
    if line.role is Role.MENTOR and not viewer.admin:
        return replace(line, problem="Only an admin can bring in mentors.")
    if user is None:
        return replace(line, fate="gets an account")
    if user.id in members:
        role = members[user.id].value
        return replace(line, fate=f"is in it already, as a {role}")
    return replace(line, fate="is put in" if viewer.admin else "has an account, and is asked to join")


def bring(session: Session, viewer: User, cohort: Cohort, lines: Sequence[Line]) -> Brought:
    """Those lines that have no problem. Who is in it already stays as they are.

    A mentor can’t put people with an account into their cohort, for they would see their work: those are
    asked to join.
    """
    cohorts.hold(session, cohort)
    good = [line for line in foresee(session, viewer, cohort, lines) if not line.problem]
    known, members = _accounts(session, good), _roles(session, cohort)
    there = [line for line in good if line.email in known and known[line.email].id not in members]
    new = [line for line in good if line.email not in known]
    added, asked = 0, 0
    if viewer.admin:
        for line in there:
            cohorts.add(session, viewer, cohort, line.email, line.role)
        added = len(there)
    elif there:
        _ask(session, viewer, cohort, [known[line.email] for line in there])
        asked = len(there)
    made = [(line, _make(session, viewer, cohort, line)) for line in new]
    links = [] if mail.ready() else [_link(session, line, user) for line, user in made]
    if added or asked or made:
        deeds.note(session, viewer, Kind.LISTED, cohort=cohort, added=added, made=len(made), asked=asked)
    return Brought(added, len(made), asked, links)


def _make(session: Session, viewer: User, cohort: Cohort, line: Line) -> User:
    """An account without a password, and a mail with the link to choose one."""
    user = User(name=line.name, email=line.email)
    session.add(user)
    session.flush()
    session.add(Membership(cohort_id=cohort.id, user_id=user.id, role=line.role))
    session.flush()
    deeds.note(session, viewer, Kind.ADDED, about=user, cohort=cohort, role=line.role)
    letters.write(session, LetterKind.WELCOME, user.id, by=viewer.name, cohort=cohort.name)
    return user


def _link(session: Session, line: Line, user: User) -> tuple[str, str, str]:
    return line.name, line.email, resets.make(session, user, resets.WELCOMING)


def _ask(session: Session, viewer: User, cohort: Cohort, users: list[User]) -> None:
    """One link for all of them, which works as often as they are."""
    link = cohorts.invite(session, viewer, cohort, Role.LEARNER, _INVITED.days, len(users))
    for user in users:
        text = f"{viewer.name} asks you to join the cohort “{cohort.name}”."
        notices.tell(session, user.id, "cohort", text, f"/join/{link.token}")


def _accounts(session: Session, lines: Sequence[Line]) -> dict[str, User]:
    found = select(User).where(User.email.in_({line.email for line in lines}), User.guest.is_(False))
    return {user.email: user for user in session.scalars(found) if user.email}


def _roles(session: Session, cohort: Cohort) -> dict[object, Role]:
    here = select(Membership).where(Membership.cohort_id == cohort.id, Membership.left_at.is_(None))
    return {member.user_id: member.role for member in session.scalars(here)}
