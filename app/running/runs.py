"""Runs: one press of Run, or the grading of one attempt.

The row owns the truth; queue messages are only hints.

This is the learner's side: queue, cancel, look. The worker's side is in `leases`. Whoever changes the state
does it in one UPDATE that also says which state it expects, so two workers, a sweeper and an impatient
learner can't disagree.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, selectinload

from app import jobs
from app.config import settings
from app.db import now
from app.guard import NotFound, TooMany, find_cell, find_lesson
from app.learning import activity, drafts, given
from app.learning.activity import Kind
from app.lessons import Lesson, course, read_now
from app.models import Attempt, Output, Run, RunKind, Share, State, Thread, User
from app.people import oversight
from app.running import chains, events, line, needs, placement, watch
from app.running.chains import Chain
from app.running.fingerprint import fingerprint

LONG_REPLAY = 5.0  # seconds: a replay of the cells above that takes longer is announced first
KEPT_RUNS = 20  # of one learner's cell, with what they have shown
HINT_SECONDS = 5  # a queued run that nobody took for so long may have lost its message

TRIAL = "try-"  # so begins the cell of a run that no lesson has: a mentor's own trial of somebody's code

_AT_A_TIME = 500  # names in one statement

WAITING = (State.QUEUED, State.RUNNING)


def submit(session: Session, user: User, lesson: str, cell: str, texts: Mapping[str, str]) -> Run:
    """Queue a run of `cell` on top of the cells above it; `texts` are those that may not be saved yet, and
    now are.

    The same press twice is one run; a changed text takes the place of the cell's run that is still going.
    Raises NotFound, Unusable (a form), TextTooLong, TooMany.
    """
    found = find_lesson(lesson)
    find_cell(found, cell)
    fresh = chains.clean(found, texts)
    drafts.save_all(session, user, lesson, fresh)  # also makes one learner's requests wait for each other
    chain = chains.build(found, cell, drafts.texts(session, user, found))
    chain = [*given.answers(session, user, course().foundation(found, cell)), *chain]
    for run in _going(session, user, lesson, cell):
        if run.chain == chain:
            return run
        cancel(session, run)
    run = queue(session, user, RunKind.RUN, lesson, cell, chain)
    activity.log(session, user, Kind.RAN, lesson, cell, run=str(run.id))
    return run


def queue(session: Session, user: User, kind: RunKind, lesson: str, cell: str, chain: Chain) -> Run:
    """A new run at the end of the queue; call inside `one_at_a_time`.

    Raises TooMany, and Unusable if it fits on no machine here.
    """
    _check_cap(session, user)
    wanted = needs.of_chain(lesson, chain)
    placed = placement.place(wanted)
    run = Run(
        user_id=user.id,
        kind=kind,
        lesson=lesson,
        cell=cell,
        chain=chain,
        chain_hash=chains.hash_above(chain),
        fingerprint=fingerprint(),
        seed=_seed(user, kind, lesson),
        memory_mb=wanted.memory_mb,
        queue=placed.queue,
        slow=placed.slow,
        edition=read_now(),
        state=State.QUEUED,
        queued_at=now(),
        lease_until=now() + timedelta(seconds=HINT_SECONDS),
        attempt=None,  # nor has the database: it need not be asked when one is made
    )
    session.add(run)
    session.flush()
    watch.queued(session, run)
    jobs.enqueue(session, jobs.RUN, run.queue, run_id=run.id)
    events.tell(session, run, events.queued(run, line.place(session, run)))
    return run


def _seed(user: User, kind: RunKind, lesson: str) -> int:
    """By chance; where states are kept between cells, the same for every run of one's lesson."""
    if kind is RunKind.GRADE or not settings().snapshots:
        return secrets.randbelow(2**31)
    return int(hashlib.sha256(f"{user.id}/{lesson}".encode()).hexdigest()[:7], 16)


def _going(session: Session, user: User, lesson: str, cell: str) -> list[Run]:
    return list(
        session.scalars(
            select(Run).where(
                Run.user_id == user.id,
                Run.lesson == lesson,
                Run.cell == cell,
                Run.kind == RunKind.RUN,
                Run.state.in_(WAITING),
                Run.cancel_requested.is_(False),
            )
        )
    )


def _check_cap(session: Session, user: User) -> None:
    count = session.scalar(
        select(func.count()).select_from(Run).where(Run.user_id == user.id, Run.state.in_(WAITING))
    )
    if (count or 0) >= settings().runs_per_learner:
        raise TooMany(
            f"{count} of your runs are still going. Wait until one ends, or cancel one; your text is safe."
        )


