"""A notebook, or a program in cells, that somebody sends: its code, and which of our cells it belongs to.

It comes from anywhere. Of a notebook only JSON is read, and only the texts of code cells are looked at.
nbformat is not asked whether it is valid: a notebook that some program wrote a little wrong still holds
somebody's work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from app.guard import TextTooLong, Unusable, clean_text
from app.jupyter import marking
from app.lessons import Exercise, Lesson, Runnable, course

MAX_NOTEBOOK = 10 << 20  # bytes, with all its figures
MAX_CELLS = 1000
OURS = "unembed"
_NOT_ONE = (
    "This is neither a notebook of Jupyter (.ipynb) nor a Python file in cells (# %%), or it is damaged. "
    "Nothing was changed."
)
_OLD = "This notebook is in an old format. Open it in Jupyter, save it once, and send that."


@dataclass(frozen=True)
class Found:
    """A text of the notebook and the cell it is for. `guessed` if only its order or its names say so."""

    cell: str
    text: str
    guessed: bool = False


@dataclass(frozen=True)
class _Code:
    """One code cell of theirs."""

    text: str
    name: str = ""  # of our cell, as it was noted when the notebook was taken along
    ours: bool = False  # it was made by us, and is nobody's answer: the set-up, and what stands above
    id: str = ""


def read(content: bytes, lesson: Lesson) -> tuple[list[Found], int]:
    """The texts for cells of this lesson in its order, and how many code cells have no place in it.

    Raises Unusable for what is no notebook, is of another lesson, or holds nothing for this one; TextTooLong.
    """
    if len(content) > MAX_NOTEBOOK:
        raise TextTooLong(f"This notebook is larger than {MAX_NOTEBOOK >> 20} MB: clear its outputs first.")
    cells = [cell for cell in _sent(content, lesson) if not cell.ours and cell.text.strip()]
    found, rest = _named(cells, lesson)
    found |= {one.cell: one for one in _guessed(rest, lesson, set(found))}
    if not found:
        raise Unusable("This notebook has no code that would belong into this lesson. Nothing was changed.")
    order = [block.id for block in lesson.cells()]
    left_out = len(rest) - sum(one.guessed for one in found.values())
    return sorted(found.values(), key=lambda one: order.index(one.cell)), left_out


def _sent(content: bytes, lesson: Lesson) -> Iterable[_Code]:
    """All its code cells."""
    marked = marking.cells(content)
    if marked is None:
        notebook = _parsed(content)
        _check_lesson(_notes(notebook), lesson)
        return _cells(notebook)
    if len(marked) > MAX_CELLS:
        raise Unusable(f"This file has more than {MAX_CELLS} cells, which no lesson has.")
    if slug := marking.lesson_of(marked):
        found = course().lessons.get(slug)
        _check_lesson({"lesson": slug, "title": found.title if found else slug}, lesson)
    own = {block.id for block in lesson.cells()}
    above = course().exercises.keys() - own
    code = (cell for cell in marked if not cell.prose)
    return [_Code(one.text, one.name, one.name == "set-up" or one.name in above) for one in code]


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):  # not JSON, not text, a number that never ends, too deep
        raise Unusable(_NOT_ONE) from None
    if not isinstance(notebook, dict):
        raise Unusable(_NOT_ONE)
    if isinstance(notebook.get("worksheets"), list):
        raise Unusable(_OLD)
    if notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise Unusable(_NOT_ONE)
    if len(notebook["cells"]) > MAX_CELLS:
        raise Unusable(f"This notebook has more than {MAX_CELLS} cells, which no lesson has.")
    return notebook


def _check_lesson(notes: dict[str, Any], lesson: Lesson) -> None:
    slug = notes.get("lesson")
    if isinstance(slug, str) and slug != lesson.slug:
        title = str(notes.get("title") or slug)[:80]
        raise Unusable(f"This notebook is of another lesson, “{title}”: bring it in there.")


def _notes(thing: dict[str, Any]) -> dict[str, Any]:
    """What we noted in the metadata of a notebook or a cell; of whatever else stands there, nothing."""
    metadata = thing.get("metadata")
    notes = metadata.get(OURS) if isinstance(metadata, dict) else None
    return notes if isinstance(notes, dict) else {}


def _cells(notebook: dict[str, Any]) -> Iterator[_Code]:
    for cell in notebook["cells"]:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source, notes = cell.get("source"), _notes(cell)
        lines = source if isinstance(source, list) else [source]
        texts = [line for line in lines if isinstance(line, str)]
        if len(texts) < len(lines):
            continue
        name, own = notes.get("cell"), notes.get("kind") in ("set-up", "above")
        yield _Code("".join(texts), name if isinstance(name, str) else "", own, str(cell.get("id") or ""))


def _named(cells: Iterable[_Code], lesson: Lesson) -> tuple[dict[str, Found], list[_Code]]:
    """Those that say which cell they are, and the rest. Of a cell that was split, the parts are joined."""
    known, found, rest = {block.id for block in lesson.cells()}, dict[str, Found](), list[_Code]()
    for cell in cells:
        name = next((one for one in (cell.name, cell.id) if one in known), None)
        if name is None:
            rest.append(cell)
        elif name in found:
            joined = f"{found[name].text.rstrip()}\n\n{cell.text}"
            found[name] = replace(found[name], text=clean_text(joined))
        else:
            found[name] = Found(name, clean_text(cell.text))
    return found, rest


def _guessed(rest: list[_Code], lesson: Lesson, taken: set[str]) -> Iterator[Found]:
    """By what they define, else by their order among what is left on both sides."""
    open_blocks = [block for block in lesson.cells() if block.id not in taken]
    unplaced = list[_Code]()
    for cell in rest:
        block = next((one for one in open_blocks if _defines(cell.text, one)), None)
        if block is None:
            unplaced.append(cell)
        else:
            open_blocks.remove(block)
            yield Found(block.id, clean_text(cell.text), guessed=True)
    if taken:  # the rest was added by them: no cell of ours is missing in its place
        return
    plain = (block for block in open_blocks if not isinstance(block, Exercise))
    for block, cell in zip(plain, unplaced, strict=False):
        yield Found(block.id, clean_text(cell.text), guessed=True)


def _defines(text: str, block: Runnable) -> bool:
    if not isinstance(block, Exercise):
        return False
    return all(re.search(rf"^(?:def|class) {re.escape(name)}\b", text, re.M) for name in block.names)
