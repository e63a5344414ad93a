"""`unembed …`: the command line. What runs learners' code or torch is started as `python -m workers.…`."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import NoReturn

from app.config import ROOT, settings
from app.steps import Failed


def main(arguments: list[str] | None = None) -> int:
    """Parse and run one command. Returns the exit code: 0 fine, 1 a check failed, 2 it could not be done."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    parsed, rest = _parser().parse_known_args(arguments)
    if rest and not getattr(parsed, "passes_on", False):
        _parser().error(f"unknown: {' '.join(rest)}")
    try:
        return int(parsed.run(parsed, rest) or 0)
    except Failed as why:
        print(why, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="unembed", description="Learn mechanistic interpretability by running it."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, text: str, run: object, passes_on: bool = False) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, add_help=not passes_on)
        made.set_defaults(run=run, passes_on=passes_on)
        return made

    command("serve", "start everything on this machine, until Ctrl-C", _serve)
    command("renew", "have the site that runs here start again, as the version that is there now", _renew)
    command("worker", "take jobs from the queue (unembed serve starts one)", _becomes("workers.worker"), True)
    command("migrate", "bring the database up to date", _migrate)
    move = command("move", "copy SQLite's rows into an empty database on Postgres, and compare them", _move)
    move.add_argument("url", help="postgresql://user@host/name (the password may stand in PGPASSWORD)")
    backup = command(
        "backup", "write everything that people have made into one file; the site may run", _backup
    )
    backup.add_argument(
        "file", nargs="?", type=Path, help="default: one with today's date in the data folder"
    )
    backup.add_argument("--keep", type=int, metavar="N", help="delete all with a date but the newest N")
    backup.add_argument("--every", type=float, metavar="HOURS", help="go on doing so, until it is stopped")
    restore = command("restore", "bring it back, into an empty database; the site may not run", _restore)
    restore.add_argument("file", type=Path, help="- reads it from the standard input")
    user = command("user", "people: list them, make admins, set a password", _user)
    user.add_argument("action", choices=("list", "link", "admin", "learner", "password"))
    user.add_argument("email", nargs="?", help="whose (not for list and link)")
    command(
        "grade",
        "LESSON/EXERCISE FILE [--json]: judge a file as a hand-in",
        _becomes("workers.examiner.grade"),
        True,
    )
    course = command("course", "check [--json] [--lesson …]: the course checks itself", _course, True)
    course.add_argument("action", choices=("check",))
    models = command("models", "the models there are: list them, install one here, remove it", _models)
    models.add_argument("action", nargs="?", choices=("list", "install", "remove"), default="list")
    models.add_argument("name", nargs="?", help="which (not for list)")
    command("doctor", "look at this installation and say what is wrong with it", _doctor)
    site = command("site", "the web site alone (unembed serve starts one)", _site)
    site.add_argument("--socket", type=int, help="descriptor of a socket that listens already")
    command("runner", "what runs learners' code, alone (unembed serve starts one)", _runner)
    command("examiner", "what judges answers, alone (unembed serve starts one)", _examiner)
    return parser


def _serve(_parsed: argparse.Namespace, _rest: list[str]) -> int:
    from app.operating import serve

    return serve.main()


def _renew(_parsed: argparse.Namespace, _rest: list[str]) -> None:
    from app.operating import serve

    serve.renew()


def _migrate(_parsed: argparse.Namespace, _rest: list[str]) -> None:
    from app.operating import migrate

    migrate.upgrade(settings().database)


def _move(parsed: argparse.Namespace, _rest: list[str]) -> None:
    from app.operating import backups

    backups.move(parsed.url)


def _backup(parsed: argparse.Namespace, _rest: list[str]) -> None:
    from app.operating import backups

    if parsed.keep is not None and parsed.keep < 1:
        _parser().error("--keep: at least 1")
    if parsed.every is None:
        backups.backup(parsed.file, parsed.keep)
    elif parsed.file or parsed.every <= 0:
        _parser().error("--every: a number of hours, and without a name: each backup gets its date")
    else:
        backups.again_and_again(parsed.every * 3600, parsed.keep)


def _restore(parsed: argparse.Namespace, _rest: list[str]) -> None:
    from app.operating import backups

    backups.restore(parsed.file)


def _doctor(_parsed: argparse.Namespace, _rest: list[str]) -> int:
    from app.operating import doctor

    return doctor.main()


def _user(parsed: argparse.Namespace, _rest: list[str]) -> int:
    from app.operating import user_commands

    if parsed.action in ("list", "link"):
        return user_commands.show(parsed.action)
    if not parsed.email:
        _parser().error(f"whose? unembed user {parsed.action} EMAIL")
    password = getpass.getpass("New password: ") if parsed.action == "password" else ""
    return user_commands.change(parsed.email, parsed.action, password)


def _course(_parsed: argparse.Namespace, rest: list[str]) -> None:
    _become("workers.examiner.check", rest)


def _models(parsed: argparse.Namespace, _rest: list[str]) -> None:
    from app.operating import model_commands

    if parsed.action == "list":
        return model_commands.show()
    if not parsed.name:
        _parser().error(f"which? unembed models {parsed.action} NAME")
    act = model_commands.install if parsed.action == "install" else model_commands.remove
    return act(parsed.name)


def _runner(_parsed: argparse.Namespace, _rest: list[str]) -> None:
    from app.operating import without_secrets

    _become_clean(without_secrets.runner(settings()))


def _examiner(_parsed: argparse.Namespace, _rest: list[str]) -> None:
    from app.operating import without_secrets

    _become_clean(without_secrets.examiner(settings()))


def _become_clean(command: list[str]) -> NoReturn:
    """Turn this process into one that knows no secret."""
    from app.operating import without_secrets

    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "-m", *command], without_secrets.environment(settings()))


def _site(parsed: argparse.Namespace, _rest: list[str]) -> None:
    """The process that `unembed serve` watches takes over its socket; alone it listens by itself."""
    import socket

    import uvicorn

    from app import logs
    from app.routes import home
    from app.sockets import listen

    logs.set_up("site")
    home.prepare()
    config = settings()
    bound = listen(config.host, config.port) if parsed.socket is None else socket.socket(fileno=parsed.socket)
    server = uvicorn.Config(
        "app.main:served",
        factory=True,
        timeout_graceful_shutdown=2,  # or an open event stream keeps it from ending
        timeout_keep_alive=75,  # seconds: who reads for a minute, then presses Run, need not connect again
        access_log=False,
        proxy_headers=False,  # `app.arrivals` reads them: it has to know who really asks
        log_config=None,
        log_level="info",
    )
    uvicorn.Server(server).run(sockets=[bound])


def _becomes(module: str) -> object:
    return lambda _parsed, rest: _become(module, rest)


def _become(module: str, arguments: list[str]) -> NoReturn:
    """Turn this process into `python -m module`."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", module, *arguments]
    os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": path})


if __name__ == "__main__":
    sys.exit(main())
