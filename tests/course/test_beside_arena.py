"""The manual's table speaks of exercises that there are, and of all of the first two steps."""

from __future__ import annotations

import re

from app.config import ROOT
from app.lessons import load

TABLE = [
    line.split("|")
    for line in (ROOT / "app/manual/graded.md").read_text().splitlines()
    if line.startswith("| ")
]
ROWS = [row for row in TABLE if "checked here" not in row[4]]

THEIRS = (
    *("LayerNorm", "Embed", "PosEmbed", "apply_causal_mask", "Attention.forward", "MLP", "TransformerBlock"),
    *("Unembed", "DemoTransformer", "TransformerTrainer", "log completions", "sample", "sample_basic"),
    *("apply_temperature", "apply_frequency_penalty", "sample_top_k", "sample_top_p", "beam_search"),
    "KV cache",
)  # the exercises of its chapter 1.1


def test_every_exercise_that_it_names_is_there() -> None:
    known = load(ROOT / "app" / "course").exercises
    named = {name for row in ROWS for name in re.findall(r"`(\w+)`", row[3])}
    assert len(named) > 30
    assert named - known.keys() == set()


def test_what_is_checked_is_said_wherever_there_is_an_exercise() -> None:
    for row in ROWS:
        assert bool(row[4].strip()) == ("`" in row[3])


def test_all_of_the_source_stand_in_it() -> None:
    theirs = "\n".join(row[1] for row in ROWS)
    for name in THEIRS:
        assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", theirs), name
