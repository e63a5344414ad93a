"""Every setting, each with a default that runs on a laptop. Environment variables or a `.env` change them."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import socket
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from app import machine
from app.steps import Failed

_FOR_RUNS = 0.75  # of the memory; the rest is for the services, which take about 2 GB
ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "workers" / "lab" / "models" / "shipped"  # the models that come with the repository
SECRETS = Path("/run/secrets")  # where containers find them: a file `unembed_database_url` is that setting
_SHORTEST_TOKEN = 16  # characters of what stands for a password
_LONGEST_SOCKET_PATH = 100  # the kernel allows 107 bytes in sun_path; our longest file name there is short


class Settings(BaseSettings):
    """Read once at start (`settings()`); the environment wins over `.env`, and that over files of secrets."""

    model_config = SettingsConfigDict(
        env_prefix="UNEMBED_",
        env_file=ROOT / ".env",
        env_ignore_empty=True,  # as the lines of docker-compose.yml are that nobody has set
        extra="ignore",
        validate_default=True,
    )

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 lets others in")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    public_url: str | None = Field(None, description="where people reach the site, if not at host:port")
    trusted_proxies: str = Field(
        "127.0.0.1", description="addresses or networks, with commas, that may say for whom they ask"
    )
    data_dir: Path = Field(
        ROOT / ".unembed", description="everything the platform writes is below this folder"
    )
    database_url: str | None = Field(None, description="default: SQLite in the data folder")
    database_password: SecretStr | None = Field(None, description="where the address has none; best a secret")
    redis_url: str | None = Field(None, description="default: an embedded server on a unix socket")
    redis_password: SecretStr | None = Field(None, description="likewise")
    runner_socket: Path = Field(
        Path("runner.sock"), description="where the runner is asked; relative: in the data folder's `run/`"
    )
    examiner_socket: Path = Field(Path("examiner.sock"), description="where the examiner is asked, likewise")
    group_sockets: bool = Field(False, description="other users of the same group may ask these two")
    models_dir: Path = Field(
        Path("models"), description="where models are installed; relative: in the data folder"
    )
    hub_models: str | None = Field(
        None, description="models of the Hugging Face hub that may be installed, with commas: `gpt2`"
    )
    course_dir: Path = Field(ROOT / "app" / "course", description="the lessons")
    courses_dir: Path = Field(
        Path("courses"), description="where pinned editions of them are kept; relative: in the data folder"
    )
    sandbox: Literal["required", "auto", "off"] | None = Field(
        None, description="default: required, unless the site is on loopback (then auto)"
    )
    run_seconds: int = Field(60, ge=1, description="wall-clock limit of one run of a cell")
    grade_seconds: int = Field(30, ge=1, description="wall-clock limit of one grading")
    memory_mb: int = Field(
        2048, ge=256, description="memory one run may add to the warm process, beside what its models take"
    )
    device: Literal["cpu", "cuda"] = Field(
        "cpu", description="cuda: this worker and its runner have an NVIDIA GPU; see `/manual/gpu`"
    )
    runs_per_learner: int = Field(2, ge=1, description="runs of one learner that may be waiting or running")
    lease_seconds: int = Field(15, ge=2, description="a run whose worker is silent this long is taken back")
    drain_seconds: float = Field(
        0, ge=0, description="how long runs may go on when a worker is stopped; then they go back"
    )
    worker_threads: int | None = Field(
        None, ge=1, description="runs at once; default: two a core, if memory_mb for each fits; of a GPU, 1"
    )
    pool_size: int | None = Field(
        None, ge=0, description="children that wait for the next run; default: as many as run at once"
    )
    snapshots: int = Field(
        0, ge=0, le=16, description="states between cells kept of a learner's lesson; 0: every run replays"
    )
    snapshots_mb: int = Field(1024, ge=64, description="memory that all kept states together may take")
    guest_days: int = Field(30, ge=1, description="how long a guest who stays away is remembered")
    session_days: int = Field(30, ge=1, description="how long an account that stays away is signed in")
    log_format: Literal["text", "json"] = Field(
        "text", description="json: each line of a log is an object, for machines to read"
    )
    metrics_token: SecretStr | None = Field(
        None, description="whoever brings it may read `/metrics`; without it only this machine may"
    )
    smtp_url: str | None = Field(
        None,
        description="where mail is handed in: `smtp://user@host:587`, or smtps://; without it none is sent",
    )
    smtp_password: SecretStr | None = Field(None, description="where the address has none; best a secret")
    mail_from: str | None = Field(
        None, description="the sender's address; default: `unembed@` and the name of the site"
    )

    @field_validator("data_dir", "course_dir")
    @classmethod
    def _from_the_repository(cls, path: Path) -> Path:
        """`~` is understood, and a relative path counts from the repository, wherever a command is called."""
        return ROOT / path.expanduser()

    @field_validator("runner_socket", "examiner_socket")
    @classmethod
    def _in_run_dir(cls, path: Path, of: ValidationInfo) -> Path:
        return _run_dir(of.data["data_dir"]) / path if "data_dir" in of.data else path

    @field_validator("models_dir", "courses_dir")
    @classmethod
    def _in_data_dir(cls, path: Path, of: ValidationInfo) -> Path:
        return of.data["data_dir"].resolve() / path.expanduser() if "data_dir" in of.data else path

    @field_validator("hub_models")
    @classmethod
    def _names_of_models(cls, names: str | None) -> str | None:
        """A name becomes part of a path, so nothing else than a name may stand there."""
        for name in filter(None, map(str.strip, (names or "").split(","))):
            if not is_model_name(name):
                raise ValueError(f"{name!r} is no name of a model, as gpt2 and EleutherAI/pythia-70m are")
        return names

    @field_validator("database_url")
    @classmethod
    def _a_known_database(cls, url: str | None) -> str | None:
        return database_address(url) if url else None

    @field_validator("smtp_url")
    @classmethod
    def _a_mail_server(cls, url: str | None) -> str | None:
        if url and not (url.startswith(("smtp://", "smtps://")) and urlsplit(url).hostname):
            raise ValueError("should be smtp://host:587 or smtps://host:465")
        return url

    @field_validator("mail_from")
    @classmethod
    def _an_address(cls, address: str | None) -> str | None:
        if address and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address):
            raise ValueError("should be an e-mail address, as learn@example.org")
        return address

    @field_validator("metrics_token")
    @classmethod
    def _long_enough(cls, token: SecretStr | None) -> SecretStr | None:
        length = len(token.get_secret_value().strip()) if token else 0
        if 0 < length < _SHORTEST_TOKEN:
            raise ValueError(f"should have at least {_SHORTEST_TOKEN} characters")
        return token if length else None

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the site. A public address means that a proxy is in front."""
        return is_loopback(self.host) and self.directly_reached

    @property
    def directly_reached(self) -> bool:
        """Whether nothing says that a proxy is in front."""
        public = urlsplit(self.public_url).hostname if self.public_url else "localhost"
        return is_loopback(public or "")

    @property
    def url(self) -> str:
        """Where people reach the site; of a site that listens everywhere, by this machine's name."""
        everywhere = self.host in ("0.0.0.0", "::")
        host = socket.gethostname() if everywhere else f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def sender(self) -> str:
        """From whom mail comes."""
        return self.mail_from or f"unembed@{urlsplit(self.url).hostname}"

    @property
    def smtp(self) -> str | None:
        """Where mail is handed in, with its password; None: nowhere, and no mail is written."""
        return _with_password(self.smtp_url, self.smtp_password) if self.smtp_url else None

    @property
    def sandbox_mode(self) -> Literal["required", "auto", "off"]:
        return self.sandbox or ("auto" if self.on_loopback else "required")

    @property
    def memory_for_runs_mb(self) -> int:
        """What this machine has for runs and the models that they share."""
        return int(_FOR_RUNS * machine.memory()) >> 20

    @property
    def hub_names(self) -> list[str]:
        """Of the hub's models that may be installed."""
        return [name for word in (self.hub_models or "").split(",") if (name := word.strip())]

    @property
    def runs_at_once(self) -> int:
        """As many as the processors can do with, and all of which may take the memory that one may."""
        fitting = self.memory_for_runs_mb // self.memory_mb
        several = 1 if self.device == "cuda" else max(1, min(2 * machine.cores(), fitting))
        return self.worker_threads or several

    @property
    def queues(self) -> tuple[str, ...]:
        """From which this worker takes, in this order: with a GPU also what needs none, when nothing does."""
        return ("gpu", "cpu") if self.device == "cuda" else ("cpu",)

    @property
    def spare_children(self) -> int:
        return self.runs_at_once if self.pool_size is None else self.pool_size

    @property
    def database(self) -> str:
        own = f"sqlite:///{self.data_dir / 'unembed.db'}"
        return _with_password(self.database_url, self.database_password) if self.database_url else own

    @property
    def run_dir(self) -> Path:
        """Where the unix sockets stand: in the data folder, or a temporary one if that path is too long."""
        return _run_dir(self.data_dir)

    @property
    def redis(self) -> str:
        own = f"unix://{self.run_dir / 'redis.sock'}"
        return _with_password(self.redis_url, self.redis_password) if self.redis_url else own


