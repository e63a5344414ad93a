"""Fool it

The model is right about more than 99 of 100 strings, and about every string of up to twelve brackets. Find
one about which it is wrong. Any will do, balanced or not, of up to 40 brackets; the examiner works out the
truth for itself and asks the model.

Searching at random would take you some hundreds of tries. Thinking about what the heads have to notice takes
fewer.
"""

from workers import lab

HINTS = [
    "Of the two failures, which one is a matter of counting everything, and which can hide at a single "
    "place? Look at the accuracies for each kind of string.",
    "A fall below zero of one bracket's length, by one, in a long string whose count is right: take a "
    "balanced string, `)(`, and another balanced string. The cell above shows both heads' votes.",
    "What surrounds the fall should be as far above zero as it can. Try a pile of ten, then `)(`, then a "
    "pile of nine: `((((((((((` `))))))))))` `)(` `(((((((((` `)))))))))`.",
]
MINUTES = 15
CONCEPTS = ["bracket-circuit", "red-teamed-a-claim"]
PURPOSE = """An adversarial example found by understanding is the best evidence that one has understood: it is
a prediction that could have failed. And whoever relies on a model should know where it is blind."""
DIFFICULTY = 3
IMPORTANCE = 5
WHY = """The count is one number, and every bracket changes it. A fall below zero may be one place among
forty, and to be heard it has to outweigh all the others, which report heights far above zero. Attention mixes
by weighted means: what is rare is diluted. So the deeper the piles around the fall, the likelier the model is
to overlook it.

Not every such string fools it; the model has learned some of them. That is the honest state of most
explanations: they say where to look, and how often one has to try."""

string: str = "((((((((((())))))))))))(((((((())))))))"
"""Your string of ( and ), up to 40 brackets:"""


def check_string(answer):
    """It is a string that the model can read."""
    text = _brackets(answer.string)
    foreign = next((each for each in text if each not in "()"), None)
    assert foreign is None, f"The model reads ( and ) and nothing else; your string has {foreign!r} in it."
    assert text, "Write a string of brackets, ( and ): at least one."
    longest = lab.brackets.LONGEST
    assert len(text) <= longest, f"Your string has {len(text)} brackets; the model reads {longest} at most."


def check_fooled(answer):
    """The model is wrong about it."""
    check_string(answer)
    text = _brackets(answer.string)
    lead, balanced = _lead(text), _is_balanced(text)
    truth = "balanced" if balanced else f"not balanced: {_why_not(text)}"
    assert (lead > 0) == balanced, (
        f"The model is right. Your string is {truth}, and it says so by {abs(lead):.1f} logits. "
        f"{_advice(text)}"
    )


def _brackets(text: str) -> str:
    """Without blanks and line breaks, which are for the eye."""
    return "".join(text.split())


def _heights(text: str) -> list[int]:
    steps = [1 if bracket == "(" else -1 for bracket in text]
    return [sum(steps[: place + 1]) for place in range(len(text))]


def _is_balanced(text: str) -> bool:
    heights = _heights(text)
    return heights[-1] == 0 and min(heights) == 0


def _why_not(text: str) -> str:
    heights = _heights(text)
    said = []
    if heights[-1]:
        said.append(f"it ends at height {heights[-1]}")
    if min(heights) < 0:
        places = sum(height < 0 for height in heights)
        said.append(f"it is below zero at {places} bracket{'s' if places > 1 else ''}")
    return " and ".join(said)


def _advice(text: str) -> str:
    heights = _heights(text)
    if _is_balanced(text):
        return "Strings that are balanced it gets right nearly always: try one that is not."
    if heights[-1]:
        return "A wrong count is hardly ever overlooked: use as many opening brackets as closing ones."
    if len(text) <= 12:
        return "It makes no mistakes up to twelve brackets. Write a longer one."
    if sum(height < 0 for height in heights) > 2:
        return "Yours is below zero for a good while, which is easy to see. Make the fall as short as can be."
    return (
        "This is the right kind of string. Make it longer, pile up more brackets on both sides of the fall, "
        "or move the fall."
    )


def _lead(text: str) -> float:
    """By how much the logit of *unbalanced* leads."""
    logits = lab.load("brackets")(lab.brackets.tokens([text]))[0, 0]
    return float(logits[0] - logits[1])


def mistake_balanced__string():
    """Balanced strings are what it knows best. Look among those that are not."""
    return "((((((((((()()))))))))))(())()((()))"


def mistake_wrong_count__string():
    """One bracket too many, anywhere, and the count is wrong: that is never overlooked."""
    return "((((((((((((((((((()))))))))))))))))))("


def mistake_short__string():
    """Right idea, but the string is short. Up to twelve brackets the model makes no mistake at all."""
    return "(()))((())"


def mistake_long_fall__string():
    """Below zero for half of the string: nothing is easier to see. Make the fall as short as it can be."""
    return "(((()))))))))))))(((((((((()())))((("[:34] + "(("


def mistake_foreign__string():
    """Those are not the brackets that the model reads."""
    return "[[[]]]][[[[]]]"


def mistake_too_long__string():
    """More than 40 brackets do not fit into the model."""
    return "(" * 15 + ")" * 16 + "(" * 8 + ")" * 7


def also_right_small_and_large__string():
    return "(())" + ")(" + "(" * 16 + ")" * 16


def also_right_flat_and_pile__string():
    return "()()()()()() )( (((((((((((( ))))))))))))"
