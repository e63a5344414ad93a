"""A class list, read as spreadsheets write it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import Refused, TextTooLong, Unusable
from app.models import Cohort, Deed, Membership, Role, User
from app.people import classlist, cohorts
from app.post import notices

ANN_AND_BOB = [("Ann Weiß", "ann@example.org", Role.LEARNER), ("Bob, Jr.", "bob@example.org", Role.MENTOR)]
COMMA = 'Name,Email,Role\nAnn Weiß,Ann@Example.org,learner\n"Bob, Jr.",bob@example.org,mentor\n'


def people(text: str) -> list[tuple[str, str, Role]]:
    lines = classlist.read(text)
    assert [line.problem for line in lines if line.problem] == []
    return [(line.name, line.email, line.role) for line in lines]


FORMS = {
    "commas": COMMA.encode(),
    "semicolons, as Excel in Europe": b"\xef\xbb\xbf"
    + 'Name;E-Mail;Role\r\nAnn Weiß;ann@example.org;\r\n"Bob, Jr.";bob@example.org;Mentor\r\n'.encode(),
    "tabs, as one pastes cells": "Ann Weiß\tann@example.org\nBob, Jr.\tbob@example.org\tmentor\n".encode(),
    "Windows-1252": COMMA.encode("cp1252"),
    "UTF-16, as Excel's Unicode text": COMMA.replace('"Bob, Jr."', "Bob, Jr.")
    .replace("Ann Weiß,", "Ann Weiß\t")
    .replace("org,", "org\t")
    .replace("Jr.,", "Jr.\t")
    .replace("Name,Email,Role", "Name\tEmail\tRole")
    .encode("utf-16"),
    "old Mac line ends": COMMA.replace("\n", "\r").encode(),
    "other columns, in another order": (
        "Student ID,Email address,Last name,First name,Role\n1,ann@example.org,Weiß,Ann,student\n"
        '2,bob@example.org,"Bob, Jr.",,mentor\n'
    ).encode(),
    "the address first, empty lines": (
        '\n\nann@example.org,Ann Weiß\n,,\nbob@example.org,"Bob,\n Jr.",mentor\n\n'
    ).encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_is_read_as_spreadsheets_write_it(form: str) -> None:
    assert people(classlist.decode(FORMS[form])) == ANN_AND_BOB


def test_each_line_says_what_is_wrong_with_it() -> None:
    text = (
        "Ann,ann@example.org\nno address,\n,carol@example.org\n\nDan,dan@example.org,dean\n"
        "Ann again,ANN@example.org\nEve,eve@example.org"
    )
    found = {line.number: line.problem for line in classlist.read(text)}
    assert found == {
        1: "",
        2: "This does not look like an e-mail address.",
        3: "Give a name of 1 to 80 characters, as your mentor should see it.",
        5: "The role is learner or mentor, not “dean”.",
        6: "This address stands in line 1 already.",
        7: "",
    }


def test_numbers_of_lines_are_those_of_the_text_also_after_a_cell_of_two_lines() -> None:
    lines = classlist.read('Name,Email\n"Ann\nWeiß",ann@example.org\nBob,nothing\n')
    assert [(line.number, line.name, bool(line.problem)) for line in lines] == [
        (2, "Ann Weiß", False),
        (4, "Bob", True),
    ]


@pytest.mark.parametrize("text", ["", " \n\n", "Name,Email\n", ",,,\n"])
def test_a_list_of_nobody_says_what_to_write(text: str) -> None:
    with pytest.raises(Unusable, match="nobody on this list"):
        classlist.read(text)


def test_a_list_is_bounded() -> None:
    with pytest.raises(TextTooLong):
        classlist.decode(b"x" * (classlist.MAX_BYTES + 1))
    with pytest.raises(TextTooLong):
        classlist.read("x" * (classlist.MAX_BYTES + 1))
    lines = "".join(f"L{n},l{n}@example.org\n" for n in range(classlist.MAX_LINES + 1))
    with pytest.raises(Unusable, match="500 lines"):
        classlist.read(lines)


def test_quotation_marks_that_do_not_fit_are_named() -> None:
    with pytest.raises(Unusable, match="Line 2"):
        classlist.read('Ann,ann@example.org\n"Bob"x,bob@example.org\n')


@given(st.binary(max_size=400))
def test_whatever_comes_is_read_or_refused_in_words(raw: bytes) -> None:
    lines: list[classlist.Line] = []
    with contextlib.suppress(Refused):
        lines = classlist.read(classlist.decode(raw))
    assert all(line.problem or (line.email and line.name) for line in lines)


# ---- bringing them in

LIST = "Ada,ada@example.org\nZoe,zoe@example.org\nNew,new@example.org\nMia,mia@example.org,mentor\nbad,"


def fates(session: Session, viewer: User, cohort: Cohort) -> list[str]:
    return [
        line.problem or line.fate for line in classlist.foresee(session, viewer, cohort, classlist.read(LIST))
    ]


def roles(session: Session, cohort: Cohort) -> dict[str, str]:
    rows = select(User.email, Membership.role).join(Membership, Membership.user_id == User.id)
    here = rows.where(Membership.cohort_id == cohort.id, Membership.left_at.is_(None))
    return {str(email): role.value for email, role in session.execute(here)}


def test_an_admin_brings_in_old_and_new(
    session: Session, boss: User, zoe: User, mo: User, cohort: Cohort
) -> None:
    assert fates(session, boss, cohort) == [
        "is in it already, as a learner",
        "is put in",
        "gets an account",
        "gets an account",
        "This does not look like an e-mail address.",
    ]
    brought = classlist.bring(session, boss, cohort, classlist.read(LIST))
    assert (brought.added, brought.made, brought.asked) == (1, 2, 0)
    assert [email for _, email, _ in brought.links] == ["new@example.org", "mia@example.org"]
    assert roles(session, cohort) == {
        **dict.fromkeys(
            ("ada@example.org", "ben@example.org", "zoe@example.org", "new@example.org"), "learner"
        ),
        **dict.fromkeys(("mo@example.org", "mia@example.org"), "mentor"),
    }
    kinds = session.scalars(select(Deed.kind).order_by(Deed.id)).all()
    assert kinds == ["added", "added", "added", "listed"]
    again = classlist.bring(session, boss, cohort, classlist.read(LIST))
    assert (again.added, again.made, again.links) == (0, 0, [])


def test_a_mentor_asks_those_who_have_an_account_as_their_work_would_be_seen(
    session: Session, zoe: User, mo: User, cohort: Cohort
) -> None:
    assert fates(session, mo, cohort)[1:4] == [
        "has an account, and is asked to join",
        "gets an account",
        "Only an admin can bring in mentors.",
    ]
    brought = classlist.bring(session, mo, cohort, classlist.read(LIST))
    assert (brought.added, brought.made, brought.asked) == (0, 1, 1)
    assert "zoe@example.org" not in roles(session, cohort)
    (notice,) = notices.of(session, zoe)
    assert notice.text == "Mo asks you to join the cohort “Autumn”."
    cohorts.accept(session, zoe, notice.href.rpartition("/")[2])
    assert roles(session, cohort)["zoe@example.org"] == "learner"
