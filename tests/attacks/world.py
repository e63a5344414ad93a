"""The whole chain as an installation has it: Redis, runner, examiner and worker, each a process of its own.

Secrets are planted in and around all of them; learners submit runs and attempts as the site does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import Celery
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app import jobs
from app.config import ROOT, settings
from app.db import transaction
from app.learning import attempts
from app.models import Attempt, Draft, Run, State, User
from app.operating.embedded import start_redis, stop_redis
from app.processes import spawn, stop
from app.running import events, runs
from tests.attacks import canaries, traces
from tests.attacks.corpus import HERE, Attack
from workers import digits
from workers.examiner.graders import SPARE
from workers.runner.client import status

LESSON, CELL = "counting", "one"
POOL = 2
SECONDS = 10  # of one run, and of one grading
PATIENCE = 180  # seconds; a busy machine is slow, and nothing is wrong for that
SHIPPED = ROOT / "workers" / "lab" / "models" / "shipped"

NEIGHBOUR = """
import os, sys, threading, time, torch
secret = {secret!r}
print("alone:", [name for name in os.listdir("/proc") if name.isdigit()] == [str(os.getpid())])
print("files:", os.listdir("."), "threads:", threading.active_count())
print("left:", [name for name in sys.modules if "unembed_attack" in name], os.environ.get("HOME"))
model, total = lab.load("attn-only-2l"), 0.0
for step in range(6):
    time.sleep(0.05)
    loss = model(torch.arange(8 * step, 8 * step + 8)[None], return_type="loss").item()
    print(step, f"{{loss:.4f}}", torch.allclose(torch.ones(2), torch.zeros(2)))
with open("mine", "w") as file:
    file.write("mine")
print("done", open("mine").read(), file=sys.stderr)
lab.line([1.0, 2.0, 3.0])
"""


@dataclass
class Outcome:
    """What became of one submission, as the database and the stream have it."""

    run: Run
    attempt: Attempt | None
    told: list[Any]

    @property
    def ending(self) -> str:
        """Of a run: how it ended. Of a hand-in: its verdict. Of what our machinery did not manage: that."""
        if self.run.state is not State.DONE:
            return self.run.state.value
        word = self.attempt.verdict if self.attempt else self.run.ending
        return word.value if word else "none"

    @property
    def shown(self) -> list[tuple[str, dict[str, Any]]]:
        return [(output.kind, output.data) for output in self.run.outputs]

    @property
    def printed(self) -> str:
        """Text and results: where an attack would say that it got away."""
        return "".join(str(data.get("text", "")) for kind, data in self.shown if kind in ("text", "result"))

    @property
    def said(self) -> str:
        """All sentences that tell the learner what happened."""
        parts = [self.run.message, self.attempt.message if self.attempt else ""]
        parts += [f"{data['type']}: {data['message']}" for kind, data in self.shown if kind == "error"]
        parts += [data["text"] for kind, data in self.shown if kind == "notice"]
        return "\n".join(parts)

    @property
    def stored(self) -> list[Any]:
        """Everything that a page could show of it, the learner's own text apart."""
        kept = [self.run.message, self.run.cell_seconds, self.shown, self.told]
        return kept + ([self.attempt.message, self.attempt.details] if self.attempt else [])


