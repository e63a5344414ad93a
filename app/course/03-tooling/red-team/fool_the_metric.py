"""Fool the metric

The logit difference compares two answers, and says nothing of the thousand others. Write a prompt for
`indirect-objects` on which it is at least 2 nats in favour of one name, and yet the model would say
neither: its first guess is something else, and the name's probability is below 5 %.

Shorter is better: “Everybody's answers” draws the length of your prompt against the logit difference.
"""

import torch

from workers import lab

HINTS = [
    "The circuit that finds out who receives does not ask what *kind* of word comes next. When is the next "
    "word no name at all?",
    "After “gave the hat to” comes somebody. After which other verb with “to” does a place come?",
    "Name two people, name one of them again, and let them *go* somewhere instead of giving something.",
]
MINUTES = 8
CONCEPTS = ["red-teamed-a-claim"]
FRONTIER = {"size": "tokens", "difference": "logit difference, nats"}
PURPOSE = """Every patching map of the field is drawn in some metric. Before you trust the map, find an input
on which the metric says yes and the model says no: then you know what the map cannot show."""
DIFFICULTY = 3
IMPORTANCE = 4
WHY = """After *went to* the model expects a place, and the name movers speak all the same: they find the
name that was mentioned once and push it up, far above the other one, and both far below *the*. The logit
difference sees the first and is blind to the second. It is a fine measure of *which name*, and no measure at
all of *whether a name*. Report it together with the rank or the probability of the right answer."""

prompt: str = "When Mary and John went to the mill, John went to"
"""Your prompt:"""

right: str = "Mary"
"""The name that the logit difference is in favour of:"""

wrong: str = "John"
"""The other name:"""

MODEL, NAMES = "indirect-objects", lab.indirect.NAMES
LEAST, UNLIKELY, LONGEST = 2.0, 0.05, 47


def check_prompt(answer):
    """Both are names that the model knows, and stand in the prompt, which fits into the model."""
    for name in (answer.right, answer.wrong):
        assert name.strip() in NAMES, (
            f"“{name.strip()}” is no name that this model knows, and the metric is about two people. Take "
            f"those of the lesson on indirect objects, {NAMES[0]} or {NAMES[-1]} for instance."
        )
    tokens = _tokens(answer.prompt)
    assert len(tokens) - 1 <= LONGEST, (
        f"Your prompt has {len(tokens) - 1} tokens; the model reads {LONGEST} after its start token."
    )
    assert answer.right.strip() != answer.wrong.strip(), "Right and wrong are the same name."
    for name in (answer.right, answer.wrong):
        assert _ids(name)[0] in tokens.tolist(), (
            f"“{name.strip()}” does not occur in your prompt. (As its very first word, without a blank in "
            f"front, a name is another token.)"
        )


def check_metric(answer):
    """The logit difference is at least 2 nats in favour of the name."""
    last, right, wrong = _at_the_end(answer)
    difference = (last[right] - last[wrong]).item()
    answer.measured(size=len(_tokens(answer.prompt)) - 1, difference=round(difference, 2))
    assert difference >= LEAST, (
        f"The logit difference of {answer.right.strip()} against {answer.wrong.strip()} is {difference:.1f} "
        f"nats; it should be {LEAST:.0f} or more, so that the metric is fooled. Is one of them named twice?"
    )


def check_model(answer):
    """The model would say neither name."""
    last, right, wrong = _at_the_end(answer)
    guess, chance = int(last.argmax()), last.softmax(-1)[right].item()
    assert guess not in (right, wrong), (
        "The model's first guess is one of the two names: there the metric is right. Which word could come "
        "next that is no name?"
    )
    assert chance < UNLIKELY, (
        f"The model still gives {answer.right.strip()} a probability of {chance:.1%}; below {UNLIKELY:.0%} "
        f"it counts as not said. Make another kind of word likelier."
    )


def _ids(name: str) -> list[int]:
    ids: list[int] = (
        lab.load(MODEL).to_tokens(f" {name.strip()}", prepend_bos=False, truncate=False)[0].tolist()
    )
    return ids


def _tokens(prompt: str) -> torch.Tensor:
    return lab.load(MODEL).to_tokens(" ".join(prompt.split()), truncate=False)[0]


def _at_the_end(answer) -> tuple[torch.Tensor, int, int]:
    check_prompt(answer)
    last = lab.load(MODEL)(_tokens(answer.prompt)[None])[0, -1]
    return last, _ids(answer.right)[0], _ids(answer.wrong)[0]


def mistake_the_task_itself__prompt():
    """There somebody is to come next, and the model says who: the metric is right. Look for a prompt after
    which no name is due."""
    return "When Mary and John went to the mill, John gave the hat to"


def mistake_nobody_twice__prompt():
    """Nobody is named twice, so no name is preferred by much."""
    return "When Mary met John, Peter went to"


def mistake_no_name__right():
    """That is no name. The metric compares two people; that some other word is likelier fools nobody."""
    return "and"


def mistake_not_there__right():
    """That name does not occur in the prompt: its logit says nothing about the task."""
    return "Peter"


def mistake_swapped__right():
    """You have put the same name into both fields."""
    return "John"


def also_right_other_order__prompt():
    return "When John and Mary went to the mill, John went to"


def also_right_another_place__prompt():
    return "While Mary and John were at the farm, John went to"
