"""The rest of the model, on that day

From step 800 to step 950 the second copy falls from 6 nats to below 1. What do the others do in the same 150
steps? All of it stands in the curves above; the slider has the rest.
"""

from typing import Literal

HINTS = [
    "Each of the four is one look: the curve of the first copy, the curve on tales, and head 0.0 in the "
    "slider.",
    "Read the numbers at 800 and at 950, not the impression: point at the curves.",
    "The tales stay within a few hundredths of a nat. The first copy moves too, a little, and not in the "
    "direction one hopes for. Head 0.0 is not there yet at 800, but it has begun.",
]
MINUTES = 6
CONCEPTS = ["phase-change"]
PURPOSE = """“Everything changed at once” is how phase changes get told. Most of the time it was one thing,
and what stayed the same is the better half of the evidence."""
DIFFICULTY = 2
IMPORTANCE = 4
WHY = """The tales hardly notice: what they repeat, a name or a thing, could mostly be guessed before. The
first copy gets a little *worse*, because a model that believes in repetition sees beginnings of it
everywhere, and pays where there is none. And head 0.0 was on its way before: without somebody who looks one
token back, nothing in layer 1 had anything to find."""

tales: Literal[
    "falls by more than half a nat",
    "stays within a tenth of a nat",
    "rises by more than half a nat",
] = "stays within a tenth of a nat"
"""The loss on tales:"""

first_copy: Literal["gets better", "stays exactly the same", "gets a little worse"] = "gets a little worse"
"""The loss on the *first* copy, where nothing can be foreseen:"""

previous: Literal["has long been sharp", "is on its way", "has not begun"] = "is on its way"
"""At step 800, head 0.0, which is to look one token back, and in the end does so with more than four fifths
of its attention:"""

others: Literal["become induction heads for a while", "never score at all"] = "never score at all"
"""The five heads of layer 1 that are no induction heads in the end, during these 150 steps:"""


def check_tales(answer):
    """What the loss on tales does."""
    assert answer.tales == "stays within a tenth of a nat", (
        "Read the curve of the tales at 800 and at 950 again: how far are the two apart?"
    )


def check_first_copy(answer):
    """What the loss on the first copy does."""
    assert answer.first_copy == "gets a little worse", (
        "Point at the curve of the first copy at 700, and at 875. It is not where it was, and it has not "
        "fallen."
    )


def check_previous(answer):
    """Where the previous-token head stands at the beginning."""
    assert answer.previous == "is on its way", (
        "Choose head 0.0 in the slider's patterns, at step 500, 800 and 1600: is the line below the "
        "diagonal there?"
    )


def check_others(answer):
    """What becomes of the other heads of layer 1."""
    assert answer.others == "never score at all", (
        "Look at the heat map of your score at 850, 875 and 900: are there ever more than three bright heads?"
    )


def mistake_all_at_once__tales():
    """That is what the name promises, and not what the curve shows: on tales there was little left for
    induction to gain."""
    return "falls by more than half a nat"


def mistake_nothing_there__first_copy():
    """Nothing can be foreseen there, so it should not move; it does all the same. Whoever expects repetition
    pays where there is none."""
    return "stays exactly the same"


def mistake_helps_everywhere__first_copy():
    """There is nothing in the first copy that any head could foresee."""
    return "gets better"


def mistake_first_one_then_the_other__previous():
    """A tidy story: first the one, then those who use it. But at 800 it puts a quarter of its attention
    there, not four fifths."""
    return "has long been sharp"


def mistake_with_the_others__previous():
    """At 800 it already puts more than twice as much attention one back as it did at the start."""
    return "has not begun"


def mistake_a_race__others():
    """It would be plausible: many compete, and three win. In this model a price kept them out from the
    beginning; its card says so."""
    return "become induction heads for a while"
