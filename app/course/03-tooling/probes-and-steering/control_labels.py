"""Give the probe something to learn by heart

Is the number *in* the activations, or did the probe merely learn by heart which nouns are plural? Hewitt and
Liang (2019) ask it like this: give every **word** a label by lot, the same wherever it occurs. Nothing in the
language says which label it is, so a probe can only know it by having learnt the word. What the probe does
better on the real labels than on these is its **selectivity**.

Write `control_labels`: half of the different nouns get True, by lot. And `selectivity`, with your own
`fit_probe`: the accuracy of a probe of the real labels, less the accuracy of one that is fitted to control
labels; both counted on the second set of examples.
"""

import random

import torch
from jaxtyping import Bool, Float
from torch import Tensor

HINTS = [
    "First the list of *different* nouns, `sorted(set(nouns))`; then draw half of them; only then go through "
    "the examples. For a lot of its own, use `random.Random(seed)`.",
    "In `selectivity` a noun has to have the same control label in both sets. So draw the labels once for "
    "all examples, `control_labels(nouns + test_nouns, seed)`, and cut the result in two.",
    "`made_up = control_labels(nouns + test_nouns, seed)`; fit on `made_up[: len(nouns)]`, count on "
    "`made_up[len(nouns) :]`; return real accuracy minus that.",
]
USES = ["fit_probe"]
MINUTES = 15
CONCEPTS = ["probe-control"]
DETERMINISTIC = True
PURPOSE = """An accuracy without a control is not evidence: with enough directions to choose from, a probe can
learn nearly anything by heart. The same thought returns with random-weights controls of sparse
autoencoders."""
DIFFICULTY = 3
IMPORTANCE = 4
WHY = """Shuffling the labels of *examples* is a weaker control: no probe can learn by heart what is different
every time, so it always comes out at chance and tells you little more than that you did not count on the
examples you fitted. Labels by *word* can be learnt by heart, wherever the word can be read. That is the
point.

Low selectivity does not say that the number is absent. It says that this experiment could not tell."""


