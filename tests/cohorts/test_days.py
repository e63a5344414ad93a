"""Days that people write into forms."""

from __future__ import annotations

from datetime import date

import pytest

from app.guard import Unusable, clean_day


def test_a_day_is_read_and_an_empty_field_is_none() -> None:
    assert clean_day(" 2027-01-31 ") == date(2027, 1, 31)
    assert clean_day("  ") is None


@pytest.mark.parametrize("text", ["31.1.2027", "2027-02-30", "tomorrow", "2027-13-01"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Unusable, match="2027-01-31"):
        clean_day(text)
