"""Which model can?

For each of these, how many layers of attention does a model need at least? (Attention-only models like yours;
“can” means: there are weights that do it, for all tokens.)
"""

from typing import Literal

HINTS = [
    "Ask each time which tokens the prediction depends on: on the current one alone, on one other that is "
    "found by what it *is*, or on one that is found by what stood *before* it?",
    "A head of the first layer sees, at each earlier position, that token and its place. It can copy from "
    "there. What it cannot see is that token's neighbour.",
    "Bigrams: no layer. Everything that pairs the current token with one other, one layer, also copying. "
    "Induction: two, as the key has to be told about its neighbour first.",
]
MINUTES = 6
CONCEPTS = ["skip-trigram"]
PURPOSE = """The cheapest explanation of a behaviour is the first to rule out. Before you look for a circuit,
ask: would a bigram do it? A skip-trigram?"""
DIFFICULTY = 2
IMPORTANCE = 4
WHY = """Each layer adds one more step of looking something up. A head of the first layer matches what tokens
*are*; only a head of the second can match what another head has found out about them. That is composition,
and everything that makes transformers surprising is built from it.

That one layer copies and still cannot do induction is the finest distinction here: it can make a token
likelier because it has been there. It cannot know *when*.

The side effect at the end is from Elhage et al. (2021), who call such things *skip-trigram bugs*: a head has
a table for where to look and a table for what to say, and no third one in which the two could meet."""

bigrams: Literal["0", "1", "2"] = "0"
"""After `soft` expect `ly`, whatever came before:"""

skip_trigrams: Literal["0", "1", "2"] = "1"
"""After `neither`, and some other word, expect `nor`:"""

copying: Literal["0", "1", "2"] = "1"
"""Whatever has occurred in the text becomes likelier, everywhere after it:"""

induction: Literal["0", "1", "2"] = "2"
"""After A B … A expect B, for tokens that have never met before:"""

side_effect: Literal[
    "Nothing: each skip-trigram has an entry of its own",
    "`bay` after “keep … in”, and `mind` after “keep … at”",
    "`mind` and `bay` after any word, once `keep` has occurred",
] = "`bay` after “keep … in”, and `mind` after “keep … at”"
"""One head, alone, knows “keep … in → mind” and “keep … at → bay”. What else must it then say?"""


def check_bigrams(answer):
    """What depends on the current token alone."""
    assert answer.bigrams == "0", (
        "A prediction from the current token alone: does any other position have to be read for it?"
    )


def check_skip_trigrams(answer):
    """What depends on the current token and one earlier one."""
    assert answer.skip_trigrams == "1", (
        "“Neither”, a few words back, has to be found by what it is. How many times does something have to "
        "be looked up?"
    )


def check_copying(answer):
    """What depends on any earlier token."""
    assert answer.copying == "1", (
        "A head reads an earlier token and raises the logit of that same token. What would have to be "
        "known before it can do so?"
    )


def check_induction(answer):
    """What depends on an earlier token's neighbour."""
    assert answer.induction == "2", (
        "The B has to be found because an A stood *before* it. Who tells the position of B about that?"
    )


def check_side_effect(answer):
    """What one head's two tables can keep apart, and what not."""
    assert answer.side_effect == "`bay` after “keep … in”, and `mind` after “keep … at”", (
        "Follow the two tables: at `in` the head looks at `keep`, and then says what the OV row of `keep` "
        "says. What stands in that row?"
    )


def mistake_one_for_bigrams__bigrams():
    """The embedding goes straight to the unembedding, past all layers: that path alone is a table of
    bigrams."""
    return "1"


def mistake_none_for_skip_trigrams__skip_trigrams():
    """Without attention a position knows nothing but its own token: “neither” is out of reach."""
    return "0"


def mistake_two_for_skip_trigrams__skip_trigrams():
    """One lookup suffices: the current word's query finds `neither` by its own key, and the OV circuit of
    `neither` says `nor`."""
    return "2"


def mistake_two_for_copying__copying():
    """The OV circuit of a single head can raise the token that it reads. The one-layer model does so."""
    return "2"


def mistake_one_for_induction__induction():
    """A head of the first layer would have to find B by its neighbour, and its key knows only B itself. One
    layer can make B likelier because it has occurred, but it cannot know that now is its turn."""
    return "1"


def mistake_an_entry_each__side_effect():
    """There is no table of triples, only two tables of pairs. What the head says depends on the token it
    reads, here `keep`, and not on the token that reads: so both words are said to both."""
    return "Nothing: each skip-trigram has an entry of its own"


def mistake_everywhere__side_effect():
    """Other words need not look at `keep`: their rows of QK can be low there. Only those that do look hear
    it."""
    return "`mind` and `bay` after any word, once `keep` has occurred"