def is_model_name(name: str) -> bool:
    """Whether it is `name` or `owner/name` as the Hugging Face hub allows them."""
    part = r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?"
    fits = re.fullmatch(rf"{part}(?:/{part})?", name, re.ASCII) is not None
    return fits and len(name) <= 96 and "--" not in name and ".." not in name


def _run_dir(data_dir: Path) -> Path:
    inside = data_dir.resolve() / "run"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_PATH - len("/examiner.sock"):
        return inside
    digest = hashlib.sha256(os.fsencode(inside)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"unembed-{os.getuid()}-{digest}"


def database_address(url: str) -> str:
    """An address as SQLAlchemy wants it. Raises ValueError, saying what it should begin with."""
    if url.startswith("postgres://"):  # as some hosting companies write it
        url = url.replace("postgres", "postgresql", 1)
    if not url.startswith(("postgresql://", "postgresql+psycopg://", "sqlite:///")):
        raise ValueError("should begin with postgresql:// or sqlite:///")
    return url


def _with_password(url: str, password: SecretStr | None) -> str:
    """The address with that password, if it has none of its own."""
    parts = urlsplit(url)
    if password is None or parts.password is not None or parts.scheme == "sqlite":
        return url
    user, _, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(password.get_secret_value(), safe='')}@{place}").geturl()


def is_loopback(host: str) -> bool:
    """Whether this is a name or an address of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache
def settings() -> Settings:
    """The settings of this process. Raises Failed, with a line for each that is wrong."""
    try:
        return Settings(_secrets_dir=SECRETS if SECRETS.is_dir() else None)
    except ValidationError as error:
        raise Failed("\n".join(map(_mend, error.errors()))) from None


def _mend(wrong: ErrorDetails) -> str:
    name, what = str(wrong["loc"][0]).upper(), wrong["msg"].removeprefix("Value error, ")
    return f"UNEMBED_{name}: {what[:1].lower()}{what[1:]}. README.md has a table."
