"""The lab's techniques beside TransformerLens's own, in this process: the same prompts, the same numbers.

CPU-seconds, the best of a few rounds, one torch thread. Where TransformerLens refuses a model, or has no such
technique, there is nothing to compare with and no line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from transformer_lens import patching
from transformer_lens.head_detector import detect_head
from transformer_lens.tools.analysis import logit_lens
from transformer_lens.tools.analysis.attribution_patching import attribution_patch

from app.config import settings
from tests.benchmarks import table
from workers import lab
from workers.lab.models import registry

TOYS = ("attn-only-2l", "tiny-gpt2")
LARGE = "smollm2-135m"
_TEXT = " Emma and Harriet walked. Emma and Harriet talked. Emma"


@dataclass(frozen=True)
class Compared:
    """One technique on one model: CPU-seconds of both, and the largest deviation of ours from theirs."""

    technique: str
    model: str
    ours: float
    theirs: float
    deviation: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Case:
    """Two prompts and a metric for a model, with the clean run's cache that TransformerLens asks for."""

    model: Any
    clean: Tensor
    corrupted: Tensor
    metric: Callable[[Tensor], Tensor]
    right: Tensor
    wrong: Tensor

    @property
    def args(self) -> tuple[Any, ...]:
        return self.model, self.clean, self.corrupted, self.metric


def measured(quick: bool) -> list[Compared]:
    """Every technique on every model that is here; the large one if it is installed, and not for a glance."""
    torch.set_num_threads(1)
    registry.look_in(settings().models_dir)
    found: list[Compared] = []
    for name in TOYS:
        found += _say(_compare(case, name, 2 if quick else 5) for case in [_toy(name)])
    if not quick:
        try:
            lab.load(LARGE)
        except (lab.UnknownModel, lab.ModelUnavailable):
            print(f"  {LARGE} is not installed here: only the toys.")
        else:
            found += _say([_compare(_large(), LARGE, 1)])
    return found


def report(found: list[Compared]) -> str:
    """As a table."""
    rows = [
        [
            one.technique,
            one.model,
            f"{1000 * one.ours:.1f}",
            f"{1000 * one.theirs:.1f}",
            table.ratio(one.ours, one.theirs),
            f"{one.deviation:.0e}",
        ]
        for one in found
    ]
    header = ["technique", "model", "lab, CPU-ms", "TransformerLens, CPU-ms", "", "largest deviation"]
    return "The lab's techniques beside TransformerLens's own:\n\n" + table.markdown(header, rows)


def _say(groups: Any) -> list[Compared]:
    found: list[Compared] = []
    for group in groups:
        for one in group:
            print(
                f"  {one.technique} on {one.model}: {one.ours:.3f} s, theirs {one.theirs:.3f} s", flush=True
            )
            found.append(one)
    return found


def _toy(name: str) -> Case:
    draw = torch.Generator().manual_seed(0)
    model = lab.load(name)
    clean = torch.stack([1 + torch.randperm(1023, generator=draw)[:20] for _ in range(4)])
    clean[:, -1] = clean[:, 3]
    corrupted = clean.clone()
    corrupted[:, 3], corrupted[:, 8] = clean[:, 8], clean[:, 3]
    return _case(model, clean, corrupted, clean[:, 4], clean[:, 9])


def _large() -> Case:
    model, story = lab.load(LARGE), "When Mary and John went to the store, {} gave a drink to"
    mary, john = lab.answer_tokens(model, [" Mary", " John"])
    prompts = [model.to_tokens(story.format(name)) for name in ("John", "Mary")]
    return _case(model, prompts[0], prompts[1], mary[None], john[None])


def _case(model: Any, clean: Tensor, corrupted: Tensor, right: Tensor, wrong: Tensor) -> Case:
    def difference(logits: Tensor) -> Tensor:
        return lab.logit_difference(logits, right, wrong)

    metric = lab.normalised(model, clean, corrupted, difference)
    return Case(model, clean, corrupted, metric, right, wrong)


