"""The Python environment in the data folder: what the lock files say, compiled. Standard library only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from app.processes import spawn, stop
from app.steps import Failed, Step

ROOT = Path(__file__).resolve().parent.parent
LOCK, TEST_LOCK = ROOT / "app" / "requirements.lock", ROOT / "app" / "requirements-test.lock"
# Measured on Linux x86-64 with Python 3.11
DOWNLOAD_MB, DISK_MB, WHILE_INSTALLING_MB = 520, 2000, 2500
CPU_TORCH = "https://download.pytorch.org/whl/cpu"
# Only for a Python without ensurepip (Debian without python3-venv)
PIP_WHEEL = "pip-25.3-py3-none-any.whl"
PIP_SHA256 = "9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd"


def private_places(data: Path) -> dict[str, str]:
    """Variables that keep every tool's caches inside the data folder."""
    cache = data / "cache"
    return {
        "PYTHONDONTWRITEBYTECODE": "1",  # the packages were compiled when they were installed
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "HF_HOME": str(cache / "huggingface"),
        "XDG_CACHE_HOME": str(cache),
        "npm_config_cache": str(cache / "npm"),
    }


def install_packages(data: Path, environment: dict[str, str], test: bool) -> None:
    """Bring `data/env` to what the lock files say; nothing to do if they are those of the last time."""
    python, mark = data / "env" / "bin" / "python", data / "env" / "installed.json"
    wanted = {lock.name: hash_of(lock) for lock in ((LOCK, TEST_LOCK) if test else (LOCK,))}
    done = _read_json(mark) if os.access(python, os.X_OK) else {}
    if all(done.get(name) == digest for name, digest in wanted.items()):
        return
    if LOCK.name not in done:
        print(
            f"Unembed installs about {DISK_MB / 1000:.1f} GB into {data} ({DOWNLOAD_MB} MB to download), "
            "the first time only."
        )
    _check_space(data)
    mark.unlink(missing_ok=True)
    _make_environment(python, data, environment)
    for lock in [ROOT / "app" / name for name in wanted if done.get(name) != wanted[name]]:
        _install_lock(python, lock, data, environment)
    _write_launcher(python, data)
    mark.write_text(json.dumps({**done, **wanted}))
    shutil.rmtree(data / "cache" / "pip", ignore_errors=True)


def hash_of(path: Path) -> str:
    """What `installed.json` holds of a lock file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_json(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def _make_environment(python: Path, data: Path, environment: dict[str, str]) -> None:
    """A virtual environment with pip in it; a broken one (its Python was upgraded, say) is made anew."""
    if _works([str(python), "-m", "pip", "--version"], environment):
        return
    try:
        import venv
    except ImportError:
        raise Failed(
            "This Python has no venv module: install it (Debian: apt install python3-venv)."
        ) from None
    with Step("Python environment"):
        shutil.rmtree(data / "env", ignore_errors=True)
        venv.EnvBuilder(symlinks=True).create(data / "env")
        if not _works([str(python), "-m", "ensurepip", "--default-pip"], environment):
            _bring_pip(python, data, environment)


def _works(command: list[str], environment: dict[str, str]) -> bool:
    try:
        return not subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True
        ).returncode
    except OSError:
        return False


def _bring_pip(python: Path, data: Path, environment: dict[str, str]) -> None:
    """Debian leaves ensurepip out: fetch pip's wheel, check it, and let it install itself."""
    mend = "install venv for this Python (Debian: apt install python3-venv) and start again."
    index = environment.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    wheel = data / "cache" / PIP_WHEEL
    try:
        page = urllib.request.urlopen(index, timeout=20).read().decode()
        address = re.search(r'href="([^"#]*' + re.escape(PIP_WHEEL) + ")", page)
        content = (
            urllib.request.urlopen(urllib.parse.urljoin(index, address[1]), timeout=60).read()
            if address
            else b""
        )
    except OSError as error:
        raise Failed(f"This Python has no ensurepip, and pip can't be fetched ({error}): {mend}") from None
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        raise Failed(f"This Python has no ensurepip, and the package index has no proper {PIP_WHEEL}: {mend}")
    wheel.parent.mkdir(parents=True, exist_ok=True)
    wheel.write_bytes(content)
    if not _works([str(python), f"{wheel}/pip", "install", "--no-index", str(wheel)], environment):
        raise Failed(f"This Python has no ensurepip, and pip did not install itself: {mend}")
    wheel.unlink()


def _install_lock(python: Path, lock: Path, data: Path, environment: dict[str, str]) -> None:
    pins = re.findall(r"^[^#\s].*", lock.read_text(), re.M)
    if torch := [pin for pin in pins if pin.startswith("torch==")]:
        _install_torch(python, torch[0], [pin for pin in pins if pin not in torch], data, environment)
    name = "Python packages" if torch else "Python packages for the tests"
    with Step(name) as step:
        pip_install(python, ["--no-deps", "-r", str(lock)], data, environment, step, len(pins))
        step.say("compiling them")
        command = [str(python), "-m", "compileall", "-q", "-j", "0", "-x", "/tests?/", str(_packages(python))]
        run_to_the_end(command, data / "install.log", environment, lambda: None)


def _install_torch(
    python: Path, torch: str, others: list[str], data: Path, environment: dict[str, str]
) -> None:
    """First and with what it needs: where pip finds only the build for GPUs, that is more than is locked."""
    with Step("PyTorch, the largest package") as step:
        index = ["--extra-index-url", CPU_TORCH] if _take_cpu_torch(python, environment) else []
        constraints = data / "cache" / "constraints.txt"
        constraints.parent.mkdir(exist_ok=True)
        constraints.write_text("\n".join(others))
        pip_install(python, [torch, "-c", str(constraints), *index], data, environment, step, None)


