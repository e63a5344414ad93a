"""Models as they were on their way: `lab.load(name, step=…)` and `lab.checkpoints(name)`."""

import gc

import pytest
import torch
from safetensors.torch import load_file

from workers import lab, values
from workers.lab.models import devices, loading, steps
from workers.wire import WireError

STEPS = [0, 40, 800]
NAME = "attn-only-1l"


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """The shipped files of one model, and beside them three checkpoints, each with its own scale."""
    shipped = loading.SHIPPED
    for part in ("tokenizer", f"{NAME}.safetensors"):
        (tmp_path / part).symlink_to(shipped / part)
    final = load_file(shipped / f"{NAME}.safetensors")
    scaled = {step: {name: step * weight for name, weight in final.items()} for step in reversed(STEPS)}
    steps.save(scaled, tmp_path / f"{NAME}{steps.ENDING}")
    monkeypatch.setattr(loading, "SHIPPED", tmp_path)
    loading._on_the_way.clear()
    yield tmp_path
    loading._on_the_way.clear()


def test_the_steps_there_are_ascend(trained):
    assert lab.checkpoints(NAME) == STEPS


def test_a_model_without_any_has_none(trained):
    assert lab.checkpoints("attn-only-0l") == []
    with pytest.raises(lab.UnknownModel, match="attn-only-0l has no checkpoints"):
        lab.load("attn-only-0l", step=100)


def test_each_step_brings_its_own_weights(trained):
    final = lab.load(NAME)
    for step in STEPS:
        model = lab.load(NAME, step=step)
        assert model.W_E.dtype == torch.float32
        torch.testing.assert_close(model.W_E, (step * final.W_E).half().float(), rtol=0, atol=0)
        assert not model.training
        assert not any(weight.requires_grad for weight in model.parameters())
    assert model("The owl saw Ruth.").isfinite().all()


@pytest.mark.parametrize(("step", "nearest"), [(41, "0 and 40"), (500, "40 and 800"), (10**6, "40 and 800")])
def test_a_step_there_is_not_is_answered_with_the_nearest(trained, step, nearest):
    with pytest.raises(lab.UnknownModel, match=f"no checkpoint at step {step}. The nearest: {nearest};"):
        lab.load(NAME, step=step)


@pytest.mark.parametrize("step", [40.0, "40", [40]])
def test_a_step_is_a_whole_number(trained, step):
    with pytest.raises(lab.UnknownModel, match="whole number"):
        lab.load(NAME, step=step)


def test_a_step_may_come_out_of_a_tensor(trained):
    assert lab.load(NAME, step=torch.tensor(STEPS)[1]) is lab.load(NAME, step=40)


def test_it_is_the_same_object_while_somebody_holds_it_and_gone_afterwards(trained):
    held = lab.load(NAME, step=40)
    assert lab.load(NAME, step=40) is held
    assert lab.load(NAME, step=800) is not held
    del held
    gc.collect()
    assert (NAME, 40) not in loading.on_the_way()


def test_hooks_on_the_trained_model_and_its_gradients_stay_there(trained):
    final, tokens = lab.load(NAME), torch.arange(1, 9)[None]
    before = lab.load(NAME, step=800)(tokens)
    loading._on_the_way.clear()
    final.add_hook("blocks.0.hook_resid_pre", lambda value, hook: 0 * value)
    final.requires_grad_(True)
    try:
        again = lab.load(NAME, step=800)
        assert torch.equal(again(tokens), before)
        assert not any(weight.requires_grad for weight in again.parameters())
    finally:
        final.reset_hooks(including_permanent=True)
        final.requires_grad_(False)


def test_it_travels_as_its_name_and_step(trained):
    model = lab.load(NAME, step=40)
    packed, body = values.pack([model, lab.load(NAME)])
    assert packed == [{"$checkpoint": [NAME, 40]}, {"$model": NAME}]
    assert values.unpack(packed, body)[0] is model
    assert devices.which(model) == (NAME, False, 40)


@pytest.mark.parametrize(
    "forged", [[NAME, 41], [NAME, "x"], ["gpt-9", 40], [NAME], NAME, [NAME, None], [[], 40]]
)
def test_a_forged_one_is_no_value(trained, forged):
    with pytest.raises(WireError):
        values.unpack({"$checkpoint": forged})


@pytest.mark.parametrize("damage", [b"", b"<html>404</html>" * 9])
def test_a_damaged_file_is_said_plainly(trained, damage):
    (trained / f"{NAME}{steps.ENDING}").write_bytes(damage)
    for ask in (lambda: lab.checkpoints(NAME), lambda: lab.load(NAME, step=40)):
        with pytest.raises(lab.ModelUnavailable, match=rf"python -m workers\.training {NAME}"):
            ask()


def test_weights_of_another_model_are_said_plainly(trained):
    other = load_file(trained / f"{NAME}.safetensors")
    other.pop("embed.weight")
    steps.save({40: other}, trained / f"{NAME}{steps.ENDING}")
    with pytest.raises(lab.ModelUnavailable, match="damaged"):
        lab.load(NAME, step=40)
