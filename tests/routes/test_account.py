"""What one changes about one's own account, the browsers one is signed in with, and leaving."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import nbformat
import pytest
from sqlalchemy import select

from app.db import Base, now, transaction
from app.models import (
    WHO_LEFT,
    Announcement,
    Cohort,
    Deed,
    Extension,
    Goal,
    Note,
    Notice,
    Rejudgement,
    Run,
    Thread,
    User,
    Verdict,
    WebSession,
)
from app.people import accounts, deeds, leaving, resets, taking_along
from app.post import notices
from app.teaching import assessments
from app.teaching.assessments import Sheet
from tests.routes.acting import Browser, Things, failed_verdict, finish
from tests.routes.test_resets import ada_known  # noqa: F401  (a fixture)

OLD, NEW = "the old password", "a new long password"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
Made = Callable[..., Browser]


@pytest.fixture
def ada(ada_known: User) -> User:  # noqa: F811
    return ada_known


# ---- name, address, password


def test_one_is_called_otherwise(ada: User, browser: Made) -> None:
    hers = browser(ada)
    assert hers.post("/account/name", name="  Ada  Lovelace ").status_code == 303
    assert "<h1>Ada Lovelace</h1>" in hers.get("/account").text
    assert hers.post("/account/name", name="").status_code == 422


def test_another_password_signs_out_all_other_browsers(ada: User, browser: Made) -> None:
    here, there = browser(ada), browser(ada)
    assert here.post("/account/password", password="wrong", new=NEW).status_code == 422
    assert there.get("/account").status_code == 200
    assert here.post("/account/password", password=OLD, new="short").status_code == 422
    assert here.post("/account/password", password=OLD, new=NEW).status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert browser(None).post("/sign-in", email="ada@example.org", password=NEW).status_code == 303


def test_another_address_asks_for_the_password(ada: User, ben: User, browser: Made) -> None:
    hers = browser(ada)
    assert hers.post("/account/email", email="ada@new.example", password="wrong").status_code == 422
    assert hers.post("/account/email", email="Ben@Example.org", password=OLD).status_code == 422
    assert hers.post("/account/email", email="nonsense", password=OLD).status_code == 422
    assert hers.post("/account/email", email="Ada@New.example", password=OLD).status_code == 303
    assert browser(None).post("/sign-in", email="ada@new.example", password=OLD).status_code == 303


@pytest.mark.parametrize("change", ["email", "password"])
def test_links_in_a_mailbox_end_when_address_or_password_change(
    ada: User, browser: Made, change: str
) -> None:
    with transaction() as session:
        link = resets.make(session, session.get_one(User, ada.id), timedelta(hours=1)).rpartition("/")[2]
    assert browser(None).get(f"/reset/{link}").status_code == 200
    to = {"email": "ada@new.example", "new": NEW}
    assert browser(ada).post(f"/account/{change}", password=OLD, **to).status_code == 303
    assert browser(None).get(f"/reset/{link}").status_code == 404


def test_guessing_the_password_of_a_browser_left_open_is_slowed_down(ada: User, browser: Made) -> None:
    hers = browser(ada)
    tries = [hers.post("/account/password", password=str(n), new=NEW) for n in range(11)]
    assert [answer.status_code for answer in tries] == [422] * 10 + [429]
    assert "Please try again in" in tries[-1].text


def test_mail_is_offered_where_the_site_sends_it(mailbox: Mailbox, ada: User, browser: Made) -> None:
    hers = browser(ada)
    assert 'value="never" checked' in hers.get("/account").text
    assert hers.post("/account/mail", wish="daily").status_code == 303
    assert 'value="daily" checked' in hers.get("/account").text
    assert hers.post("/account/mail", wish="hourly").status_code == 422


def test_mail_is_not_spoken_of_where_it_sends_none(ada: User, browser: Made) -> None:
    assert "/account/mail" not in browser(ada).get("/account").text


# ---- browsers


def test_browsers_are_listed_and_each_can_be_signed_out(ada: User, browser: Made) -> None:
    here, there, third = browser(None), browser(None), browser(ada)
    for one in (here, there):
        one.client.headers["user-agent"] = FIREFOX
        one.post("/sign-in", email="ada@example.org", password=OLD)
    page = here.get("/account").text
    assert page.count("<b>Firefox on Linux</b>") == 2
    assert page.count("this one") == 1
    assert page.count("/sign-out") == 2 + 1 + 1  # two others, all others, this one
    with transaction() as session:
        newest = select(WebSession.id).where(WebSession.token_hash == accounts.hash_of(_token(there)))
        other = session.scalars(newest).one()
    assert here.post(f"/account/browsers/{other}/sign-out").status_code == 303
    assert there.get("/account").status_code == 303
    assert third.get("/account").status_code == 200
    assert here.post("/account/browsers/others/sign-out").status_code == 303
    assert third.get("/account").status_code == 303
    assert here.get("/account").status_code == 200


def _token(browser: Browser) -> str:
    return str(browser.client.cookies["unembed_session"])


def test_nobody_signs_out_anothers_browser(ada: User, ben: User, browser: Made) -> None:
    hers = browser(ada)
    with transaction() as session:
        (row,) = session.scalars(select(WebSession.id).where(WebSession.user_id == ada.id))
    assert browser(ben).post(f"/account/browsers/{row}/sign-out").status_code == 404
    assert hers.get("/account").status_code == 200


# ---- taking all along


def unpacked(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
        read = {name: packed.read(name).decode() for name in packed.namelist()}
    return {name: json.loads(text) if name.endswith("json") else text for name, text in read.items()}


def test_everything_of_theirs_comes_along_and_nothing_of_others(
    ada: User, ben: User, mo: User, things: Things, browser: Made
) -> None:
    browser(ben).post("/lessons/counting/cells/two/draft", text="y = 'of Ben'")
    browser(mo).post(f"/threads/{things.thread}/messages", body="Look at *x*.")
    browser(ada).post("/lessons/counting/cells/two/draft", text="y = 'of Ada'")
    found = unpacked(browser(ada).get("/account/export"))
    assert [row["email"] for row in found["data/users.json"]] == ["ada@example.org"]
    assert [row["text"] for row in found["data/drafts.json"] if row["cell"] == "two"] == ["y = 'of Ada'"]
    assert {row["body"] for row in found["data/messages.json"]} == {"Why?", "Look at *x*."}
    assert len(found["data/outputs.json"]) == 4
    (attempt,) = found["data/attempts.json"]
    assert attempt["verdict"] == "failed"
    assert attempt["details"]["mistake"] == "mistake_square__double"
    assert "of Ben" not in json.dumps(found)
    notebook = nbformat.reads(found["lessons/counting.ipynb"], as_version=4)
    nbformat.validate(notebook)
    assert "y = 'of Ada'" in [cell.source for cell in notebook.cells]
    assert [name for name in found if name.startswith("lessons/")] == ["lessons/counting.ipynb"]


def test_what_opens_a_door_stays_out_of_it(ada: User, things: Things, browser: Made) -> None:
    text = json.dumps(unpacked(browser(ada).get("/account/export")))
    assert "argon2" not in text
    assert accounts.hash_of(things.reset) not in text
    for column in ("password_hash", "token_hash", "token", "nonce"):
        assert f'"{column}"' not in text


def test_a_mentor_takes_along_their_own_words_and_nobodys_work(
    mo: User, things: Things, browser: Made
) -> None:
    his = browser(mo)
    his.post(f"/threads/{things.thread}/messages", body="Look at *x*.")
    found = unpacked(his.get("/account/export"))
    assert [row["body"] for row in found["data/messages.json"]] == ["Look at *x*."]
    assert not {"data/attempts.json", "data/runs.json", "data/threads.json"} & set(found)


def test_a_mentors_private_note_is_the_mentors_to_take_along(ada: User, mo: User, browser: Made) -> None:
    with transaction() as session:
        session.add(Note(mentor_id=mo.id, about_id=ada.id, body="Shy.", updated_at=now()))
        session.add(Goal(user_id=ada.id, author_id=mo.id, text="Read the paper."))
    his, hers = (unpacked(browser(user).get("/account/export")) for user in (mo, ada))
    assert [row["body"] for row in his["data/notes.json"]] == ["Shy."]
    assert "data/goals.json" not in his
    assert "data/notes.json" not in hers
    assert [row["text"] for row in hers["data/goals.json"]] == ["Read the paper."]


def test_what_an_assessment_keeps_back_stays_out_of_it(
    ada: User, mo: User, cohort: Cohort, things: Things, browser: Made
) -> None:
    moment, hour = now(), timedelta(hours=1)
    with transaction() as session:
        here, mentor = session.get_one(Cohort, cohort.id), session.get_one(User, mo.id)
        sheet = Sheet("Mid", ("double",), moment - hour, moment + hour)
        held = assessments.make(session, mentor, here, sheet).id
        session.add(
            Rejudgement(
                regrade_id=things.regrade,
                attempt_id=things.attempt,
                edition="",
                old_verdict=Verdict.FAILED,
                old_message="",
                old_details={},
                old_edition="",
                old_version="",
                verdict=Verdict.PASSED,
                message="It would pass.",
            )
        )
    hers = browser(ada)
    hers.post(f"/assessments/{held}/start")
    handed_in = hers.post("/lessons/counting/exercises/double/attempts", text="double = 1")
    finish(UUID(handed_in.headers["location"].rpartition("/")[2]), failed_verdict())
    found = unpacked(hers.get("/account/export"))
    assert len(found["data/sitting_attempts.json"]) == 1
    newest = next(row for row in found["data/attempts.json"] if row["answer"] == "double = 1")
    assert "square" not in json.dumps([newest, found["data/sitting_attempts.json"]])
    assert "data/rejudgements.json" not in found  # nobody has applied it


def test_what_mentors_write_for_mentors_stays_out_of_it(ada: User, things: Things, browser: Made) -> None:
    with transaction() as session:
        session.get_one(Extension, things.extension).reason = "Was ill, told me in confidence."
    found = unpacked(browser(ada).get("/account/export"))
    assert [row["day"] for row in found["data/extensions.json"]] == ["2027-01-08"]
    assert "confidence" not in json.dumps(found)


def test_a_trial_of_somebodys_code_is_no_work_of_the_mentors(
    ada: User, mo: User, things: Things, browser: Made
) -> None:
    his = browser(mo)
    assert his.post(f"/attempts/{things.attempt}/trial", text="print('hers')").status_code == 303
    found = unpacked(his.get("/account/export"))
    assert "hers" not in json.dumps(found)
    assert browser(ada).post("/account/delete", password=OLD, word="delete").status_code == 303
    with transaction() as session:
        assert session.scalars(select(Run)).all() == []  # the copy goes with her account


# ---- leaving


def rows_that_name(user: User) -> dict[str, int]:
    """Table.column → how many rows name this person."""
    with transaction() as session:
        found = {
            f"{table.name}.{key.parent.name}": len(
                session.execute(select(table.c.id).where(key.parent == user.id)).all()
            )
            for table in Base.metadata.sorted_tables
            for key in table.foreign_keys
            if key.column.table.name == "users"
        }
    return {name: count for name, count in found.items() if count}


def test_an_account_goes_with_everything(
    ada: User, mo: User, boss: User, things: Things, browser: Made
) -> None:
    hers, elsewhere = browser(ada), browser(ada)
    browser(boss).get(f"/mentor/learners/{ada.id}")  # a line in the log about her
    before = rows_that_name(mo)
    assert "What goes" in hers.get("/account/delete").text
    assert hers.post("/account/delete", password="wrong", word="delete").status_code == 422
    assert hers.post("/account/delete", password=OLD, word="yes").status_code == 422
    assert rows_that_name(ada)
    answer = hers.post("/account/delete", password=OLD, word=" Delete ")
    assert answer.headers["location"] == "/"
    assert "Your account is deleted" in hers.get("/").text
    assert rows_that_name(ada) == {}
    assert elsewhere.get("/account").status_code == 303
    about_her = ("goals.author_id", "notes.owner_id", "visits.mentor_id")  # what a mentor had of her
    assert rows_that_name(mo) == {name: count for name, count in before.items() if name not in about_her}
    assert browser(None).get(f"/shared/{things.shared}").status_code == 404
    with transaction() as session:
        lines = session.scalars(select(Deed).order_by(Deed.id)).all()
        assert [(line.kind, line.data["actor"], line.data["about"]) for line in lines] == [
            ("looked", "Boss", leaving.NOBODY),
            ("account_deleted", leaving.NOBODY, leaving.NOBODY),
        ]
        accounts.sign_up(session, None, "Ada", "ada@example.org", NEW)  # and the address is free again


def test_what_a_mentor_told_a_cohort_stays_without_the_name(mo: User, cohort: Cohort, browser: Made) -> None:
    with transaction() as session:
        accounts.set_password(session, session.get_one(User, mo.id), OLD)
        said = {"cohort_id": cohort.id, "author_id": mo.id, "author_name": "Mo", "body": "Welcome."}
        session.add(Announcement(**said))
    assert browser(mo).post("/account/delete", password=OLD, word="delete").status_code == 303
    with transaction() as session:
        assert [one.author_name for one in session.scalars(select(Announcement))] == [WHO_LEFT]


def rows_of(user: User) -> dict[str, list[UUID]]:
    """Table → the rows that are somebody's, or concern them."""
    with transaction() as session:
        conditions = {table: taking_along.theirs(table, user.id) for table in Base.metadata.sorted_tables}
        return {
            table.name: sorted(session.scalars(select(table.c.id).where(condition)))
            for table, condition in conditions.items()
            if condition is not None
        }


