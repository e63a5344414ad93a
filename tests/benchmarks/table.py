"""What was measured, as a table: ours beside each of the others, and how many times better or worse it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Result = Mapping[str, Any]  # one system's measurements, as they stand in the JSON
_LEARNERS = ("1", "8", "32")


def ratio(ours: float | None, theirs: float | None, *, more_is_better: bool = False) -> str:
    """How many times better ours is; below 1 it is worse.

    >>> ratio(0.2, 1.0), ratio(0.2, 0.1), ratio(600, 60, more_is_better=True), ratio(None, 1.0)
    ('5.0×', '0.50×', '10×', '')
    """
    if not ours or not theirs:
        return ""
    times = ours / theirs if more_is_better else theirs / ours
    return f"{times:.0f}×" if times >= 10 else f"{times:.1f}×" if times >= 1 else f"{times:.2f}×"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, its columns aligned so that it can also be read as text."""
    widths = [max(len(line[place]) for line in [header, *rows]) for place in range(len(header))]
    ruler = ["-" * width for width in widths]
    lines = [
        "| " + " | ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) + " |"
        for line in [header, ruler, *rows]
    ]
    return "\n".join(lines)


def speed(results: Mapping[str, Result]) -> str:
    """Latency, CPU, rate and memory of all systems."""
    header = ["", *(result["title"] for result in results.values())]
    rows = [
        _row("submit → verdict, p50, s", results, _latency("p50")),
        _row("submit → verdict, p95, s", results, _latency("p95")),
        _row("submit → verdict, best, s", results, _latency("min")),
        ["times measured", *(str(result["latency"]["count"]) for result in results.values())],
        _row("CPU-s for each submission", results, lambda result: result["cpu"]),
        *(_row(_at_once(count), results, _rate(count), more_is_better=True) for count in _LEARNERS),
        _row("memory of one who waits (PSS), MB", results, _memory("pss")),
        _row("… its own alone (private), MB", results, _memory("private")),
        ["noisy right answers with full points", *_counts(results, right=True)],
        ["wrong or hostile ones refused", *_counts(results, right=False)],
    ]
    return markdown(header, [row for row in rows if any(row[1:])])


def _at_once(count: str) -> str:
    return f"submissions a minute, {count} learner{'' if count == '1' else 's at once'}"


def _latency(what: str) -> Any:
    return lambda result: result["latency"][what]


def _rate(count: str) -> Any:
    return lambda result: result["rates"].get(count, {}).get("per_minute")


def _memory(what: str) -> Any:
    return lambda result: result["memory"].get("waiting", {}).get(what)


def _row(title: str, results: Mapping[str, Result], value: Any, *, more_is_better: bool = False) -> list[str]:
    ours = value(results["ours"]) if "ours" in results else None
    return [
        title,
        *(
            _value(
                value(result),
                "" if name == "ours" else ratio(ours, value(result), more_is_better=more_is_better),
            )
            for name, result in results.items()
        ),
    ]


def _value(value: float | None, times: str) -> str:
    """Three significant digits, and in brackets how many times better ours is."""
    if value is None:
        return ""
    number = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return f"{number} ({times})" if times else number


def _counts(results: Mapping[str, Result], right: bool) -> list[str]:
    """How many verdicts were as they should be, of those on right (noisy) or on wrong answers."""
    return [
        _count([one for one in result["verdicts"].values() if one["right"] is right])
        for result in results.values()
    ]


def _count(verdicts: list[Mapping[str, Any]]) -> str:
    return f"{sum(fair(one) for one in verdicts)} of {len(verdicts)}" if verdicts else ""


def fair(one: Mapping[str, Any]) -> bool:
    """Full points for what is right; for the rest fewer, said by a verdict."""
    return bool(one["verdict"] == ("full" if one["right"] else "less"))


def verdicts(results: Mapping[str, Result]) -> str:
    """What each submission got from each system; wrong outcomes are marked."""
    shown = {name: result for name, result in results.items() if result["verdicts"]}
    submissions = {key: one["title"] for result in shown.values() for key, one in result["verdicts"].items()}
    header = ["handed in", *(result["title"] for result in shown.values())]
    rows = [
        [title, *(_word(result["verdicts"].get(key)) for result in shown.values())]
        for key, title in submissions.items()
    ]
    return markdown(header, rows)


def _word(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return ""
    word = {"full": "full points", "less": "refused", "none": "no verdict"}[one["verdict"]]
    return word if fair(one) else f"**{word}**"


_CLAIMS = (  # like with like: asked directly, and through a server
    (
        "engine",
        "kernel",
        "Isolated, and judged in another process, by runner and examiner asked directly",
        "Without isolation, a warm kernel asked directly",
    ),
    (
        "ours",
        "jupyter",
        "Isolated and graded, over HTTP and through the queue",
        "Without isolation, a warm kernel asked through a Jupyter Server",
    ),
    ("ours", "kernel", "The same", "A warm kernel asked directly"),
    ("ours", "restart", "The same", "A kernel that is restarted and runs it all"),
)


def claims(results: Mapping[str, Result]) -> list[str]:
    """Whether ours, isolated, is faster than a Jupyter kernel without isolation; whatever the answer is."""
    return [
        _claim(results[ours]["latency"]["p50"], results[theirs]["latency"]["p50"], what, other)
        for ours, theirs, what, other in _CLAIMS
        if ours in results and theirs in results
    ]


def _claim(ours: float, theirs: float, what: str, other: str) -> str:
    word = "faster" if ours < theirs else "slower"
    times = max(ours, theirs) / min(ours, theirs)
    return (
        f"{what}: {1000 * ours:.0f} ms at the median. {other}: {1000 * theirs:.0f} ms. "
        f"Ours is {times:.1f} times {word}."
    )
