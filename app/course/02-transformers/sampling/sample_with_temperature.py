"""Hot and cold

A model gives you logits. To write a text you have to choose a token. Divide the logits by a *temperature*
first, then draw from their softmax:

$$p_i = \\frac{e^{\\ell_i / T}}{\\sum_j e^{\\ell_j / T}}.$$

At $T = 1$ you draw from what the model believes. Below 1 the likely tokens become likelier still, above 1 all
come closer together. At $T = 0$ the formula has no meaning, and everybody agrees on what is meant: take the
likeliest.

Your draws are judged by their frequencies. A right answer fails such a check less than once in a million
times.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "Two cases: at temperature 0 there is nothing to draw. Otherwise change the logits, turn them into "
    "probabilities, and let torch draw.",
    "Divide the *logits*, not the probabilities. Then take the softmax along the last axis; "
    "`torch.multinomial(probabilities, 1)` draws one index for each row.",
    "`if temperature == 0: return logits.argmax(-1)`. Otherwise `torch.multinomial((logits / "
    "temperature).softmax(-1), 1)[:, 0]`.",
]
MINUTES = 8
CONCEPTS = ["sampling"]
PURPOSE = """Turns a model's beliefs into text. In interpretability you mostly look at the logits themselves,
*before* anybody draws: know what drawing adds, so that you never take luck for behaviour."""
DIFFICULTY = 2
IMPORTANCE = 3
SHAPES = [
    "logits: batch d_vocab",
    "scaled: batch d_vocab",
    "probabilities: batch d_vocab",
    "tokens: batch",
]
WHY = """The softmax looks at *differences* of logits. Dividing by $T$ shrinks or stretches all differences
alike, and so the odds of two tokens become $(p_i / p_j)^{1/T}$. It never changes which of two tokens is
likelier.

