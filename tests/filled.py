"""A database with something in every table, and in it whatever is hard to carry elsewhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import MetaData, select
from sqlalchemy.orm import Session

from app.db import Base, make_engine
from app.models import (
    Activity,
    Allowance,
    Announcement,
    ApiToken,
    Assessment,
    Attempt,
    CalendarLink,
    CannedReply,
    CheckIn,
    Choice,
    Clock,
    Cohort,
    Declaration,
    Deed,
    Draft,
    Edition,
    Ending,
    Explanation,
    Extension,
    Goal,
    Install,
    InstallState,
    Invite,
    Letter,
    LetterKind,
    Mailing,
    Membership,
    Message,
    NewAddress,
    Note,
    Notice,
    OfficeHour,
    OfficeHours,
    Output,
    OwnMentor,
    Part,
    PlanChange,
    PlanItem,
    Reading,
    Regrade,
    RegradeState,
    Rejudged,
    Rejudgement,
    ResetLink,
    Role,
    Run,
    RunKind,
    Share,
    SignOff,
    Sitting,
    SittingAttempt,
    Standing,
    State,
    Thread,
    User,
    Verdict,
    Visit,
    WebSession,
    Wish,
    WorkTime,
)

Rows = dict[str, list[dict[str, object]]]

ODD = 'é ∂ 漢字 🧠 \u202e\'); DROP TABLE users; --\t\\n \\u0000 "quoted"\r\n'
MOMENT = datetime(2026, 3, 29, 1, 59, 59, 999999, tzinfo=UTC)  # a microsecond before clocks change in Europe
FIGURE = {
    "data": [{"x": [0.1, 1e-300, -0.0, 1.7976931348623157e308, 3, None], "name": ODD}],
    "z": {"b": [], "a": {}, "": "", "2": True},
}

_INSTALLED = {"state": InstallState.INSTALLED, "facts": FIGURE, "message": ODD, "lease_until": MOMENT}


def fill(url: str) -> None:
    """At least a row in every table, and rows that nothing belongs to."""
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        ada = User(name=ODD[:80], email="ada@example.org", password_hash="$argon2id$", goal="")
        guest = User(name="", guest=True)
        mo = User(name="Mo", email="mo@example.org", admin=True)
        session.add_all([ada, guest, mo])
        session.flush()
        _together(session, ada, mo)
        _meet(session, ada, mo)
        session.add(Install(machine=ODD[:200], model="acme/tiny", seen_at=MOMENT, **_INSTALLED))
        _at_work(session, ada)
        _at_work(session, guest)
        _in_a_course(session, ada, mo)
    engine.dispose()


def _at_work(session: Session, user: User) -> None:
    """What somebody leaves behind who has used everything."""
    mine = {"user_id": user.id, "lesson": "counting"}
    soon = MOMENT + timedelta(days=30)
    session.add(WebSession(user_id=user.id, token_hash=user.id.hex, expires_at=soon, last_seen_at=MOMENT))
    session.add(Mailing(user_id=user.id, wish=Wish.DAILY, token=user.id.hex, since=MOMENT, sent_at=MOMENT))
    session.add(ResetLink(user_id=user.id, token_hash=user.id.hex, expires_at=soon, used_at=MOMENT))
    address = {"email": f"{user.id.hex}@example.org", "token_hash": user.id.hex, "expires_at": soon}
    session.add(NewAddress(user_id=user.id, **address))
    letter = {"user_id": user.id, "kind": LetterKind.WELCOME, "data": {"by": ODD}, "ready_at": MOMENT}
    session.add(Letter(**letter, lease_until=MOMENT, trouble=ODD))
    session.add(Draft(**mine, cell="one", text=ODD * 1000, updated_at=MOMENT))
    token = {"name": ODD[:80], "ends_with": "abcd", "scopes": ["read", "submit"], "expires_at": soon}
    session.add(ApiToken(user_id=user.id, token_hash=user.id.hex, last_used_at=MOMENT, **token))
    session.add(Choice(user_id=user.id, node="tooling", hidden=True, position=None))
    session.add(Activity(**mine, kind="predicted", cell="one", data={"guess": ODD, "confidence": 70}))
    noted = Activity(**mine, kind="edited", cell="one")
    session.add(noted)
    session.flush()
    session.add(Clock(user_id=user.id, counted_to=noted.id))
    session.add(WorkTime(**mine, cell="one", code=0.1 + 0.2, reading=1e-9))
    session.add(Reading(user_id=user.id, minutes=25, place=ODD[:200], on=MOMENT.date()))
    waits = _run(user, RunKind.RUN, State.QUEUED, seed=0)
    judged = _run(user, RunKind.GRADE, State.DONE, seed=2**31 - 1)
    judged.ending, judged.seconds, judged.finished_at = Ending.ERROR, 0.1 + 0.2, MOMENT
    judged.cell_seconds = {"one": 1e-9, "two": 0}
    session.add_all([waits, judged])
    session.flush()
    texts = {"stream": "stdout", "text": ODD}
    session.add(Output(run_id=judged.id, seq=0, kind="text", data=texts))
    session.add(Output(run_id=judged.id, seq=1, kind="figure", data=FIGURE))
    attempt = _attempt(user, judged)
    session.add_all([attempt, _share(user, judged)])
    session.add(
        Standing(
            **mine,
            exercise="one",
            attempts=1,
            newest_at=MOMENT,
            streak=1,
            trouble=ODD[:120],
            updated_at=MOMENT,
        )
    )
    session.flush()
    _judged_again(session, attempt)
    _talked_about(session, user, attempt)


def _judged_again(session: Session, attempt: Attempt) -> None:
    words = {"exercise": "double", "title": ODD[:200], "cohort_name": ODD[:80], "made_by": ODD[:80]}
    regrade = Regrade(**words, latest=True, by_newest=False, state=RegradeState.APPLIED, closed_at=MOMENT)
    session.add(regrade)
    session.flush()
    again = Rejudgement(regrade_id=regrade.id, attempt_id=attempt.id, edition="e" * 64, why=ODD)
    again.old_verdict, again.old_message, again.old_details = Verdict.FAILED, ODD, FIGURE
    again.old_edition, again.old_version, again.state = "", "1" * 64, Rejudged.JUDGED
    again.verdict, again.message, again.applied_at = Verdict.PASSED, ODD, MOMENT
    session.add(again)


def _talked_about(session: Session, user: User, attempt: Attempt) -> None:
    mine = {"user_id": user.id, "lesson": "counting"}
    thread = Thread(**mine, cell="one", chain=[{"cell": "one", "text": ODD}], run_id=None)
    on_lines = Thread(**mine, cell="double", chain=[], kind="attempt", subject_id=attempt.id, first_line=1)
    on_lines.last_line, on_lines.changes_at, on_lines.claimed_until = 2**31 - 1, MOMENT, MOMENT
    on_lines.waiting_since, on_lines.claimed_by_id = MOMENT, user.id
    session.add_all([thread, on_lines])
    session.flush()
    session.add_all(Message(thread_id=thread.id, author_id=user.id, body=body) for body in (ODD, "Thanks."))
    session.add(Message(thread_id=on_lines.id, author_id=user.id, body="", attempt_id=attempt.id))
    session.add(SignOff(**mine, cell="double", kind="attempt", subject_id=attempt.id, note=ODD))


def _run(user: User, kind: RunKind, state: State, seed: int) -> Run:
    return Run(
        user_id=user.id,
        kind=kind,
        lesson="counting",
        cell="one",
        chain=[{"cell": "one", "text": ODD}],
        chain_hash="0" * 64,
        fingerprint="f" * 64,
        seed=seed,
        state=state,
        queued_at=MOMENT,
    )


def _together(session: Session, learner: User, mentor: User) -> None:
    """A cohort of the two, and what is noted of it."""
    cohort = Cohort(name=ODD[:80], about=ODD, starts_on=MOMENT.date(), open=True)
    cohort.edition, cohort.pinned_at, cohort.pin_at_start = "e" * 64, MOMENT, False
    session.add_all([cohort, Edition(name="e" * 64, files={"path.toml": ODD})])
    session.flush()
    for user, role in ((learner, Role.LEARNER), (mentor, Role.MENTOR)):
        session.add(Membership(cohort_id=cohort.id, user_id=user.id, role=role, left_at=MOMENT))
    session.add(
        Invite(cohort_id=cohort.id, role=Role.LEARNER, token="t" * 32, expires_at=MOMENT, most_uses=3)
    )
    session.add(
        Deed(actor_id=mentor.id, about_id=learner.id, cohort_id=cohort.id, kind="added", data={"name": ODD})
    )
    session.add(CannedReply(owner_id=mentor.id, cohort_id=cohort.id, title=ODD[:80], body=ODD, uses=2))
    session.add(Notice(user_id=learner.id, kind="cohort", text=ODD[:300], href="/account", read_at=MOMENT))


def _in_a_course(session: Session, learner: User, mentor: User) -> None:
    """A plan, an extension of it, an assessment that was sat, and the learner's words on their work."""
    cohort = session.scalars(select(Cohort)).one()
    here = {"cohort_id": cohort.id, "part": Part.LESSON, "ref": "counting"}
    due = {"day": date(2028, 2, 29), "at": time(23, 59, 59, 999999)}
    session.add(PlanItem(**here, **due))
    session.add(PlanItem(cohort_id=cohort.id, part=Part.NODE, ref="start", day=date(2028, 3, 1)))
    before = [{"part": "lesson", "ref": "counting", "day": "2028-02-28", "at": None}]
    session.add(PlanChange(cohort_id=cohort.id, actor_id=mentor.id, what=ODD[:200], before=before))
    granted = {"user_id": learner.id, "actor_id": mentor.id, "reason": ODD[:300]}
    session.add(Extension(**here, **due, **granted))
    session.add(CalendarLink(user_id=learner.id, token="c" * 43))
    session.add(Explanation(user_id=learner.id, node="start", text=ODD, updated_at=MOMENT))
    attempt = session.scalars(select(Attempt).where(Attempt.user_id == learner.id)).one()
    session.add(Declaration(attempt_id=attempt.id, used_for=ODD[:200]))
    _sat(session, learner, cohort, attempt)


