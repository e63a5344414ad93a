"""A notebook comes back in: matched, seen first, taken, undone; whatever else comes is refused."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sqlalchemy.orm import Session

from app import jupyter
from app.guard import TextTooLong, Unusable
from app.jupyter import Found
from app.learning import drafts
from app.lessons import Lesson
from app.models import User

DOUBLE = "def double(x):\n    return 2 * x\n"


def taken(session: Session, learner: User, lesson: Lesson) -> Any:
    return nbformat.reads(jupyter.notebook(session, learner, lesson), as_version=4)


def sent(notebook: Any) -> bytes:
    return nbformat.writes(notebook).encode()


def code(*texts: str) -> bytes:
    return sent(new_notebook(cells=[new_code_cell(text) for text in texts]))


def test_a_round_trip_changes_nothing(session: Session, ada: User, lesson: Lesson) -> None:
    drafts.save(session, ada, "counting", "one", "x = 41")
    found, left_out = jupyter.read(sent(taken(session, ada, lesson)), lesson)
    assert [one.cell for one in found] == [block.id for block in lesson.cells()]
    assert left_out == 0
    assert jupyter.propose(session, ada, lesson, found) == []


def test_what_was_changed_there_is_proposed_wherever_its_cell_stands_now(
    session: Session, ada: User, lesson: Lesson
) -> None:
    notebook = taken(session, ada, lesson)
    notebook.cells.reverse()
    cell = next(one for one in notebook.cells if one.metadata.unembed.get("cell") == "double")
    cell.source = DOUBLE
    found, _ = jupyter.read(sent(notebook), lesson)
    (change,) = jupyter.propose(session, ada, lesson, found)
    assert (change.block.id, change.after, change.guessed) == ("double", DOUBLE, False)
    assert change.before == lesson.cell("double").source


def test_a_cell_that_was_split_comes_back_whole(session: Session, ada: User, lesson: Lesson) -> None:
    notebook = taken(session, ada, lesson)
    place = next(n for n, one in enumerate(notebook.cells) if one.metadata.unembed.get("cell") == "two")
    copy = new_code_cell("z = 3", metadata=notebook.cells[place].metadata)
    notebook.cells.insert(place + 1, copy)
    found, _ = jupyter.read(sent(notebook), lesson)
    assert next(one.text for one in found if one.cell == "two") == "y = x + 1\ny\n\nz = 3"


def test_without_our_notes_functions_go_by_name_and_cells_by_order(lesson: Lesson) -> None:
    found, left_out = jupyter.read(code("x = 5", DOUBLE, "y = 6", "more = 7"), lesson)
    assert found == [Found("one", "x = 5", True), Found("two", "y = 6", True), Found("double", DOUBLE, True)]
    assert left_out == 1


def test_cells_that_they_added_stay_there(session: Session, ada: User, lesson: Lesson) -> None:
    notebook = taken(session, ada, lesson)
    notebook.cells.insert(4, new_code_cell("scratch = 1"))
    found, left_out = jupyter.read(sent(notebook), lesson)
    assert left_out == 1
    assert "scratch = 1" not in {one.text for one in found}


def test_the_old_texts_are_set_aside_and_one_press_brings_them_back(
    session: Session, ada: User, lesson: Lesson
) -> None:
    drafts.save(session, ada, "counting", "one", "x = 41")
    assert jupyter.bring_in(session, ada, lesson, {"one": "x = 5", "double": DOUBLE, "nothing": "?"}) == [
        "one",
        "double",
    ]
    assert drafts.of(session, ada, "counting") == {"one": "x = 5", "double": DOUBLE}
    assert [text for _, text in drafts.earlier(session, ada, "counting", "one")] == ["x = 41"]
    brought = jupyter.last_brought(session, ada, lesson)
    assert brought is not None
    assert brought.undoable
    assert jupyter.undo(session, ada, lesson) == ["one", "double"]
    assert drafts.of(session, ada, "counting") == {"one": "x = 41"}
    assert DOUBLE in [text for _, text in drafts.earlier(session, ada, "counting", "double")]
    with pytest.raises(Unusable):
        jupyter.undo(session, ada, lesson)


def test_what_was_changed_since_is_not_undone(session: Session, ada: User, lesson: Lesson) -> None:
    jupyter.bring_in(session, ada, lesson, {"one": "x = 5", "two": "y = 6"})
    drafts.save(session, ada, "counting", "one", "x = 7")
    assert jupyter.undo(session, ada, lesson) == ["two"]
    assert drafts.of(session, ada, "counting") == {"one": "x = 7"}


def test_nothing_chosen_is_said(session: Session, ada: User, lesson: Lesson) -> None:
    with pytest.raises(Unusable):
        jupyter.bring_in(session, ada, lesson, {"largest": "{}"})


def program(session: Session, learner: User, lesson: Lesson) -> str:
    return jupyter.script(session, learner, lesson)


@pytest.mark.parametrize("text", ["x = 41", "x = 41\n", "\n\nx = 41\n\n\ny = 2\n\n"])
def test_a_round_trip_as_a_program_changes_nothing(
    session: Session, ada: User, lesson: Lesson, text: str
) -> None:
    drafts.save(session, ada, "counting", "one", text)
    sent_back = program(session, ada, lesson)
    for content in (sent_back, sent_back.replace("\n", "\r\n"), "\ufeff" + sent_back):
        found, left_out = jupyter.read(content.encode(), lesson)
        assert [one.cell for one in found] == [block.id for block in lesson.cells()]
        assert left_out == 0
        assert jupyter.propose(session, ada, lesson, found) == []


def test_what_was_changed_in_a_program_is_proposed(session: Session, ada: User, lesson: Lesson) -> None:
    sent_back = program(session, ada, lesson).replace("x = 1\n", "x = 41\n") + "\n# %%\nprint('mine')\n"
    found, left_out = jupyter.read(sent_back.encode(), lesson)
    (change,) = jupyter.propose(session, ada, lesson, found)
    assert (change.block.id, change.guessed, left_out) == ("one", False, 1)
    assert change.after.startswith("x = 41")


def test_a_program_of_another_lesson_is_refused(session: Session, ada: User, lesson: Lesson) -> None:
    other = program(session, ada, lesson).replace("/lessons/counting)", "/lessons/sums)")
    with pytest.raises(Unusable, match="another lesson"):
        jupyter.read(other.encode(), lesson)


HOSTILE: dict[str, bytes] = {
    "a program without marks": b"print('x')\n",
    "a program that is all prose": b"# %% [markdown]\n# Hello\n",
    "marks and nothing else": b"# %%\n" * 50,
    "too many marks": b"# %%\nx = 1\n" * 1001,
    "nothing": b"",
    "no JSON": b"<html>",
    "no text": b"\xff\xfe\x00\x80" * 100,
    "deep": b"[" * 200_000,
    "deep objects": b'{"a":' * 200_000,
    "a number without end": b"1" * 100_000,
    "a list": b"[]",
    "an empty object": b"{}",
    "another format": json.dumps({"nbformat": 5, "cells": []}).encode(),
    "an old format": json.dumps({"nbformat": 3, "worksheets": []}).encode(),
    "cells that are none": json.dumps({"nbformat": 4, "cells": {"a": 1}}).encode(),
    "wrong kinds within": json.dumps(
        {
            "nbformat": 4,
            "metadata": [1],
            "cells": [None, 3, [], {"cell_type": "code", "source": {"a": 1}, "metadata": {"unembed": 4}}],
        }
    ).encode(),
    "sources of numbers": json.dumps(
        {"nbformat": 4, "cells": [{"cell_type": "code", "source": ["a", 1]}]}
    ).encode(),
    "too many cells": json.dumps({"nbformat": 4, "cells": [{}] * 1001}).encode(),
    "only prose": sent(new_notebook(cells=[new_markdown_cell("<script>alert(1)</script>")])),
    "another lesson": sent(new_notebook(cells=[], metadata={"unembed": {"lesson": "x", "title": 3}})),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_whatever_is_no_notebook_of_this_lesson_is_refused_in_a_sentence(kind: str, lesson: Lesson) -> None:
    with pytest.raises(Unusable, match=r"^[A-Z].*\.$"):
        jupyter.read(HOSTILE[kind], lesson)


def test_what_is_too_large_is_refused(lesson: Lesson) -> None:
    with pytest.raises(TextTooLong):
        jupyter.read(b" " * (jupyter.MAX_NOTEBOOK + 1), lesson)
    with pytest.raises(TextTooLong):
        jupyter.read(code("x = 1\n" * 20_000), lesson)


def test_odd_signs_in_code_are_cleaned_as_those_of_the_editor_are(lesson: Lesson) -> None:
    cell = {
        "cell_type": "code",
        "source": "x = 1\r\ny\u0000 = '\ud800'",
        "metadata": {"unembed": {"cell": "one"}},
    }
    found, _ = jupyter.read(json.dumps({"nbformat": 4, "cells": [cell]}).encode(), lesson)
    assert found == [Found("one", "x = 1\ny = '?'")]
