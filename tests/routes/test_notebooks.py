"""Taking a lesson along and bringing a notebook back in, as the pages do it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import nbformat
from httpx import Response

from app import jupyter
from app.db import transaction
from app.learning import drafts
from app.models import User
from tests.routes.acting import TOKEN, Browser

L = "/lessons/counting"


def upload(browser: Browser, content: bytes) -> Response:
    return browser.client.post(f"{L}/notebook", data={"csrf": TOKEN}, files={"file": ("a.ipynb", content)})


def own(user: User) -> dict[str, str]:
    with transaction() as session:
        return drafts.of(session, user, "counting")


def test_a_lesson_offers_itself_at_its_foot(ada_browser: Browser) -> None:
    page = ada_browser.get(L).text
    for address in (f"{L}/notebook.ipynb", f"{L}/notebook.py", f"{L}/notebook"):
        assert f'"{address}"' in page


def test_the_notebook_is_a_file_with_ones_own_code(ada_browser: Browser, newcomer: Browser) -> None:
    ada_browser.post(f"{L}/cells/one/draft", text="x = 41")
    answer = ada_browser.get(f"{L}/notebook.ipynb")
    assert answer.headers["content-disposition"] == 'attachment; filename="counting.ipynb"'
    assert answer.headers["cache-control"] == "no-store"
    nbformat.validate(nbformat.reads(answer.text, as_version=4))
    assert "x = 41" in answer.text
    assert "x = 41" in ada_browser.get(f"{L}/notebook.py").text
    assert "x = 41" not in newcomer.get(f"{L}/notebook.ipynb").text


def test_a_notebook_comes_back_in_is_seen_first_and_undone(ada_browser: Browser, ada: User) -> None:
    ada_browser.post(f"{L}/cells/one/draft", text="x = 41")
    notebook: Any = json.loads(ada_browser.get(f"{L}/notebook.ipynb").text)
    cell = next(one for one in notebook["cells"] if one["metadata"]["unembed"].get("cell") == "one")
    cell["source"] = '\nx = "</textarea><script>alert(1)</script>"'
    preview = upload(ada_browser, json.dumps(notebook).encode())
    assert preview.status_code == 200
    assert "<script>alert" not in preview.text
    assert own(ada) == {"one": "x = 41"}  # nothing is changed yet
    chosen = re.findall(r'name="(take-[\w-]+)" value="yes" checked', preview.text)
    assert chosen == ["take-one"]
    field = re.search(r'<textarea name="text-one" hidden>\n(.*?)</textarea>', preview.text, re.S)
    assert field is not None
    answer = ada_browser.post(f"{L}/notebook/texts", **{"take-one": "yes", "text-one": unescape(field[1])})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{L}/notebook")
    assert own(ada) == {"one": cell["source"]}
    page = ada_browser.get(f"{L}/notebook").text
    assert "One cell has the text of your notebook now." in page
    assert "Undo" in page
    assert ada_browser.post(f"{L}/notebook/undo").status_code == 303
    assert own(ada) == {"one": "x = 41"}
    assert "<button>Undo" not in ada_browser.get(f"{L}/notebook").text


def test_what_is_not_ticked_stays(ada_browser: Browser, ada: User) -> None:
    ada_browser.post(f"{L}/notebook/texts", **{"take-two": "yes", "text-two": "y = 2", "text-one": "x = 2"})
    assert own(ada) == {"two": "y = 2"}


def test_a_file_that_is_no_notebook_is_refused_in_a_sentence(ada_browser: Browser, ada: User) -> None:
    answer = upload(ada_browser, b"GIF89a")
    assert answer.status_code == 422
    assert "neither a notebook" in answer.text
    assert own(ada) == {}


def test_a_notebook_with_its_figures_may_be_larger_than_other_requests_but_not_without_end(
    ada_browser: Browser,
) -> None:
    notebook = ada_browser.get(f"{L}/notebook.ipynb").content
    assert upload(ada_browser, notebook + b" " * (5 << 20)).status_code == 200
    assert upload(ada_browser, notebook + b" " * (jupyter.MAX_NOTEBOOK + 1)).status_code == 413
    assert upload(ada_browser, notebook + b" " * (jupyter.MAX_NOTEBOOK + (2 << 20))).status_code == 413


def test_a_text_of_many_like_lines_does_not_hold_the_site_up(ada_browser: Browser) -> None:
    cell = {"cell_type": "code", "source": "\n" * 60_000 + "x", "metadata": {"unembed": {"cell": "one"}}}
    answer = upload(ada_browser, json.dumps({"nbformat": 4, "cells": [cell]}).encode())
    assert answer.status_code == 200


def test_ben_takes_his_own(browser: Callable[[User | None], Browser], ada: User, ben: User) -> None:
    browser(ada).post(f"{L}/cells/one/draft", text="x = 41")
    assert "x = 41" not in browser(ben).get(f"{L}/notebook.ipynb").text