@dataclass
class World:
    """Started once. `told` is what an attacker may know: where everything is, and none of the secrets."""

    folder: Path
    canaries: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    services: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    listeners: canaries.Listeners | None = None
    before: Before | None = None
    alone: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # what a neighbour shows
    cgroups: set[str] = field(default_factory=set)  # that runs were ever in
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)  # of attacks that are over
    people: int = 0

    @cached_property
    def queue(self) -> Celery:
        """Into this world's Redis: the app's own keeps the one that an earlier test has used it with."""
        made = Celery("attacks", set_as_current=False)
        made.add_defaults(jobs._configuration)
        return made

    # -- what learners do

    def person(self, name: str) -> User:
        with transaction() as session:
            self.people += 1
            user = User(name=name, email=f"{self.people}@example.org")
            session.add(user)
            session.flush()
            return user

    def submit(self, user: User, text: str | dict[str, Any], exercise: str = "") -> UUID:
        """Press Run on a text, or hand it (or the fields of a form) in."""
        with transaction() as session:
            if exercise or isinstance(text, dict):
                return attempts.hand_in(session, user, exercise, text).run_id
            return runs.submit(session, user, LESSON, CELL, {CELL: text}).id

    def attack(self, attack: Attack) -> UUID:
        answer = attack.form or self.text_of(attack)
        return self.submit(self.person(f"Eve with {attack.name}"), answer, attack.exercise)

    def neighbour(self) -> UUID:
        secret = self.canaries["neighbour"]
        return self.submit(self.person("Nora"), NEIGHBOUR.format(secret=secret))

    def text_of(self, attack: Attack) -> str:
        """The attack, told where everything is."""
        return f"import types; told = types.SimpleNamespace(**{self.told!r})\n{attack.text}"

    def is_over(self, run: UUID) -> bool:
        with transaction() as session:
            return session.scalars(select(Run.state).where(Run.id == run)).one().over

    def await_state(self, run: UUID, reached: Callable[[State], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            with transaction() as session:
                state = session.scalars(select(Run.state).where(Run.id == run)).one()
            if reached(state):
                return
            assert time.monotonic() < deadline, f"run {run} is still {state}"
            time.sleep(0.03)

    def outcome(self, run: UUID) -> Outcome:
        """Of a run, once it is over."""
        self.await_state(run, lambda state: state.over)
        whole = select(Run).where(Run.id == run).options(selectinload(Run.outputs))
        with transaction() as session:
            found = session.scalars(whole.options(joinedload(Run.attempt))).one()
            session.expunge_all()
        return Outcome(found, found.attempt, self._heard(found))

    def _heard(self, run: Run) -> list[Any]:
        """What the learner's page was told of this run."""
        client = Redis.from_url(settings().redis, decode_responses=True)
        entries: Any = client.xrange(events.key(run.user_id, run.lesson))
        client.close()
        return [fields for _, fields in entries if str(run.id) in fields["data"]]

    # -- how it is

    def settle(self) -> None:
        """Wait until nothing of any run is left, or say what is."""
        assert self.before is not None
        deadline = time.monotonic() + 60
        while difference := self.before.difference(self):
            assert time.monotonic() < deadline, difference
            time.sleep(0.03)

    @property
    def tree(self) -> traces.Tree:
        return traces.Tree.of(self.services["runner"].pid)

    def digests(self) -> dict[str, str]:
        """What the files say that everybody's work depends on."""
        lasting = [*SHIPPED.iterdir(), *(self.folder / "course").rglob("*.py"), self.folder / "canary.txt"]
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in lasting if path.is_file()
        }

    def note_cgroups(self) -> None:
        """Remember in which groups the runner's processes are: they come and go with the runs."""
        self.cgroups |= traces.cgroups(self.tree.leaves)

    def left_cgroups(self) -> list[Path]:
        """Groups of runs that are over. Those of the children that wait are no rubbish."""
        known = self.cgroups - traces.cgroups(self.tree.leaves | self.tree.inner)
        return traces.existing_cgroups(known)

    @property
    def zygote(self) -> int:
        """The process that the waiting children were forked from."""
        known = traces.children()
        return next(pid for pid in self.tree.inner if set(known[pid]) & self.tree.leaves)


@dataclass(frozen=True)
class Before:
    """How it was before the first attack."""

    inner: frozenset[int]
    descriptors: dict[int, int]
    memory: dict[int, int]
    files: set[str]
    digests: dict[str, str]

    @classmethod
    def of(cls, world: World) -> Before:
        lasting = [world.services["runner"].pid, world.zygote, world.services["examiner"].pid]
        return cls(
            world.tree.inner,
            {pid: traces.descriptors(pid) for pid in lasting},
            {pid: traces.memory(pid) for pid in (*lasting, world.services["worker"].pid)},
            traces.files(world.folder),
            world.digests(),
        )

    def difference(self, world: World) -> str:
        """In words, what is not as it was; empty if all is."""
        for name, process in world.services.items():
            if process.poll() is not None:
                return f"the {name} has ended"
        tree = world.tree
        if tree.inner != self.inner:
            return f"the runner's processes were {sorted(self.inner)}, and are {sorted(tree.inner)}"
        if len(tree.leaves) != POOL:
            return f"{len(tree.leaves)} children are alive, and {POOL} should be"
        graders = traces.children().get(world.services["examiner"].pid, [])
        if len(graders) != SPARE:
            return f"the examiner has {graders}, and {SPARE} should wait"
        found = {pid: traces.descriptors(pid) for pid in self.descriptors}
        if found != self.descriptors:
            return f"open descriptors were {self.descriptors}, and are {found}"
        waiting = status(world.told["runner_socket"])
        return f"the runner still has {waiting['runs']} runs" if waiting["runs"] else ""

    def new_files(self, world: World) -> set[str]:
        """What is in the world's folder now and was not, but for what the database and Redis write."""
        new = traces.files(world.folder) - self.files
        return {name for name in new if not name.startswith(("data/unembed.db", "data/redis/", "data/log/"))}


# -- starting it


@contextmanager
def world(folder: Path, new_database: Callable[[Path], str]) -> Iterator[World]:
    """Started, warm and secretive; at the end nothing of it is left."""
    made = World(folder, canaries.plant())
    made.listeners = canaries.Listeners(folder, made.canaries)
    environment = {**os.environ, "SECRET_CANARY": made.canaries["redis"]}
    os.environ["SECRET_CANARY"] = environment["SECRET_CANARY"]
    redis = start_redis(folder / "data" / "run", folder / "data")
    os.environ.pop("SECRET_CANARY")
    try:
        _start_all(made, redis, new_database)
        yield made
    finally:
        stop([made.services[name] for name in ("worker", "examiner", "runner") if name in made.services], 10)
        stop_redis(redis)
        made.listeners.close()


def _start_all(made: World, redis: subprocess.Popen[bytes], new_database: Callable[[Path], str]) -> None:
    course = _make_course(made)
    run_dir = made.folder / "data" / "run"
    (made.folder / "data").mkdir(exist_ok=True)
    (made.folder / "canary.txt").write_text(made.canaries["file"])
    made.environment = {
        "UNEMBED_DATA_DIR": str(made.folder / "data"),
        "UNEMBED_DATABASE_URL": new_database(made.folder / "data" / "unembed.db"),
        "UNEMBED_REDIS_URL": f"unix://{run_dir}/redis.sock",
        "UNEMBED_COURSE_DIR": str(course),
        "UNEMBED_RUN_SECONDS": str(SECONDS),
        "UNEMBED_GRADE_SECONDS": str(SECONDS),
        "UNEMBED_MEMORY_MB": "512",
        "UNEMBED_WORKER_THREADS": "12",
        "UNEMBED_LEASE_SECONDS": "60",
    }
    runner = ["--socket", f"{run_dir}/runner.sock", "--models", str(SHIPPED)]
    runner += ["--sandbox", "auto", "--pool", str(POOL)]
    examiner = ["--socket", f"{run_dir}/examiner.sock", "--course", str(course)]
    examiner += ["--cpu-seconds", "20", "--memory-mb", "1024"]
    commands = {
        "runner": ["workers.runner", *runner],
        "examiner": ["workers.examiner", *examiner],
        "worker": ["workers.worker"],
    }
    for name, command in commands.items():
        made.services[name] = _spawn(made, name, command)
    for name in commands:
        _await_ready(made, name)
    made.services["redis"] = redis
    _know_places(made, run_dir, course)


def _make_course(made: World) -> Path:
    """The shipped course, the smallest one and the attackers' own in one, with canaries in every file."""
    course = made.folder / "course"
    shutil.copytree(ROOT / "app" / "course", course, ignore=shutil.ignore_patterns("__pycache__"))
    for own in (HERE.parent / "small_course", HERE / "course"):
        shutil.copytree(own, course, dirs_exist_ok=True, ignore=shutil.ignore_patterns("path.toml"))
    for file in course.glob("*/*/*.py"):
        text = file.read_text().replace("the words in the vault", made.canaries["expected"])
        file.write_text(f"{text}\n\n_CANARY = {made.canaries['course']!r}\n")
    return course


def _spawn(made: World, name: str, command: list[str]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "SECRET_CANARY": made.canaries[name]}
    environment |= made.environment if name == "worker" else {}
    with (made.folder / f"{name}.log").open("wb") as log:
        command = [sys.executable, "-m", *command]
        return spawn(command, cwd=ROOT, env=environment, output=log, errors=log)


def _await_ready(made: World, name: str) -> None:
    log, deadline = made.folder / f"{name}.log", time.monotonic() + PATIENCE
    while '"ready"' not in (text := log.read_text()):
        assert made.services[name].poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.05)


