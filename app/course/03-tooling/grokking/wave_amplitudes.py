"""The logits are waves of a + b − c

If the model adds on circles, then for each key frequency the logit of the answer $c$ is highest where
$c = a + b$, falls off on both sides, and does so in the shape of a cosine:

$$\\text{logit}(a, b, c) \\approx \\sum_k \\alpha_k \\cos\\big(\\tfrac{2\\pi k}{p}(a + b - c)\\big).$$

That is a bold claim: $p^3$ numbers, explained by one amplitude $\\alpha_k$ for each frequency. Test it.

- `wave_amplitudes` gives the amplitudes $\\alpha_k$ that fit the logits best (least squares), for all
  frequencies from 1 to $(p-1)/2$. The waves are at right angles to each other, so each amplitude is found
  alone: multiply the logits by the wave, add up everything, and divide by the wave's sum of squares, which is
  $p^3/2$.
- `explained` gives the share of the logits' variation that the waves of the given frequencies hold: the power
  of these waves, divided by the whole. Before you sum up the whole, take the mean over $c$ out of the logits
  of each pair: it moves all of them alike, and no probability.

Both have to be right to within 1e-3.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "`x = torch.arange(p)`; with `x[:, None, None] + x[:, None] - x` you have a + b − c for all triples at "
    "once, in the order of the axes.",
    "A wave of amplitude α has the power α² p³/2. The power of the whole is the sum of squares of the "
    "centred logits: `logits - logits.mean(-1, keepdim=True)`.",
    "`wave = torch.cos(2 * torch.pi * k * turn / p)`; `amplitude = (logits * wave).sum() / (p**3 / 2)`; and "
    "`explained` is the sum of `amplitude[k - 1] ** 2 * p**3 / 2` over the given k, divided by the whole.",
]
MINUTES = 15
CONCEPTS = ["key-frequencies"]
DETERMINISTIC = True
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["turn: a b c", "wave: a b c"]
PURPOSE = """A mechanism that was read out of weights predicts what the output must look like, in numbers.
Here the prediction has three parameters for two hundred thousand logits. Ask the same of every mechanism you
meet: what does it say about the logits, and how much of them is left over?"""
WHY = """Orthogonal parts can be measured one at a time, and their shares add up; that is why `explained`
needs no fit. If you had taken waves that overlap, each share would depend on which one you asked first.
Centring over $c$ is not cosmetics either: softmax does not see the mean, so a large one must not count as
“left over”."""


def wave_amplitudes(logits: Float[Tensor, "p p p"]) -> Float[Tensor, "p//2"]:
    """α of cos(2πk/p · (a + b − c)) for k = 1 … (p − 1)/2, from logits [a, b, c], by least squares.

    >>> x = torch.arange(5)
    >>> turn = x[:, None, None] + x[:, None] - x
    >>> wave_amplitudes(7 * torch.cos(2 * torch.pi * 2 * turn / 5)).round(decimals=2).abs()
    tensor([0., 7.])
    """
    p = len(logits)
    x = torch.arange(p)
    turn = x[:, None, None] + x[:, None] - x
    waves = (torch.cos(2 * torch.pi * k * turn / p) for k in range(1, p // 2 + 1))
    return torch.stack([(logits * wave).sum() for wave in waves]) / (p**3 / 2)


def explained(logits: Float[Tensor, "p p p"], frequencies: list[int]) -> float:
    """The share of the logits' variation that the waves of a + b − c with these frequencies hold, 0 to 1."""
    p = len(logits)
    whole = (logits - logits.mean(-1, keepdim=True)).pow(2).sum()
    amplitudes = wave_amplitudes(logits)[torch.tensor(frequencies) - 1]
    return (amplitudes.pow(2).sum() * p**3 / 2 / whole).item()


def check_planted_amplitudes(answer):
    """Logits made of waves whose amplitudes we chose, with noise and a mean for each pair on top."""
    for _ in range(2):
        logits, amplitudes, _ = _planted()
        got = answer.wave_amplitudes(logits)
        lab.same(got, wave_amplitudes(logits), tol=1e-3, name="the amplitudes")
        assert (got - amplitudes).abs().max() < 0.2, "These are not the amplitudes that we planted."