def cancel(session: Session, run: Run) -> None:
    """Stop it: at once if it waits, at its worker's next heartbeat if it runs, not at all if it is over."""
    hold(session, run.id)
    moment = now()
    waiting = update(Run).where(Run.id == run.id, Run.state == State.QUEUED)
    stopped = session.execute(
        waiting.values(
            state=State.CANCELLED, cancel_requested=True, finished_at=moment, recorded_at=moment
        ).returning(Run.id)
    ).all()
    if not stopped:
        session.execute(
            update(Run).where(Run.id == run.id, Run.state == State.RUNNING).values(cancel_requested=True)
        )
    session.refresh(run)
    if stopped:
        watch.ended(session, run)
        events.tell(session, run, events.finished(run))


def hold(session: Session, run_id: UUID) -> None:
    """Let nobody change its state before this transaction ends, where more than one statement depends on it.

    Otherwise a run that is given back between two of them is neither waiting for the first nor running for
    the second. (On SQLite, whoever writes first holds everything.)
    """
    session.execute(select(Run.id).where(Run.id == run_id).with_for_update())


# ---- what a page shows


@dataclass(frozen=True)
class Standing:
    """One cell of a lesson as its learner finds it."""

    cell: str
    text: str
    run: Run | None  # the newest, with its outputs
    stale: bool  # the cells above have changed since
    modified: bool  # the cell itself has changed since
    replay_seconds: float  # how long the cells above took when they last ran

    @property
    def long_replay(self) -> bool:
        return self.replay_seconds > LONG_REPLAY


def standings(
    session: Session, user: User, lesson: Lesson, newest: Mapping[str, Run], only: str | None = None
) -> dict[str, Standing]:
    """Every live cell and exercise in code, in order: text, newest run, and whether that still holds.

    `newest` as `latest` gives it; `only` for one cell instead of all.
    """
    texts = drafts.texts(session, user, lesson)
    seconds = _newest_seconds(session, user, lesson.slug)
    answers = given.Given.of(session, user) if course().foundation(lesson) else given.Given()
    found: dict[str, Standing] = {}
    for cell in (block.id for block in lesson.cells() if only in (None, block.id)):
        chain = answers.under(course().foundation(lesson, cell)) + chains.build(lesson, cell, texts)
        run = newest.get(cell)
        found[cell] = Standing(
            cell=cell,
            text=texts[cell],
            run=run,
            # an attempt is judged on its own, whatever stands above it on the page
            stale=run is not None and run.kind is RunKind.RUN and chains.stale(run, chains.hash_above(chain)),
            modified=run is not None and chains.modified(run, texts[cell]),
            replay_seconds=sum(seconds.get(link["cell"], 0.0) for link in chain[:-1]),
        )
    return found


def latest(session: Session, user: User, lesson: str, only: str | None = None) -> dict[str, Run]:
    """Cell → its newest run or grading, with its outputs and attempt; `only` for one cell."""
    if only is None:
        ranked = _ranked(user, lesson)
        query = select(Run).join(ranked, and_(ranked.c.id == Run.id, ranked.c.rank == 1))
    else:
        mine = select(Run).where(Run.user_id == user.id, Run.lesson == lesson, Run.cell == only)
        query = mine.order_by(Run.created_at.desc(), Run.id.desc()).limit(1)
    found = session.scalars(query.options(selectinload(Run.outputs), selectinload(Run.attempt)))
    return {run.cell: run for run in found}


def _ranked(user: User, lesson: str) -> Subquery:
    """Run id → rank among the runs of its cell: 1 is the newest."""
    order = func.row_number().over(partition_by=Run.cell, order_by=(Run.created_at.desc(), Run.id.desc()))
    mine = select(Run.id, order.label("rank")).where(Run.user_id == user.id, Run.lesson == lesson)
    return mine.where(~Run.cell.startswith(TRIAL)).subquery()


def replay_seconds(session: Session, user: User, lesson: str, run: Run) -> float:
    """How long the cells that this run begins with took when they last ran, in seconds."""
    if len(run.chain) < 2:
        return 0.0
    seconds = _newest_seconds(session, user, lesson)
    return sum(seconds.get(link["cell"], 0.0) for link in run.chain[:-1])