def test_a_mentors_words_stay_with_the_learner_when_the_mentor_leaves(
    ada: User, mo: User, boss: User, cohort: Cohort, things: Things, browser: Made
) -> None:
    with transaction() as session:
        accounts.set_password(session, session.get_one(User, mo.id), OLD)
    his, hers = browser(mo), browser(ada)
    his.post(f"/attempts/{things.attempt}/ruling", verdict="passed", reason="It holds.")
    his.post(f"/attempts/{things.attempt}/sign-off", note="Good.")
    his.post(f"/threads/{things.thread}/messages", body="Look at *x*.")
    his.post(f"/attempts/{things.attempt}/lines", first="1", last="1", body="A shorter name?")
    hers.post(f"/threads/{things.thread}/messages", body="And now?")
    his.post(f"/threads/{things.thread}/claim")
    before = rows_of(ada)
    assert len(before["messages"]) == 4
    assert "what you wrote to learners as a mentor" in his.get("/account/delete").text
    assert his.post("/account/delete", password=OLD, word="delete").status_code == 303
    assert rows_of(ada) == before
    page = hers.get(f"/threads/{things.thread}").text
    talk = page.partition("<article")[2].partition("</article>")[0]
    assert "Look at <em>x</em>." in talk
    assert "A mentor who has left" in talk
    assert "Mo" not in talk
    for url in ("/check-in", f"/attempts/{things.attempt}", "/requests", f"/cohorts/{cohort.id}"):
        assert hers.get(url).status_code == 200
    assert "a mentor who has left" in hers.get("/check-in").text  # whose goal it was
    assert browser(boss).post("/mentor/queue/next").headers["location"] == f"/threads/{things.thread}"