def check_planted_share(answer):
    """The share that some of the planted waves hold."""
    logits, _, frequencies = _planted()
    for chosen in (frequencies, frequencies[:1], [*frequencies[1:], len(logits) // 2]):
        name = f"`explained(logits, {chosen})`"
        lab.same(answer.explained(logits, chosen), explained(logits, chosen), tol=1e-3, name=name)


def check_mean_of_a_pair(answer):
    """What moves all logits of a pair alike changes no share."""
    logits, _, frequencies = _planted()
    moved = logits + 30 * torch.randn(len(logits), len(logits), 1)
    want = explained(logits, frequencies)
    lab.same(answer.explained(moved, frequencies), want, tol=2e-3, name="the share, with other means")


def check_shipped_model(answer):
    """The share on the model that adds, and after half of its training."""
    step = random.choice([step for step in lab.checkpoints("modular-addition") if step > 1000])
    p = lab.load("modular-addition").cfg.d_vocab_out
    x = torch.arange(p)
    pairs = torch.cartesian_prod(x, x)
    tokens = torch.cat([pairs, torch.full((p * p, 1), p)], dim=1)
    with torch.no_grad():
        logits = lab.load("modular-addition", step=step)(tokens)[:, -1].reshape(p, p, p)
    frequencies = random.sample(range(1, p // 2 + 1), 3)
    want = explained(logits, frequencies)
    lab.same(answer.explained(logits, frequencies), want, tol=1e-3, name=f"the share at step {step}")


def _planted() -> tuple[Tensor, Tensor, list[int]]:
    """Logits, the amplitudes of all frequencies in them, and the two or three frequencies that have one."""
    p = 2 * random.randint(5, 10) + 1
    frequencies = random.sample(range(1, p // 2), random.randint(2, 3))
    amplitudes = torch.zeros(p // 2)
    amplitudes[torch.tensor(frequencies) - 1] = 2 + 3 * torch.rand(len(frequencies))
    x = torch.arange(p)
    turn = x[:, None, None] + x[:, None] - x
    logits = torch.randn(p, p, p) + 3 * torch.randn(p, p, 1)
    for k in frequencies:
        logits += amplitudes[k - 1] * torch.cos(2 * torch.pi * k * turn / p)
    return logits, amplitudes, frequencies


def mistake_half__wave_amplitudes(logits):
    """Your amplitudes are half of what they should be: you divide by p³. The squares of a cosine are ½ on
    average, so the wave's sum of squares is p³/2."""
    return wave_amplitudes(logits) / 2


def mistake_plus_c__wave_amplitudes(logits):
    """Your waves go with a + b + c. The answer has to *undo* the sum: a + b − c is 0 where the answer is
    right."""
    p = len(logits)
    x = torch.arange(p)
    turn = x[:, None, None] + x[:, None] + x
    waves = (torch.cos(2 * torch.pi * k * turn / p) for k in range(1, p // 2 + 1))
    return torch.stack([(logits * wave).sum() for wave in waves]) / (p**3 / 2)


def mistake_minus_b__wave_amplitudes(logits):
    """Your waves go with a − b + c, or with another order of the axes. The logits are [a, b, c]: let a vary
    along the first axis, b along the second, c along the third."""
    return wave_amplitudes(logits.transpose(1, 2))


def mistake_sum__wave_amplitudes(logits):
    """Those are sums, not amplitudes: divide by the wave's own sum of squares, p³/2."""
    return wave_amplitudes(logits) * len(logits) ** 3 / 2


def mistake_no_p__wave_amplitudes(logits):
    """The angle is 2πk(a + b − c)/p. Without the division by p every wave is 1 everywhere, and you add up the
    logits."""
    p = len(logits)
    return (logits.sum() / (p**3 / 2)).expand(p // 2)


def mistake_with_means__explained(logits, frequencies):
    """You count the mean over c as something to explain. It moves all logits of a pair alike, and softmax
    does not see it: take it out first."""
    p = len(logits)
    amplitudes = wave_amplitudes(logits)[torch.tensor(frequencies) - 1]
    return (amplitudes.pow(2).sum() * p**3 / 2 / logits.pow(2).sum()).item()


def mistake_one_mean__explained(logits, frequencies):
    """You take out one mean of everything. Each pair has a mean of its own over its answers."""
    p = len(logits)
    amplitudes = wave_amplitudes(logits)[torch.tensor(frequencies) - 1]
    return (amplitudes.pow(2).sum() * p**3 / 2 / (logits - logits.mean()).pow(2).sum()).item()


def mistake_root__explained(logits, frequencies):
    """That is the root of the share: a correlation, not a share. Shares are of squares, and add up to 1."""
    return explained(logits, frequencies) ** 0.5


def mistake_one_place_off__explained(logits, frequencies):
    """Frequency k is entry k − 1 of the amplitudes: you take the neighbours."""
    p = len(logits)
    amplitudes = wave_amplitudes(logits).roll(-1)[torch.tensor(frequencies) - 1]
    whole = (logits - logits.mean(-1, keepdim=True)).pow(2).sum()
    return (amplitudes.pow(2).sum() * p**3 / 2 / whole).item()


def mistake_of_all_waves__explained(logits, frequencies):
    """You divide by the power of all waves. The whole is the logits', with whatever no wave of a + b − c can
    explain."""
    power = wave_amplitudes(logits).pow(2)
    return (power[torch.tensor(frequencies) - 1].sum() / power.sum()).item()


def also_right_by_the_sum__wave_amplitudes(logits):
    p = len(logits)
    x = torch.arange(p)
    turn = (x[:, None, None] + x[None, :, None] - x[None, None, :]) % p
    mean = torch.zeros(p).index_add_(0, turn.flatten(), logits.float().flatten()) / p**2
    k = torch.arange(1, p // 2 + 1)
    return torch.cos(2 * torch.pi * torch.outer(k, x) / p) @ mean * 2 / p


def also_right_einsum__wave_amplitudes(logits):
    p = logits.shape[0]
    x = torch.arange(p)
    found = []
    for k in range(1, (p + 1) // 2):
        e = torch.exp(2j * torch.pi * k * x / p)
        found.append(torch.einsum("abc,a,b,c->", logits.to(e.dtype), e, e, e.conj()).real * 2 / p**3)
    return torch.stack(found)


def also_right_residual__explained(logits, frequencies):
    p = len(logits)
    x = torch.arange(p)
    turn = x[:, None, None] + x[:, None] - x
    centred = logits - logits.mean(-1, keepdim=True)
    left = centred.clone()
    for k in frequencies:
        left = left - wave_amplitudes(logits)[k - 1] * torch.cos(2 * torch.pi * k * turn / p)
    return 1 - float(left.pow(2).sum() / centred.pow(2).sum())


def also_right_tensor__explained(logits, frequencies):
    power = wave_amplitudes(logits) ** 2
    spread = logits.var(-1, correction=0).mean()
    return float(sum(power[k - 1] for k in frequencies) / 2 / spread)
