"""The way to a GPU, walked on the processors and on torch's `meta` device, which has no numbers.

Nobody has run this on a GPU: what its driver does behind these walls is not tested here.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.installing import tiny
from tests.runner.conftest import Seen
from tests.runner.starting import Started
from tests.runner.starting import runner as start_runner
from workers import lab, values
from workers.lab.models import devices
from workers.lab.models.loading import boot
from workers.runner import confine
from workers.runner.client import RunnerClient, RunnerGone, status
from workers.runner.confine.sight import DEVICES, ROOT, look
from workers.runner.limits import Limits
from workers.runner.snapshots import refusal
from workers.runner.zygote import environment

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the sandbox is Linux's")


@pytest.fixture(scope="module")
def other() -> Iterator[Started]:
    """A runner whose children open a device that is not the processors."""
    with start_runner("--sandbox", "auto", "--device", "meta", pool=1) as started:
        yield started


def run(where: Started, source: str, device: str) -> Seen:
    seen = Seen()
    with RunnerClient(where.socket, Limits(wall=30), 1, device=device) as child:
        for event in child.cell("one", source):
            seen.take(event)
    return seen


def printed(where: Started, source: str, device: str) -> str:
    seen = run(where, source, device)
    assert seen.error is None, seen.error
    return seen.text


ATTACKS = ("open('/etc/shadow')", "import socket\nsocket.socket()", "import os\nos.fork()")
MODEL = "model = lab.load('attn-only-2l')\nprint(lab.device(), model.cfg.device, model.W_E.device)"


def test_a_run_that_asks_for_nothing_computes_on_the_processors(runner: Started, other: Started) -> None:
    for where in (runner, other):
        assert printed(where, MODEL, "cpu") == "cpu cpu cpu\n"
    assert status(runner.socket)["device"] == "cpu"


def test_a_run_that_asks_for_the_device_has_its_models_there(other: Started) -> None:
    assert printed(other, MODEL, "meta") == "meta meta meta\n"
    whole = (
        "import torch\ntokens = torch.zeros(1, 4, dtype=torch.long, device=lab.device())\n"
        "logits, cache = lab.load('attn-only-2l').run_with_cache(tokens)\n"
        "print(logits.device, cache['blocks.0.attn.hook_pattern'].device, tuple(logits.shape))\n"
        "print(lab.load('attn-only-2l', device='cpu')(tokens.new_zeros((1, 4), device='cpu')).device)"
    )
    assert printed(other, whole, "meta") == "meta meta (1, 4, 1024)\ncpu\n"
    assert status(other.socket)["device"] == "meta"


def test_arguments_come_to_the_device_and_a_model_leaves_it_as_its_name(other: Started) -> None:
    source = "def where(x):\n    return str(x.device)\ndef model():\n    return lab.load('attn-only-2l')"
    packed, body = values.pack(torch.ones(2))
    with RunnerClient(other.socket, Limits(wall=30), 1, device="meta") as child:
        list(child.cell("one", source))
        answer, _ = child.call("where", {"args": [packed]}, body)
        assert answer["value"] == "meta"
        answer, _ = child.call("model", {"args": []})
        assert answer["value"] == {"$model": "attn-only-2l"}


def test_a_device_that_the_runner_was_not_started_for_is_refused(runner: Started) -> None:
    with pytest.raises(RunnerGone), RunnerClient(runner.socket, Limits(), 1, device="cuda"):
        pass
    assert "started without --device cuda" in runner.log.read_text()


def test_models_are_there_before_the_first_cell(other: Started) -> None:
    count = "from workers.lab.models import devices\nprint(len(devices._copies) == len(lab.models()))"
    assert printed(other, count, "meta") == "True\n"
    assert printed(other, count, "cpu") == "True\n"  # nobody knows before which of the two it will be


# ---- the walls, with a door


@linux
def test_the_weaker_wall_is_named(runner: Started, other: Started) -> None:
    found = status(other.socket)
    assert "gpu" in found["layers"]
    assert found["missing"]["gpu"].startswith("Runs may give every order to the GPU's driver")
    assert "gpu" not in {*status(runner.socket)["layers"], *status(runner.socket)["missing"]}
    assert set(status(runner.socket)["layers"]) == set(found["layers"]) - {"gpu"}


@linux
def test_only_there_every_order_to_a_device_goes_through(runner: Started, other: Started) -> None:
    block_size = "import fcntl\nprint(fcntl.ioctl(open('x', 'w'), 2, bytes(8)) != bytes(8))"
    assert printed(other, block_size, "cpu") == "True\n"
    assert run(runner, block_size, "cpu").error is not None


@linux
def test_only_there_addresses_are_not_limited(runner: Started, other: Started) -> None:
    limit = "import resource\nprint(resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY)"
    assert printed(other, limit, "meta") == "True\n"
    assert printed(runner, limit, "cpu") == "False\n"


@linux
@pytest.mark.parametrize("attack", ATTACKS)
def test_all_else_is_refused_there_too(other: Started, attack: str) -> None:
    assert run(other, attack, "meta").error is not None


BEFORE = """
import sys, threading
sys.path.insert(0, {root!r})
from workers.runner.confine import kernel, seccomp
begin, said = threading.Event(), []
def drive():
    begin.wait()
    try:
        import socket
        socket.socket()
    except OSError as error:
        said.append(type(error).__name__)
