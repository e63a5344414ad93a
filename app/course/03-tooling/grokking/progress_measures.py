"""Two losses that see the circuit grow

The paper's two **progress measures** take the logits, change them with the mechanism in mind, and measure the
loss again. For each answer $c$ the logits are a function of $a$ and $b$, and the mechanism lives in very few
directions of it: the constant, and for each key frequency $\\cos\\frac{2\\pi k}{p}(a + b)$ and
$\\sin\\frac{2\\pi k}{p}(a + b)$. All of them are at right angles to each other.

- The **restricted loss** keeps *only* these directions, the constant among them. It asks: how good is the
  circuit alone?
- The **excluded loss** takes the key frequencies' directions *out* (the constant stays) and keeps all else.
  It asks: how good is the model without the circuit? What has only been memorised survives this well, because
  it is spread over all directions.

Write both: the mean cross-entropy, in nats, of the right answer $(a + b) \\bmod p$ over those pairs where
`pairs` is true, to within 1e-3. `sum_waves` is given; all numbers are in fp64, for some of these losses are
close to 0.
"""

import random

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workers import lab

HINTS = [
    "With orthonormal rows W, the part of f in their directions is `W.T @ (W @ f)`. Here f has a row for "
    "each pair: `logits.flatten(0, 1)`.",
    "Let part be what lies in the key directions. Excluded: `logits - part`. Restricted: part, plus the "
    "constant, which is the mean of the logits over all pairs, one number for each c.",
    "The loss of changed logits [a, b, c]: `answer = (x[:, None] + x) % p`, then "
    "`F.cross_entropy(changed[pairs], answer[pairs])`.",
]
MINUTES = 20
CONCEPTS = ["progress-measures"]
DETERMINISTIC = True
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["waves: direction p*p", "flat: p*p c", "part: a b c"]
PURPOSE = """The loss tells you that something has happened, and only after it has. A measure made from the
mechanism tells you that it is happening. This is what interpretability can give to whoever watches a training
run, and the reason the paper is cited more for its method than for its sums."""
WHY = """Restricted and excluded are complements but for the constant, which both keep: with it, each answer's
overall popularity stays what it was, and only what depends on the pair changes. `sum_waves` holds two
directions for a frequency although products of waves of a and b of that frequency make four: the other two
are $\\cos$ and $\\sin$ of $a - b$, which the mechanism does not use. Keep those, too, and the measure would
be kinder than the claim."""


def sum_waves(p: int, frequencies: list[int]) -> Float[Tensor, "directions p*p"]:
    x = torch.arange(p, dtype=torch.float64)
    angle = torch.stack([2 * torch.pi * k * (x[:, None] + x).flatten() / p for k in frequencies])
    return torch.cat([angle.cos(), angle.sin()]) * 2**0.5 / p  # orthonormal rows over all pairs (a, b)


def restricted_loss(
    logits: Float[Tensor, "p p p"], frequencies: list[int], pairs: Bool[Tensor, "p p"]
) -> float:
    """The loss of logits [a, b, c] with only the constant and the key frequencies' waves of a + b left.

    >>> blind, everywhere = torch.zeros(3, 3, 3, dtype=torch.float64), torch.ones(3, 3, dtype=torch.bool)
    >>> round(restricted_loss(blind, [1], everywhere), 4)
    1.0986
    """
    constant = logits.mean((0, 1))
    return _loss(constant + _key_part(logits, frequencies), pairs)


def excluded_loss(
    logits: Float[Tensor, "p p p"], frequencies: list[int], pairs: Bool[Tensor, "p p"]
) -> float:
    """The loss of logits [a, b, c] without the key frequencies' waves of a + b; all else is left."""
    return _loss(logits - _key_part(logits, frequencies), pairs)


def _key_part(logits: Float[Tensor, "p p p"], frequencies: list[int]) -> Float[Tensor, "p p p"]:
    waves = sum_waves(len(logits), frequencies)
    return (waves.T @ (waves @ logits.flatten(0, 1))).reshape(logits.shape)


