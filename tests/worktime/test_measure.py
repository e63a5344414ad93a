"""Active time of events: a log whose truth is known, and what holds of every log."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.learning.activity import Kind
from app.learning.worktime import IDLE_CAP, Event, Place, Spent, Times, measure

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def at(minutes: float, kind: Kind, cell: str = "", lesson: str = "counting") -> Event:
    return Event(NINE + timedelta(minutes=minutes), lesson, cell, kind)


def test_a_morning_whose_truth_is_known() -> None:
    """Reads for 1.5 min, writes and runs for 4, looks at a hint for 1, writes on, is away, comes back."""
    morning = [
        at(0, Kind.OPENED),
        at(1.5, Kind.EDITED, "double"),  # 1.5 of reading, for `double`
        at(2, Kind.EDITED, "double"),  # 0.5 in code
        at(3.5, Kind.RAN, "double"),  # 1.5
        at(5.5, Kind.HANDED_IN, "double"),  # 2, just the cap
        at(6.5, Kind.HINT, "double"),  # 1 of reading
        at(7, Kind.EDITED, "double"),  # 0.5 of reading: the hint
        at(7.5, Kind.HANDED_IN, "double"),  # 0.5 in code
        at(67.5, Kind.OPENED, "", "sums"),  # away for an hour: 2 count, where they were left
        at(68, Kind.PREDICTED, "first", "sums"),  # 0.5 of reading
        at(70, Kind.RAN, "first", "sums"),  # 2 of reading: the guess is not code
        at(70.25, Kind.RAN, "second", "sums"),  # 0.25 in code
    ]
    assert measure(morning).by_place == {
        Place("counting", "double"): Spent(code=4.5 * 60, reading=(1.5 + 1 + 0.5 + 2) * 60),
        Place("sums", "first"): Spent(reading=2.5 * 60),
        Place("sums", "second"): Spent(code=15),
    }
    assert measure(morning).lesson("counting").minutes == 10 == round(9.5)
    assert measure(morning).at("double") == measure(morning).lesson("counting")


def test_whoever_works_at_a_steady_pace_is_measured_exactly() -> None:
    """An hour of editing, noted twice a minute, then reading with something every 90 seconds."""
    editing = [at(i / 2, Kind.EDITED, "double") for i in range(121)]
    reading = [at(60 + i * 1.5, Kind.HINT, "double") for i in range(1, 27)]
    times = measure([*editing, *reading])
    assert times.total.code == 60 * 60
    assert times.total.reading == 26 * 90
    assert times.total.share_in_code == 3600 / (3600 + 26 * 90)


def test_nothing_and_a_single_event_take_no_time() -> None:
    assert measure([]) == Times({})
    assert measure([at(0, Kind.RAN, "one")]).total == Spent()
    assert measure([]).total.share_in_code is None


_MOMENTS = st.integers(0, 40_000).map(lambda seconds: NINE + timedelta(seconds=seconds / 4))
_EVENTS = st.lists(
    st.builds(
        Event,
        _MOMENTS,
        st.sampled_from(["counting", "sums", ""]),
        st.sampled_from(["one", "double", ""]),
        st.sampled_from(list(Kind)),
    ),
    max_size=60,
)


@given(_EVENTS)
def test_it_is_never_negative_and_never_more_than_the_clock_on_the_wall(events: list[Event]) -> None:
    times = measure(events)
    assert all(spent.code >= 0 and spent.reading >= 0 for spent in times.by_place.values())
    moments = [event.at for event in events] or [NINE]
    assert times.total.total <= (max(moments) - min(moments)).total_seconds()
    assert times.total.total <= max(len(events) - 1, 0) * IDLE_CAP.total_seconds()


@given(_EVENTS)
def test_lessons_add_up_to_the_whole_and_places_to_their_lesson(events: list[Event]) -> None:
    times = measure(events)
    assert times.lesson("counting") + times.lesson("sums") + times.lesson("") == times.total
    assert times.of_lessons(["counting", "sums", ""]) == times.total


@given(_EVENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_read_does_not_matter(
    events: list[Event], chance: random.Random
) -> None:
    shuffled = list(events)
    chance.shuffle(shuffled)
    assert measure(shuffled) == measure(events)


@given(_EVENTS)
def test_a_day_later_the_same_again_is_twice_the_time_and_one_cap(events: list[Event]) -> None:
    """Two days touch each other only in the two minutes after the last event of the first."""
    later = [event._replace(at=event.at + timedelta(days=1)) for event in events]
    twice = measure([*events, *later]).total.total
    between = IDLE_CAP.total_seconds() if events else 0
    assert twice == 2 * measure(events).total.total + between