def test_who_answers_upon_a_mentor_who_has_left_waits_for_another(
    ada: User, mo: User, things: Things, browser: Made
) -> None:
    with transaction() as session:
        accounts.set_password(session, session.get_one(User, mo.id), OLD)
    browser(mo).post(f"/threads/{things.thread}/messages", body="Look at *x*.")
    browser(mo).post("/account/delete", password=OLD, word="delete")
    assert browser(ada).post(f"/threads/{things.thread}/messages", body="Where?").status_code == 303
    with transaction() as session:
        assert session.get_one(Thread, things.thread).waiting_since is not None


def test_what_a_mentor_wrote_is_theirs_to_take_along(mo: User, things: Things, browser: Made) -> None:
    his = browser(mo)
    his.post(f"/threads/{things.thread}/messages", body="Look at *x*.")
    found = unpacked(his.get("/account/export"))
    assert [row["body"] for row in found["data/messages.json"]] == ["Look at *x*."]
    assert [row["body"] for row in found["data/announcements.json"]] == ["Hello."]


def test_what_others_were_told_of_somebody_goes_with_them(
    ada: User, mo: User, things: Things, browser: Made
) -> None:
    browser(mo).post(f"/threads/{things.thread}/messages", body="Look at *x*.")
    browser(ada).post(f"/threads/{things.thread}/messages", body="And now?")
    with transaction() as session:
        about = select(Notice.text).where(Notice.user_id == mo.id)
        assert session.scalars(about).all() == ["Ada wrote again about “Four times as much”."]
    assert browser(ada).post("/account/delete", password=OLD, word="delete").status_code == 303
    with transaction() as session:
        assert session.scalars(about).all() == []


