"""Form

Without code.
"""

from typing import Literal

from workers import lab

HINTS = ["Look.", "Count.", "Two layers."]

FRONTIER = {"size": "heads named", "share": "share"}

layers: int = 2
"""How many layers?"""

heads: list[tuple[int, int]] = [(1, 0), (1, 2)]
"""Which heads?"""

why: Literal["copying", "luck"] = "copying"
"""Why?"""

share: float = 0.5
"""What share?"""

sure: bool = True
"""Sure?"""


def check_layers(answer):
    """The number of layers."""
    assert answer.layers == lab.load("attn-only-2l").cfg.n_layers, f"Not {answer.layers} layers."


def check_heads(answer):
    """The heads."""
    answer.measured(size=len(answer.heads), share=answer.share)
    assert set(answer.heads) == {(1, 0), (1, 2)}, f"Not {answer.heads}."


def check_rest(answer):
    """The rest."""
    assert answer.why == "copying", "It is not luck."
    assert abs(answer.share - 0.5) < 0.1, "About a half."
    assert answer.sure, "You can be sure."


def mistake_one__layers():
    """One is not enough."""
    return 1


def mistake_first_layer__heads():
    """Those are in the first layer."""
    return [(0, 2), (0, 0)]


def mistake_luck__why():
    """Luck does not last."""
    return "luck"
