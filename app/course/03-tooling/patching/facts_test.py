"""Every number that the lesson takes from a model, on the shipped weights."""

import pytest
import torch

from workers import lab

HEADS = [(0, 0), (1, 3), (1, 5), (1, 6)]


@pytest.fixture(scope="module")
def model():
    return lab.load("attn-only-2l")


@pytest.fixture(scope="module", params=[0, 7])
def case(request, model):
    """The lesson's prompts, and others of the same kind."""
    torch.manual_seed(request.param)
    clean = torch.stack([1 + torch.randperm(1023)[:14] for _ in range(16)])
    clean = torch.cat([torch.zeros(16, 1, dtype=torch.long), clean], dim=1)
    clean[:, -1] = clean[:, 3]
    corrupted = clean.clone()
    corrupted[:, 3], corrupted[:, 8] = clean[:, 8], clean[:, 3]
    right, wrong = clean[:, 4], clean[:, 9]

    def difference(logits):
        return lab.logit_difference(logits, right, wrong)

    metric = lab.normalised(model, clean, corrupted, difference)
    return {
        "clean": clean,
        "corrupted": corrupted,
        "right": right,
        "wrong": wrong,
        "difference": difference,
        "metric": metric,
        "args": (model, clean, corrupted, metric),
    }


def of_the_four(grid):
    return [grid[head].item() for head in HEADS]


def others(grid):
    """The twelve other heads."""
    rest = grid.clone()
    for head in HEADS:
        rest[head] = 0
    return rest.abs().max().item()


def test_b_leads_by_about_12_logits_and_trails_by_about_11(model, case):
    assert case["difference"](model(case["clean"])) == pytest.approx(12, abs=1.2)
    assert case["difference"](model(case["corrupted"])) == pytest.approx(-11, abs=1.2)
    half = (case["difference"](model(case["clean"])) + case["difference"](model(case["corrupted"]))) / 2
    assert abs(half) < 1.5


def test_the_answer_walks_from_two_tokens_one_to_the_right_and_to_the_end(case):
    before = lab.patch_residual(*case["args"])
    after = lab.patch_residual(*case["args"], at="resid_post")[-1]
    for row, places in ((before[0], [3, 8]), (before[1], [4, 9])):
        for place in places:
            assert row[place] == pytest.approx(0.5, abs=0.17)
        assert row.sum() == pytest.approx(1, abs=0.15)
        rest = [place for place in range(15) if place not in places]
        assert row[rest].abs().max() < 0.05
    torch.testing.assert_close(after, torch.eye(15)[-1], atol=1e-3, rtol=0)


def test_one_head_brings_everything_back_and_three_a_third_each(case):
    grid = lab.patch_heads(*case["args"])
    first, *three = of_the_four(grid)
    assert first == pytest.approx(1, abs=0.05)
    assert three == pytest.approx([1 / 3] * 3, abs=0.1)
    assert others(grid) < 0.05


def test_the_first_reads_other_values_and_the_three_have_other_keys(case):
    found = {part: of_the_four(lab.patch_heads(*case["args"], part)) for part in ("pattern", "q", "k", "v")}
    assert found["v"][0] == pytest.approx(1, abs=0.05)
    assert max(abs(found[part][0]) for part in ("pattern", "q", "k")) < 0.05
    for part in ("pattern", "k"):
        assert found[part][1:] == pytest.approx([1 / 3] * 3, abs=0.1)
    assert max(abs(value) for part in ("q", "v") for value in found[part][1:]) < 0.05


def test_noising_agrees_here(model, case):
    noised = lab.patch_heads(model, case["corrupted"], case["clean"], case["metric"])
    assert (1 - noised - lab.patch_heads(*case["args"])).abs().max() < 0.12


def test_a_probability_sees_one_of_the_four(model, case):
    def probability(logits):
        return logits[:, -1].softmax(-1).gather(1, case["right"][:, None]).mean()

    metric = lab.normalised(model, case["clean"], case["corrupted"], probability)
    first, *three = of_the_four(lab.patch_heads(model, case["clean"], case["corrupted"], metric))
    assert first > 0.9
    assert max(three) < 0.06