def _sat(session: Session, learner: User, cohort: Cohort, attempt: Attempt) -> None:
    hours = {"opens_at": MOMENT, "closes_at": MOMENT, "last_at": MOMENT, "released_at": MOMENT}
    held = Assessment(
        cohort_id=cohort.id, title=ODD[:80], about=ODD, exercises=["double"], minutes=1, **hours
    )
    session.add(held)
    session.flush()
    session.add(Allowance(assessment_id=held.id, user_id=learner.id, minutes=30))
    sitting = Sitting(
        assessment_id=held.id,
        user_id=learner.id,
        started_at=MOMENT,
        hand_in_rest=True,
        ended_at=MOMENT,
        texts={"double": ODD},
        left={"double": ODD},
    )
    session.add(sitting)
    session.flush()
    kept = {"message": ODD, "details": FIGURE}
    session.add(SittingAttempt(sitting_id=sitting.id, attempt_id=attempt.id, at_end=True, **kept))


def _meet(session: Session, learner: User, mentor: User) -> None:
    """What the two say to each other outside of the work."""
    cohort = session.scalars(select(Cohort)).first()
    assert cohort is not None
    here, theirs = {"cohort_id": cohort.id}, {"user_id": learner.id}
    session.add(Visit(mentor_id=mentor.id, learner_id=learner.id, seen_at=MOMENT, before=None))
    session.add(CheckIn(**theirs, week=MOMENT.date(), did=ODD, stuck="", next=ODD, updated_at=MOMENT))
    session.add(Goal(**theirs, author_id=mentor.id, text=ODD[:200], done_at=MOMENT))
    about = {"mentor_id": mentor.id, "about_id": learner.id}
    session.add(Note(**about, **here, body=ODD, shared=True, updated_at=MOMENT))
    told = {"author_id": mentor.id, "author_name": "Mo", "pinned_until": MOMENT.date()}
    session.add(Announcement(**here, **told, body=ODD))
    session.add(OfficeHours(**here, text=ODD))
    session.add(OfficeHour(**here, at=MOMENT, note=ODD[:200]))
    session.add(OwnMentor(**here, learner_id=learner.id, mentor_id=mentor.id, note=ODD))


