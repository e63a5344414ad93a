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


def test_every_setting_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [name for name in Settings.model_fields if f"`UNEMBED_{name.upper()}`" not in readme]
    assert missing == []


def test_the_readme_names_no_setting_that_is_not_there() -> None:
    import re

    named = set(re.findall(r"`UNEMBED_(\w+)`", (ROOT / "README.md").read_text()))
    assert named - {name.upper() for name in Settings.model_fields} == set()


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
