"""Lengths of time as people say them."""

from __future__ import annotations

from datetime import timedelta

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def spell(span: timedelta | float) -> str:
    """A span of time (or seconds): `40 s`, `25 min`, `2 h 10 min`, `3 days`.

    >>> spell(40), spell(25 * 60), spell(7800), spell(timedelta(days=3, hours=5)), spell(7200)
    ('40 s', '25 min', '2 h 10 min', '3 days', '2 h')
    """
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    if seconds < _MINUTE:
        return f"{max(seconds, 0):.0f} s"
    if seconds < _HOUR:
        return f"{int(seconds) // _MINUTE} min"
    if seconds < _DAY:
        minutes = int(seconds) % _HOUR // _MINUTE
        return f"{int(seconds) // _HOUR} h" + (f" {minutes} min" if minutes else "")
    days = int(seconds) // _DAY
    return f"{days} day{'' if days == 1 else 's'}"
