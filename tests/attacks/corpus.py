"""The corpus of attacks: one file each, whose first lines say what it tries and what has to become of it.

    # Tries: …                          what for
    # Expects: ok | error | limit …     how the run ends (of a hand-in: the verdict); several with `or`
    # Says: …                           words that its message, error or notice has to contain
    # Shows: …                          kinds of outputs that must be there, and no others beside text
    # Exercise: double                  which exercise it is handed in for
    # Works without walls: yes          the same file, run by itself, succeeds (`as root`: if we are root)
    # Takes: its time                   ends only at a limit of time; such ones run side by side

An attack that succeeds says so: it prints ESCAPED and what it has got.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ESCAPED = "ESCAPED"
AT_ONCE, SLOW_AT_ONCE = 3, 10  # learners who attack at the same time
_LINE = re.compile(r"# ([A-Z][a-z ]+): (.+)")
_KNOWN = {
    "Tries",
    "Expects",
    "Says",
    "Shows",
    "Exercise",
    "Works without walls",
    "Takes",
}


@dataclass(frozen=True)
class Attack:
    """One file."""

    name: str
    text: str
    header: dict[str, str]

    @property
    def expects(self) -> list[str]:
        return self.header["Expects"].split(" or ")

    @property
    def place(self) -> tuple[str, str]:
        return self.exercise, self.name

    @property
    def exercise(self) -> str:
        return self.header.get("Exercise", "")

    @property
    def form(self) -> dict[str, Any] | None:
        """The fields of a form: such a file is one dictionary."""
        body = [line for line in self.text.splitlines() if not line.startswith("#")]
        return json.loads("\n".join(body)) if body and body[0].startswith("{") else None

    @property
    def takes_its_time(self) -> bool:
        return "Takes" in self.header

    def works_without_walls(self, as_root: bool) -> bool:
        said = self.header.get("Works without walls", "no")
        return said == "yes" or (said == "as root" and as_root)


def cells() -> dict[str, Attack]:
    return _read("cells")


def hand_ins() -> dict[str, Attack]:
    return _read("hand_ins")


def in_order(attacks: dict[str, Attack]) -> list[str]:
    """Those that take their time come last, together."""
    return sorted(attacks, key=lambda name: attacks[name].takes_its_time)


def together_with(name: str, attacks: dict[str, Attack]) -> list[str]:
    """Which of them run at the same time as this one."""
    slow = attacks[name].takes_its_time
    alike = [each for each in attacks if attacks[each].takes_its_time == slow]
    size = SLOW_AT_ONCE if slow else AT_ONCE
    first = alike.index(name) // size * size
    return alike[first : first + size]


def _read(folder: str) -> dict[str, Attack]:
    found = (_attack(path) for path in sorted((HERE / folder).glob("*.py")))
    return {attack.name: attack for attack in found}


def _attack(path: Path) -> Attack:
    text = path.read_text(encoding="utf-8")
    header: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            break
        header[match[1]] = match[2]
    strange = set(header) - _KNOWN
    assert not strange, f"{path.name}: {strange}"
    assert {"Tries", "Expects"} <= set(header), f"{path.name} does not say what it tries and what to expect"
    return Attack(path.stem, text, header)