Let softmax do the exponentials. Written by hand, `(logits / T).exp()` overflows as soon as a logit divided
by $T$ passes 88, and low temperatures get there quickly."""
STYLE = {"loop": "`torch.multinomial` draws for every row of a batch at once."}
SEE = {"mistake_overflow__sample_with_temperature": "stable_softmax"}

ROWS = 2000


def sample_with_temperature(
    logits: Float[Tensor, "batch d_vocab"], temperature: float
) -> Int[Tensor, "batch"]:
    """One token for each row, drawn from softmax(logits / temperature); the likeliest at temperature 0.

    The logits that were given must not be changed.

    >>> sample_with_temperature(torch.tensor([[1.0, 4.0, 2.0], [0.5, 0.1, 0.2]]), 0.0)
    tensor([1, 0])
    >>> sample_with_temperature(torch.tensor([[0.0, 90.0, 0.0]]), 1.0)
    tensor([1])
    """
    if temperature == 0:
        return logits.argmax(-1)
    return torch.multinomial((logits / temperature).softmax(-1), 1)[:, 0]


def check_each_row(answer):
    """Every row gets a token of its own: where a row is certain, that one."""
    for rows, d_vocab in ((1, 7), (9, 5), (4, 11)):
        certain = torch.randint(d_vocab, (rows,))
        logits = torch.zeros(rows, d_vocab)
        logits[torch.arange(rows), certain] = 60.0
        tokens = answer.sample_with_temperature(logits, 1.0)
        wrong = (tokens != certain).nonzero()
        assert not len(wrong), (
            f"Row {int(wrong[0])} is certain of token {int(certain[wrong[0]])}, but you drew token "
            f"{int(tokens[wrong[0]])}."
        )


def check_temperature_one(answer):
    """At temperature 1 the draws follow the softmax of the logits (chi-square over 2,000 draws; a right
    answer fails less than once in a million times)."""
    logits = _logits()
    tokens = answer.sample_with_temperature(logits.expand(ROWS, -1), 1.0)
    assert len(tokens.unique()) > 1, (
        "2,000 draws, and all gave the same token. At temperature 1 the others have to come, too, each as "
        "often as its probability says."
    )
    lab.follows(tokens, logits.softmax(-1), name="your draws at temperature 1")


def check_other_temperatures(answer):
    """Below 1 the draws become more certain, above 1 less, just as much as the formula says (same test)."""
    for temperature in (0.4, 2.5):
        logits = _logits()
        tokens = answer.sample_with_temperature(logits.expand(ROWS, -1), temperature)
        likeness = {
            each: _log_likelihood(tokens, logits / each) for each in (temperature, 1.0, 1 / temperature)
        }
        nearest = max(likeness, key=likeness.__getitem__)
        assert nearest == temperature, (
            f"You were asked for temperature {temperature}, and your draws look like those of temperature "
            f"{nearest:.1f}."
        )
        lab.follows(tokens, (logits / temperature).softmax(-1), name=f"your draws at {temperature}")


def check_zero(answer):
    """At temperature 0, and close to it, the likeliest token comes."""
    logits = torch.stack([_logits() for _ in range(5)])
    for temperature in (0.0, 1e-3):
        tokens = answer.sample_with_temperature(logits, temperature)
        lab.same(tokens, logits.argmax(-1), name=f"the tokens at temperature {temperature}")


def check_large_logits(answer):
    """Logits in the thousands do not overflow."""
    logits = 1000 * _logits() + 5000
    for temperature in (0.5, 1.0):
        tokens = answer.sample_with_temperature(logits.expand(50, -1), temperature)
        assert (tokens == logits.argmax()).all(), (
            "With logits thousands apart only the likeliest token can come, and another one did."
        )


def check_new_draws(answer):
    """Asked twice about the same logits, it draws twice."""
    first, second = answer.probe_twice(torch.zeros(200, 8), 1.0)
    assert (first != second).any(), (
        "Asked twice about 200 rows of equal logits, you gave the same 200 tokens both times. Do you set a "
        "seed within the function? Whoever wants a draw again sets it outside."
    )


def check_logits_unharmed(answer):
    """The logits are as they were afterwards."""
    logits = torch.randn(3, 9)
    after = answer.probe_logits_after(logits, 0.5)
    lab.same(after, logits, name="the logits, after `sample_with_temperature` has read them")


def probe_twice(logits, temperature) -> tuple[Tensor, Tensor]:
    return sample_with_temperature(logits.clone(), temperature), sample_with_temperature(
        logits.clone(), temperature
    )


def probe_logits_after(logits, temperature) -> Float[Tensor, "batch d_vocab"]:
    sample_with_temperature(logits, temperature)
    return logits


def _logits() -> Float[Tensor, "d_vocab"]:
    """Seven tokens between likely and rare, in a hidden order, shifted by a hidden amount."""
    apart = torch.tensor([0.0, 0.5, 1.0, 1.4, 1.9, 2.3, 2.8])
    return apart[torch.randperm(7)] + 4 * torch.rand(()) - 2


def _log_likelihood(tokens: Int[Tensor, "draws"], logits: Float[Tensor, "d_vocab"]) -> float:
    return logits.log_softmax(-1)[tokens].sum().item()


def mistake_always_the_likeliest__sample_with_temperature(logits, temperature):
    """`argmax` does not draw, it decides. That is right at temperature 0 only; otherwise less likely tokens
    must get their turn: see `torch.multinomial`."""
    return logits.argmax(-1)


def mistake_multiplied__sample_with_temperature(logits, temperature):
    """You multiply by the temperature instead of dividing. A *low* temperature has to make the differences
    between logits larger."""
    if temperature == 0:
        return logits.argmax(-1)
    return torch.multinomial((logits * temperature).softmax(-1), 1)[:, 0]


def mistake_without_effect__sample_with_temperature(logits, temperature):
    """The temperature changes nothing. Do you divide the probabilities by it, after the softmax? All of them
    shrink alike, and `multinomial` normalises it away. Divide the logits."""
    if temperature == 0:
        return logits.argmax(-1)
    return torch.multinomial(logits.softmax(-1) / temperature, 1)[:, 0]


def mistake_softmax_twice__sample_with_temperature(logits, temperature):
    """Your draws are much too even, as after two softmaxes in a row. `Categorical(logits=…)` wants logits and
    takes the softmax itself; give it probabilities as `probs=…`."""
    if temperature == 0:
        return logits.argmax(-1)
    probabilities = (logits / temperature).softmax(-1)
    return torch.distributions.Categorical(logits=probabilities).sample()


def mistake_one_row_for_all__sample_with_temperature(logits, temperature):
    """All rows get a token drawn from the first row. Each row has logits of its own."""
    return sample_with_temperature(logits[:1].expand(len(logits), -1), temperature)


def mistake_divided_by_zero__sample_with_temperature(logits, temperature):
    """At temperature 0 you divide by zero: infinities, then NaN after the softmax. Treat 0 apart, before you
    divide."""
    return torch.multinomial((logits / temperature).softmax(-1), 1)[:, 0]


def mistake_overflow__sample_with_temperature(logits, temperature):
    """`exp` of a large logit is infinite, and infinite divided by infinite is NaN. `softmax` subtracts the
    largest logit first, so it never overflows."""
    if temperature <= 0.01:
        return logits.argmax(-1)
    raised = (logits / temperature).exp()
    return torch.multinomial(raised / raised.sum(-1, keepdim=True), 1)[:, 0]


def mistake_in_place__sample_with_temperature(logits, temperature):
    """You change the logits that you were given. They are the model's beliefs, and whoever looks at them
    after you sees something else. Make new ones: without `/=`, without a name ending in `_`, and without
    writing into `logits[…]`."""
    if temperature == 0:
        return logits.argmax(-1)
    logits /= temperature
    return sample_with_temperature(logits, 1.0)


def mistake_seeded__sample_with_temperature(logits, temperature):
    """You set the seed each time, so that the luck is always the same, and with it every text. A seed is set
    once, outside, by whoever wants to repeat a run."""
    torch.manual_seed(0)
    return sample_with_temperature(logits, temperature)


def also_right_gumbel__sample_with_temperature(logits, temperature):
    noise = -(-torch.rand_like(logits).clamp(min=1e-30, max=1 - 1e-7).log()).log()
    return (logits + temperature * noise).argmax(-1)


def also_right_categorical__sample_with_temperature(logits, temperature):
    if temperature == 0:
        return logits.max(dim=-1).indices
    return torch.distributions.Categorical(logits=logits / temperature).sample()


def also_right_loop__sample_with_temperature(logits, temperature):
    import random

    chosen = []
    for row in logits.tolist():
        best = max(row)
        if temperature == 0:
            chosen.append(row.index(best))
        else:
            weights = [math.exp((score - best) / temperature) for score in row]
            chosen.append(random.choices(range(len(row)), weights)[0])
    return torch.tensor(chosen)
