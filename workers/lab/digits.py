"""Real handwritten digits, for lessons that train on them."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import digits


class DataUnavailable(RuntimeError):
    """The data are known, but were never fetched to this machine; the message says how they come."""


def mnist() -> tuple[Float[Tensor, "image=4000 28 28"], Int[Tensor, "image=4000"]]:
    """4,000 images of MNIST in random order, 400 of each digit, and the digits they show.

    Pixels are 0 (paper) to 1 (ink). Raises `DataUnavailable` with a sentence where they were never fetched.
    """
    try:
        pixels, labels = digits.read(digits.public_file())
    except FileNotFoundError as missing:
        raise DataUnavailable(str(missing)) from None
    images = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).reshape(-1, 28, 28).float() / 255
    return images, torch.frombuffer(bytearray(labels), dtype=torch.uint8).long()
