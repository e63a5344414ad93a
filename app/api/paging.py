"""Long lists in parts: `limit` of them at a time, `after` the last that one has.

The database is asked for no more than a part, and for one more, which says that something follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Query

from app.api.shapes import Page
from app.guard import Unusable

T = TypeVar("T")
S = TypeVar("S")

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[str, Query(max_length=80, description="The `next` of the part before.")]
USUAL = 50


def last(after: str) -> UUID | None:
    """The id of the last that one has; None at the beginning. Raises Unusable."""
    try:
        return UUID(after) if after else None
    except ValueError:
        raise _unknown() from None


def page(found: Sequence[T], limit: int, key: Callable[[T], object], shape: Callable[[T], S]) -> Page[S]:
    """A part, of what was asked for with one more than `limit`."""
    chosen = found[:limit]
    more = len(found) > limit
    return Page(items=[shape(one) for one in chosen], next=str(key(chosen[-1])) if more else None)


def part(
    found: Sequence[T], after: str, limit: int, key: Callable[[T], object], shape: Callable[[T], S]
) -> Page[S]:
    """A part of what is in no database: that which comes after the entry of this key. Raises Unusable."""
    keys = [str(key(one)) for one in found] if after else []
    if after and after not in keys:
        raise _unknown()
    start = keys.index(after) + 1 if after else 0
    return page(found[start : start + limit + 1], limit, key, shape)


def _unknown() -> Unusable:
    return Unusable("There is nothing of this `after` in the list (any more): begin again without it.")
