"""A fold at each cell and exercise shows what its calls of the lab stand for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.routes.acting import Browser

REAL_COURSE = Path(__file__).parents[2] / "app" / "course"


def test_a_cell_that_uses_the_lab_has_the_fold(
    newcomer: Browser, change_settings: Callable[..., None]
) -> None:
    change_settings(course_dir=REAL_COURSE)
    page = newcomer.get("/lessons/induction-heads").text
    assert page.count('class="without-lab"') > 5
    assert "<code>lab.heatmap</code>" in page
    assert "# with the lab" in page
    assert "# without it" in page
    cell = page.split('id="cell-surprise"')[1].split("</section>")[0]
    assert cell.count("<dt>") == 4  # load, show, line, attention
