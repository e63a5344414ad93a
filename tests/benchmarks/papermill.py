"""papermill: the notebook runs from top to bottom in a fresh kernel; it is right if no cell raises."""

from __future__ import annotations

from tests.benchmarks.systems import OneCommandEach, Verdict, whole_notebook


class Papermill(OneCommandEach):
    """Not a grader, but the floor of all that run a notebook afresh. Isolation: none."""

    name, title = "papermill", "papermill"

    def command(self, number: int, text: str) -> list[str]:
        notebook = self.folder / f"{number}.ipynb"
        whole_notebook(notebook, text)
        options = ["--no-progress-bar", "-k", "python3", "--cwd", str(self.folder)]
        papermill = [str(self.peer.python), "-m", "papermill"]
        return [*papermill, *options, str(notebook), str(self.folder / f"{number}-out.ipynb")]

    def verdict(self, number: int, code: int) -> Verdict:
        if code == 0:
            return "full"
        said = (self.folder / f"{number}.log").read_text(errors="replace")
        return "less" if "PapermillExecutionError" in said else "none"
