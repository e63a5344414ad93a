"""The one that shows it

Four pictures of one cache. In which of them can you see that a head follows a rule, which head is it, and
what does it read? (Change `number` in the last cell to see other texts. In some, the rule has nothing to
find.)
"""

from typing import Literal

PURPOSE = (
    "A plot that shows nothing is not evidence that there is nothing. Most structure in a model is "
    "invisible in "
    "most pictures of it."
)
DIFFICULTY = 2
IMPORTANCE = 5
HINTS = [
    "The first three pictures add up over texts, or over places. What differs from text to text, and "
    "would be "
    "lost in that?",
    "In the fourth picture, choose a head and go through the tokens with the arrow keys. For five heads, the "
    "token that is read jumps about; for one of them it is always the same sign, wherever that stands.",
    "Open head 1 on texts 16, 20, 35 and 45: once there has been a semicolon, it reads the latest one.",
]
MINUTES = 10
CONCEPTS = ["looked-in-several-ways"]
WHY = """
Every head has one strong weight a row, so all are equally sharp and their histograms agree. The other
five look at the places where the sign stands in *another* text: the same places, as often, so that the
means agree as well. What is left is the pairing of a pattern with its own words, and only a picture that
has both can show it.
"""

plot: Literal[
    "The mean of the largest weight",
    "The histogram of all weights",
    "The mean pattern over 64 texts",
    "A single text beside its words",
] = "A single text beside its words"
"""The picture in which the rule can be seen:"""

head: int = 1
"""The head that follows it:"""

reads: Literal["the last comma", "the last full stop", "the last semicolon", "the last colon"] = (
    "the last semicolon"
)
"""What it reads:"""


def check_plot(answer):
    """The picture that has the pattern and its own words."""
    assert answer.plot == "A single text beside its words", (
        "Look at that picture again: which head differs from the others in it, and by how much? Then ask of "
        "each picture whether it would change if every head's pattern were laid beside another text."
    )


def check_head_exists(answer):
    """One of the six heads."""
    assert 0 <= answer.head < 6, f"There is no head {answer.head} here: they are numbered from 0 to 5."


def check_head(answer):
    """The head whose strongest weights fall on the same token in every text."""
    assert answer.head == 1, (
        f"Head {answer.head} reads one place strongly, as all do, but not the same token. Go through three "
        "texts with it, and note which word it reads at the last position of each."
    )


def check_reads(answer):
    """The sign that it reads."""
    assert answer.reads == "the last semicolon", (
        "The head is found. Which of the four signs does it read, in a text that has all of them? "
        "Try another "
        "`number`: in a text without its sign the head reads the start."
    )


def mistake_mean_pattern__plot():
    """In the mean pattern all six look alike: near the diagonal and at the start, as far as one can see.
    A mean over texts keeps *where* is read, and loses *what*."""
    return "The mean pattern over 64 texts"


def mistake_sharpness__plot():
    """The six bars are equal to the second digit. What orders them is chance, and a list always has a
    first."""
    return "The mean of the largest weight"


def mistake_histogram__plot():
    """The histograms lie on one another. They say which weights there are, and not at all where."""
    return "The histogram of all weights"


def mistake_first_of_the_list__head():
    """That head has no rule: where it reads in one text is where the sign stands in another. Do not trust the
    top of a list whose bars are equal."""
    return 4


def mistake_counted_from_one__head():
    """Heads are counted from 0, here as everywhere: the second one is head 1."""
    return 2


def mistake_commas__reads():
    """Commas are about as frequent as each of the other signs, so in some texts the one it reads may
    stand where a comma would be expected. Look which sign is tinted."""
    return "the last comma"


def mistake_colons__reads():
    """Nearly: a colon and what it reads look alike in small type. Make the page larger, or read the sentence
    below the text."""
    return "the last colon"
