"""Every public function of the lab has an equivalent without it, which does the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from workers import lab
from workers.lab.without import FOLDER

NAMES = sorted(file.stem for file in FOLDER.glob("*.txt"))
FUNCTIONS = sorted(
    name for name in lab.__all__ if callable(getattr(lab, name)) and not isinstance(getattr(lab, name), type)
)
_RUN = """
import json, sys, numpy, torch
torch.set_grad_enabled(False)
from workers import lab
for name, given, ours, plain in json.load(sys.stdin):
    torch.manual_seed(0)
    space = {"lab": lab}
    try:
        exec(given, space)
        exec(ours, space)
        del space["lab"]
        exec(plain, space)
        one, other = space.get("ours"), space.get("theirs")
        if isinstance(one, (torch.Tensor, numpy.ndarray)):
            one, other = torch.as_tensor(one).float(), torch.as_tensor(other).float()
            same = one.shape == other.shape and torch.allclose(one, other, atol=1e-4)
        else:
            same = one == other
        print(json.dumps([name, bool(same), f"{one} {other}"[:300] if not same else ""]), file=sys.stderr)
    except BaseException as error:
        print(json.dumps([name, False, f"{type(error).__name__}: {error}"[:300]]), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[bool, str]]:
    """What became of each, in one fresh process."""
    every = [lab.without(name) for name in NAMES]
    here = [one for one in every if "from the network" not in one.given]
    given = [(one.name, one.given, one.ours, one.plain) for one in here]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _RUN],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        timeout=400,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith('["')]
    return {name: (same, said) for name, same, said in lines}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_one(name: str) -> None:
    found = lab.without(getattr(lab, name))
    assert f"lab.{name}" in found.ours
    assert found.plain
    assert "lab." not in found.plain


@pytest.mark.parametrize("name", NAMES)
def test_it_does_the_same_without_the_lab(name: str, outcomes: dict[str, Any]) -> None:
    if "from the network" in lab.without(name).given:
        compile(lab.without(name).plain, name, "exec")
        pytest.skip("this one fetches something")
    assert outcomes[name] == (True, "")


def test_there_is_none_too_many() -> None:
    assert set(NAMES) <= set(FUNCTIONS)


def test_it_shows_both() -> None:
    assert "lab.heatmap(values" in repr(lab.without(lab.heatmap))
    assert "px.imshow(values" in repr(lab.without("heatmap"))


@pytest.mark.parametrize("wrong", ["heatmp", print, "../../secret", ""])
def test_what_is_no_function_of_the_lab_is_met_with_a_sentence(wrong: object) -> None:
    with pytest.raises(LookupError, match="wants a function of the lab"):
        lab.without(wrong)  # type: ignore[arg-type]
