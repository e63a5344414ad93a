"""Cuts a lesson.md into prose, live cells and exercises."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.lessons.exercise import read_exercise
from app.lessons.parts import Block, Cell, CourseError, Criterion, Exercise, Lesson, Prediction, Prose
from app.lessons.path import Link

REQUIRED = {"title", "step", "summary", "minutes"}
KNOWN = REQUIRED | {"concepts", "needs", "uses", "predict", "limits", "device"}
KNOWN |= {"criteria", "resources", "test_out"}
ID = re.compile(r"[a-z][a-z0-9_-]*\Z")

_markdown = MarkdownIt("commonmark").enable("table")


def read_lesson(path: Path, problems: list[CourseError]) -> Lesson:
    """The lesson in this file with its exercises; whatever an author has to mend is added to `problems`."""
    return _Lesson(path, path.read_text(encoding="utf-8"), problems).lesson()


@dataclass
class _Lesson:
    path: Path
    text: str
    problems: list[CourseError]

    def __post_init__(self) -> None:
        self.lines = self.text.splitlines(keepends=True)
        self.first = self._end_of_front_matter()
        self.front = self._front_matter()
        self.tokens = _markdown.parse("".join(self.lines[self.first :]))

    def lesson(self) -> Lesson:
        blocks = tuple(self._with_promises(block) for block in self._blocks())
        self._report_strays(blocks)
        return Lesson(
            slug=self.path.parent.name,
            title=str(self.front.get("title", self.path.parent.name)),
            step=str(self.front.get("step", "")),
            summary=str(self.front.get("summary", "")),
            concepts=self._names("concepts"),
            needs=self._names("needs"),
            minutes=self.front["minutes"] if isinstance(self.front.get("minutes"), int) else 0,
            blocks=blocks,
            path=self.path,
            uses=self._names("uses"),
            criteria=tuple(Criterion(**each) for each in self._records("criteria", {"text"}, {"exercise"})),
            resources=tuple(Link(**each) for each in self._records("resources", {"title", "url", "note"})),
            test_out=self._names("test_out"),
        )

    def report(self, line: int, sentence: str) -> None:
        self.problems.append(CourseError(self.path, line, sentence))

    # front matter

    def _end_of_front_matter(self) -> int:
        if not self.lines or self.lines[0].strip() != "---":
            return 0
        return next((n for n, line in enumerate(self.lines[1:], 2) if line.strip() == "---"), 0)

    def _front_matter(self) -> dict[str, Any]:
        if not self.first:
            self.report(1, "Begin the lesson with its front matter, between two lines of `---`.")
            return {}
        try:
            front = yaml.safe_load("".join(self.lines[1 : self.first - 1]))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self.report(
                mark.line + 2 if mark else 1,
                f"The front matter is not YAML: {getattr(error, 'problem', error)}.",
            )
            return {}
        if not isinstance(front, dict):
            self.report(1, "The front matter has to be a list of `name: value` lines.")
            return {}
        for name in sorted(REQUIRED - front.keys()):
            self.report(1, f"The front matter lacks `{name}`.")
        for name in sorted(map(str, front.keys() - KNOWN)):
            self.report(self._line_of(name), f"The front matter knows no `{name}`.")
        return front

    def _line_of(self, name: str) -> int:
        lines = enumerate(self.lines[: self.first], 1)
        return next((n for n, line in lines if line.lstrip(" -").startswith(f"{name}:")), 1)

    def _names(self, key: str) -> tuple[str, ...]:
        value = self.front.get(key) or []
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return tuple(value)
        self.report(self._line_of(key), f"`{key}` has to be a list of ids.")
        return ()

    def _records(
        self, key: str, needed: set[str], others: Collection[str] = frozenset()
    ) -> list[dict[str, str]]:
        """A list of small tables of texts."""
        value = self.front.get(key) or []
        if isinstance(value, list) and all(_is_record(each, needed, others) for each in value):
            return value
        also = f", and may have {', '.join(sorted(others))}" if others else ""
        self.report(self._line_of(key), f"Each of `{key}` needs {', '.join(sorted(needed))}{also}.")
        return []

    def _mapping(self, key: str) -> dict[str, Any]:
        value = self.front.get(key) or {}
        if isinstance(value, dict):
            return value
        self.report(self._line_of(key), f"`{key}` has to map ids of cells to values.")
        return {}

    def _with_promises(self, block: Block) -> Block:
        """The block with its prediction, its stated time, and where it is best off."""
        if isinstance(block, Prose):
            return block
        asked, seconds = self._mapping("predict").get(block.id), self._mapping("limits").get(block.id)
        if asked is not None:
            block = replace(block, predict=self._prediction(block.id, asked))
        if isinstance(seconds, int):
            block = replace(block, seconds=seconds)
        return (
            replace(block, device="gpu") if self._devices().get(block.id, self._whole()) == "gpu" else block
        )

    def _whole(self) -> str:
        """The device that the front matter names for the lesson as a whole."""
        return device if isinstance(device := self.front.get("device"), str) else "cpu"

    def _devices(self) -> dict[str, Any]:
        """… and for single cells."""
        return device if isinstance(device := self.front.get("device"), dict) else {}

    def _prediction(self, block_id: str, asked: Any) -> Prediction | None:
        if (
            isinstance(asked, dict)
            and isinstance(asked.get("question"), str)
            and asked.keys() <= {"question", "choices", "unit"}
        ):
            choices = tuple(map(str, asked.get("choices") or ()))
            if (len(choices) > 1) != ("unit" in asked):
                return Prediction(asked["question"], choices, str(asked.get("unit", "")))
        self.report(
            self._line_of(block_id),
            f"The prediction of {block_id!r} needs a question, and choices or a unit.",
        )
        return None

    # blocks

    def _blocks(self) -> Iterator[Block]:
        """Cells and exercises, and all that stands between them as prose."""
        done = self.first
        for index, token in enumerate(self.tokens):
            if token.level or token.map is None:
                continue
            block = self._block(index, token)
            if block is None:
                continue
            start, end = token.map[0] + self.first, token.map[1] + self.first
            yield from self._prose(done, start)
            yield block
            done = end
        yield from self._prose(done, len(self.lines))

    def _prose(self, start: int, end: int) -> Iterator[Prose]:
        text = "".join(self.lines[start:end]).strip()
        if text:
            yield Prose(text)

    def _block(self, index: int, token: Token) -> Cell | Exercise | None:
        line = (token.map or [0])[0] + self.first + 1
        if token.type == "fence":
            return self._cell(token, line)
        if (
            token.type == "paragraph_open"
            and (target := _only_link(self.tokens[index + 1]))
            and target.endswith(".py")
        ):
            return self._exercise(target, line)
        return None

    def _cell(self, token: Token, line: int) -> Cell | None:
        language, *names = token.info.split() or [""]
        if language != "python" or not names:
            return None
        if len(names) > 1 or not ID.match(names[0]):
            self.report(line, f"Write one lower-case id after `python`: {' '.join(names)!r} is none.")
        return Cell(names[0], token.content.rstrip("\n"))

    def _exercise(self, target: str, line: int) -> Exercise | None:
        path = self.path.parent / unquote(target)
        if path.parent != self.path.parent or not path.is_file():
            self.report(line, f"There is no file {target} beside this lesson.")
            return None
        if not path.stem.isidentifier():
            self.report(line, f"{target}: an exercise's file name is its id, so it has to be a Python name.")
        return read_exercise(path, self.path.parent.name, self.problems)

    # what does not belong

    def _report_strays(self, blocks: tuple[Block, ...]) -> None:
        ids = {block.id for block in blocks if not isinstance(block, Prose)}
        for key in ("predict", "limits"):
            for name in self._mapping(key).keys() - ids:
                self.report(
                    self._line_of(str(name)), f"`{key}` speaks of {name!r}, which is no cell of this lesson."
                )
        for name, seconds in self._mapping("limits").items():
            if not isinstance(seconds, int) or not 1 <= seconds <= 60:
                self.report(
                    self._line_of(str(name)), f"The limit of {name!r} has to be 1 to 60 whole seconds."
                )
        self._report_devices(ids)
        if not isinstance(self.front.get("minutes", 0), int):
            self.report(self._line_of("minutes"), "`minutes` has to be a whole number.")
        linked = {block.path.name for block in blocks if isinstance(block, Exercise)}
        for file in sorted(self.path.parent.glob("*.py")):
            if file.name not in linked and not file.stem.endswith("_test") and not self._failed_to_read(file):
                self.report(
                    1,
                    f"No paragraph is only a link to {file.name}, so nobody would see it.",
                )

    def _report_devices(self, ids: set[str]) -> None:
        line, said = self._line_of("device"), self.front.get("device", "cpu")
        for name in self._devices().keys() - ids:
            self.report(line, f"`device` speaks of {name!r}, which is no cell of this lesson.")
        for device in self._devices().values() if isinstance(said, dict) else [said]:
            if device not in ("cpu", "gpu"):
                self.report(
                    line, f"`device` is cpu or gpu, or maps cells to one of them: {device!r} is neither."
                )

    def _failed_to_read(self, file: Path) -> bool:
        return any(problem.file == file for problem in self.problems)

    def links(self) -> Iterator[tuple[int, str]]:
        """Every link and image of the prose, with its line."""
        for token in self.tokens:
            for child in token.children or ():
                target = child.attrGet("href") or child.attrGet("src")
                if target:
                    yield (token.map or [0])[0] + self.first + 1, str(target)


def _is_record(value: Any, needed: set[str], others: Collection[str]) -> bool:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        return False
    return needed <= value.keys() <= needed | set(others)


def _only_link(inline: Token) -> str | None:
    """Where a paragraph points that is nothing but one link."""
    children = inline.children or []
    if len(children) < 2 or children[0].type != "link_open" or children[-1].type != "link_close":
        return None
    return (
        str(children[0].attrGet("href"))
        if sum(child.type == "link_open" for child in children) == 1
        else None
    )


def check_links(lesson: Lesson, slugs: set[str], problems: list[CourseError]) -> None:
    """Adds a problem for every link of the lesson's prose that leads nowhere in the course."""
    reader = _Lesson(lesson.path, lesson.path.read_text(encoding="utf-8"), [])
    for line, target in reader.links():
        if sentence := _broken(lesson.path, target, slugs):
            problems.append(CourseError(lesson.path, line, sentence))


def _broken(path: Path, target: str, slugs: set[str]) -> str | None:
    url = urlsplit(target)
    if url.scheme in ("http", "https", "mailto") or not url.path:
        return None
    if url.scheme or url.netloc:
        return f"The link {target} is neither https nor a file of the course."
    if url.path.startswith("/"):
        slug = url.path.removeprefix("/lessons/")
        good = not url.path.startswith("/lessons/") or slug in slugs
    else:
        good = (path.parent / unquote(url.path)).exists()
    return None if good else f"The link {target} leads nowhere."
