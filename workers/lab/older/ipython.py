"""What cells import from IPython: `display` shows here and now, as `lab.show` does."""

from __future__ import annotations

from workers.lab.display import show_all as display

__all__ = [
    "HTML",
    "Code",
    "Javascript",
    "Latex",
    "Markdown",
    "Math",
    "clear_output",
    "display",
    "get_ipython",
]


def get_ipython() -> None:
    """Nobody: this is no IPython. Notebooks ask before they use its magics."""


def clear_output(wait: bool = False) -> None:
    """Nothing is cleared: what changes in place is shown with `lab.show(thing, key="a name")`."""


class _Text:
    """Prose or code of another language: its source is shown."""

    def __init__(self, data: object = "", *args: object, **options: object) -> None:
        self.data = data

    def __repr__(self) -> str:
        return str(self.data)


class Markdown(_Text): ...


class Latex(_Text): ...


class Math(_Text): ...


class Code(_Text): ...


class HTML(_Text):
    """Shown as its source: pages here run no markup of a cell's making."""


class Javascript(_Text):
    """Shown as its source, and not run."""
