"""docker-compose.yml: it is what Compose understands, and nobody in it may do more than they have to."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from app.cli import _parser
from app.config import ROOT, Settings
from tests.compose.reading import FILE, OURS, read, service

COHORT = {"UNEMBED_DOMAIN": "learn.example.org"}
EXAMPLE = (ROOT / ".env.example").read_text()
WITHOUT_SECRETS = ("runner", "examiner", "runner-gpu")


def schema() -> object:
    """The Compose specification's own, as check-jsonschema carries it."""
    package = importlib.util.find_spec("check_jsonschema")
    assert package is not None, "the tests' packages are not installed: `make test` does it"
    assert package.origin is not None
    folder = Path(package.origin).parent / "builtin_schemas" / "vendor"
    return json.loads((folder / "compose-spec.json").read_text())


def test_it_is_what_the_compose_specification_says() -> None:
    jsonschema.validate(yaml.safe_load(FILE.read_text()), schema())
    jsonschema.validate(read(**COHORT), schema())


def test_the_schema_would_have_found_a_mistake() -> None:
    wrong = read(**COHORT)
    wrong["services"]["runner"]["networks_mode"] = "none"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema())


def test_without_a_domain_nothing_starts_and_the_example_names_everything_that_may_be_set() -> None:
    with pytest.raises(KeyError):
        read()
    asked = set(re.findall(r"\$\{(UNEMBED_\w+)", FILE.read_text()))
    of_containers = asked - {f"UNEMBED_{name.upper()}" for name in Settings.model_fields}
    explained = set(re.findall(r"^(UNEMBED_\w+)=", EXAMPLE, re.M))
    assert of_containers - {"UNEMBED_VERSION", "UNEMBED_REDIS_MEMORY"} <= explained
    assert explained <= asked


@pytest.mark.parametrize("name", [*OURS, "runner-gpu", "worker-gpu"])
def test_each_of_our_parts_may_do_little(name: str) -> None:
    said = read(**COHORT)["services"][name]
    assert said["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in said["security_opt"]
    assert said["read_only"] or name == "backup"
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & said.keys()
    assert min(service(name, **COHORT).user) >= 60000
    for mount in service(name, **COHORT).mounts:
        assert not mount.source.startswith(("/", ".")), "nothing of the host"


@pytest.mark.parametrize("name", WITHOUT_SECRETS)
def test_who_runs_learners_code_or_judges_it_has_no_network_and_no_secret(name: str) -> None:
    said, found = read(**COHORT)["services"][name], service(name, **COHORT)
    assert said["network_mode"] == "none"
    assert not found.secrets
    assert "env_file" not in said
    secret = ("URL", "PASSWORD", "TOKEN")
    assert not [key for key in found.environment if any(word in key for word in secret)]
    assert found.environment["UNEMBED_SANDBOX"] == "required"
    assert all(mount.read_only or mount.target.startswith("/run/unembed/") for mount in found.mounts)


def test_each_part_is_a_user_of_its_own() -> None:
    users = {name: service(name, **COHORT).user for name in ("web", "worker", "examiner", "runner", "backup")}
    assert len(set(users.values())) == len(users)
    assert {group for _, group in users.values()} == {60000}


@pytest.mark.parametrize("name", OURS)
def test_its_commands_and_settings_are_ours(name: str) -> None:
    found = service(name, **COHORT)
    command = _parser()._subparsers._group_actions[0].choices[found.command[0]]  # type: ignore[union-attr]
    command.parse_args(found.command[1:])
    known = {f"UNEMBED_{field.upper()}" for field in Settings.model_fields}
    assert set(found.environment) <= known
    values = {key.removeprefix("UNEMBED_").lower(): value for key, value in found.environment.items()}
    Settings(**{key: value for key, value in values.items() if value})
    assert {secret.upper() for secret in found.secrets} <= known


def test_redis_forgets_nothing_and_images_have_a_version() -> None:
    services = read(**COHORT)["services"]
    words = services["redis"]["command"][-1]
    assert "--maxmemory-policy noeviction" in words
    assert "--appendonly yes" in words
    for name in ("caddy", "postgres", "redis"):
        assert re.fullmatch(r"[a-z/]+:\d+", services[name]["image"])


def test_no_log_fills_the_disk_and_ours_are_for_machines() -> None:
    for name, said in read(**COHORT)["services"].items():
        assert {"max-size", "max-file"} == set(said["logging"]["options"]), name
    for name in OURS:
        assert service(name, **COHORT).environment["UNEMBED_LOG_FORMAT"] == "json"


def test_every_volume_is_declared_and_only_caddy_is_open_to_everybody() -> None:
    file = read(**COHORT)
    for name in file["services"]:
        for mount in service(name, **COHORT).mounts:
            assert mount.source in file["volumes"] or mount.source.startswith("./app/deploy/")
    ports = {name: said.get("ports", []) for name, said in file["services"].items()}
    assert ports.pop("caddy") == ["80:80", "443:443", "443:443/udp"]
    assert all(port.startswith("127.0.0.1:") for opened in ports.values() for port in opened)


def test_a_worker_is_given_the_time_that_it_wants_to_finish() -> None:
    said = read(**COHORT)["services"]["worker"]
    grace = int(said["stop_grace_period"].removesuffix("s"))
    assert grace > float(said["environment"]["UNEMBED_DRAIN_SECONDS"])


def test_the_image_is_made_by_the_steps_of_make_serve_and_holds_nothing_of_this_installation() -> None:
    dockerfile = (ROOT / "app" / "deploy" / "Dockerfile").read_text()
    makefile = (ROOT / "Makefile").read_text()
    assert "app/install.py --die-with-parent" in makefile
    assert dockerfile.count("RUN python3 app/install.py") + dockerfile.count("python3 app/install.py -") >= 2
    copied = re.findall(r"^COPY (.+) app/$", dockerfile, re.M)[0].split()
    for name in copied:
        assert (ROOT / name).is_file()
    assert set(_imports_of_install()) <= set(copied)
    ignored = (ROOT / "app" / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert ".*" in ignored
    assert "!.env" not in ignored


def _imports_of_install() -> list[str]:
    """The modules of ours that the installer needs before anything is installed."""
    seen, left = set[str](), ["app/install.py"]
    while left:
        name = left.pop()
        seen.add(name)
        found = re.findall(r"^from app\.(\w+) import", (ROOT / name).read_text(), re.M)
        left += [f"app/{module}.py" for module in found if f"app/{module}.py" not in seen]
    return [*seen, "app/__init__.py", "app/requirements.lock"]