def test_what_learners_were_told_by_a_mentor_who_leaves_loses_the_name(
    ada: User, ben: User, mo: User, things: Things, browser: Made
) -> None:
    with transaction() as session:
        mentor = session.get_one(User, mo.id)
        accounts.set_password(session, mentor, OLD)
        mentor.name = "Mo O."
        for one, text in (
            (ben, "Mo O. to Autumn: Hello."),
            (ada, "Handed over by Mo O.: Ann"),
            (ada, "Mo O.x"),
        ):
            notices.tell(session, one.id, "announcement", text, "/account")
    his = browser(mo)
    his.post(f"/threads/{things.thread}/messages", body="Look at *x*.")
    assert his.post("/account/delete", password=OLD, word="delete").status_code == 303
    with transaction() as session:
        kept = session.scalars(select(Notice.text).where(Notice.kind != "cohort").order_by(Notice.text)).all()
    assert kept == [
        "Handed over by somebody who has left: Ann",
        "Mo O.x",
        "Somebody who has left to Autumn: Hello.",
        "Somebody who has left wrote to you about “Four times as much”.",
    ]


def test_the_last_admin_of_others_stays(boss: User, zoe: User, browser: Made) -> None:
    with transaction() as session:
        accounts.set_password(session, session.get_one(User, boss.id), OLD)
    theirs = browser(boss)
    assert "You are the only admin" in theirs.get("/account/delete").text
    assert theirs.post("/account/delete", password=OLD, word="delete").status_code == 403
    assert theirs.post(f"/people/{zoe.id}/admin").status_code == 303
    assert theirs.post("/account/delete", password=OLD, word="delete").status_code == 303
    with transaction() as session:
        kept = [line.data["actor"] for line in deeds.log(session, session.get_one(User, zoe.id))]
    assert kept == [leaving.NOBODY, "Boss"]  # who made Zoe an admin is not forgotten


def test_who_is_alone_here_may_go_and_the_site_waits_for_its_owner_again(newcomer: Browser) -> None:
    newcomer.post("/sign-up", name="Solo", email="solo@example.org", password=OLD)
    page = newcomer.get("/account").text
    assert "/account/export" in page
    assert "Mail" not in page
    assert newcomer.post("/account/delete", password=OLD, word="delete").status_code == 303
    assert "The first account" in newcomer.get("/sign-up").text


def test_a_guest_may_take_all_along_and_go(stranger: User, browser: Made) -> None:
    guest = browser(stranger)
    guest.post("/lessons/counting/cells/two/draft", text="y = 9")
    found = unpacked(guest.get("/account/export"))
    assert [row["text"] for row in found["data/drafts.json"]] == ["y = 9"]
    assert guest.post("/account/delete", word="delete").status_code == 303
    assert rows_that_name(stranger) == {}
