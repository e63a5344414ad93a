"""The whole site in one process, browsers for the cast, and a learner with something of everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import Base, now, transaction
from app.learning import attempts, shares
from app.lessons import Lesson
from app.main import create_app
from app.mentoring import threads
from app.models import (
    Announcement,
    Assessment,
    CalendarLink,
    CannedReply,
    Cohort,
    Extension,
    Goal,
    Invite,
    Mailing,
    NewAddress,
    Note,
    Notice,
    OfficeHour,
    Part,
    PlanChange,
    PlanItem,
    Reading,
    Regrade,
    RegradeState,
    Role,
    SignOff,
    User,
    Visit,
    WebSession,
    Wish,
)
from app.people import accounts, addresses, resets, tokens
from app.running import runs
from tests.routes.acting import Browser, Things, failed_verdict, finish

_DAY = timedelta(days=1)


@pytest.fixture
def site(lesson: Lesson, database: object, redis: Redis) -> FastAPI:
    """The site, with the small course."""
    return create_app()


@pytest.fixture
def browser(site: FastAPI) -> Callable[[User | None], Browser]:
    """`browser(ada)`: her browser; `browser(None)`: a newcomer's."""

    def made(user: User | None = None) -> Browser:
        return Browser(site, user)

    return made


@pytest.fixture
def newcomer(browser: Callable[..., Browser]) -> Browser:
    return browser(None)


@pytest.fixture
def ada_browser(browser: Callable[..., Browser], ada: User) -> Browser:
    return browser(ada)


@pytest.fixture
def mo_browser(browser: Callable[..., Browser], mo: User) -> Browser:
    return browser(mo)


@pytest.fixture
def things(ada: User, mo: User, cohort: Cohort, lesson: Lesson, redis: Redis) -> Things:
    """Ada's things."""
    with transaction() as session:
        run = runs.submit(session, ada, "counting", "two", {}).id
        attempt = attempts.hand_in(session, ada, "double", "def double(x):\n    return x * x\n")
        graded_run, attempt_id = attempt.run_id, attempt.id
    output, graded_output = finish(run), finish(graded_run, failed_verdict())
    with transaction() as session:
        thread = threads.ask(session, ada, "counting", "quadruple", "Why?").id
        shared = shares.share(session, ada, run, "Ada L.")
        link = Invite(
            cohort_id=cohort.id, role=Role.LEARNER, token="t" * 32, expires_at=now() + _DAY, most_uses=9
        )
        told = Notice(user_id=ada.id, kind="cohort", text="You are in.", href="/account")
        calendar = CalendarLink(user_id=ada.id, token="c" * 43)
        planned = {"cohort_id": cohort.id, "part": Part.NODE, "ref": "start"}
        later = Extension(**planned, user_id=ada.id, day=date(2027, 1, 8))
        due = PlanItem(**planned, day=date(2027, 1, 1))
        session.add(PlanChange(cohort_id=cohort.id, what="added “Step 1, Start”", before=[]))

        off = Mailing(user_id=ada.id, wish=Wish.DAILY, token="o" * 32, since=now())
        session.add(off)
        work = {"user_id": ada.id, "lesson": "counting", "cell": "double"}
        signed = SignOff(**work, kind="attempt", subject_id=attempt_id)
        canned = CannedReply(owner_id=ada.id, cohort_id=cohort.id, title="Shapes", body="Look at the shapes.")
        kept = _kept(session, ada, mo, cohort)
        hours = {
            "opens_at": now() + 400 * _DAY,
            "closes_at": now() + 401 * _DAY,
            "last_at": now() + 401 * _DAY,
        }
        asked = Assessment(cohort_id=cohort.id, title="Final", exercises=["quadruple"], minutes=60, **hours)
        session.add_all([link, told, calendar, later, due, signed, canned, asked])
        session.flush()
        accounts.open_session(session, ada)
        hers = select(WebSession.id).where(WebSession.user_id == ada.id)
        elsewhere = session.scalars(hers.order_by(WebSession.created_at.desc()).limit(1)).one()
        reset = resets.make(session, ada, _DAY).rpartition("/")[2]
        wanted = NewAddress(user_id=ada.id, email="ada@new.example", token_hash="", expires_at=now())
        session.add(wanted)
        new_address = addresses.link(session, wanted).rpartition("/")[2]
        regrade = Regrade(exercise="double", title="Twice", latest=True, by_newest=False, made_by="Boss")
        regrade.state = RegradeState.READY
        session.add(regrade)
        session.flush()
        return Things(
            run=run,
            output=output,
            attempt=attempt_id,
            graded_run=graded_run,
            graded_output=graded_output,
            thread=thread,
            share=shared.id,
            shared=shared.token,
            cohort=cohort.id,
            invite=link.id,
            token=link.token,
            notice=told.id,
            **kept,
            api_token=tokens.make(session, ada, "laptop", ["read"], 30)[0].id,
            regrade=regrade.id,
            calendar=calendar.token,
            extension=later.id,
            browser=elsewhere,
            reset=reset,
            new_address=new_address,
            mail_off=off.token,
            sign_off=signed.id,
            canned=canned.id,
            assessment=asked.id,
        )


def _kept(session: Session, ada: User, mo: User, cohort: Cohort) -> dict[str, UUID]:
    """What Ada and her mentor have said to each other, and what Mo keeps."""
    note = Note(mentor_id=mo.id, about_id=ada.id, body="Shy.", shared=False, updated_at=now())
    said = Announcement(cohort_id=cohort.id, author_id=mo.id, author_name="Mo", body="Hello.")
    hour = OfficeHour(cohort_id=cohort.id, at=now() + _DAY, note="Here.")
    read = Reading(user_id=ada.id, minutes=25, place="A paper", on=now().date())
    goal = Goal(user_id=ada.id, author_id=mo.id, text="Finish step 1")
    session.add_all([note, said, hour, read, goal])
    session.add(Visit(mentor_id=mo.id, learner_id=ada.id, seen_at=now()))
    session.flush()
    return {
        "goal": goal.id,
        "note": note.id,
        "announcement": said.id,
        "office_hour": hour.id,
        "reading": read.id,
    }


@pytest.fixture
def count_rows(database: object) -> Callable[[], dict[str, int]]:
    """How many rows each table has: for “reading makes none”."""

    def count() -> dict[str, int]:
        with transaction() as session:
            return {
                table.name: session.scalar(select(func.count()).select_from(table)) or 0
                for table in Base.metadata.sorted_tables
            }

    return count