thread = threading.Thread(target=drive)
thread.start()
kernel.no_new_privileges()
seccomp.restrict(own_files=True)
begin.set()
thread.join()
print(said)
"""


@linux
def test_a_thread_that_a_driver_has_started_before_is_behind_the_filter_too() -> None:
    script = BEFORE.format(root=str(ROOT))
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stdout == "['PermissionError']\n", said.stderr


def test_what_a_process_has_on_a_gpu_is_never_forked() -> None:
    assert "does not survive a fork" in refusal(confine.Plan(namespaces=True, device="cuda"))


def test_a_plan_with_a_device_survives_its_way_to_the_zygote() -> None:
    plan = confine.Plan(seen=look([], "cuda"), device="cuda")
    assert confine.Plan.read(plan.as_json()).device == "cuda"
    assert set(DEVICES) <= set(plan.seen.devices)
    assert set(look([]).devices) == set(DEVICES)


def test_which_of_several_gpus_is_meant_reaches_the_zygote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert "CUDA_VISIBLE_DEVICES" not in environment("/cell")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert environment("/cell")["CUDA_VISIBLE_DEVICES"] == "1"


# ---- the lab


@pytest.fixture
def on_meta() -> Iterator[None]:
    devices.use("meta")
    yield
    devices.use("cpu")


def test_a_copy_elsewhere_leaves_the_shared_one_as_it_is(on_meta: None) -> None:
    there, here = lab.load("attn-only-2l"), lab.load("attn-only-2l", device="cpu")
    assert there is lab.load("attn-only-2l")
    assert {weights.device.type for weights in there.parameters()} == {"meta"}
    assert {weights.device.type for weights in here.parameters()} == {"cpu"}
    assert (there.cfg.device, here.cfg.device) == ("meta", "cpu")
    assert not any(weights.requires_grad for weights in there.parameters())
    assert there.tokenizer is here.tokenizer


def test_both_copies_leave_as_the_models_name_and_anothers_do_not(on_meta: None) -> None:
    for device in ("meta", "cpu"):
        assert devices.which(lab.load("attn-only-2l", device=device)) == ("attn-only-2l", False, None)
    assert devices.which(copy.deepcopy(lab.load("attn-only-2l"))) is None


def test_a_copy_has_the_numbers_and_hooks_of_its_own() -> None:
    model, tokens = lab.load("attn-only-2l"), torch.randint(0, 1024, (1, 12))
    made = devices._copied(model, torch.device("cpu"))
    assert torch.equal(made(tokens), model(tokens))
    made.add_hook("blocks.0.attn.hook_pattern", lambda pattern, hook: pattern * 0)
    assert not torch.equal(made(tokens), model(tokens))


@pytest.mark.parametrize("kind", [tiny.gpt2, tiny.llama], ids=["gpt2", "llama"])
def test_models_from_elsewhere_are_copied_whole(kind: Callable[[], Any], tmp_path: Path) -> None:
    """TransformerLens wraps each kind in its own way; nothing of the copy may lead back to the original."""
    model = boot(tiny.lay_out(tmp_path, "some/model", kind()))
    tokens = torch.randint(0, tiny.VOCABULARY, (1, 8))
    made, there = devices._copied(model, torch.device("cpu")), devices._copied(model, torch.device("meta"))
    assert torch.equal(made(tokens), model(tokens))
    made.add_hook("blocks.0.hook_resid_pre", lambda resid, hook: resid * 2 + 1)
    assert not torch.allclose(made(tokens), model(tokens))
    logits, cache = there.run_with_cache(tokens.to("meta"))
    assert {value.device.type for value in (logits, *cache.values())} == {"meta"}


def test_being_ready_for_a_device_loads_every_model_there() -> None:
    for model in lab.models():
        lab.load(model.name)
    devices.prepare("meta")
    assert {asked.name for asked, at in devices._copies if at.type == "meta"} >= {
        one.name for one in lab.models()
    }
    assert lab.device() == torch.device("cpu")
