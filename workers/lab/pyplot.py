"""A matplotlib back end without a window: `plt.show()` and the end of a cell show open drawings as images."""

from __future__ import annotations

from matplotlib import pyplot as plt
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from workers.lab import display


class FigureManager(FigureManagerBase):
    def show(self) -> None:
        """`figure.show()`: this one drawing, now."""
        display.show(self.canvas.figure)
        plt.close(self.canvas.figure)

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """`plt.show()`: all that are open, in the order they were made."""
        show_open_drawings()


class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager


def show_open_drawings() -> None:
    """Show and close every drawing that has something on it."""
    for number in plt.get_fignums():
        drawing = plt.figure(number)
        if drawing.axes or drawing.texts:
            display.show(drawing)
        plt.close(drawing)


def forget_open_drawings() -> None:
    """After an error: what was half drawn belongs to no later cell."""
    plt.close("all")
