"""Whose work is it?

Hold each of the four behaviours against the battery in the cell above. Which of the dull explanations alone
leaves hardly anything of it? (A negative share, or one of a few per cent, is not an explanation.)
"""

from typing import Literal

HINTS = [
    "Run the battery on each, and read the column of single explanations, not the last line.",
    "A word that was there, with nothing of it repeated before: no induction. A last token that says "
    "nothing alone: no bigram.",
    "Three of the four are explained by one baseline to nine tenths or more. For the fourth, the names, "
    "whatever is offered leaves most of it.",
]
MINUTES = 8
CONCEPTS = ["ruled-out-the-dull"]
PURPOSE = """A behaviour that a bigram explains is no discovery, and a behaviour that none of four explains
may be one. The battery takes a second. Run it before you fall in love."""
DIFFICULTY = 2
IMPORTANCE = 4
WHY = """“neither … nor” looks like grammar, and is one earlier token acting on the last one: *neither*
anywhere before raises *nor* after a noun. The nonsense needs the pair, the earlier copy and what followed
it. And who receives cannot be had from any of them: both names have been said, neither has been followed by
anything that tells, and the answer depends on which of them came *twice*. That is worth a circuit."""

nor: Literal["bigram", "skip-trigram", "copying", "induction", "none of them"] = "skip-trigram"
"""“… would eat neither soup” → *nor* rather than *and*, in the one-layer model:"""

eat: Literal["bigram", "skip-trigram", "copying", "induction", "none of them"] = "bigram"
"""“… would” → *eat* rather than *and*, in the model without layers:"""

nonsense: Literal["bigram", "skip-trigram", "copying", "induction", "none of them"] = "induction"
"""Nonsense, said a second time → what followed, rather than another token of it, in the two-layer model:"""

receiver: Literal["bigram", "skip-trigram", "copying", "induction", "none of them"] = "none of them"
"""Who receives → the name that was said once, rather than the one said twice, in the model for indirect
objects:"""


def check_nor(answer):
    """What explains “nor”."""
    assert answer.nor == "skip-trigram", f"Run the battery on it once more: {_share('nor', answer.nor)}"


def check_eat(answer):
    """What explains “eat”."""
    assert answer.eat == "bigram", f"Run the battery on it once more: {_share('eat', answer.eat)}"


def check_nonsense(answer):
    """What explains the second copy."""
    assert answer.nonsense == "induction", (
        f"Run the battery on it once more: {_share('nonsense', answer.nonsense)}"
    )


def check_receiver(answer):
    """What explains the receiver."""
    assert answer.receiver == "none of them", (
        f"Run the battery on it once more: {_share('receiver', answer.receiver)}"
    )


def _share(behaviour: str, said: str) -> str:
    if said == "none of them":
        return f"one of the four explains “{behaviour}” to nine tenths or more."
    return f"how much of “{behaviour}” does {said} explain, when nobody helps it?"


def mistake_grammar__nor():
    """It looks like knowledge of grammar. But one earlier token, and the last one, are all that is needed."""
    return "none of them"


def mistake_pair__nor():
    """The last token is a soup in all of them, and after a soup alone the model would rather say *and*."""
    return "bigram"


def mistake_was_there__nonsense():
    """Both tokens have been there, once each: copying cannot tell them apart."""
    return "copying"


def mistake_copies_a_name__receiver():
    """Copying says: what was there more often is likelier. The giver was there twice, and the receiver
    once."""
    return "copying"


def mistake_an_old_friend__receiver():
    """Induction asks what followed the *last* token before. That is a “to”, and it has not been there."""
    return "induction"


def mistake_meaning__eat():
    """A model without layers sees the last token and its position, and nothing else at all."""
    return "none of them"
