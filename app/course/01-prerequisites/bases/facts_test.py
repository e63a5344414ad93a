"""What the lesson says about arrows, and what it takes from a shipped model."""

import pytest
import torch

from workers import lab

SENTENCE = "The fox saw Simon Crane and followed him. The owl saw Simon"
ARROW = torch.tensor([3.0, 2.0])


@pytest.fixture(scope="module")
def stream() -> torch.Tensor:
    model = lab.load("attn-only-2l")
    _, cache = model.run_with_cache(model.to_tokens(SENTENCE))
    return cache["ln_final.hook_normalized"][0]


@pytest.fixture
def turn() -> torch.Tensor:
    torch.manual_seed(3)
    return torch.linalg.qr(torch.randn(128, 128)).Q


def test_walking_by_dot_products_arrives_only_in_an_orthonormal_basis():
    right_angles = torch.tensor([[2.0, 1.0], [-1.0, 2.0]])
    assert right_angles[0] @ right_angles[1] == 0
    for basis, arrives in (
        (torch.tensor([[2.0, 0.0], [1.0, 1.5]]), False),
        (right_angles, False),
        (right_angles / right_angles.norm(dim=-1, keepdim=True), True),
    ):
        assert torch.allclose(ARROW @ basis.T @ basis, ARROW, atol=1e-5) == arrives


def test_the_model_does_not_notice_that_its_stream_was_turned(stream, turn):
    model = lab.load("attn-only-2l")
    assert stream.shape == (18, 128)
    scores, turned = stream @ model.W_U, (stream @ turn) @ (turn.T @ model.W_U)
    assert (scores - turned).abs().max() < 1e-3
    assert scores.abs().max() > 5


def test_some_coordinates_of_the_stream_are_larger_than_chance_would_have_it(stream, turn):
    sizes, even = stream.abs().mean(0), (stream @ turn).abs().mean(0)
    assert sizes.max() / sizes.mean() > 1.3 * even.max() / even.mean()


def test_random_directions_are_nearly_at_right_angles_where_there_is_room():
    torch.manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(1000, 128), dim=-1)
    cosines = (vectors @ vectors.T)[torch.triu(torch.ones(1000, 1000), 1).bool()]
    assert cosines.std() == pytest.approx(128**-0.5, rel=0.05)
    assert round(128**-0.5, 2) == 0.09


def test_a_head_has_sixteen_channels():
    model = lab.load("attn-only-2l")
    for head in range(8):
        strengths = torch.linalg.svdvals(model.W_V[1, head] @ model.W_O[1, head])
        assert (strengths > 1e-4).sum() == 16 == model.cfg.d_head
        assert strengths[15] > 0.1
    assert 128 * 128 == 16_384
    assert 128 - 16 == 112


def test_a_few_channels_are_most_of_the_picture():
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(60.0), indexing="ij")
    picture = ((x - 22) ** 2 + (y - 20) ** 2 < 200).float() + ((x - y - 12).abs() < 4).float()
    squares = torch.linalg.svdvals(picture).square()
    assert squares[:3].sum() / squares.sum() > 0.75
    assert squares[:8].sum() / squares.sum() > 0.93


def test_with_rows_on_the_left_a_matrix_listens_along_u_and_speaks_along_v():
    torch.manual_seed(0)
    matrix = torch.randn(6, 4)
    U, S, Vt = torch.linalg.svd(matrix, full_matrices=False)
    for n in range(4):
        assert torch.allclose(U[:, n] @ matrix, S[n] * Vt[n], atol=1e-5)
