"""Long lists in parts: `limit` of them at a time, `after` the last that one has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from app.api.shapes import Page
from app.guard import Unusable

T = TypeVar("T")
S = TypeVar("S")

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[str, Query(max_length=80, description="The `next` of the part before.")]
USUAL = 50


def part(
    found: Sequence[T], after: str, limit: int, key: Callable[[T], object], shape: Callable[[T], S]
) -> Page[S]:
    """The part of `found` that comes after the entry of this key. Raises Unusable if there is none."""
    keys = [str(key(one)) for one in found] if after else []
    if after and after not in keys:
        raise Unusable("There is nothing of this `after` in the list (any more): begin again without it.")
    start = keys.index(after) + 1 if after else 0
    chosen = found[start : start + limit]
    more = start + limit < len(found)
    return Page(items=[shape(one) for one in chosen], next=str(key(chosen[-1])) if more else None)
