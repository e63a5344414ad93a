"""The learning path: what to learn in which order, and how to know that one has. Read from `path.toml`.

::

    [source]                    # whose path this is: title, author, url, hours_note, advice
    [[nodes]]                   # in reading order
    id, kind ("step" or "path"), number, title, goal, success, hours, needs = [node ids], tips = [sentences]
    lessons = [{ title = "…", slug = "induction-heads" }]    # no slug: not written yet, as the map says
    links = [{ title, url, note }]
    milestone = "…"             # an exercise which, passed, completes the node by itself
    [[concepts]]                # what lights up when an exercise that names it is passed
    id, title, node

Titles of written lessons are their own; a slug without a lesson in the course is a problem.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar


@dataclass(frozen=True)
class LessonRef:
    """A lesson's place on the map; `slug` is None while nobody has written it."""

    slug: str | None
    title: str

    @property
    def written(self) -> bool:
        return self.slug is not None


@dataclass(frozen=True)
class Link:
    """Something good to read elsewhere, and why."""

    title: str
    url: str
    note: str


@dataclass(frozen=True)
class Node:
    """One step everybody takes, or one of the paths to choose from after them."""

    id: str
    kind: Literal["step", "path"]
    number: int
    title: str
    goal: str
    success: str
    hours: str  # the source's own range, with its doubts
    tips: tuple[str, ...]
    needs: tuple[str, ...]
    lessons: tuple[LessonRef, ...]
    links: tuple[Link, ...]
    milestone: str = ""  # an exercise


@dataclass(frozen=True)
class Concept:
    """Something a learner can point at and say: this I have done."""

    id: str
    title: str
    node: str


@dataclass(frozen=True)
class Source:
    """Whose path this is."""

    title: str = ""
    author: str = ""
    url: str = ""
    hours_note: str = ""
    advice: str = ""


@dataclass(frozen=True)
class LearningPath:
    """The whole map."""

    source: Source = Source()
    nodes: tuple[Node, ...] = ()
    concepts: tuple[Concept, ...] = ()

    def node(self, node_id: str) -> Node:
        """The node of this id. Raises KeyError."""
        return _with_id(self.nodes, node_id)

    def concept(self, concept_id: str) -> Concept:
        """The concept of this id. Raises KeyError."""
        return _with_id(self.concepts, concept_id)

    def home(self, slug: str) -> Node | None:
        """The node that a lesson belongs to, if any lists it."""
        return next((node for node in self.nodes if any(ref.slug == slug for ref in node.lessons)), None)


T = TypeVar("T")
N = TypeVar("N", Node, Concept)
Report = Callable[[int, str], None]  # line of the file, what to mend


def read(text: str, titles: Mapping[str, str], report: Report) -> LearningPath:
    """The path that `text` (TOML) describes; `titles` names the lessons there are. Problems are reported."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        report(1, f"This is not TOML: {error}.")
        return LearningPath()
    at = _Lines(text, report)
    nodes = tuple(_made(Node, _node(entry, titles, at), at) for entry in data.get("nodes", []))
    concepts = tuple(_made(Concept, entry, at) for entry in data.get("concepts", []))
    source = _made(Source, data.get("source", {}), at)
    path = LearningPath(source or Source(), tuple(filter(None, nodes)), tuple(filter(None, concepts)))
    _report_strays(path, titles, at)
    return path


class _Lines:
    """Reports a problem at the line where something is first called by its name."""

    def __init__(self, text: str, report: Report) -> None:
        self.lines, self.report = text.splitlines(), report

    def __call__(self, name: object, sentence: str) -> None:
        found = (number for number, line in enumerate(self.lines, 1) if f'"{name}"' in line)
        self.report(next(found, 1), sentence)


def _made(kind: type[T], entry: Mapping[str, Any], at: _Lines) -> T | None:
    """One entry as its dataclass, or None and a report if keys are missing or unknown."""
    try:
        return kind(
            **{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
        )
    except TypeError as error:
        wrong = str(error).replace("__init__() ", "").replace(f"{kind.__name__}.", "")
        at(entry.get("id", entry.get("title")), f"This {kind.__name__.lower()} {wrong}.")
        return None


def _node(entry: Mapping[str, Any], titles: Mapping[str, str], at: _Lines) -> dict[str, Any]:
    lessons = [_lesson(lesson, titles, at) for lesson in entry.get("lessons", [])]
    links = [_made(Link, {"note": "", **link}, at) for link in entry.get("links", [])]
    return {**entry, "lessons": lessons, "links": [link for link in links if link]}


def _lesson(entry: Mapping[str, str], titles: Mapping[str, str], at: _Lines) -> LessonRef:
    slug = entry.get("slug")
    if slug is not None and slug not in titles:
        at(slug, f"There is no lesson {slug!r} in this course.")
        slug = None
    return LessonRef(slug, titles[slug] if slug else entry.get("title", "Untitled"))


def _report_strays(path: LearningPath, titles: Mapping[str, str], at: _Lines) -> None:
    ids = [node.id for node in path.nodes]
    for twice in {
        name for names in (ids, [c.id for c in path.concepts]) for name in names if names.count(name) > 1
    }:
        at(twice, f"Two entries are called {twice!r}.")
    for node in path.nodes:
        for need in set(node.needs) - set(ids):
            at(need, f"{node.id!r} needs {need!r}, which is not a node.")
    for concept in path.concepts:
        if concept.node not in ids:
            at(concept.node, f"The concept {concept.id!r} belongs to {concept.node!r}, which is not a node.")
    for slug in titles:
        if path.home(slug) is None:
            at(slug, f"No node lists the lesson {slug!r}.")


def _with_id(items: tuple[N, ...], wanted: str) -> N:
    for item in items:
        if item.id == wanted:
            return item
    raise KeyError(wanted)
