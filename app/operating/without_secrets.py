"""How runner and examiner are started: their options, and an environment that holds no secret."""

from __future__ import annotations

import os

from app.config import SHIPPED, Settings
from app.environment import private_places

# Nothing else of our environment reaches those who run learners' code or judge it: no secret can leak.
_HARMLESS = (
    "PATH",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
)
# … but for what fetches models: proxies, certificates, mirrors, and the token of a hub that wants one
_OF_NETWORK = (
    "PIP_",
    "HF_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_",
    "REQUESTS_CA_",
)
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def runner(config: Settings) -> list[str]:
    """Module and options of the runner."""
    options = ["--socket", str(config.runner_socket), *_group(config), "--sandbox", config.sandbox_mode]
    options += ["--pool", str(config.spare_children), "--models", str(SHIPPED), "--device", config.device]
    options += ["--log-format", config.log_format]
    options += ["--installed", str(config.models_dir), "--offered", *config.hub_names]
    if config.snapshots:
        options += ["--snapshots", str(config.snapshots), "--snapshots-mb", str(config.snapshots_mb)]
    return ["workers.runner", *options]


def examiner(config: Settings) -> list[str]:
    """Module and options of the examiner."""
    course = str(config.course_dir.resolve())
    options = ["--socket", str(config.examiner_socket), *_group(config), "--course", course]
    options += ["--courses", str(config.courses_dir)]
    options += ["--log-format", config.log_format, "--installed", str(config.models_dir)]
    return ["workers.examiner", *options]


def installer(config: Settings, *what: str) -> list[str]:
    """Module and options of what installs models."""
    place = ["--into", str(config.models_dir), "--tell", str(config.runner_socket)]
    return ["workers.installing", *what, *place]


def with_network(config: Settings) -> dict[str, str]:
    """All that the installer needs to know: also how this machine reaches package index and hub."""
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(_OF_NETWORK)}
    home = {name: os.environ[name] for name in ("HOME",) if name in os.environ}
    return {**environment(config), **home, **kept}


def environment(config: Settings) -> dict[str, str]:
    """All that they need to know."""
    data = config.data_dir.resolve()
    kept = {name: os.environ[name] for name in _HARMLESS if name in os.environ}
    home = {"HOME": str(data / "cache"), "PYTHONUNBUFFERED": "1"}
    return {**kept, **dict.fromkeys(_ONE_THREAD, "1"), **home, **private_places(data)}


def _group(config: Settings) -> list[str]:
    return ["--group"] if config.group_sockets else []