def _share(user: User, run: Run) -> Share:
    return Share(
        user_id=user.id,
        run_id=run.id,
        token=user.id.hex,
        lesson="counting",
        cell="one",
        name=ODD[:80],
        code=ODD,
        outputs=[{"kind": "figure", "data": FIGURE}],
        modules=[{"exercise": "double", "title": ODD, "mine": True}],
        ran_at=MOMENT,
    )


def _attempt(user: User, run: Run) -> Attempt:
    return Attempt(
        user_id=user.id,
        lesson="counting",
        exercise="double",
        exercise_version="1" * 64,
        edition="e" * 64,
        number=1,
        answer=ODD,
        run_id=run.id,
        verdict=Verdict.FAILED,
        message=ODD,
        details=FIGURE,
        graded_at=MOMENT,
        ruling=Verdict.PASSED,
        ruling_reason=ODD,
        ruled_by=ODD[:80],
        ruled_at=MOMENT,
    )


def everything(url: str) -> dict[str, list[object]]:
    """Table → its rows, as the models read them: comparable between kinds of database."""
    engine = make_engine(url)
    with engine.connect() as connection:
        found: dict[str, list[object]] = {
            name: [tuple(row) for row in connection.execute(select(table).order_by(table.c.id))]
            for name, table in Base.metadata.tables.items()
        }
    engine.dispose()
    return found


def rows(url: str) -> Rows:
    """Table → its rows in the order of their ids, as this database stores them; without migrations' own."""
    engine, found = make_engine(url), MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        tables = [table for table in found.sorted_tables if table.name in Base.metadata.tables]
        found_rows = ((table, connection.execute(select(table).order_by(table.c.id))) for table in tables)
        kept = {table.name: [dict(row) for row in rows.mappings()] for table, rows in found_rows}
    engine.dispose()
    return kept
