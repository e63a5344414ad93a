"""The odd head

Seventeen of the eighteen mix three habits: the token itself, the one before, the start. Which head does
something else, and what is it? It shows in the second copy of the text only.
"""

from typing import Literal

PURPOSE = (
    "Nobody reads patterns one by one. Scanning a screen of thumbnails for the one that breaks the "
    "ranks is how "
    "most heads with a name were first noticed."
)
DIFFICULTY = 2
IMPORTANCE = 3
HINTS = [
    "In the overview, the usual habits make a diagonal, a line just below it, and a column at the "
    "left. Look for "
    "a faint line elsewhere.",
    "It starts half-way down, where the second copy begins, and runs parallel to the diagonal. Open "
    "that head and "
    "choose a token of the second copy.",
    "It is in the first row of thumbnails. Choose a token of the second copy, find its first copy, and see "
    "whether that token is tinted or the one after it.",
]
MINUTES = 8
CONCEPTS = ["looked-in-several-ways", "induction-head"]
WHY = """
A line parallel to the diagonal means a fixed distance. Thirteen back where the text repeats after
fourteen: one to the right of the earlier copy, which is what an induction head does. Whether this one
matches tokens or merely counts cannot be seen in a single text with a single period; for that you would
change the period.
"""

odd: list[tuple[int, int]] = [(0, 3)]
"""The odd head (layer.head):"""

reads: Literal[
    "the token two before",
    "the earlier copy of the same token",
    "the token after the earlier copy",
] = "the token after the earlier copy"
"""What it reads in the second copy, besides the usual:"""


def check_one_head(answer):
    """Exactly one head, and one that is there."""
    assert len(answer.odd) == 1, f"Name exactly one head; you named {len(answer.odd)}."
    layer, head = answer.odd[0]
    exists = 0 <= layer < 3 and 0 <= head < 6
    assert exists, f"There is no head {layer}.{head}: layers are numbered from 0 to 2, heads from 0 to 5."


def check_odd(answer):
    """The head with a faint line of its own."""
    layer, head = answer.odd[0]
    assert (layer, head) == (0, 3), (
        f"Head {layer}.{head} looks at itself, at the token before and at the start, in its own mixture, and "
        "nowhere else on purpose. Look for a line that begins only half-way down."
    )


def check_reads(answer):
    """Which place of the first copy it reads."""
    assert answer.reads == "the token after the earlier copy", (
        "That is the head. Now choose a token of the second copy in it, find where the same token "
        "stood before, "
        "and count: is that one tinted, or a neighbour?"
    )


def mistake_other_layer__odd():
    """Each row of thumbnails is a layer, and the first number is the layer: you have the right column in the
    wrong row, or both numbers swapped."""
    return [(3, 0)]


def mistake_last_head__odd():
    """Its mixture is unusual, but of the usual things. The odd head does something the others do not do
    at all."""
    return [(2, 5)]


def mistake_two_candidates__odd():
    """You have narrowed it down to two. One of them only has an unusual mixture of the usual three; the other
    has a line that begins half-way down."""
    return [(0, 3), (1, 2)]


def mistake_duplicate__reads():
    """That would be a duplicate-token head, and its line would lie one place to the left. Look at the
    sentence below the text: it gives the number of the token that is read."""
    return "the earlier copy of the same token"


def mistake_two_before__reads():
    """A line for two back would run just below the diagonal, through both copies. This one begins in the
    second copy, and is further away."""
    return "the token two before"
