"""`unembed …` as an operator types it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from app.cli import main
from app.config import ROOT, settings
from app.models import User
from app.operating import user_commands
from app.people import accounts


def unembed(*words: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "UNEMBED_DATA_DIR": str(settings().data_dir), "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "app.cli", *words]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120)


def test_migrate_makes_the_database(tmp_path: Path) -> None:
    settings().data_dir.mkdir()
    assert unembed("migrate").returncode == 0
    assert (settings().data_dir / "unembed.db").stat().st_size > 10_000


def test_people_are_listed_with_what_they_are(
    ada: User, mo: User, boss: User, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["user", "list"]) == 0
    people = {"ada": "learner", "ben": "learner", "mo": "mentor", "boss": "admin"}
    lines = [f"{name}@example.org\t{name.title()}\t{role}" for name, role in people.items()]
    assert capsys.readouterr().out.splitlines() == lines


def test_a_learner_is_made_an_admin_and_a_learner_again(ada: User, session: Session) -> None:
    for action, admin in {"admin": True, "learner": False}.items():
        assert main(["user", action, "Ada@Example.org"]) == 0
        session.expire_all()
        found = session.get_one(User, ada.id)
        assert (found.mentor, found.admin) == (admin, admin)  # whoever runs the site may see everybody


def test_a_new_password_works_and_signs_out_every_browser(ada: User, session: Session) -> None:
    token = accounts.open_session(session, session.get_one(User, ada.id))
    session.commit()
    assert user_commands.change("ada@example.org", "password", "correct horse battery") == 0
    assert accounts.sign_in(session, "ada@example.org", "correct horse battery").id == ada.id
    assert accounts.user_of(session, token) is None


def test_a_password_that_is_too_short_is_refused(ada: User, capsys: pytest.CaptureFixture[str]) -> None:
    assert user_commands.change("ada@example.org", "password", "short") == 2
    assert "at least 8 characters" in capsys.readouterr().err


def test_somebody_unknown_is_said(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "admin", "nobody@example.org"]) == 2
    assert "unembed user list" in capsys.readouterr().err


def test_the_first_accounts_link_is_shown_until_there_is_one(
    database: Path, redis: Redis, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["user", "link"]) == 0
    link = capsys.readouterr().out.strip()
    assert link.startswith("http://127.0.0.1:8000/first-account?token=")
    accounts.first_account(
        session, link.partition("token=")[2], None, "Ada", "ada@example.org", "a long password"
    )
    session.commit()
    assert main(["user", "link"]) == 0
    assert capsys.readouterr().out == ""


def test_without_redis_there_is_no_link_and_that_is_said(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["user", "link"]) == 2
    assert "which does not answer" in capsys.readouterr().err


def test_a_setting_that_cannot_be_is_told_in_a_line() -> None:
    told = unembed("migrate", UNEMBED_DATABASE_URL="mysql://ada@db/unembed", UNEMBED_PORT="eighty")
    assert told.returncode == 2
    assert told.stderr.splitlines() == [
        "UNEMBED_PORT: input should be a valid integer, unable to parse string as an integer. "
        "README.md has a table.",
        "UNEMBED_DATABASE_URL: should begin with postgresql:// or sqlite:///. README.md has a table.",
    ]


def test_models_are_listed_from_any_folder(tmp_path: Path) -> None:
    told = unembed("models", cwd=tmp_path)
    assert "attn-only-2l" in told.stdout, told.stderr


@pytest.mark.parametrize("words", [(), ("nonsense",), ("user", "mentor"), ("serve", "--fast")])
def test_what_is_not_understood_shows_how_it_is_used(words: tuple[str, ...]) -> None:
    told = unembed(*words)
    assert told.returncode == 2
    assert told.stderr.startswith("usage: unembed")
    assert "Traceback" not in told.stderr
