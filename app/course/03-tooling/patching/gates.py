"""Either, both

Two heads pass something on, and the answer is made of it by a gate. In one model the answer is there if
*either* of the two has said it, as with the redundant induction heads. In another it takes *both*, as when
one head finds a place and another says what stands there. The metric is 1 on the clean run, where both heads
say it, and 0 on the corrupted one, where neither does.

You patch *one* of the two: into the corrupted run (denoising), or from the corrupted run into the clean one
(noising). What does the metric say?
"""

from typing import Literal

PURPOSE = (
    "Denoising and noising are two experiments, and papers are not always clear about which one they did."
    " What each can show and what it must miss follows from these four cases."
)
DIFFICULTY = 2
IMPORTANCE = 5
HINTS = [
    "Write down, for each of the four cases, what the two heads say in the patched run: 1 for the answer,"
    " 0 for not.",
    "Denoising one: the patched head says it, the other does not. Noising one: the patched head does not,"
    " the other still does. So in both experiments exactly one of the two says it.",
    "Exactly one says it in all four cases. A gate that needs either is then open, and one that needs "
    "both is closed, in both experiments.",
]
MINUTES = 6
CONCEPTS = ["patched-an-activation", "redundancy"]
WHY = """
Denoising finds what is *sufficient*: with “either”, one head is enough, and each of them lights up; with
“both”, no single one does, and the map stays dark. Noising finds what is *necessary*: with “both”, the loss
of one is the loss of all; with “either”, nothing seems to happen. So a dark cell means something else in
each, and a map from one experiment alone misses half of the circuits there are. The names AND and OR gate
are Heimersheim and Nanda's (2024).
"""

either_denoised: Literal["0", "1"] = "1"
"""Either is enough; one head denoised:"""

either_noised: Literal["0", "1"] = "1"
"""Either is enough; one head noised:"""

both_denoised: Literal["0", "1"] = "0"
"""It takes both; one head denoised:"""

both_noised: Literal["0", "1"] = "0"
"""It takes both; one head noised:"""

nothing_seen: Literal[
    "The head has no part in it",
    "Another head may say the same",
    "The head works against the answer",
] = "Another head may say the same"
"""You noise a head, and nothing happens. What follows?"""

_GATES = {"either": max, "both": min}


def check_gates(answer):
    """The four values are what two such gates give."""
    for gate, combine in _GATES.items():
        for experiment in ("denoised", "noised"):
            said = getattr(answer, f"{gate}_{experiment}")
            # one of the two is patched, and so one says it and one does not
            value = combine(1, 0)
            assert said == str(value), (
                f"Not so for “{gate}”, one head {experiment}. Ask of each of the two heads what it says in "
                "the patched run, and put both through the gate."
            )


def check_nothing_seen(answer):
    """What a dark cell of a noising map means."""
    assert answer.nothing_seen == "Another head may say the same", (
        "The four values are right. But think again about what a noising map cannot see."
    )


def mistake_both_is_seen__both_denoised():
    """One head alone says it now, the other is still corrupted. If it takes both, one is not enough."""
    return "1"


def mistake_either_breaks__either_noised():
    """The other head still says it, and either is enough. That is the redundancy you met when you knocked
    out an induction head."""
    return "0"


def mistake_either_is_dark__either_denoised():
    """One of the two says it now, and one is enough here."""
    return "0"


def mistake_both_survives__both_noised():
    """One of the two has stopped saying it, and this answer takes both."""
    return "1"


def mistake_no_part__nothing_seen():
    """That is the mistake that noising invites. An idle head and one with a deputy look exactly alike there.
    Noise both of them, or denoise one, and you see the difference."""
    return "The head has no part in it"


def mistake_against__nothing_seen():
    """Then the metric would have gone *up* without it. It did not move at all."""
    return "The head works against the answer"
