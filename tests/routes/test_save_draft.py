"""What is typed is kept as it is typed, and can be thrown away without being lost."""

from __future__ import annotations

from tests.routes.acting import Browser

URL = "/lessons/counting/cells/two"


def test_what_was_typed_is_there_after_a_reload(ada_browser: Browser) -> None:
    assert ada_browser.post(f"{URL}/draft", text="\n\ny = '<b>'\n").status_code == 204
    page = ada_browser.get("/lessons/counting").text
    assert ">\n\n\ny = &#39;&lt;b&gt;&#39;\n</textarea>" in page  # browsers drop the first line break


def test_starting_over_gives_the_lessons_text_to_a_script_and_a_page_to_others(ada_browser: Browser) -> None:
    ada_browser.post(f"{URL}/draft", text="mine")
    answer = ada_browser.client.post(
        f"{URL}/reset", headers={"accept": "application/json", "x-csrf-token": ada_browser.token}
    )
    assert answer.json() == {"text": "y = x + 1\ny"}
    answer = ada_browser.post(f"{URL}/reset")
    assert answer.headers["location"] == "/lessons/counting#cell-two"


def test_too_long_a_text_is_refused_in_a_sentence(ada_browser: Browser) -> None:
    answer = ada_browser.post(f"{URL}/draft", text="ü" * 33_000)
    assert answer.status_code == 413
    assert "KB" in answer.text