def _compare(case: Case, name: str, rounds: int) -> Iterator[Compared]:
    for technique, (ours, theirs) in _pairs(case, name).items():
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):  # turn by turn, so that a busy moment hits both
            results = []
            for run, taken in zip((ours, theirs), times, strict=True):
                began = time.process_time()
                results.append(run())
                taken.append(time.process_time() - began)
        deviation = (results[0] - results[1]).abs().max().item()
        yield Compared(technique, name, min(times[0]), min(times[1]), deviation)


def _pairs(case: Case, name: str) -> dict[str, tuple[Callable[[], Tensor], Callable[[], Tensor]]]:
    """Ours and theirs, each from prompts to numbers of the same shape."""
    pairs: dict[str, tuple[Callable[[], Tensor], Callable[[], Tensor]]] = {
        "patching, heads": (
            lambda: lab.patch_heads(*case.args),
            lambda: _theirs(case, patching.get_act_patch_attn_head_out_all_pos),
        ),
        "patching, residual stream": (
            lambda: lab.patch_residual(*case.args),
            lambda: _theirs(case, patching.get_act_patch_resid_pre),
        ),
        "logit lens": (
            lambda: lab.logit_lens(case.model, case.clean, lambda logits: logits[:, -1].log_softmax(-1)),
            lambda: _their_lens(case),
        ),
    }
    if not case.model.cfg.attn_only:  # theirs refuses models without MLPs
        one = _case(case.model, *(each[:1] for each in (case.clean, case.corrupted, case.right, case.wrong)))
        pairs["attribution patching, heads × positions"] = (  # theirs puts one pair at a time to the metric
            lambda: lab.attribution_patch_heads_by_position(*one.args),
            lambda: _their_estimates(one),
        )
    if name == LARGE:  # the other maps take theirs minutes there
        return pairs
    if name == "attn-only-2l":  # of norms with weights theirs knows nothing before they are folded
        pairs["direct attribution, heads"] = (
            lambda: lab.direct_logit_attribution(case.model, case.clean, case.right, case.wrong).heads,
            lambda: _their_shares(case),
        )
    pairs["patching, heads × positions"] = (
        lambda: lab.patch_heads_by_position(*case.args).transpose(1, 2),
        lambda: _theirs(case, patching.get_act_patch_attn_head_out_by_pos),
    )
    pairs["scores of heads"] = (
        lambda: lab.head_scores(case.model, _TEXT, "induction", everywhere=True),
        lambda: detect_head(case.model, _TEXT, "induction_head"),
    )
    return pairs


def _theirs(case: Case, run: Callable[..., Tensor]) -> Tensor:
    _, cache = case.model.run_with_cache(case.clean)
    return run(case.model, case.corrupted, cache, case.metric)


def _their_lens(case: Case) -> Tensor:
    found = logit_lens(case.model, case.clean, positions=-1, return_type="log_probs")
    stages = [found.labels.index(f"{layer}_pre") for layer in range(case.model.cfg.n_layers)]
    return found.values[[*stages, -1]]


def _their_shares(case: Case) -> Tensor:
    _, cache = case.model.run_with_cache(case.clean)
    stack = cache.stack_head_results(pos_slice=-1)
    shares = cache.logit_attrs(stack, case.right, case.wrong, pos_slice=-1)
    return shares.mean(-1).reshape(case.model.cfg.n_layers, -1)[:, : case.model.cfg.n_heads]


def _their_estimates(case: Case) -> Tensor:
    """Theirs wants weights that take gradients."""
    cfg, length = case.model.cfg, case.clean.shape[1]
    case.model.requires_grad_(True)
    try:
        found = attribution_patch(case.model, case.clean, case.corrupted, case.metric)
    finally:
        case.model.requires_grad_(False)
    values = torch.zeros(cfg.n_layers, cfg.n_heads, length)
    for node, score in found.node_scores.items():
        if node.kind == "attn_head_out":
            values[node.layer, node.head, node.position] = score
    return values