def _newest_seconds(session: Session, user: User, lesson: str) -> dict[str, float]:
    """Cell → how long it took in the newest run that had it."""
    ranked = _ranked(user, lesson)
    newest = select(Run.cell_seconds).join(ranked, and_(ranked.c.id == Run.id, ranked.c.rank == 1))
    seconds: dict[str, float] = {}
    for some in session.scalars(newest.where(Run.kind == RunKind.RUN).order_by(Run.created_at)):
        seconds.update(some)
    return seconds


def trial_of(subject: UUID) -> str:
    """The name of the cell that a mentor's trial of this attempt or thread runs as."""
    return f"{TRIAL}{subject.hex}"


def forget_trials(session: Session, learner: User) -> None:
    """The copies that mentors have tried of this learner's code go with their account."""
    for table in (Attempt, Thread):
        ids = session.scalars(select(table.id).where(table.user_id == learner.id)).all()
        for begin in range(0, len(ids), _AT_A_TIME):
            copies = [trial_of(one) for one in ids[begin : begin + _AT_A_TIME]]
            session.execute(delete(Run).where(Run.cell.in_(copies)))


def forget_old_outputs(session: Session) -> int:
    """Delete what long superseded scratch runs have shown; returns how many outputs.

    Kept are the newest KEPT_RUNS of each cell that ran to an end, everything handed in, and whatever help was
    asked for.
    """
    place_in_line = func.row_number().over(
        partition_by=(Run.user_id, Run.lesson, Run.cell), order_by=(Run.created_at.desc(), Run.id.desc())
    )
    scratch = select(Run.id, place_in_line.label("rank")).where(Run.kind == RunKind.RUN)
    ranked = scratch.where(Run.state == State.DONE).subquery()
    old = select(ranked.c.id).where(ranked.c.rank > KEPT_RUNS)
    asked_about = exists().where(Thread.run_id == Output.run_id)
    gone = delete(Output).where(Output.run_id.in_(old), ~asked_about)
    return len(session.scalars(gone.returning(Output.id)).all())


# ---- who may see it


def visible(session: Session, viewer: User, run_id: UUID) -> Run:
    """The run with its outputs, for its learner; for their mentor only if it was handed in, help was asked
    on it, or it was shared.

    Raises NotFound for everybody else.
    """
    run = session.scalar(
        select(Run)
        .where(Run.id == run_id, _may_see(viewer))
        .options(selectinload(Run.outputs), selectinload(Run.attempt))
    )
    if run is None:
        raise NotFound("There is no such run among yours.")
    oversight.looked(session, viewer, run.user_id)
    return run


def code(session: Session, viewer: User, run: Run) -> Chain:
    """The texts that ran, as far as the viewer may read them.

    Those above the cell only where they are part of an answer, or came along with a question: who has shared
    a result has shared the code of its cell.
    """
    asked = select(Thread.id).where(Thread.run_id == run.id, Thread.kind == "cell")
    all_of_it = run.user_id == viewer.id or run.kind is RunKind.GRADE or session.scalar(asked.limit(1))
    return run.chain if all_of_it else run.chain[-1:]


def own(session: Session, user: User, run_id: UUID) -> Run:
    """The run as `visible` gives it, for its learner alone: only they may stop it. Raises NotFound."""
    run = visible(session, user, run_id)
    if run.user_id != user.id:
        raise NotFound("There is no such run among yours.")
    return run


def waiting(session: Session, user: User, lesson: str) -> list[Run]:
    """The learner's runs in this lesson that are not over, the oldest first."""
    mine = select(Run).where(Run.user_id == user.id, Run.lesson == lesson, Run.state.in_(WAITING))
    return list(session.scalars(mine.order_by(Run.queued_at)))


def output(session: Session, viewer: User, output_id: UUID) -> Output:
    """One output of a run that the viewer may see; raises NotFound."""
    shown = select(Output, Run.user_id).join(Run, Run.id == Output.run_id)
    found = session.execute(shown.where(Output.id == output_id, _may_see(viewer))).one_or_none()
    if found is None:
        raise NotFound("There is no such output among yours.")
    oversight.looked(session, viewer, found[1])
    return found[0]


def _may_see(viewer: User) -> ColumnElement[bool]:
    own = Run.user_id == viewer.id
    shown = or_(
        Run.kind == RunKind.GRADE,
        exists().where(Thread.run_id == Run.id),
        exists().where(Share.run_id == Run.id),
    )
    return or_(own, and_(shown, oversight.may_see(viewer, Run.user_id)))
