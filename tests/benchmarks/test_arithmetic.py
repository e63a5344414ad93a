"""What the comparison computes from its measurements. No timing is tested."""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks import crowd, measure, table
from tests.benchmarks.exercise import course_tests, exercise
from tests.benchmarks.submissions import all_of_them


def system(title: str, p50: float, **more: Any) -> dict[str, Any]:
    latency = {"p50": p50, "p95": 2 * p50, "min": p50 / 2, "count": 3}
    return {"title": title, "latency": latency, "cpu": p50, "rates": {}, "memory": {}, "verdicts": {}, **more}


def test_percentiles_lie_between_their_neighbours() -> None:
    values = [5.0, 1.0, 3.0]
    assert measure.percentile(values, 0.0) == 1.0
    assert measure.percentile(values, 0.5) == 3.0
    assert measure.percentile(values, 0.75) == 4.0
    assert measure.percentile(values, 1.0) == 5.0
    assert measure.percentile([2.0], 0.95) == 2.0
    with pytest.raises(ValueError, match="nothing was measured"):
        measure.percentile([], 0.5)


def test_a_ratio_says_how_many_times_better_ours_is() -> None:
    assert table.ratio(0.2, 5.0) == "25×"
    assert table.ratio(0.2, 0.3) == "1.5×"
    assert table.ratio(0.2, 0.1) == "0.50×"  # worse is said too
    assert table.ratio(600, 60, more_is_better=True) == "10×"
    assert table.ratio(30, 60, more_is_better=True) == "0.50×"
    assert table.ratio(None, 60) == table.ratio(0.1, None) == ""


def test_the_table_has_a_column_for_each_and_leaves_out_what_nobody_measured() -> None:
    told = table.speed({"ours": system("Unembed", 0.2), "kernel": system("warm kernel", 0.1)})
    lines = told.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "warm kernel" in lines[0]
    assert "0.2 " in lines[2]
    assert "0.1 (0.50×)" in lines[2]
    assert "memory" not in told
    assert "learners at once" not in told


@pytest.mark.parametrize(("ours", "word"), [(0.1, "2.0 times faster"), (0.4, "2.0 times slower")])
def test_the_claim_is_whatever_is_true(ours: float, word: str) -> None:
    (claim,) = table.claims({"ours": system("Unembed", ours), "kernel": system("warm kernel", 0.2)})
    assert word in claim


def test_what_a_crowd_costs_is_divided_among_its_submissions_and_pages() -> None:
    cpu = {"worker": 1.0, "runner": 2.0, "examiner": 3.0, "site": 5.0, "postgres": 0.5, "redis": 0.5}
    small = crowd.Crowd(20, 40.0, [0.1] * 10, [0.5, 1.5], [], cpu)
    large = crowd.Crowd(200, 80.0, [], [], ["Unexpected('503')"], cpu)
    assert (small.per_submission, small.per_page) == (3.0, 0.5)
    told = crowd.report([small, large])
    rows = {line.split("|")[1].strip(): line.split("|")[2:4] for line in told.splitlines() if "|" in line}
    assert [cell.strip() for cell in rows["errors"]] == ["0", "1"]
    assert [cell.strip() for cell in rows["submit → verdict, median, ms"]] == ["1000", ""]
    assert told.endswith("Unexpected('503')")


def test_no_verdict_is_a_wrong_outcome_whatever_was_handed_in() -> None:
    found = {
        "noise": {"title": "noisy", "right": True, "verdict": "full"},
        "exit": {"title": "leaves", "right": False, "verdict": "none"},
        "forged": {"title": "forges", "right": False, "verdict": "full"},
        "wrong": {"title": "wrong", "right": False, "verdict": "less"},
    }
    told = table.verdicts({"ours": system("Unembed", 0.2, verdicts=found)})
    assert [line.split("|")[2].strip() for line in told.splitlines()[2:]] == [
        "full points",
        "**no verdict**",
        "**full points**",
        "refused",
    ]
    assert [table.fair(one) for one in found.values()] == [True, False, False, True]


def test_the_family_of_a_process_has_its_time_and_its_memory() -> None:
    import os

    assert os.getpid() in measure.family(os.getpid())
    assert measure.cpu(os.getpid()) > 0
    found = measure.memory([os.getpid()])
    assert 0 < found.private <= found.pss


def test_every_check_of_the_exercise_becomes_a_test_that_the_answer_passes() -> None:
    assert [test.hidden for test in course_tests()] == [False, True, True]
    scope: dict[str, Any] = {}
    exec(exercise().solution, scope)
    exec(course_tests()[1].cell, scope)
    exec(next(one.text for one in all_of_them() if one.name == "wrong"), scope)
    with pytest.raises(AssertionError):
        exec(course_tests()[1].cell, scope)


def test_every_submission_is_a_program_of_its_own() -> None:
    found = all_of_them()
    assert len({one.text for one in found}) == len({one.name for one in found}) == len(found)
    for one in found:
        compile(one.text, one.name, "exec")