def _take_cpu_torch(python: Path, environment: dict[str, str]) -> bool:
    """On Linux PyPI's torch is built for NVIDIA, several GB more; PyTorch's own index has the small build.

    Whoever has told pip where to look is obeyed instead.
    """
    if sys.platform != "linux":
        return False
    command = [str(python), "-m", "pip", "config", "list"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True).stdout
    if re.search(r"\.(index-url|extra-index-url|find-links|no-index)=", told):
        return False
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(_reachable(CPU_TORCH + "/torch/")), daemon=True)
    asking.start()
    asking.join(3)  # looking up a name has no time-out of its own
    return answers == [True]


def _reachable(address: str) -> bool:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=3):
            return True
    except OSError:
        return False


def _packages(python: Path) -> Path:
    return next((python.parent.parent / "lib").glob("python3*")) / "site-packages"


def pip_install(
    python: Path, what: list[str], data: Path, environment: dict[str, str], step: Step, total: int | None
) -> None:
    """`pip install` with one line of progress; what was downloaded is kept until all is installed."""
    log, temporary = data / "install.log", data / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {**environment, "TMPDIR": str(temporary), "PIP_USER": "0"}
    options = ["--no-input", "--no-compile", "--no-color", "--disable-pip-version-check"]
    options += ["--progress-bar", "off", "--cache-dir", str(data / "cache" / "pip")]
    command = [str(python), "-m", "pip", "install", *options, *what]

    def progress() -> None:
        step.say(_how_far(log.read_text(errors="replace"), _packages(python), total))

    code = run_to_the_end(command, log, environment, progress)
    shutil.rmtree(temporary, ignore_errors=True)
    if code:
        raise Failed(why_pip_failed(log))


def _how_far(said: str, packages: Path, total: int | None) -> str:
    """What pip is at, from its log: it looks all packages up, fetches them, and installs them together."""
    if total is None:
        return "installing" if "Installing collected packages" in said else "fetching"
    fetched = re.findall(
        r"^ *(?:Downloading|Using cached|Processing) (\S+\.(?:whl|tar\.gz))(?: |$)", said, re.M
    )
    if "Installing collected packages" in said:
        return f"{min(len(list(packages.glob('*.dist-info'))), total)} of {total} installed"
    if fetched:
        return f"{min(len(fetched), total)} of {total} fetched ({Path(fetched[-1]).name.split('-')[0]})"
    return f"{len(re.findall('^Collecting ', said, re.M))} of {total} looked up"


def run_to_the_end(
    command: list[str], log: Path, environment: dict[str, str], progress: Callable[[], None]
) -> int:
    """Run to the end, all it says into `log`; it does not outlive us, however we end."""
    with log.open("wb") as output:
        child = spawn(command, env=environment, output=output, errors=output)
    try:
        while child.poll() is None:
            progress()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.5)
    finally:
        stop([child], 2)
    return child.returncode


_NO_NETWORK = (
    "NewConnectionError|name resolution|not known|refused|unreachable|[Tt]imed? ?out|ProxyError|SSLError"
)


def why_pip_failed(log: Path) -> str:
    """What pip wrote, as one sentence with the mend."""
    said = log.read_text(errors="replace")
    if "No space left on device" in said:
        return (
            "The disk is full: free some, or point UNEMBED_DATA_DIR elsewhere; then start again, it goes on."
        )
    if re.search(_NO_NETWORK, said):
        return (
            "The package index can't be reached: mend the network (or pip's proxy or index settings) and "
            f"start again, it goes on from here; all pip said is in {log}."
        )
    if missing := re.search(r"No matching distribution found for (\S+)", said):
        here = f"Python {platform.python_version()} on {platform.machine()}"
        return (
            f"The package index has no {missing[1]} for {here}: start with another Python "
            f"(`make serve PYTHON=python3.12`); all pip said is in {log}."
        )
    last = (re.findall(r"^ERROR: (.*)", said, re.M) or ["it ended without a word"])[-1]
    return f"pip failed ({last}): mend that and start again, it goes on from here; all pip said is in {log}."


def _write_launcher(python: Path, data: Path) -> None:
    """`data/env/bin/unembed`, from whatever folder it is called."""
    (_packages(python) / "unembed.pth").write_text(f"{ROOT}\n")
    launcher = python.with_name("unembed")
    launcher.write_text(
        "#!/bin/sh\n"
        f"UNEMBED_DATA_DIR=${{UNEMBED_DATA_DIR:-{shlex.quote(str(data))}}} PYTHONDONTWRITEBYTECODE=1\n"
        "export UNEMBED_DATA_DIR PYTHONDONTWRITEBYTECODE\n"
        f'exec {shlex.quote(str(python))} -m app.cli "$@"\n'
    )
    launcher.chmod(0o755)


def _check_space(data: Path) -> None:
    there = sum(size_of(data / name) for name in ("env", "cache", "build"))
    need, free = max(WHILE_INSTALLING_MB - there, 300), shutil.disk_usage(data).free // 10**6
    if free < need:
        raise Failed(
            f"The disk of {data} has {free / 1000:.1f} GB free and installing takes {need / 1000:.1f} GB: "
            "free some, or point UNEMBED_DATA_DIR to another disk."
        )


def size_of(folder: Path) -> int:
    """Megabytes on disk below `folder`."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
    return total // 10**6
