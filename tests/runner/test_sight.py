"""What a run may see: found anew on each machine, and never the course, however the site is installed."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from workers import digits
from workers.runner.confine import sight

OURS = ("workers/__init__.py", "workers/wire.py", "workers/lab/__init__.py", "workers/runner/child.py")
SECRET = ("app/__init__.py", "app/course/secret.py", "workers/examiner/judge.py", "workers/tasks.py")


def install(folder: Path) -> Path:
    """The site as a wheel leaves it: beside the libraries."""
    for name in (*OURS, *SECRET, "torch/__init__.py", "numpy.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def look_at(site: Path, monkeypatch: pytest.MonkeyPatch, models: tuple[str, ...] = ()) -> sight.Sight:
    monkeypatch.setattr(sight, "PACKAGE", site / "workers")
    monkeypatch.setattr(sight, "ROOT", site)
    paths = {name: str(site) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    monkeypatch.setattr(sysconfig, "get_paths", lambda: paths)
    monkeypatch.setattr(sight.sys, "path", [str(site)])
    return sight.look(models)


def inside(seen: sight.Sight, path: Path) -> bool:
    return any(path.is_relative_to(allowed) for allowed in seen.reading)


def test_installed_beside_the_libraries_only_the_lab_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = install(tmp_path / "lib" / "site-packages")
    seen = look_at(site, monkeypatch)
    for name in (*OURS, "torch/__init__.py", "numpy.py"):
        assert inside(seen, site / name), name
    for name in SECRET:
        assert not inside(seen, site / name), name
    assert str(site) in seen.listing


def test_an_environment_inside_the_repository_is_seen_and_the_rest_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path)
    site = tmp_path / ".unembed" / "env" / "lib" / "site-packages"
    site.mkdir(parents=True)
    (tmp_path / ".unembed" / "unembed.db").touch()
    monkeypatch.setattr(sysconfig, "get_paths", lambda: dict.fromkeys(sysconfig.get_path_names(), str(site)))
    monkeypatch.setattr(sight, "PACKAGE", tmp_path / "workers")
    monkeypatch.setattr(sight, "ROOT", tmp_path)
    monkeypatch.setattr(sight.sys, "path", [str(tmp_path), str(site), "", "/"])
    seen = sight.look([])
    assert inside(seen, site)
    assert not inside(seen, tmp_path / ".unembed" / "unembed.db")
    assert not inside(seen, tmp_path / "app" / "course" / "secret.py")
    assert not inside(seen, Path("/etc/shadow"))


def test_model_folders_are_seen_whole_so_that_later_models_appear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (tmp_path / "link").symlink_to(models)
    site = install(tmp_path / "site-packages")
    seen = look_at(site, monkeypatch, (str(tmp_path / "link"), str(tmp_path / "absent")))
    assert str(models) in seen.reading
    assert str(tmp_path / "absent") not in seen.reading


def test_of_the_digits_only_the_public_ones_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in (public := digits.public_file(str(tmp_path)), private := digits.private_file(str(tmp_path))):
        file.parent.mkdir(parents=True)
        file.touch()
    monkeypatch.setattr(digits, "public_file", lambda: public)
    for seen in (look_at(install(tmp_path / "lib" / "site-packages"), monkeypatch), sight.look([])):
        assert inside(seen, public)
        assert not inside(seen, private)
        assert str(private.parent) not in seen.listing


def test_here_the_private_digits_are_out_of_sight() -> None:
    assert not inside(sight.look([]), digits.private_file())