def _loss(logits: Float[Tensor, "p p p"], pairs: Bool[Tensor, "p p"]) -> float:
    x = torch.arange(len(logits))
    answer = (x[:, None] + x) % len(logits)
    return torch.nn.functional.cross_entropy(logits[pairs], answer[pairs]).item()


def check_restricted(answer):
    """The restricted loss of planted logits: a circuit, a memory, and noise."""
    for _ in range(2):
        logits, frequencies, pairs = _planted()
        want = restricted_loss(logits, frequencies, pairs)
        lab.same(
            answer.restricted_loss(logits, frequencies, pairs), want, tol=1e-3, name="the restricted loss"
        )


def check_excluded(answer):
    """The excluded loss of the same."""
    for _ in range(2):
        logits, frequencies, pairs = _planted()
        want = excluded_loss(logits, frequencies, pairs)
        lab.same(answer.excluded_loss(logits, frequencies, pairs), want, tol=1e-3, name="the excluded loss")


def check_pure_circuit(answer):
    """Logits that are the circuit and nothing else: restricted changes nothing, excluded leaves a blind
    guess."""
    p, frequencies = 2 * random.randint(5, 9) + 1, [1, 3]
    x = torch.arange(p)
    turn = x[:, None, None] + x[:, None] - x
    logits = sum(5 * torch.cos(2 * torch.pi * k * turn.double() / p) for k in frequencies)
    pairs = torch.rand(p, p) < 0.5
    lab.same(
        answer.restricted_loss(logits, frequencies, pairs),
        _loss(logits, pairs),
        tol=1e-3,
        name="the restricted loss",
    )
    blind = torch.log(torch.tensor(float(p))).item()
    lab.same(answer.excluded_loss(logits, frequencies, pairs), blind, tol=1e-3, name="the excluded loss")


