"""Nonsense, said twice

Every experiment of this lesson needs the same test text: random tokens, said twice. Make it yourself, and
make it hard to cheat. The impostor has shown why: a model that knows *how far back* to look needs no
induction at all. So the period must be a surprise, too.

One text is the start token 0, then `period` random tokens, then the same tokens again. Draw the period anew
in each call; all texts of one batch share it.
"""

import random

import torch
from jaxtyping import Int
from torch import Tensor

PURPOSE = (
    "A clean input is half of an experiment. Random tokens have no grammar and no meaning, so that "
    "whatever the model still foresees in the second copy, it has from the first."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["once: texts period", "tokens: texts pos"]
HINTS = [
    "Three small steps: draw a period between `shortest` and `longest`; for each text draw that many "
    "different tokens; put the start token, the tokens and the tokens again side by side with `torch.cat`.",
    "`torch.randint(low, high, ())` leaves `high` itself out. `torch.randperm(n)[:period]` gives `period` "
    "different numbers from 0 to n − 1; tokens run from 1 to d_vocab − 1, so shift by one.",
    "`once = torch.stack([1 + torch.randperm(d_vocab - 1)[:period] for _ in range(texts)])`, and then "
    "`torch.cat([torch.zeros(texts, 1, dtype=torch.long), once, once], dim=1)`.",
]
MINUTES = 10
CONCEPTS = ["repeated-random-tokens"]
WHY = """
Two things keep a model from cheating: the tokens are random, so that no habit of language helps, and the
period is random, so that no fixed distance does. `randperm` draws without repetition; with `randint` some
token would come twice within a copy, and “the place where it stood before” would be two places.
"""


def repeated_tokens(texts: int, shortest: int, longest: int, d_vocab: int) -> Int[Tensor, "texts pos"]:
    """Random tokens said twice, with a random period: `texts` rows of 1 + 2 · period tokens.

    Each call draws a period from shortest to longest, both included. Each row is the start token 0, then
    `period` tokens drawn at random from 1 to d_vocab − 1, then the same again. Within a row no token is drawn
    twice, so that "the place where it stood before" is one place.

    >>> tokens = repeated_tokens(texts=2, shortest=3, longest=3, d_vocab=50)
    >>> tokens.shape, tokens[:, 0]
    (torch.Size([2, 7]), tensor([0, 0]))
    >>> bool((tokens[:, 1:4] == tokens[:, 4:]).all())
    True
    """
    period = int(torch.randint(shortest, longest + 1, ()))
    once = torch.stack([1 + torch.randperm(d_vocab - 1)[:period] for _ in range(texts)])
    return torch.cat([torch.zeros(texts, 1, dtype=torch.long), once, once], dim=1)


def check_structure(answer):
    """Start token first, then the tokens, then the same tokens again."""
    texts, shortest = random.randint(2, 5), random.randint(4, 8)
    longest = shortest + random.randint(2, 6)
    tokens = answer.repeated_tokens(texts, shortest, longest, 500)
    call = f"repeated_tokens({texts}, {shortest}, {longest}, 500)"
    assert tokens.shape[0] == texts, f"{call} should have {texts} rows, but has {tokens.shape[0]}."
    assert (tokens[:, 0] == 0).all(), (
        f"Every row of {call} should begin with the start token 0; yours has {tokens[:, 0].tolist()}."
    )
    assert tokens.shape[1] % 2 == 1, (
        f"{call} has {tokens.shape[1]} tokens a row. One start token and two copies make an odd number."
    )
    period = tokens.shape[1] // 2
    assert torch.equal(tokens[:, 1 : period + 1], tokens[:, period + 1 :]), (
        f"In {call} the second copy differs from the first. Draw the tokens once, and say the same ones "
        "twice."
    )
    assert shortest <= period <= longest, (
        f"The period of {call} is {period}; it should lie between {shortest} and {longest}."
    )


def check_different_tokens(answer):
    """Within one copy no token occurs twice, and 0 is kept for the start."""
    tokens = answer.repeated_tokens(6, 20, 24, 30)
    once = tokens[:, 1 : tokens.shape[1] // 2 + 1]
    assert (once > 0).all(), "Token 0 is the start token; draw the others from 1 on."
    assert (once < 30).all(), f"With d_vocab = 30 the largest token is 29; yours has {int(once.max())}."
    twice = [row for row in once if len(row.unique()) < len(row)]
    assert not twice, (
        f"In {len(twice)} of 6 rows a token occurs twice within one copy. Then it stood in two places "
        "before, and nobody can say what should come next. `torch.randperm` draws without putting back."
    )


def check_period_varies(answer):
    """From call to call the period changes, and reaches both ends of its range."""
    periods = [answer.repeated_tokens(1, 5, 8, 100).shape[1] // 2 for _ in range(80)]
    assert len(set(periods)) > 1, (
        f"80 calls, and the period was always {periods[0]}. A model could learn that distance by heart: draw "
        "it anew in every call."
    )
    missing = {5, 6, 7, 8} - set(periods)
    assert not missing, (
        f"In 80 calls with periods from 5 to 8 you never drew {', '.join(map(str, sorted(missing)))}."
    )


def check_rows_differ(answer):
    """Each text has tokens of its own, and so has each call."""
    tokens = answer.repeated_tokens(8, 12, 12, 400)
    assert len(tokens.unique(dim=0)) == 8, "Some of the 8 rows are the same text. Draw for each row anew."
    again = answer.repeated_tokens(8, 12, 12, 400)
    assert not torch.equal(tokens, again), (
        "Two calls gave the very same tokens. Don't fix the seed: nonsense must be new."
    )


def check_even_chances(answer):
    """All tokens are equally likely, the last one included."""
    counts = torch.zeros(9)
    for _ in range(40):
        rows = answer.repeated_tokens(10, 4, 4, 9)
        counts += torch.bincount(rows[:, 1:5].flatten(), minlength=9)[:9]
    never = [token for token in range(1, 9) if not counts[token]]
    assert not never, (
        f"With d_vocab = 9 the tokens are 1 to 8, but in 400 rows of 4 tokens there was never a {never[0]}."
    )
    # Each token is expected 200 times, give or take 10.
    odd = [token for token in range(1, 9) if not 100 < counts[token] < 300]
    assert not odd, (
        f"Of 400 rows with 4 of the tokens 1 … 8, each token should be in about 200. "
        f"Token {odd[0]} was in {int(counts[odd[0]])}."
    )


def mistake_fixed_period__repeated_tokens(texts, shortest, longest, d_vocab):
    """Your period is the same in every call. A model that always looks that far back would pass your test
    without any induction: the impostor did. Draw the period anew each time."""
    once = torch.stack([1 + torch.randperm(d_vocab - 1)[:longest] for _ in range(texts)])
    return torch.cat([torch.zeros(texts, 1, dtype=torch.long), once, once], dim=1)


def mistake_no_start__repeated_tokens(texts, shortest, longest, d_vocab):
    """The start token is missing. The models have seen it at the head of every text; without it the first
    token plays that part, and your positions are all off by one."""
    return repeated_tokens(texts, shortest, longest, d_vocab)[:, 1:]


def mistake_drawn_again__repeated_tokens(texts, shortest, longest, d_vocab):
    """You draw new tokens for the second copy. There is nothing to remember then: say the *same* tokens
    twice."""
    period = int(torch.randint(shortest, longest + 1, ()))
    halves = [1 + torch.stack([torch.randperm(d_vocab - 1)[:period] for _ in range(texts)]) for _ in range(2)]
    return torch.cat([torch.zeros(texts, 1, dtype=torch.long), *halves], dim=1)


def mistake_with_repeats__repeated_tokens(texts, shortest, longest, d_vocab):
    """`torch.randint` may draw a token twice within one copy. Then the token before has two different
    followers, and even a perfect induction head has to guess. Draw without putting back."""
    period = int(torch.randint(shortest, longest + 1, ()))
    once = torch.randint(1, d_vocab, (texts, period))
    return torch.cat([torch.zeros(texts, 1, dtype=torch.long), once, once], dim=1)


def mistake_same_rows__repeated_tokens(texts, shortest, longest, d_vocab):
    """All your rows are the same text. A batch of copies measures one text many times: draw for each row."""
    return repeated_tokens(1, shortest, longest, d_vocab).expand(texts, -1)


def mistake_longest_left_out__repeated_tokens(texts, shortest, longest, d_vocab):
    """The longest period never comes up: `torch.randint(low, high)` leaves `high` out. Ask for `longest +
    1`."""
    return repeated_tokens(texts, shortest, max(shortest, longest - 1), d_vocab)


def mistake_last_token_left_out__repeated_tokens(texts, shortest, longest, d_vocab):
    """The last token of the vocabulary, d_vocab − 1, is never drawn. Tokens run from 1 to d_vocab − 1, both
    included."""
    return repeated_tokens(texts, shortest, longest, d_vocab - 1)


def also_right_multinomial__repeated_tokens(texts, shortest, longest, d_vocab):
    chances = torch.ones(texts, d_vocab)
    chances[:, 0] = 0
    once = torch.multinomial(chances, random.randint(shortest, longest))
    return torch.cat([torch.zeros_like(once[:, :1]), once.repeat(1, 2)], dim=1)


def also_right_lists__repeated_tokens(texts, shortest, longest, d_vocab):
    period = random.randint(shortest, longest)
    rows = [random.sample(range(1, d_vocab), period) for _ in range(texts)]
    return torch.tensor([[0, *row, *row] for row in rows])
