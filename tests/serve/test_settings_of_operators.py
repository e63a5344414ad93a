"""What an operator sets is documented, and read alike before and after the installation."""

from __future__ import annotations

from pathlib import Path

import pytest
from dotenv import dotenv_values

from app.config import ROOT, Settings
from app.install import parse_dotenv, read_settings

SAMPLE = """
# how we run it
UNEMBED_PORT=8123
export UNEMBED_HOST = "0.0.0.0"
UNEMBED_DATA_DIR='/srv/un embed'   # the large disk
UNEMBED_PUBLIC_URL=https://learn.example.org/#top
unembed_pool_size=3 # two more
UNEMBED_EMPTY=
not a setting
"""


def rows() -> list[str]:
    """The table of settings as README.md should have it."""
    return [
        f"| `UNEMBED_{name.upper()}` | {shown(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]


def shown(default: object) -> str:
    value = default.relative_to(ROOT) if isinstance(default, Path) and default.is_absolute() else default
    return "" if value is None else f"`{value}`"


def test_the_readme_has_exactly_the_settings_that_there_are() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert [line for line in lines if line.startswith("| `UNEMBED_")] == rows()


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    "name", ["UNEMBED_PORT", "UNEMBED_HOST", "UNEMBED_DATA_DIR", "UNEMBED_PUBLIC_URL", "UNEMBED_EMPTY"]
)
def test_the_installer_reads_dotenv_as_the_site_does(name: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(SAMPLE)
    assert parse_dotenv(SAMPLE)[name] == dotenv_values(tmp_path / ".env")[name]


def test_names_may_be_in_lower_case_as_for_the_site() -> None:
    assert parse_dotenv(SAMPLE)["UNEMBED_POOL_SIZE"] == "3"


def test_the_environment_wins_over_dotenv_which_brings_only_our_own_names(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("UNEMBED_PORT=1\nUNEMBED_HOST=::1\nLD_PRELOAD=x.so\n")
    found = read_settings(tmp_path / ".env", {"UNEMBED_PORT": "2", "PYTHONPATH": "elsewhere", "PATH": "/bin"})
    assert found == {"UNEMBED_PORT": "2", "UNEMBED_HOST": "::1", "PATH": "/bin"}


def test_a_relative_data_folder_counts_from_the_repository(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UNEMBED_DATA_DIR", "elsewhere")
    monkeypatch.chdir(tmp_path)
    assert Settings().data_dir == ROOT / "elsewhere"
