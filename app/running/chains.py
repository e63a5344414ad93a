"""A chain: the texts a run is made of, the pressed cell last.

Frozen in the run, compared with what stands there now.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from app.guard import Unusable, clean_text
from app.lessons import Lesson, Prose
from app.models import Run

Chain = list[Any]  # [{"cell": id, "text": …}, …]; plain, because it is a JSON column


def clean(lesson: Lesson, texts: Mapping[str, str]) -> dict[str, str]:
    """The texts sent along with a request, as they are stored; cells that the lesson no longer has are
    dropped.

    Raises TextTooLong.
    """
    known = {block.id for block in lesson.blocks if not isinstance(block, Prose)}
    return {cell: clean_text(text) for cell, text in texts.items() if cell in known}


def build(lesson: Lesson, cell: str, texts: Mapping[str, str]) -> Chain:
    """Everything that runs down to and including `cell`. Raises Unusable for a form, which holds no code."""
    try:
        ids = lesson.chain(cell)
    except KeyError:
        raise Unusable("This one is answered by filling it in: there is nothing to run.") from None
    return [{"cell": one, "text": texts[one]} for one in ids]


def hash_above(chain: Chain) -> str:
    """Of everything above the pressed cell: outputs are stale once this has changed."""
    above = [[link["cell"], link["text"]] for link in chain[:-1]]
    return hashlib.sha256(json.dumps(above).encode()).hexdigest()


def stale(run: Run, chain_hash: str) -> bool:
    """Whether the run's outputs were made on top of other cells than those that stand above it now."""
    return run.chain_hash != chain_hash


def modified(run: Run, text: str) -> bool:
    """Whether the cell itself has been changed since this run."""
    return bool(run.chain[-1]["text"] != text)
