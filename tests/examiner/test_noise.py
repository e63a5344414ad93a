"""Honest noise costs nothing: a right answer passes, whatever it prints and however its tensors lie."""

from __future__ import annotations

import pytest

from tests.examiner.conftest import Desk

RIGHT = "pattern.diagonal(-back, -2, -1).mean(-1)"

NOISE = {
    "prints": f"print('scores', pattern.shape)\n    return {RIGHT}",
    "stderr": f"import sys\n    print('careful', file=sys.stderr)\n    return {RIGHT}",
    "warns": f"import warnings\n    warnings.warn('hm')\n    return {RIGHT}",
    "progress bar": f"from tqdm import tqdm\n    for _ in tqdm(range(3)): pass\n    return {RIGHT}",
    "float64": f"return {RIGHT}.double()",
    "numpy": f"return {RIGHT}.numpy()",
    "numpy float64": f"return {RIGHT}.double().numpy()",
    "not contiguous": f"return torch.stack([{RIGHT}] * 2, 1)[:, 0]",
    "expanded": f"return {RIGHT}.expand(2, -1)[1]",
    "needs gradients": f"return {RIGHT}.clone().requires_grad_() * 1",
    "a parameter": f"return torch.nn.Parameter({RIGHT})",
    "a view": f"whole = torch.cat([{RIGHT}, {RIGHT}])\n    return whole[: len(pattern)]",
    "its input changed": f"found = {RIGHT}\n    pattern.zero_()\n    return found",
    "keyword names": f"scores: torch.Tensor = {RIGHT}\n    return scores",
    "shows a figure": f"lab.show(lab.line({RIGHT}))\n    return {RIGHT}",
    "a huge print": f"print('x' * 20000)\n    return {RIGHT}",
    "a subclass": f"return {RIGHT}.as_subclass(type('Mine', (torch.Tensor,), {{}}))",
    "rounding": f"return {RIGHT} + 1e-6",
    "seeds of its own": f"torch.manual_seed(0)\n    return {RIGHT}",
    "gradients switched off": f"torch.set_grad_enabled(False)\n    return {RIGHT}",
    "another default type": f"torch.set_default_dtype(torch.float64)\n    return {RIGHT}",
    "slow": f"import time\n    time.sleep(0.2)\n    return {RIGHT}",
}


@pytest.mark.parametrize("noise", NOISE)
def test_a_right_answer_passes(noise: str, desk: Desk) -> None:
    text = f"import torch\n\ndef score(pattern, back):\n    {NOISE[noise]}\n"
    found = desk.hand_in("score", text)
    assert found["verdict"] == "passed", found["message"]


def test_noise_before_the_answer_costs_nothing(desk: Desk) -> None:
    text = f"print('hello')\n1 / 3\n\ndef score(pattern, back):\n    return {RIGHT}\n\nlab.show('seen')\n"
    assert desk.hand_in("score", text)["verdict"] == "passed"


def test_whole_numbers_may_stand_for_numbers(desk: Desk) -> None:
    text = "def highest(pattern):\n    return score(pattern, 1).argmax()"  # a tensor of one number
    assert desk.hand_in("highest", text)["verdict"] == "passed"
