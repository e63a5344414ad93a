"""How far back?

Write a score that says something about any head: the distance, in tokens, that it looks back on average,

$$d = \\text{mean}_q \\sum_k p_{qk}\\,(q - k),$$

and a list of all heads from the farthest to the nearest. A head that looks only at itself has $d = 0$.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

PURPOSE = (
    "A score turns what you saw in one head into a question to all of them. You will write one for "
    "nearly every "
    "behaviour you study, and sort by it."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["distance: query key", "expected: layer head query", "scores: layer head"]
HINTS = [
    "The distance from query q to key k is q − k, whatever the head: a table [query, key] that is "
    "made once, from "
    "two `torch.arange`.",
    "Multiply the pattern by that table and sum over keys: that is the expected distance at each "
    "query. Then the "
    "mean over queries. For the list, `flatten` the scores and `argsort` them, the largest first; "
    "`divmod(i, heads)` "
    "gives back layer and head.",
    "`place = torch.arange(n); (pattern * (place[:, None] - place)).sum(-1).mean(-1)` is the score; "
    "`[divmod(i, "
    "n_heads) for i in scores.flatten().argsort(descending=True).tolist()]` is the list.",
]
MINUTES = 12
CONCEPTS = ["ranked-heads"]
STYLE = {"loop": "A table of distances and one sum over keys do all heads at once."}
WHY = """
The mean of a distance under the pattern uses every weight. Taking the distance of the *strongest* key instead
would throw away all but one, and jump from one place to another when two weights are nearly equal. Flattening
before sorting makes one list of all layers; `divmod` then undoes it.
"""


def look_back(pattern: Float[Tensor, "layer head query key"]) -> Float[Tensor, "layer head"]:
    """How many tokens each head looks back: the expected distance, averaged over all queries.

    >>> look_back(torch.tensor([[[[1.0, 0.0], [0.5, 0.5]]]]))
    tensor([[0.2500]])
    """
    place = torch.arange(pattern.shape[-1])
    distance = place[:, None] - place
    return (pattern * distance).sum(-1).mean(-1)


def from_the_farthest(scores: Float[Tensor, "layer head"]) -> list[tuple[int, int]]:
    """All heads as (layer, head), the largest score first.

    >>> from_the_farthest(torch.tensor([[1.0, 3.0], [2.0, 0.0]]))
    [(0, 1), (1, 0), (0, 0), (1, 1)]
    """
    heads = scores.shape[1]
    return [divmod(place, heads) for place in scores.flatten().argsort(descending=True).tolist()]


def check_planted_distance(answer):
    """Heads that look exactly so many tokens back score that much, the first tokens aside."""
    length, heads = random.randint(9, 14), random.randint(3, 5)
    query = torch.arange(length)
    pattern = torch.zeros(2, heads, length, length)
    far = torch.stack([1 + torch.randperm(length - 2)[:heads] for _ in range(2)])
    for layer in range(2):
        for head in range(heads):
            pattern[layer, head, query, (query - far[layer, head]).clamp(min=0)] = 1
    want = torch.minimum(query.float(), far[..., None].float()).mean(-1)
    lab.same(
        answer.look_back(pattern), want, name="the scores of heads that look a fixed number of tokens back"
    )


def check_random_patterns(answer):
    """For random patterns of any size the scores agree with ours."""
    layers, heads, length = random.randint(1, 3), random.randint(2, 5), random.randint(6, 11)
    pattern = (3 * torch.randn(layers, heads, length, length)).exp().tril()
    pattern /= pattern.sum(-1, keepdim=True)
    lab.same(answer.look_back(pattern), look_back(pattern), name="`look_back(pattern)`")


def check_from_the_farthest(answer):
    """All heads of all layers are in one list, the largest score first; in two models of different sizes."""
    for heads in random.sample(range(4, 9), 2):
        layers = random.randint(2, 3)
        scores = torch.randperm(layers * heads).view(layers, heads) / 7.0 - 1
        got, want = answer.from_the_farthest(scores), from_the_farthest(scores)
        assert len(got) == len(want), (
            f"There are {layers} × {heads} heads, and your list has {len(got)} entries."
        )
        pairs = zip(got, want, strict=True)
        first = next((place for place, pair in enumerate(pairs) if pair[0] != pair[1]), None)
        assert first is None, (
            f"Place {first} of your list (counted from 0) has head {got[first]}{_score(scores, got[first])}. "
            f"There belongs {want[first]}{_score(scores, want[first])}."
        )


def check_shipped_model(answer):
    """In the two-layer model, on random tokens said twice, the farthest and the nearest head are found."""
    period = random.choice([14, 17, 20])
    once = 1 + torch.randperm(1023)[:period]
    tokens = torch.cat([torch.zeros(1, dtype=torch.long), once, once])
    _, cache = lab.load("attn-only-2l").run_with_cache(tokens)
    pattern = torch.stack([cache["pattern", layer][0] for layer in range(2)])
    scores = answer.look_back(pattern)
    lab.same(scores, look_back(pattern), tol=1e-3, name="the scores of attn-only-2l")


def _score(scores: Float[Tensor, "layer head"], head: tuple[int, int]) -> str:
    layers, heads = scores.shape
    there = 0 <= head[0] < layers and 0 <= head[1] < heads
    return f", with the score {scores[head]:.2f}" if there else ", which does not exist"


def mistake_sign__look_back(pattern):
    """That is negative: key minus query. Looking *back* by three is a distance of 3, so it is query minus
    key."""
    return -look_back(pattern)


def mistake_strongest_key__look_back(pattern):
    """You take the distance of the strongest key alone. The mean over the pattern counts every weight:
    half at 0 and half at 4 is a distance of 2."""
    return (torch.arange(pattern.shape[-1]) - pattern.argmax(-1)).float().mean(-1)


def mistake_mean_over_keys__look_back(pattern):
    """You take the mean over keys. The weights of a row sum to 1 already, so their *sum* with the
    distances is the mean distance."""
    place = torch.arange(pattern.shape[-1])
    return (pattern * (place[:, None] - place)).mean((-1, -2))


def mistake_sum_over_queries__look_back(pattern):
    """You sum over queries: longer texts would then have heads that look farther. Take the mean over
    queries."""
    return look_back(pattern) * pattern.shape[-1]


def mistake_absolute_position__look_back(pattern):
    """That is the mean *position* of what is read, not its distance from the token that reads."""
    return (pattern * torch.arange(pattern.shape[-1])).sum(-1).mean(-1)


def mistake_last_query__look_back(pattern):
    """That is the distance at the last token alone. Average over all queries."""
    place = torch.arange(pattern.shape[-1])
    return (pattern * (place[:, None] - place)).sum(-1)[..., -1]


def mistake_nearest_first__from_the_farthest(scores):
    """Your list begins with the smallest score: `argsort` sorts upwards unless it is told
    `descending=True`."""
    return from_the_farthest(scores)[::-1]


def mistake_head_layer__from_the_farthest(scores):
    """Your pairs are (head, layer). Everywhere in this course it is (layer, head), as in “1.3”."""
    return [(head, layer) for layer, head in from_the_farthest(scores)]


def mistake_divided_by_layers__from_the_farthest(scores):
    """You divide the place in the flattened list by the number of *layers*. A row of the table has as
    many entries as there are heads."""
    return [divmod(place, scores.shape[0]) for place in scores.flatten().argsort(descending=True).tolist()]


def mistake_within_layers__from_the_farthest(scores):
    """Sorted within each layer, one layer after the other. One list of all is asked: a head of layer 1
    may come before one of layer 0."""
    return [
        (layer, head) for layer, row in enumerate(scores) for head in row.argsort(descending=True).tolist()
    ]


def mistake_by_size__from_the_farthest(scores):
    """You sort by the size of the scores, without their sign. A score of −1 is the smallest, not one of the
    largest."""
    return from_the_farthest(scores.abs())


def also_right_einsum__look_back(pattern):
    place = torch.arange(pattern.shape[-1], dtype=pattern.dtype)
    reads = torch.einsum("lhqk,k->lhq", pattern, place)
    return (place * pattern.sum(-1) - reads).mean(-1)


def also_right_diagonals__look_back(pattern):
    length = pattern.shape[-1]
    total = torch.zeros(pattern.shape[:2])
    for back in range(1, length):
        total += back * pattern.diagonal(-back, dim1=-2, dim2=-1).sum(-1)
    return total / length


def also_right_sorted__from_the_farthest(scores):
    layers, heads = scores.shape
    pairs = [(layer, head) for layer in range(layers) for head in range(heads)]
    return sorted(pairs, key=lambda pair: -scores[pair].item())


def also_right_topk__from_the_farthest(scores):
    best = scores.flatten().topk(scores.numel()).indices
    return [(int(place) // scores.shape[1], int(place) % scores.shape[1]) for place in best]