def test_the_three_say_all_of_it_and_the_first_nothing(case, model):
    found = lab.direct_logit_attribution(model, case["clean"], case["right"], case["wrong"])
    assert found.total.mean() == pytest.approx(case["difference"](model(case["clean"])).item(), abs=1e-3)
    assert abs(found["0.0"].mean()) < 0.4
    three = found.heads[1, [3, 5, 6]]
    assert three.sum() == pytest.approx(found.total.mean().item(), rel=0.08)
    assert three.mean() == pytest.approx(4, abs=0.5)


def test_they_read_it_at_b(case, model):
    split = lab.attribution_by_source(model, case["clean"], case["right"], case["wrong"])[1, [3, 5, 6]]
    assert (split.argmax(1) == 4).all()
    assert (split[:, 4] / split.sum(1) > 0.9).all()


def test_without_a_head_s_writing_less_is_lost_than_its_share(model, case):
    _, cache = model.run_with_cache(case["clean"])
    last, whole = cache["ln_final.hook_in"], case["difference"](model(case["clean"]))
    found = lab.direct_logit_attribution(model, case["clean"], case["right"], case["wrong"])
    for head in (3, 5, 6):
        written = cache["z", 1][:, :, head] @ model.W_O[1, head]
        lost = whole - case["difference"](model.unembed(model.ln_final(last - written)))
        assert 1.2 < lost < 3.3
        assert lost < found[f"1.{head}"].mean() - 1


def test_the_lens_sees_nothing_nothing_everything(model, case):
    line = lab.logit_lens(model, case["clean"], case["difference"])
    assert line[:2].abs().max() < 1.5
    assert line[2] > 10


def test_the_first_head_has_no_direct_effect_and_the_three_have_no_other(case):
    straight, total = lab.path_patch(*case["args"]), lab.patch_heads(*case["args"])
    assert abs(straight[0, 0]) < 0.05
    torch.testing.assert_close(straight[1], total[1], atol=1e-3, rtol=0)


def test_its_message_goes_by_three_keys(case):
    for head in HEADS[1:]:
        by = {part: lab.path_patch(*case["args"], [head], part)[0, 0].item() for part in ("q", "k", "v")}
        assert by["k"] == pytest.approx(1 / 3, abs=0.1)
        assert max(abs(by["q"]), abs(by["v"])) < 0.05
    assert lab.path_patch(*case["args"], HEADS[1:], "k")[0, 0] == pytest.approx(1, abs=0.05)


def ranks(values):
    return values.flatten().argsort().argsort().float()


def correlation(one, other):
    return torch.corrcoef(torch.stack([ranks(one), ranks(other)]))[0, 1].item()


def test_the_estimate_has_the_right_order_and_the_wrong_sizes(case):
    estimated, real = lab.attribution_patch_heads(*case["args"]), lab.patch_heads(*case["args"])
    assert set(estimated.flatten().topk(4).indices.tolist()) == {0, 11, 13, 14}
    assert correlation(estimated, real) > 0.7
    first, *three = (e / r for e, r in zip(of_the_four(estimated), of_the_four(real), strict=True))
    assert first == pytest.approx(0.75, abs=0.1)
    assert sum(three) / 3 == pytest.approx(2 / 3, abs=0.1)


def test_the_real_model_where_it_is_installed():
    try:
        model = lab.load("smollm2-135m")
    except (lab.ModelUnavailable, lab.UnknownModel):
        pytest.skip("smollm2-135m is not installed here")
    story = "When Mary and John went to the store, {} gave a drink to"
    prompts = story.format("John"), story.format("Mary")
    mary, john = lab.answer_tokens(model, [" Mary", " John"]).tolist()
    metric = lab.normalised(model, *prompts, lambda logits: lab.logit_difference(logits, mary, john))
    guess = lab.attribution_patch_heads(model, *prompts, metric)
    assert guess.shape == (30, 9)
    truth = lab.patch_heads(model, *prompts, metric)
    assert correlation(guess, truth) > 0.5
    assert (
        len(set(guess.flatten().topk(10).indices.tolist()) & set(truth.flatten().topk(10).indices.tolist()))
        >= 5
    )
