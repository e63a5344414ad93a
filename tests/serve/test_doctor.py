"""What the doctor says of a device that is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from app.operating import doctor


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_torch_does_not_find_is_missed(change_settings: Callable[..., None]) -> None:
    assert doctor._device() == ("ok", "processors")
    change_settings(device="cuda")
    how, sentence = doctor._device()
    assert how == "fail"
    assert sentence.startswith("torch finds no GPU (")
    assert sentence.endswith("see “GPU workers” in the manual, or unset UNEMBED_DEVICE")
