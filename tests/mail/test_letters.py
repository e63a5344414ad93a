"""Mail goes out after commit, to a real server; what fails is tried again; without one none is written."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import now
from app.models import Letter, LetterKind, Notice, User
from app.operating import gauges
from app.operating.concerns import concerns
from app.post import letters, mail, mailing, notices, wording
from tests.mailbox import Mailbox
from workers import post

Jobs = Callable[[], list[str]]


def told(session: Session, user: User, text: str = "Mo answered.", href: str = "/threads/1") -> None:
    notices.tell(session, user.id, "answer", text, href)
    session.commit()


def later(session: Session, **passed: int) -> None:
    """As if so much time had gone by since everything that waits was written."""
    span = timedelta(**passed)
    for letter in session.scalars(select(Letter)):
        letter.ready_at, letter.created_at = letter.ready_at - span, letter.created_at - span
    session.commit()


def test_without_a_mail_server_nothing_is_written(session: Session, ada: User, sent_jobs: Jobs) -> None:
    mailing.choose(session, ada, "at_once")
    told(session, ada)
    assert session.scalars(select(Letter)).all() == []
    assert sent_jobs() == []


def test_who_has_not_asked_for_mail_gets_none(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    told(session, ada)
    assert mailing.sweep(session) == 0
    assert run_jobs() == []
    assert mailbox.letters == []


def test_a_notice_is_mailed_at_once_with_where_it_leads_and_how_to_turn_it_off(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    mailing.choose(session, ada, "at_once")
    told(session, ada)
    assert run_jobs() == ["mail"]
    ((to, message),) = mailbox.letters
    assert to == ["ada@example.org"]
    assert message["Subject"] == "Mo answered."
    assert message["To"] == "Ada <ada@example.org>"
    assert message["From"] == "Unembed <unembed@127.0.0.1>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "http://127.0.0.1:8000/threads/1" in mailbox.text()
    off = str(message["List-Unsubscribe"]).strip(" <>")
    assert off in mailbox.text()
    session.expire_all()
    assert session.scalars(select(Notice)).one().mailed_at is not None
    assert session.scalars(select(Letter)).all() == []  # nothing of it is kept
    mailing.turn_off(session, off.rpartition("/")[2])
    told(session, ada, "Mo answered again.")
    assert run_jobs() == []


def test_mail_leaves_after_commit_only(mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs) -> None:
    mailing.choose(session, ada, "at_once")
    session.commit()
    notices.tell(session, ada.id, "answer", "Mo answered.", "/path")
    session.flush()
    session.rollback()
    assert run_jobs() == []
    assert mailbox.letters == []


def test_several_notices_come_in_one_mail(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    mailing.choose(session, ada, "at_once")
    notices.tell(session, ada.id, "answer", "Mo answered.", "/threads/1")
    notices.tell(session, ada.id, "answer", "Mo signed off: ∂ and “quotes”.", "/threads/2")
    session.commit()
    assert run_jobs() == ["mail"]
    assert mailbox.letters[0][1]["Subject"] == "2 things are new for you"
    assert "∂ and “quotes”" in mailbox.text()


def test_what_was_read_meanwhile_is_not_mailed(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    mailing.choose(session, ada, "at_once")
    told(session, ada)
    notices.read_all(session, ada)
    session.commit()
    run_jobs()
    assert mailbox.letters == []
    assert session.scalars(select(Letter)).all() == []


def test_once_a_day_is_once_a_day(mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs) -> None:
    mailing.choose(session, ada, "daily")
    told(session, ada)
    assert run_jobs() == []  # nothing at once
    assert mailing.sweep(session) == 1
    assert mailing.sweep(session) == 0  # a mail waits already
    session.commit()
    run_jobs()
    told(session, ada, "Mo answered again.")
    assert mailing.sweep(session) == 0
    session.execute(update(mailing.Mailing).values(sent_at=now() - timedelta(hours=25)))
    assert mailing.sweep(session) == 1
    session.commit()
    run_jobs()
    assert [message["Subject"] for _, message in mailbox.letters] == ["Mo answered.", "Mo answered again."]


def test_what_was_told_before_one_wanted_mail_is_not_mailed(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    told(session, ada, "Long ago.")
    mailing.choose(session, ada, "daily")
    session.commit()
    assert mailing.sweep(session) == 0


def test_a_mail_whose_message_was_lost_is_found_by_the_sweeper(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs, sent_jobs: Jobs
) -> None:
    mailing.choose(session, ada, "at_once")
    told(session, ada)
    sent_jobs()  # lost
    assert letters.sweep(session) == 0  # it may still be on its way
    later(session, minutes=3)
    assert letters.sweep(session) == 1
    assert letters.sweep(session) == 0
    session.commit()
    assert run_jobs() == ["mail"]
    assert len(mailbox.letters) == 1


def test_a_mail_that_is_refused_for_now_is_tried_again_later(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    mailing.choose(session, ada, "at_once")
    mailbox.refusal = "451 come back later"
    told(session, ada)
    run_jobs()
    session.expire_all()
    letter = session.scalars(select(Letter)).one()
    assert (letter.tries, letter.given_up, letter.trouble) == (1, False, "451 come back later")
    assert letters.sweep(session) == 0  # not at once
    mailbox.refusal = ""
    later(session, minutes=2)
    letters.sweep(session)
    session.commit()
    run_jobs()
    assert len(mailbox.letters) == 1
    assert session.scalars(select(Letter)).all() == []


def test_an_address_that_the_server_will_never_take_is_given_up(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    mailing.choose(session, ada, "at_once")
    mailbox.refusal = "550 no such user"
    told(session, ada)
    run_jobs()
    session.expire_all()
    assert [letter.trouble for letter in letters.given_up(session)] == ["550 no such user"]
    (concern,) = (one for one in concerns(gauges.now()) if "mail" in one.what)
    assert concern.what == "1 mail could not be sent in the last day; the server said: 550 no such user"
    later(session, days=0, minutes=5)
    assert (letters.sweep(session), mailing.sweep(session)) == (0, 0)


def test_in_the_end_it_is_given_up(mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs) -> None:
    mailing.choose(session, ada, "at_once")
    mailbox.refusal = "451 come back later"
    told(session, ada)
    tries = 0
    while run_jobs():
        tries += 1
        session.execute(update(Letter).values(ready_at=now()))
        letters.sweep(session)
        session.commit()
    session.expire_all()
    assert tries == session.scalars(select(Letter)).one().tries == 8
    assert len(letters.given_up(session)) == 1


def test_a_server_that_is_away_costs_nothing(
    session: Session, ada: User, run_jobs: Jobs, change_settings: Callable[..., None]
) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    mailing.choose(session, ada, "at_once")
    told(session, ada)
    run_jobs()
    session.expire_all()
    assert session.scalars(select(Letter)).one().trouble.startswith("ConnectionRefusedError")


def test_a_message_that_comes_twice_sends_one_mail(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    mailing.choose(session, ada, "at_once")
    told(session, ada)
    letter = session.scalars(select(Letter)).one()
    assert letters.claim(session, letter.id) is not None
    session.commit()
    assert run_jobs() == ["mail"]  # somebody else has it
    assert mailbox.letters == []
    session.execute(update(Letter).values(lease_until=now(), ready_at=now()))  # whoever had it has died
    letters.sweep(session)
    session.commit()
    run_jobs()
    assert len(mailbox.letters) == 1


def test_a_name_and_a_password_are_told_to_the_server(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs, change_settings: Callable[..., None]
) -> None:
    url = mailbox.url.replace("smtp://", "smtp://learn%40example.org@")
    change_settings(smtp_url=url, smtp_password="s p@ss", mail_from="learn@example.org")
    mailing.choose(session, ada, "at_once")
    told(session, ada)
    run_jobs()
    assert base64.b64decode(mailbox.credentials) == b"\0learn@example.org\0s p@ss"
    assert mailbox.letters[0][1]["From"] == "Unembed <learn@example.org>"


@pytest.mark.parametrize("wrong", ["http://example.org", "smtp:", "mail.example.org"])
def test_an_address_that_is_no_mail_server_is_refused_at_the_start(
    change_settings: Callable[..., None], wrong: str
) -> None:
    from app.config import settings
    from app.steps import Failed

    change_settings(smtp_url=wrong)
    with pytest.raises(Failed, match="UNEMBED_SMTP_URL"):
        settings()


def test_two_workers_do_not_mail_one_notice_twice(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    mailing.choose(session, ada, "daily")
    told(session, ada)
    for _ in range(2):  # as two sweepers write that look at the same moment
        letters.write(session, LetterKind.NOTICES, ada.id)
    session.commit()
    first, second = session.scalars(select(Letter).order_by(Letter.id)).all()
    worded = wording.word(session, first)
    session.commit()  # and the first is on its way
    assert worded is not None
    assert worded.mail.subject == "Mo answered."
    assert wording.word(session, second) is None
    assert wording.word(session, first) is not None  # tried again, it still has it
    session.commit()
    run_jobs()
    assert [message["Subject"] for _, message in mailbox.letters] == ["Mo answered."]


def test_what_a_letter_could_not_say_goes_with_the_next(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    mailing.choose(session, ada, "at_once")
    mailbox.refusal = "550 no such user"
    told(session, ada)
    run_jobs()
    mailbox.refusal = ""
    told(session, ada, "Mo answered again.", "/threads/2")
    run_jobs()
    assert mailbox.letters[0][1]["Subject"] == "2 things are new for you"


def test_no_word_in_a_subject_stops_mail(
    mailbox: Mailbox, session: Session, ada: User, run_jobs: Jobs
) -> None:
    mailing.choose(session, ada, "at_once")
    told(session, ada, "Mo to Autumn: Hello\u2028all\x0b of\x85you\r\nBcc: eve@example.org")
    run_jobs()
    ((to, message),) = mailbox.letters
    assert to == ["ada@example.org"]
    assert message["Subject"] == "Mo to Autumn: Hello all of you Bcc: eve@example.org"
    assert message["Bcc"] is None


BREAKS = [one for one in map(chr, range(0x11000)) if len(f"a{one}b".splitlines()) > 1]
UNWRITABLE = [*BREAKS, "\r\n", "\x00", "\x7f", "\u202e", "\ud800", "\udfff"]


def test_nothing_that_people_write_keeps_a_mail_from_being_written() -> None:
    assert len(BREAKS) >= 10
    for odd in UNWRITABLE:
        said = f"one{odd}Bcc: eve@example.org"
        mailed = mail.written(mail.Mail("ada@example.org", said, said, said))
        assert mailed["Bcc"] is None
        assert len(str(mailed["Subject"]).splitlines()) == len(str(mailed["To"]).splitlines()) == 1
        assert b"eve" in mailed.as_bytes()


@pytest.mark.parametrize("address", ["a@b@example.org", "ada@exa\nmple.org", "nobody", "ädä@example.org"])
def test_a_letter_that_cannot_be_written_is_set_aside_with_the_reason_and_blocks_no_other(
    mailbox: Mailbox, session: Session, ada: User, ben: User, run_jobs: Jobs, address: str
) -> None:
    for one in (ada, ben):
        mailing.choose(session, one, "at_once")
    session.execute(update(User).where(User.id == ada.id).values(email=address))
    told(session, ada)
    told(session, ben)
    run_jobs()
    assert [to for to, _ in mailbox.letters] == [["ben@example.org"]]
    session.expire_all()
    (lost,) = letters.given_up(session)
    assert lost.user_id == ada.id
    assert "can’t be written" in lost.trouble
    assert letters.sweep(session) == 0


def test_a_letter_that_our_own_fault_stops_is_given_up_in_the_end(
    mailbox: Mailbox, session: Session, ada: User, sent_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing.choose(session, ada, "at_once")
    told(session, ada)
    monkeypatch.setattr(mail, "send", _broken)
    letter = session.scalars(select(Letter.id)).one()
    for _ in range(8):
        with pytest.raises(ZeroDivisionError):
            post.send(str(letter))
    session.expire_all()
    (lost,) = letters.given_up(session)
    assert lost.trouble == "ZeroDivisionError: ours"


def _broken(_mail: mail.Mail) -> None:
    raise ZeroDivisionError("ours")
