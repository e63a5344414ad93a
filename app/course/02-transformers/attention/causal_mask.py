"""The causal mask

A score says how much one position, the *query*, would like to read another, the *key*. A language model must
not read what comes later: it is trained to guess just that. So before the softmax, every score of a key that
stands behind its query is replaced by $-\\infty$; the softmax turns that into a weight of exactly 0, and what
remains still sums to 1.

Rows are queries, columns are keys. A query may read itself. Judged after a softmax, to within 1e-5.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

PURPOSE = (
    "This one triangle makes a transformer a language model: it learns from all positions of a text at once. "
    "In interpretability it tells you what can *not* be: no activation knows anything of a later token, so "
    "every clean experiment on a position may ignore what follows."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["future: query key"]
HINTS = [
    "Which entries lie in the future? Those whose column (key) is greater than their row (query): above the "
    "diagonal. `torch.triu` knows triangles.",
    "`torch.ones(n, n, dtype=torch.bool).triu(1)` is True above the diagonal, and not on it. "
    "`masked_fill` puts a value wherever a mask is True; without the underscore at its end it leaves its "
    "input alone.",
    "`future = torch.ones(query, key, dtype=torch.bool).triu(1)`, then `scores.masked_fill(future, "
    "-torch.inf)`.",
]
MINUTES = 8
CONCEPTS = ["causal-mask"]
DETERMINISTIC = True
SEE = {"mistake_zeros__causal_mask": "stable_softmax"}
STYLE = {"loop": "`triu(1)` makes the whole triangle at once."}
WHY = """
`masked_fill` does not look at what it replaces, so no arithmetic with infinity happens. Adding a
triangle of $-\\infty$ works too; *multiplying* by one does not, because $0 \\cdot \\infty$ is NaN.
TransformerLens and PyTorch use $-\\infty$; older code used a large negative number, which is safe as long as
no honest score comes near it.
"""


def causal_mask(scores: Float[Tensor, "*batch query key"]) -> Float[Tensor, "*batch query key"]:
    """The scores, with minus infinity wherever the key comes after the query.

    There are as many queries as keys. The scores that were given must not be changed.

    >>> causal_mask(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[1., -inf],
            [3., 4.]])
    >>> causal_mask(torch.zeros(3, 3)).softmax(-1)
    tensor([[1.0000, 0.0000, 0.0000],
            [0.5000, 0.5000, 0.0000],
            [0.3333, 0.3333, 0.3333]])
    """
    query, key = scores.shape[-2:]
    future = torch.ones(query, key, dtype=torch.bool, device=scores.device).triu(1)
    return scores.masked_fill(future, -torch.inf)


def check_no_nan_and_sums(answer):
    """After the softmax there is no NaN, and every row sums to 1."""
    for shape in _shapes():
        pattern = answer.probe_pattern(_scores(shape))
        if (pattern < 0).any():  # what the probe makes of NaN
            row = (pattern < 0).any(-1).nonzero()[0].tolist()
            raise AssertionError(
                f"After the softmax there is NaN in row {row} of a pattern of shape {list(shape)}. A row "
                "becomes NaN if nothing in it is left to look at (all scores minus infinity), or if infinity "
                "was multiplied by zero before."
            )
        lab.same(pattern.sum(-1), torch.ones(shape[:-1]), tol=1e-5, name="the sum of each row")


def check_future_is_zero(answer):
    """No query looks at a key behind it, also where the scores there are large."""
    for shape in _shapes():
        scores = _scores(shape)
        scores[..., -1] += 200  # the last key is tempting
        pattern = answer.probe_pattern(scores)
        ahead = pattern.triu(1).amax().item()
        assert ahead == 0, (
            f"After the softmax, a query still pays {ahead:.3g} of its attention to a key behind it. It "
            "has to be exactly 0, however large the score was."
        )


def check_past_is_kept(answer):
    """Among the keys up to the query, the pattern is the softmax of the scores as they were (to within
    1e-5)."""
    for shape in _shapes():
        scores = _scores(shape)
        lab.same(
            answer.probe_pattern(scores),
            causal_mask(scores).softmax(-1),
            tol=1e-5,
            name=f"the softmax of your masked scores, shape {list(shape)}",
        )


def check_zeros_are_scores(answer):
    """A score of 0 up to the query is a score like any other, and stays."""
    for shape in _shapes():
        scores = _scores(shape).round()  # zeros here and there
        scores[..., 0] = 0
        lab.same(
            answer.probe_pattern(scores),
            causal_mask(scores).softmax(-1),
            tol=1e-5,
            name=f"the softmax of your masked scores, where some scores are 0, shape {list(shape)}",
        )


def check_scores_unharmed(answer):
    """The scores that were given are as they were."""
    scores = _scores((2, 5, 5))
    lab.same(answer.probe_scores_after(scores), scores, name="the scores, after `causal_mask` has read them")


def probe_pattern(scores: Float[Tensor, "*batch query key"]):
    masked = causal_mask(scores)
    pattern = masked.softmax(-1)
    return torch.where(pattern.isnan(), torch.full_like(pattern, -1.0), pattern)  # NaN would not be let in


def probe_scores_after(scores: Float[Tensor, "*batch query key"]) -> Float[Tensor, "*batch query key"]:
    causal_mask(scores)
    return scores


def _shapes() -> list[tuple[int, ...]]:
    """Some with batch axes, some without, and the shortest text there is."""
    size = random.randint(4, 9)
    return [(size, size), (random.randint(2, 3), random.randint(2, 4), size - 1, size - 1), (1, 1, 1)]


def _scores(shape: tuple[int, ...]) -> Tensor:
    return 2 * torch.randn(shape)


def mistake_zeros__causal_mask(scores):
    """You put zeros where the future is. But softmax takes e to the power of each score, and e⁰ is 1: a score
    of 0 is an invitation like any other. Only −∞ becomes a weight of 0."""
    return scores.tril()


def mistake_zeros_are_masked__causal_mask(scores):
    """You look for zeros and put −∞ in their place, and so you also lose every honest score of 0. Ask *where*
    a score stands, not what it is: make a triangle of True and False of its own."""
    past = scores.tril()
    return past.masked_fill(past == 0, -torch.inf)


def mistake_wrong_triangle__causal_mask(scores):
    """You forbid the past and allow the future. Rows are queries, columns are keys: forbidden is what lies
    *above* the diagonal, where the key's place is greater than the query's."""
    return scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).tril(-1), -torch.inf)


def mistake_diagonal_too__causal_mask(scores):
    """You mask the diagonal as well, so no token may look at itself. The first one then has nothing left to
    look at, and its row becomes NaN. The triangle begins one above the diagonal: `triu(1)`."""
    return scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(0), -torch.inf)


def mistake_zero_times_infinity__causal_mask(scores):
    """You multiply a triangle of ones and zeros by −∞. Where it holds a zero, 0 · ∞ is NaN, not 0. Fill
    instead of multiplying: `masked_fill`, or `torch.full(…, -torch.inf).triu(1)`."""
    return scores + torch.ones_like(scores).triu(1) * -torch.inf


def mistake_not_low_enough__causal_mask(scores):
    """The number you put there is not low enough: where a forbidden score would be large, something of it
    remains. Put −∞ there, `-torch.inf`."""
    return scores + torch.full_like(scores, -100.0).triu(1)


def mistake_in_place__causal_mask(scores):
    """You change the scores that were given: `masked_fill_`, with an underscore, and `scores[…] = …` work on
    that very tensor. `masked_fill`, without one, makes a new one."""
    return scores.masked_fill_(torch.ones_like(scores, dtype=torch.bool).triu(1), -torch.inf)


def also_right_added__causal_mask(scores):
    return scores + torch.full(scores.shape[-2:], -torch.inf).triu(1)


def also_right_places__causal_mask(scores):
    place = torch.arange(scores.shape[-1])
    return torch.where(place[None, :] > place[:, None], torch.tensor(-torch.inf), scores)


def also_right_loop__causal_mask(scores):
    masked = scores.clone()
    for query in range(scores.shape[-2]):
        masked[..., query, query + 1 :] = -torch.inf
    return masked


def also_right_lowest_number__causal_mask(scores):
    future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(diagonal=1)
    return scores.masked_fill(future, torch.finfo(scores.dtype).min)