def _know_places(made: World, run_dir: Path, course: Path) -> None:
    """What an attacker might have found out beforehand."""
    assert made.listeners is not None
    pids = {name: process.pid for name, process in made.services.items()}
    made.told = {
        "folder": str(made.folder),
        "database": str(made.folder / "data" / "unembed.db"),
        "file": str(made.folder / "canary.txt"),
        "course": str(course),
        "root": str(ROOT),
        "private_digits": str(digits.private_file()),
        "weights": str(SHIPPED / "attn-only-2l.safetensors"),
        "mark": traces.MARK,
        "runner_socket": f"{run_dir}/runner.sock",
        "examiner_socket": f"{run_dir}/examiner.sock",
        "redis_socket": f"{run_dir}/redis.sock",
        "redis_port": _open_port(f"unix://{run_dir}/redis.sock", made.canaries["key"]),
        "stream_port": made.listeners.stream.getsockname()[1],
        "datagram_port": made.listeners.datagram.getsockname()[1],
        "abstract_name": made.listeners.abstract_name,
        "door": str(made.listeners.path),
        "mailbox": str(made.listeners.mailbox_path),
        "pids": {**pids, "tests": os.getpid(), "zygote": 0},
    }


def _open_port(url: str, canary: str) -> int:
    """Let this Redis listen on loopback too, and keep a secret there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    client = Redis.from_url(url)
    client.config_set("port", port)
    client.set("secret", canary)
    client.close()
    return port


def plant_in_database(made: World) -> None:
    """A secret in a row, and another in what somebody ran before anybody attacked."""
    owner = made.person(f"Olga {made.canaries['database']}")
    with transaction() as session:
        draft = Draft(user_id=owner.id, lesson=LESSON, cell=CELL, text=made.canaries["database"])
        draft.updated_at = owner.created_at
        session.add(draft)
    text = f"secret = {made.canaries['before']!r}\nkept = [secret * 100]\nprint(len(secret))"
    made.outcome(made.submit(owner, text))
