"""`unembed doctor`: looks at an installation, part by part, and says what is wrong and how to mend it."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

from app import assets
from app.config import ROOT, SHIPPED, settings
from app.environment import LOCK
from app.lessons import course
from app.operating import embedded, migrate
from app.running import catalogue
from app.sockets import CannotListen, listen

_WEIGHTS = "model.safetensors"  # of an installed model
_LOW_SPACE = 1.0  # GB
_SIGN = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


@dataclass(frozen=True)
class Finding:
    """What one look found: `warn` runs but could be better, `fail` does not."""

    about: str
    how: Literal["ok", "warn", "fail"]
    sentence: str


def main() -> int:
    """Print every finding. 1 if anything fails."""
    worst = 0
    for finding in findings():
        print(f"{_SIGN[finding.how]}  {finding.about}: {finding.sentence}", flush=True)
        worst = max(worst, finding.how == "fail")
    return worst


def findings() -> Iterator[Finding]:
    """Every look in turn; one that trips over something unforeseen says so and lets the others go on."""
    for about, look in _LOOKS.items():
        try:
            how, sentence = look()
        except Exception as error:  # a doctor who dies of the disease helps nobody
            how, sentence = "fail", f"{type(error).__name__}: {error}"
        yield Finding(about, how, sentence)


_Found = tuple[Literal["ok", "warn", "fail"], str]


def _python() -> _Found:
    return "ok", f"{platform.python_version()} ({sys.executable})"


def _packages() -> _Found:
    wrong = []
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)(.*)", LOCK.read_text(), re.M)
    for name, version, condition in pins:
        try:
            found = metadata.version(name).split("+")[0]
        except metadata.PackageNotFoundError:
            found = "missing"
        if found != version and not (condition and found == "missing"):
            wrong.append(f"{name} {found} instead of {version}")
    if wrong:
        return "fail", f"{'; '.join(wrong[:5])}: delete {settings().data_dir / 'env'} and `make serve` again"
    return "ok", f"the {len(pins)} of app/requirements.lock"


def _disk() -> _Found:
    folder = settings().data_dir
    if not folder.exists():
        return "warn", f"{folder} is not there yet: `make serve` makes it"
    free = shutil.disk_usage(folder).free / 1e9
    if free < _LOW_SPACE:
        return "warn", f"{free:.1f} GB free for {folder}: free some before the database has no room"
    return "ok", f"{free:.0f} GB free for {folder}"


def _database() -> _Found:
    url = settings().database
    shown = re.sub(r"//[^/@]*@", "//…@", url)
    if url.startswith("sqlite:///") and not (settings().data_dir / "unembed.db").exists():
        return "warn", f"{shown} is not there yet: `unembed migrate` or `make serve` makes it"
    if not migrate.is_current(url):
        return "fail", f"{shown} is not up to date: run `unembed migrate`"
    return "ok", f"{shown}, up to date"


def _redis() -> _Found:
    if not settings().redis_url:
        embedded.command(settings().run_dir, settings().data_dir)
        running = embedded.answers(settings().run_dir / "redis.sock")
        return "ok", "embedded, " + ("running" if running else "not running (`make serve` starts it)")
    from redis import Redis, RedisError

    server = Redis.from_url(settings().redis, decode_responses=True, socket_timeout=2)
    try:
        policy = dict(server.config_get("maxmemory-policy")).get("maxmemory-policy", "")  # type: ignore[arg-type]
    except RedisError as error:
        return "fail", f"UNEMBED_REDIS_URL does not answer ({error}): start that server"
    if policy not in ("noeviction", ""):
        return "fail", f"its maxmemory-policy is {policy}, so it may forget jobs: set it to noeviction"
    return "ok", "answers, and forgets nothing"


def _runner() -> _Found:
    command = [sys.executable, "-m", "workers.runner", "--probe", "--sandbox", settings().sandbox_mode]
    command += ["--snapshots", str(settings().snapshots), "--device", settings().device]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    found = json.loads(said.stdout.strip().splitlines()[-1])
    layers = ", ".join(found["layers"]) or "none"
    missing = " ".join(found["missing"].values())
    if not found["enough"]:
        how: Literal["warn", "fail"] = "fail" if settings().sandbox_mode == "required" else "warn"
        return how, f"walls around learners' code: {layers}. {missing}".strip()
    weaker = set(found["missing"]) - {"cgroup"}  # which other limits stand in for
    return ("warn" if weaker else "ok"), f"walls around learners' code: {layers}. {missing}".strip()


def _device() -> _Found:
    if settings().device == "cpu":
        return "ok", "processors"
    command = [sys.executable, "-c", "import torch; torch.zeros(1, device='cuda')"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    if said.returncode:
        why = (said.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        return "fail", f"torch finds no GPU ({why}): see “GPU workers” in the manual, or unset UNEMBED_DEVICE"
    return "ok", "a GPU; nobody has tried the walls with one yet"


def _examiner() -> _Found:
    command = [sys.executable, "-c", "import workers.examiner.examiner"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    if said.returncode:
        return "fail", (said.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    return "ok", "loads" + (", running" if settings().examiner_socket.exists() else "")


def _course() -> _Found:
    found = course()
    if found.problems:
        return "fail", f"{found.problems[0]} (`unembed course check` tells all)"
    return "ok", f"{len(found.lessons)} lessons, {len(found.exercises)} exercises"


def _assets() -> _Found:
    missing = [name for name in ("app.js", "app.css") if name not in assets.manifest()]
    if missing:
        return "fail", f"{', '.join(missing)} not built: run `make serve`, or `python -m app.assets`"
    return "ok", f"{len(assets.manifest())} files"


def _models() -> _Found:
    shipped = sorted(SHIPPED.rglob("*.safetensors"))
    if not shipped:
        return "fail", "no weights in workers/lab/models/shipped: get them again with `git checkout`"
    pointers = [path for path in shipped if path.stat().st_size < 1000]
    if pointers:
        return "fail", f"{pointers[0].name} is empty or a pointer: get it again with `git checkout`"
    installed = catalogue.all_installed()
    hollow = [name for name in installed if not (catalogue.folder_of(name) / _WEIGHTS).exists()]
    if hollow:
        return "fail", f"{hollow[0]} has lost its weights: `unembed models install {hollow[0]}` brings them"
    return "ok", ", ".join((*(path.stem for path in shipped if "." not in path.stem), *installed))


def _digits() -> _Found:
    command = [sys.executable, "-m", "workers.digits", "--look"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    if said.returncode:
        return "warn", "not fetched, and one lesson needs them: start with a network (`make serve`)"
    return "ok", said.stdout.strip()


def _port() -> _Found:
    host, port = settings().host, settings().port
    try:
        listen(host, port).close()
    except CannotListen as why:
        if (settings().run_dir / "redis.sock").exists():
            return "ok", f"{host}:{port} is taken, and Unembed is running"
        return "warn", str(why)
    return "ok", f"{host}:{port} is free"


_LOOKS: dict[str, Callable[[], _Found]] = {
    "Python": _python,
    "packages": _packages,
    "disk": _disk,
    "database": _database,
    "Redis": _redis,
    "runner": _runner,
    "device": _device,
    "examiner": _examiner,
    "course": _course,
    "pages": _assets,
    "models": _models,
    "digits": _digits,
    "address": _port,
}
