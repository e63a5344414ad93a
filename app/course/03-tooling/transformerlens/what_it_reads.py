"""What does it read?

Before any number means anything you have to know what the model was given. Use `model.to_str_tokens`,
`model.to_tokens` and the cells above; guess first, then look.
"""

from typing import Literal

from workers import lab

PURPOSE = (
    "Half of all surprises in this field are a blank, a token at the start that nobody typed, or an index "
    "that is one off. Ten seconds with to_str_tokens prevent hours with a heat map of the wrong column."
)
DIFFICULTY = 1
IMPORTANCE = 5
HINTS = [
    'Print `model.to_str_tokens("The fox saw Simon Crane")` and count. What stands at index 0?',
    "The logits at a position are the prediction for the *next* one. `loss_per_token` therefore has no entry "
    "for the last position, and none for the first token.",
    "Nine tokens: the start token, `The`, ` fo`, `x`, ` saw`, ` Simon`, ` C`, `r`, `ane`. Position 3 is `x`.",
]
MINUTES = 6
CONCEPTS = ["tokens-first"]
WHY = """
The start token was put in front by TransformerLens and not by you: eight pieces of text make nine tokens, and
every index moves by one. ` fox` and `fox` are cut differently, because the vocabulary has a piece ` fo` with
a blank in front, as words in the middle of a sentence begin. And position 3 holds `x`, so `logits[0, 3]`
says what comes after `x`: the token at position 4.
"""

TEXT = "The fox saw Simon Crane"

n_tokens: int = 9
"""How many tokens does `model.to_tokens("The fox saw Simon Crane")` hold, for `tiny-gpt2`?"""

first_piece: Literal["fox", "fo", "f", "a blank"] = "f"
"""Without a blank in front, what is the first piece of `"fox"` (after the start token)?"""

predicts: Literal["x", "saw", "fo", "Simon"] = "saw"
"""Which token's logit in `logits[0, 3]` would be highest, if the model were perfect?"""

n_losses: int = 8
"""How many numbers are in `model(text, return_type="loss", loss_per_token=True)[0]`?"""


def check_tokens(answer):
    """The number of tokens is what `to_tokens` gives."""
    count = lab.load("tiny-gpt2").to_tokens(TEXT).shape[1]
    assert answer.n_tokens == count, (
        f"Not {answer.n_tokens} tokens. Print `model.to_str_tokens(…)` and count, the first one included."
    )


def check_pieces(answer):
    """A word without its blank is another word."""
    piece = lab.load("tiny-gpt2").to_str_tokens("fox")[1]
    assert answer.first_piece == piece, 'Print `model.to_str_tokens("fox")`, and then with a blank: `" fox"`.'


def check_prediction(answer):
    """Logits look ahead by one."""
    token = lab.load("tiny-gpt2").to_str_tokens(TEXT)[4]
    assert answer.predicts == token.strip(), (
        f"At position 3 stands {lab.load('tiny-gpt2').to_str_tokens(TEXT)[3]!r}. The logits there are "
        f"about what "
        "comes next."
    )


def check_losses(answer):
    """One loss for each token that had something before it."""
    model = lab.load("tiny-gpt2")
    count = model(TEXT, return_type="loss", loss_per_token=True).shape[1]
    assert answer.n_losses == count, (
        f"Not {answer.n_losses}. Which tokens can be predicted from something before them? Print the shape."
    )


def mistake_without_bos__n_tokens():
    """Eight pieces of text, and one more that you did not type: `to_tokens` puts the start token in front."""
    return 8


def mistake_words__n_tokens():
    """Five words, but this model knows 1,024 pieces, and ` fox` and ` Crane` are not among them."""
    return 5


def mistake_with_blank__first_piece():
    """That is how ` fox` begins, with a blank in front. Without it the word is cut otherwise."""
    return "fo"


def mistake_whole_word__first_piece():
    """`fox` is no token of this model: print `model.to_str_tokens("fox")`."""
    return "fox"


def mistake_itself__predicts():
    """That is the token the model has just read. Its logits are about the next."""
    return "x"


def mistake_one_late__predicts():
    """You counted without the start token: index 3 is `x`, and after it comes …"""
    return "Simon"


def mistake_all__n_losses():
    """The first token has nothing before it, so nothing predicts it, and what follows the last is not known:
    there is one loss fewer than there are tokens."""
    return 9