def check_training(answer):
    """Both on the shipped model at a hidden step of its training."""
    step = random.choice(lab.checkpoints("modular-addition"))
    p = lab.load("modular-addition").cfg.d_vocab_out
    x = torch.arange(p)
    tokens = torch.cat([torch.cartesian_prod(x, x), torch.full((p * p, 1), p)], dim=1)
    with torch.no_grad():
        logits = lab.load("modular-addition", step=step)(tokens)[:, -1].reshape(p, p, p).double()
    frequencies, pairs = random.sample(range(1, p // 2 + 1), 3), torch.rand(p, p) < 0.4
    for name, ours in (("restricted_loss", restricted_loss), ("excluded_loss", excluded_loss)):
        got = getattr(answer, name)(logits, frequencies, pairs)
        lab.same(got, ours(logits, frequencies, pairs), tol=2e-3, name=f"`{name}` at step {step}")


def _planted() -> tuple[Tensor, list[int], Tensor]:
    """Logits with waves of a + b − c and of a − b, a favourite answer, right answers on some pairs, noise;
    the frequencies; and pairs, unlike when a and b are exchanged."""
    p = 2 * random.randint(5, 9) + 1
    frequencies = random.sample(range(1, p // 2 + 1), 2)
    x = torch.arange(p)
    turn, difference = x[:, None, None] + x[:, None] - x, x[:, None, None] - x[:, None] - x
    logits = 0.5 * torch.randn(p, p, p) + torch.randn(p)
    for k in frequencies:
        logits += 2 * torch.cos(2 * torch.pi * k * turn / p) + torch.cos(2 * torch.pi * k * difference / p)
    pairs = torch.rand(p, p) < 0.4
    right = torch.nn.functional.one_hot((x[:, None] + x) % p, p)
    return (logits + 4 * right * pairs[..., None]).double(), frequencies, pairs


def mistake_no_constant__restricted_loss(logits, frequencies, pairs):
    """The constant is missing: with the waves alone every answer is equally popular. Add the mean over all
    pairs, `logits.mean((0, 1))`, a number for each c. (The mean over c, a number for each pair, would change
    no probability.)"""
    return _loss(_key_part(logits, frequencies), pairs)


def mistake_with_differences__restricted_loss(logits, frequencies, pairs):
    """You keep everything of the key frequencies, the waves of a − b as well. The claim is about a + b: keep
    the directions of `sum_waves` only."""
    p = len(logits)
    x = torch.arange(p, dtype=torch.float64)
    waves = [torch.ones(p * p, dtype=torch.float64) / p]
    for k in frequencies:
        a, b = 2 * torch.pi * k * x / p, 2 * torch.pi * k * x / p
        for one in (a.cos(), a.sin()):
            waves += [torch.outer(one, other).flatten() * 2 / p for other in (b.cos(), b.sin())]
    W = torch.stack(waves)
    return _loss((W.T @ (W @ logits.flatten(0, 1))).reshape(logits.shape), pairs)


def mistake_of_all_pairs__restricted_loss(logits, frequencies, pairs):
    """The loss runs over all pairs. Only those count where `pairs` is true."""
    return restricted_loss(logits, frequencies, torch.ones_like(pairs))


def mistake_exchanged__restricted_loss(logits, frequencies, pairs):
    """That is the excluded loss: restricted *keeps* the key frequencies."""
    return excluded_loss(logits, frequencies, pairs)


def mistake_without_constant__excluded_loss(logits, frequencies, pairs):
    """You take the constant out, too. Only the waves go; how popular an answer is over all pairs stays."""
    return _loss(logits - logits.mean((0, 1)) - _key_part(logits, frequencies), pairs)


def mistake_exchanged__excluded_loss(logits, frequencies, pairs):
    """That is the restricted loss: excluded takes the key frequencies *out*."""
    return restricted_loss(logits, frequencies, pairs)


def mistake_of_all_pairs__excluded_loss(logits, frequencies, pairs):
    """The loss runs over all pairs. Only those count where `pairs` is true."""
    return excluded_loss(logits, frequencies, torch.ones_like(pairs))


def mistake_cosines_only__excluded_loss(logits, frequencies, pairs):
    """Half of the circuit is left: the sines, or the cosines. Both directions of each frequency have to
    go."""
    waves = sum_waves(len(logits), frequencies)[: len(frequencies)]
    part = (waves.T @ (waves @ logits.flatten(0, 1))).reshape(logits.shape)
    return _loss(logits - part, pairs)


def mistake_not_projected__excluded_loss(logits, frequencies, pairs):
    """You take the waves' components away twice over, or scaled: the part in their directions is
    `waves.T @ (waves @ flat)`, and the rows of `sum_waves` have length 1 already."""
    return _loss(logits - 2 * _key_part(logits, frequencies), pairs)


def also_right_by_the_sum__restricted_loss(logits, frequencies, pairs):
    p = len(logits)
    x = torch.arange(p)
    total = (x[:, None] + x) % p
    by_sum = (
        torch.zeros(p, p, dtype=logits.dtype).index_add_(0, total.flatten(), logits.flatten(0, 1)) / p
    )  # [a + b, c]
    spectrum = torch.fft.rfft(by_sum, dim=0)
    kept = torch.zeros_like(spectrum)
    kept[[0, *frequencies]] = spectrum[[0, *frequencies]]
    changed = torch.fft.irfft(kept, n=p, dim=0)[total]
    return float(-changed.log_softmax(-1).gather(-1, total[..., None])[pairs].mean())


def also_right_one_wave_at_a_time__excluded_loss(logits, frequencies, pairs):
    p, changed = len(logits), logits.clone()
    for wave in sum_waves(p, frequencies):
        wave = wave.reshape(p, p, 1)
        changed -= wave * (logits * wave).sum((0, 1))
    x = torch.arange(p)
    log_p = changed.log_softmax(-1)
    found = [-log_p[a, b, (a + b) % p] for a in x for b in x if pairs[a, b]]
    return torch.stack(found).mean().item()


def also_right_lstsq__excluded_loss(logits, frequencies, pairs):
    p = len(logits)
    flat, waves = logits.reshape(p * p, p).double(), sum_waves(p, frequencies).T.double()
    left = flat - waves @ torch.linalg.lstsq(waves, flat).solution
    answer = torch.arange(p).add(torch.arange(p)[:, None]).remainder(p).flatten()
    chosen = pairs.flatten()
    return torch.nn.functional.cross_entropy(left[chosen], answer[chosen])
