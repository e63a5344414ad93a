"""Every number that the lesson takes from an autoencoder, trained anew, and from the shipped model."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

MODEL = "attn-only-1l"


@pytest.fixture(autouse=True)
def _same_beginnings_every_time():
    torch.manual_seed(7)


def sae(x, W_enc, b_enc, W_dec, b_dec) -> tuple[Tensor, Tensor]:
    z = torch.relu((x - b_dec) @ W_enc + b_enc)
    return z, z @ torch.nn.functional.normalize(W_dec, dim=-1) + b_dec


def any_length(x, W_enc, b_enc, W_dec, b_dec) -> tuple[Tensor, Tensor]:
    z = torch.relu((x - b_dec) @ W_enc + b_enc)
    return z, z @ W_dec + b_dec


def fit(
    x: Float[Tensor, "example d_model"], latents: int, l1: float, steps: int = 1000, forward: Callable = sae
) -> list[Tensor]:
    """W_enc, b_enc, W_dec, b_dec, trained as in the lesson."""
    rows = torch.nn.functional.normalize(torch.randn(latents, x.shape[1]), dim=-1)
    weights = [rows.T.clone(), torch.zeros(latents), rows.clone(), x.mean(0)]
    weights = [each.requires_grad_() for each in weights]
    optimiser = torch.optim.Adam(weights, lr=0.01)
    for step in range(steps):
        batch = x[torch.randint(len(x), (256,))]
        z, x_hat = forward(batch, *weights)
        optimiser.zero_grad()
        (((batch - x_hat) ** 2).sum(-1).mean() + l1 * z.sum(-1).mean()).backward()
        optimiser.step()
        optimiser.param_groups[0]["lr"] = 0.01 * (1 - step / steps)
    return [each.detach() for each in weights]


def found(W_dec: Tensor, features: Tensor) -> float:
    """The mean max cosine."""
    normalise = torch.nn.functional.normalize
    return (normalise(features, dim=-1) @ normalise(W_dec, dim=-1).T).max(1).values.mean().item()


def unexplained(x: Tensor, x_hat: Tensor) -> float:
    return (((x - x_hat) ** 2).sum() / ((x - x.mean(0)) ** 2).sum()).item()


def active(z: Tensor) -> float:
    return (z > 0).float().sum(-1).mean().item()


def hidden_features() -> tuple[Float[Tensor, "feature d_model"], Float[Tensor, "example d_model"]]:
    features = torch.nn.functional.normalize(torch.randn(20, 12), dim=-1)
    return features, (torch.rand(20_000, 20) * (torch.rand(20_000, 20) < 0.05)) @ features


def test_eight_latents_find_the_five_spokes():
    angles = torch.arange(5) * 2 * math.pi / 5 + 0.3
    pentagon = torch.stack([angles.cos(), angles.sin()], dim=-1)
    dots = (torch.rand(4000, 5) * (torch.rand(4000, 5) < 0.05)) @ pentagon
    for _ in range(3):
        assert found(fit(dots, 8, 0.2)[2], pentagon) > 0.98


def test_directions_of_any_length_grow_and_the_penalty_melts_away():
    _, x = hidden_features()
    sums, counts, lengths = [], [], []
    for steps in (300, 1200):
        weights = fit(x, 40, 0.2, steps, any_length)
        z, _ = any_length(x, *weights)
        sums.append(z.sum(-1).mean().item())
        counts.append(active(z))
        lengths.append(weights[2].norm(dim=-1).mean().item())
    assert lengths[1] > lengths[0] > 1.2
    assert sums[1] < sums[0]
    z, _ = sae(x, *fit(x, 40, 0.2, 1200))
    assert z.sum(-1).mean() > 1.5 * sums[1]
    assert active(z) < counts[1] - 0.5


def test_a_weak_penalty_reconstructs_best_and_finds_worst():
    features, x = hidden_features()
    scores = {}
    for l1 in (0.01, 0.2, 0.4, 0.8):
        weights = fit(x, 40, l1, 600)
        z, x_hat = sae(x, *weights)
        scores[l1] = found(weights[2], features), unexplained(x, x_hat), active(z)
    assert scores[0.01][0] < 0.95 < scores[0.2][0]
    assert scores[0.4][0] > 0.97
    assert scores[0.01][1] < scores[0.2][1] < scores[0.4][1]
    assert scores[0.8][1] > 0.3
    assert scores[0.01][2] > 5
    assert scores[0.4][2] < 2


def test_chance_finds_six_tenths_and_one_feature_is_there():
    chance = [found(torch.randn(40, 12), torch.randn(20, 12)) for _ in range(20)]
    assert sum(chance) / 20 == pytest.approx(0.6, abs=0.05)
    assert 20 * 0.05 == 1


def tokens_and_streams() -> tuple[Tensor, dict[str, Tensor]]:
    """The token at each row, and the activations of the trained model, its twins, and noise."""
    model = lab.load(MODEL)
    tokens = model.to_tokens(" ".join(lab.tales(300)), prepend_bos=False, truncate=False)[0]
    tokens = tokens[: len(tokens) // 63 * 63].view(-1, 63)[:400]
    tokens = torch.cat([torch.zeros(len(tokens), 1, dtype=torch.long), tokens], dim=1)
    assert tokens.shape == (400, 64)
    trained = _stream(model, tokens)
    spread = torch.linalg.cholesky(torch.cov(trained.T) + 1e-6 * torch.eye(trained.shape[1]))
    twin = _stream(_twin(model), tokens)
    noise = torch.randn_like(trained) @ spread.T
    return tokens[:, 1:].flatten(), {"trained": trained, "twin": twin, "noise": noise}


def _stream(model, tokens: Tensor) -> Float[Tensor, "row d_model"]:
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter="blocks.0.hook_resid_post")
    x = cache["blocks.0.hook_resid_post"][:, 1:].flatten(0, 1)
    x = x - x.mean(0)
    return x / x.pow(2).sum(-1).mean().sqrt()


def _twin(model):
    twin = copy.deepcopy(model)
    with torch.no_grad():
        for weight in twin.parameters():
            if weight.ndim >= 2:
                weight.copy_(weight.mean() + weight.std() * torch.randn_like(weight))
    return twin


def test_on_the_shipped_model_variance_hardly_tells_and_purity_does():
    places, streams = tokens_and_streams()
    lost, count, purity = {}, {}, {}
    for name, stream in streams.items():
        z, x_hat = sae(stream, *fit(stream, 256, 0.1, 500))
        twenty = places[z.topk(20, dim=0).indices]
        lost[name], count[name] = unexplained(stream, x_hat), active(z)
        purity[name] = (twenty == twenty.mode(dim=0).values).float().mean().item()
        assert lost[name] < 0.25
    assert lost["trained"] == pytest.approx(0.2, abs=0.015)
    assert max(lost.values()) - min(lost.values()) < 0.06
    assert count["trained"] == pytest.approx(0.75 * count["twin"], rel=0.08)  # a quarter fewer
    assert lost["trained"] < lost["twin"] - 0.02
    assert purity["trained"] > 0.5
    assert purity["twin"] == pytest.approx(0.42, abs=0.06)  # two of five
    assert purity["noise"] < 0.15
