"""Our table of system call numbers is the kernel's."""

from __future__ import annotations

import platform
import re
from pathlib import Path

import pytest

from workers.runner.confine import seccomp, syscalls

X86_64 = [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")]
GENERIC = Path("/usr/include/asm-generic/unistd.h")  # what arm64 uses


def defined(header: Path) -> dict[str, int]:
    found = re.findall(r"#define (?:__NR_|__NR3264_)(\w+)\s+(\d+)", header.read_text())
    return {name: int(number) for name, number in found}


def test_numbers_of_x86_64_are_those_of_the_headers() -> None:
    header = next((path for path in X86_64 if path.exists()), None)
    if header is None:
        pytest.skip("this machine has no kernel headers")
    kernel = defined(header)
    ours = {name: numbers[0] for name, numbers in syscalls.NUMBERS.items()}
    assert {name: kernel.get(name, number) for name, number in ours.items()} == ours


def test_numbers_of_arm64_are_those_of_the_headers() -> None:
    if not GENERIC.exists():
        pytest.skip("this machine has no kernel headers")
    kernel = defined(GENERIC)
    kernel["newfstatat"] = kernel.get("fstatat", 79)  # the name it has on 64-bit machines
    kernel["fadvise64"] = kernel.get("fadvise64", 223)
    ours = {name: numbers[1] for name, numbers in syscalls.NUMBERS.items() if numbers[1] is not None}
    assert {name: kernel.get(name, number) for name, number in ours.items()} == ours


def test_every_named_call_has_a_number_and_one_judgement() -> None:
    judged = list(seccomp.judged(1))
    named = [*syscalls.ALLOWED, *judged]
    assert len(named) == len(set(named))
    assert set(named) | set(syscalls.REFUSED) <= set(syscalls.NUMBERS)
    assert not set(named) & set(syscalls.REFUSED)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_whole_on_both_machines(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every jump lands inside, and the last word is a return: else the kernel would refuse it."""
    monkeypatch.setattr(platform, "machine", lambda: machine)
    program = seccomp.program(own_pid=7, own_files=True)
    assert len(program) < 4096
    assert program[-1][0] == 0x06
    for place, (code, if_true, if_false, _) in enumerate(program):
        assert code in (0x06, 0x20, 0x54, 0x15, 0x35, 0x45)
        assert place + 1 + max(if_true, if_false) < len(program) or code == 0x06
        assert max(if_true, if_false) < 256
