"""The course as files: what a lesson, a live cell and an exercise are. Reads files, runs none, never needs torch.

How a course is written
=======================
::

    course/
      path.toml                                 the map (see `app.path`)
      03-tooling/induction-heads/               one folder a lesson; its name is the lesson's slug
        lesson.md   induction_score.py   facts_test.py

**lesson.md** is Markdown between two rules of its own: a fence ```` ```python ID ```` is a live cell called ID, and a
paragraph that is only a link to a `.py` file beside it is that exercise. A fence without an ID is just shown.
Its front matter is YAML::

    title: Find induction heads
    step: 3                     # the number of a step of path.toml, or the id of a node
    summary: One sentence for the map.
    minutes: 60
    concepts: [induction-head]  # ids of path.toml
    needs: [tooling]            # lessons or nodes of path.toml that come first
    predict:                    # asked before the cell or exercise of this id may show anything
      knockout: {question: What happens to the loss?, choices: [It stays, It doubles]}
      repeated: {question: What will the loss be?, unit: nats}
    limits: {train: 40}         # seconds a live cell may take; the others have 10

Links to other lessons are relative (`../other-lesson/lesson.md`), so that they also work where the files are browsed.

**An exercise** is a Python file, cut here by `ast`; its stem is its id, unique in the whole course::

    \"\"\"Title in the first line.

    The question, in Markdown.
    \"\"\"
    import torch
    from jaxtyping import Float
    from torch import Tensor
    from workers import lab

    HINTS = ["…", "…", "…"]     # three rungs; the last all but says it
    USES = ["repeated_tokens"]  # exercises whose passed answers this one calls; their names are simply there
    MINUTES = 10                # after an attempt, or this long, the solution opens
    CONCEPTS = ["induction-score"]   # lit when passed
    DETERMINISTIC = True        # the same call must return the same value

    def induction_score(pattern: Float[Tensor, "head query key"], period: int) -> Float[Tensor, "head"]:
        \"\"\"What to write.\"\"\"                       # the starter ends here
        return …

    def check_planted_head(answer): \"\"\"What is tested, in words.\"\"\"; …     # in this order; a failed one is the last to run
    def probe_with_hook(model_name, tokens): …     # runs beside the answer, for what cannot travel: `answer.probe_with_hook(…)`
    def mistake_off_by_one__induction_score(pattern, period): \"\"\"What the learner is told.\"\"\"; …
    def also_right_loop__induction_score(pattern, period): …

- *The answer* is every public function and class above the first `check_`. One with a docstring is to be written; one
  without is given whole, like the imports, constants and helpers the answer uses. `torch` and `lab` are always given.
- A check gets `answer`, whose attributes are the learner's functions. `lab.same(got, want)` compares; `assert …, "message"`
  tells. Every check starts from a seed that the learner's process never sees, so `torch.rand` is enough for hidden inputs.
- A probe travels with whatever it uses of this file; checks, references, mistakes and other right answers never do.
- In a mistake, the name of the function it replaces means the reference: `return induction_score(pattern, period + 1)`.
- *A form* has annotated constants instead of functions, each followed by its label; their values are the right answer::

      heads: list[tuple[int, int]] = [(1, 0), (1, 2)]
      \"\"\"Which heads look one period back?\"\"\"

  `Literal["a", "b"]` is a choice; `bool`, `int`, `float`, `str` and `list[tuple[int, int]]` (heads) are the other kinds.
  `answer.heads` is the value. Its mistakes are functions without arguments that return the value:
  `def mistake_first_layer__heads(): \"\"\"…\"\"\"; return [(0, 2)]`.
"""

from app.lessons.course import Course, course, load
from app.lessons.parts import (
    Block,
    Cell,
    Check,
    CourseError,
    Exercise,
    Field,
    Lesson,
    Prediction,
    Prose,
    Runnable,
    Variant,
)

__all__ = [
    "Block",
    "Cell",
    "Check",
    "Course",
    "CourseError",
    "Exercise",
    "Field",
    "Lesson",
    "Prediction",
    "Prose",
    "Runnable",
    "Variant",
    "course",
    "load",
]