def control_labels(nouns: list[str], seed: int) -> Bool[Tensor, "example"]:
    """A label for each example: by lot, but the same wherever a noun occurs; half of the different nouns get
    True. The same seed gives the same labels.

    >>> made_up = control_labels(["fox", "owls", "fox", "hen", "crow", "owls"], seed=0)
    >>> bool(made_up[0] == made_up[2]), bool(made_up[1] == made_up[5])
    (True, True)
    """
    kinds = sorted(set(nouns))
    chosen = random.Random(seed).sample(kinds, len(kinds) // 2)
    return torch.tensor([noun in chosen for noun in nouns])


def selectivity(
    activations: Float[Tensor, "example d_model"],
    labels: Bool[Tensor, "example"],
    nouns: list[str],
    test_activations: Float[Tensor, "test_example d_model"],
    test_labels: Bool[Tensor, "test_example"],
    test_nouns: list[str],
    seed: int,
) -> float:
    """How much better a probe fitted to the first set of examples does, on the second, with the real labels
    than with control labels: accuracy minus accuracy, between −1 and 1."""
    made_up = control_labels(nouns + test_nouns, seed)
    real = accuracy(fit_probe(activations, labels), test_activations, test_labels)
    control = fit_probe(activations, made_up[: len(nouns)])
    return real - accuracy(control, test_activations, made_up[len(nouns) :])


def accuracy(probe, activations, labels):
    direction, bias = probe
    return ((activations @ direction + bias > 0) == labels).float().mean().item()


def check_same_noun(answer):
    """A noun has one control label, wherever it occurs."""
    nouns = _nouns()
    for label in _by_noun(nouns, answer.control_labels(nouns, _seed())).values():
        assert len(label) == 1, (
            "One of the nouns gets both labels. Draw a label for each *different* noun, and give it to all "
            "of its occurrences."
        )


def check_by_lot(answer):
    """About half of the nouns get True; another seed chooses others; the real number has no say."""
    nouns = _nouns()
    drawn = [_by_noun(nouns, answer.control_labels(nouns, seed)) for seed in (_seed(), _seed() + 10_000)]
    true = [{noun for noun, label in each.items() if True in label} for each in drawn]
    share = len(true[0]) / len(drawn[0])
    assert 0.3 <= share <= 0.7, (
        f"{share:.0%} of the different nouns get True. It should be half of them, by lot."
    )
    assert true[0] != true[1], "Two seeds give the same labels: the lot does not depend on the seed."
    plural = {noun for noun in drawn[0] if noun.endswith("s")}
    assert true[0] not in (plural, set(drawn[0]) - plural), (
        "Your control labels are the real ones: True for plurals. They have to be drawn by lot."
    )


def check_nothing_to_learn_by_heart(answer):
    """Planted activations that hold the number and nothing about the noun: selectivity is about a half."""
    got = sum(_planted(answer, number=3.0, noun=0.0) for _ in range(3)) / 3
    assert 0.33 <= got <= 0.67, (
        f"The activations hold the number, clearly, and nothing about which noun it is. So the real labels "
        f"are read nearly always and the control labels half of the time: selectivity should be about 0.5, "
        f"and yours is {got:.2f}."
    )


def check_learnt_by_heart(answer):
    """Planted activations that hold which noun it is, and nothing else: selectivity is about 0."""
    got = sum(_planted(answer, number=0.0, noun=3.0) for _ in range(3)) / 3
    assert abs(got) <= 0.15, (
        f"The activations say which noun it is, so any label of nouns can be learnt by heart, real or not: "
        f"selectivity should be about 0, and yours is {got:.2f}. Does a noun have the same control label in "
        "both sets of examples?"
    )


def _seed() -> int:
    return int(torch.randint(10_000, ()))


def _nouns() -> list[str]:
    """Names of no language, each several times, half of them with an s."""
    kinds = [f"{a}{b}{end}" for a in ("ba", "do", "ki", "lu", "ra") for b in "fgkmt" for end in ("", "s")]
    return [kinds[place] for place in torch.randint(len(kinds), (400,)).tolist()]


def _by_noun(nouns: list[str], labels: Bool[Tensor, "example"]) -> dict[str, set[bool]]:
    found: dict[str, set[bool]] = {}
    for noun, label in zip(nouns, labels.tolist(), strict=True):
        found.setdefault(noun, set()).add(label)
    return found


def _planted(answer, number: float, noun: float) -> float:
    """The answer's selectivity on activations of which we know what they hold."""
    kinds, size = _nouns(), 64
    vectors = {kind: torch.randn(size) for kind in sorted(set(kinds))}
    says_many = torch.randn(size) / size**0.5

    def examples(nouns: list[str]) -> tuple[Tensor, Tensor, list[str]]:
        many = torch.tensor([each.endswith("s") for each in nouns])
        x = noun * torch.stack([vectors[each] for each in nouns]) + 0.3 * torch.randn(len(nouns), size)
        return x + number * (2.0 * many[:, None] - 1) * says_many, many, nouns

    seen = examples(kinds)
    some = [each for each in kinds if each[0] != "b"]  # not all nouns come again
    return answer.selectivity(*seen, *examples(some[::-1][:200]), _seed())


def mistake_by_example__control_labels(nouns, seed):
    """You draw a label for every example. Then the same noun has both labels, and nobody could learn them by
    heart: that control is passed by any probe. Draw one for each different noun."""
    lot = random.Random(seed)
    return torch.tensor([lot.random() < 0.5 for _ in nouns])


def mistake_real_ones__control_labels(nouns, seed):
    """Those are the real labels. The control needs labels that have nothing to do with the language."""
    return torch.tensor([noun.endswith("s") for noun in nouns])


def mistake_same_lot__control_labels(nouns, seed):
    """The lot ignores its seed, so there is one control only, and it may be a lucky one."""
    return control_labels(nouns, 0)


def mistake_all_true__control_labels(nouns, seed):
    """All nouns get the same label. There is nothing to tell apart then, and any probe is perfect."""
    return torch.ones(len(nouns), dtype=torch.bool)


def mistake_two_lots__selectivity(
    activations, labels, nouns, test_activations, test_labels, test_nouns, seed
):
    """You draw the control labels of the two sets apart. A noun then has one label where the probe learns and
    another where it is asked, and learning by heart cannot show. Draw once, for `nouns + test_nouns`."""
    real = accuracy(fit_probe(activations, labels), test_activations, test_labels)
    control = fit_probe(activations, control_labels(nouns, seed))
    return real - accuracy(control, test_activations, control_labels(test_nouns, seed + 1))


def mistake_same_probe__selectivity(
    activations, labels, nouns, test_activations, test_labels, test_nouns, seed
):
    """You hold the probe of the *real* labels against the control labels. The control needs a probe of its
    own, fitted to the labels it is to learn by heart."""
    made_up = control_labels(nouns + test_nouns, seed)[len(nouns) :]
    probe = fit_probe(activations, labels)
    return accuracy(probe, test_activations, test_labels) - accuracy(probe, test_activations, made_up)


def mistake_accuracy_alone__selectivity(
    activations, labels, nouns, test_activations, test_labels, test_nouns, seed
):
    """That is the accuracy. Selectivity is what is left of it after the control's accuracy is subtracted."""
    return accuracy(fit_probe(activations, labels), test_activations, test_labels)


def mistake_turned__selectivity(activations, labels, nouns, test_activations, test_labels, test_nouns, seed):
    """The sign is wrong: real accuracy minus control accuracy."""
    return -selectivity(activations, labels, nouns, test_activations, test_labels, test_nouns, seed)


def also_right_coins__control_labels(nouns, seed):
    lot = random.Random(seed)
    coin = {noun: lot.random() < 0.5 for noun in sorted(set(nouns))}
    return torch.tensor([coin[noun] for noun in nouns])


def also_right_permutation__control_labels(nouns, seed):
    kinds = list(dict.fromkeys(nouns))
    order = torch.randperm(len(kinds), generator=torch.Generator().manual_seed(seed))
    return torch.tensor([bool(order[kinds.index(noun)] % 2) for noun in nouns])


def also_right_own_loop__selectivity(
    activations, labels, nouns, test_activations, test_labels, test_nouns, seed
):
    known = dict(zip(nouns + test_nouns, control_labels(nouns + test_nouns, seed).tolist(), strict=True))
    right = []
    for train, test in (
        (labels, test_labels),
        (torch.tensor([known[noun] for noun in nouns]), torch.tensor([known[noun] for noun in test_nouns])),
    ):
        direction, bias = fit_probe(activations, train)
        right.append(((test_activations @ direction + bias > 0) == test).double().mean())
    return right[0] - right[1]
