"""Where runs go: by what living workers have said of their machines, in a real Redis."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from app import jobs
from app.guard import Unusable
from app.jobs import CPU, GPU, Worker
from app.learning import attempts
from app.lessons import Lesson
from app.models import Run, State, User
from app.running import catalogue, leases, placement, runs
from app.running.catalogue import Model
from app.running.needs import Needs
from app.running.placement import Placed
from workers import worker as worker_of_workers

Change = Callable[..., None]
Jobs = Callable[[], list[tuple[str, dict[str, str]]]]
SMOL = catalogue.find("smollm2-135m")
HUGE = Model("gpt2-xl", "hub", "GPT-2 XL", "", memory_mb=6200, run_mb=900)
TOY = Needs(memory_mb=2048, seconds=10)
LONG = Needs(memory_mb=2400, seconds=40, models=(SMOL,), gpu=True)


def lives(name: str = "one", room_mb: int = 8000, queues: tuple[str, ...] = (CPU,), **said: object) -> None:
    jobs.sign_of_life(name, 60, room_mb=room_mb, queues=queues, models=["attn-only-2l", SMOL.name], **said)


def gpu_lives(name: str = "gpu", room_mb: int = 8000) -> None:
    lives(name, room_mb, (GPU, CPU), device="cuda")


# ---- which queue


def test_without_a_gpu_everything_goes_to_the_processors_and_says_what_will_be_slow(redis: Redis) -> None:
    lives()
    assert placement.place(TOY) == Placed(CPU, slow=False)
    assert placement.place(LONG) == Placed(CPU, slow=True)


def test_with_a_gpu_what_needs_one_goes_there_and_toys_do_not(redis: Redis) -> None:
    lives()
    gpu_lives()
    assert placement.place(TOY) == Placed(CPU, slow=False)
    assert placement.place(LONG) == Placed(GPU, slow=False)


def test_a_gpu_on_a_machine_with_too_little_memory_is_none(redis: Redis) -> None:
    lives()
    gpu_lives(room_mb=2100)
    assert placement.place(LONG) == Placed(CPU, slow=True)


def test_what_only_a_worker_for_gpus_takes_goes_there() -> None:
    alone = [Worker("gpu", {"room_mb": 8000, "queues": [GPU]})]
    assert placement.place_among(TOY, alone) == Placed(GPU, slow=False)


def test_a_gpu_whose_worker_said_goodbye_is_gone(redis: Redis) -> None:
    lives()
    gpu_lives()
    jobs.sign_off("gpu")
    assert placement.place(LONG) == Placed(CPU, slow=True)


def test_without_redis_or_workers_nothing_is_refused(redis: Redis, change_settings: Change) -> None:
    endless = Needs(memory_mb=10**6)
    assert placement.place(endless) == Placed(CPU, slow=False)
    assert placement.place_among(endless, [Worker("of an older version")]) == Placed(CPU, slow=False)


# ---- what is refused


def refused(needs: Needs, *workers: Worker) -> str:
    with pytest.raises(Unusable) as caught:
        placement.place_among(needs, workers)
    return caught.value.message


def machine(room_mb: int, *models: str) -> Worker:
    return Worker(
        f"with {room_mb}", {"room_mb": room_mb, "models": ["attn-only-0l", "attn-only-2l", *models]}
    )


def test_too_much_is_refused_with_what_fits() -> None:
    needs = Needs(memory_mb=2048 + 900, models=(HUGE,))
    assert refused(needs, machine(1000), machine(6000, SMOL.name)) == (
        "With gpt2-xl this run needs 8.9 GB of memory, and the machine that comes closest has 5.9 GB. "
        "Use a smaller model: smollm2-135m fits."
    )


def test_where_no_other_model_is_installed_a_shipped_one_is_named() -> None:
    needs = Needs(memory_mb=2048 + 900, models=(HUGE,))
    assert refused(needs, machine(2400)).endswith("Use a smaller model: attn-only-2l fits.")


def test_a_model_that_is_loaded_there_costs_nothing_more() -> None:
    needs = Needs(memory_mb=2048 + 900, models=(HUGE,))
    assert placement.place_among(needs, [machine(3000, HUGE.name)]) == Placed(CPU, slow=False)


def test_several_models_at_once_are_advised_against() -> None:
    needs = Needs(memory_mb=2048 + 900 + 300, models=(HUGE, SMOL))
    said = refused(needs, machine(3000, HUGE.name, SMOL.name))
    assert said == (
        "With gpt2-xl and smollm2-135m this run needs 3.2 GB of memory, and the machine that comes closest "
        "has 2.9 GB. Use one model at a time, or a smaller model: smollm2-135m fits."
    )


def test_a_machine_too_small_for_any_run_is_its_operators_affair() -> None:
    assert refused(TOY, machine(700)) == (
        "This run needs 2.0 GB of memory, and the machine that comes closest has 700 MB. "
        "Whoever runs this site can lower UNEMBED_MEMORY_MB or add memory."
    )


def test_who_presses_run_is_told_and_nothing_is_queued(
    session: Session, ada: User, lesson: Lesson, redis: Redis, change_settings: Change
) -> None:
    lives(room_mb=2200)
    with pytest.raises(Unusable, match=r"With smollm2-135m this run needs 2\.\d GB"):
        runs.submit(session, ada, "counting", "one", {"one": "lab.load('smollm2-135m')"})
    assert session.query(Run).count() == 0
    assert runs.submit(session, ada, "counting", "one", {"one": "x = 1"}).memory_mb == 2048


def test_what_a_run_needs_is_kept_with_it(session: Session, ada: User, lesson: Lesson) -> None:
    run = runs.submit(session, ada, "counting", "one", {"one": "lab.load('smollm2-135m')"})
    assert (run.memory_mb, run.queue, run.slow) == (
        2048 + (catalogue.find("smollm2-135m").run_mb or 0),
        CPU,
        False,
    )
    form = attempts.hand_in(session, ada, "largest", {"largest": "two"}).run
    assert (form.memory_mb, form.queue) == (0, CPU)


# ---- when a GPU comes or goes


def waits(session: Session, user: User, cell: str, queue: str, slow: bool, memory_mb: int = 2048) -> Run:
    run = runs.submit(session, user, "counting", cell, {})
    run.queue, run.slow, run.memory_mb = queue, slow, memory_mb
    session.commit()
    return run


def replaced(session: Session) -> int:
    moved = placement.replace(session, jobs.workers())
    session.commit()
    return moved


def test_what_waits_for_a_gpu_that_died_goes_to_the_processors(
    session: Session, ada: User, ben: User, lesson: Lesson, redis: Redis, sent_jobs: Jobs
) -> None:
    wants, toy = waits(session, ada, "one", GPU, slow=False), waits(session, ben, "one", CPU, slow=False)
    too_large = waits(session, ada, "two", GPU, slow=False, memory_mb=9000)
    sent_jobs()
    lives()
    assert replaced(session) == 1
    for run in (wants, toy, too_large):
        session.refresh(run)
    assert [(run.queue, run.slow) for run in (wants, toy, too_large)] == [
        (CPU, True),
        (CPU, False),
        (GPU, False),
    ]
    assert sent_jobs() == [("run", {"run_id": str(wants.id)})]
    assert replaced(session) == 0


def test_what_waits_on_the_processors_for_want_of_a_gpu_goes_to_one_that_came(
    session: Session, ada: User, ben: User, lesson: Lesson, redis: Redis
) -> None:
    wants, toy = waits(session, ada, "one", CPU, slow=True), waits(session, ben, "one", CPU, slow=False)
    gpu_lives()
    redis.delete(CPU, GPU)
    assert replaced(session) == 1
    for run in (wants, toy):
        session.refresh(run)
    assert [(run.queue, run.slow) for run in (wants, toy)] == [(GPU, False), (CPU, False)]
    assert (jobs.waiting(GPU), jobs.waiting(CPU)) == (1, 0)


def test_what_runs_already_stays_where_it_is(
    session: Session, ada: User, lesson: Lesson, redis: Redis
) -> None:
    run = waits(session, ada, "one", GPU, slow=False)
    assert leases.claim(session, run.id)
    session.commit()
    lives()
    assert replaced(session) == 0
    session.refresh(run)
    assert (run.state, run.queue) == (State.RUNNING, GPU)


def test_the_sweeper_waits_for_a_gpu_that_is_only_started_again(
    session: Session, ada: User, lesson: Lesson, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = waits(session, ada, "one", GPU, slow=False)
    sweeper = worker_of_workers.Sweeper("one")
    sweeper.sweep()
    session.refresh(run)
    assert run.queue == GPU
    monkeypatch.setattr(worker_of_workers, "GPU_GRACE_SECONDS", 0.0)
    sweeper.sweep()
    session.refresh(run)
    assert (run.queue, run.slow) == (CPU, True)
    assert jobs.waiting(GPU) == 0  # nobody would ever take what stands there
