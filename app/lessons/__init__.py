"""The course as files: lessons, live cells, exercises. Reads files, runs none, needs no torch.

How a course is written
=======================
::

    course/
      path.toml                                 the map (see `path.py`)
      drawing.toml                              what the learner builds, as a drawing (see `drawing.py`)
      start.toml                                questions that say where to begin (see `questions.py`)
      03-tooling/induction-heads/               one folder a lesson; its name is the lesson's slug
        lesson.md   induction_score.py   facts_test.py

**lesson.md** is Markdown with two rules: a fence ```` ```python ID ```` is a live cell called ID, and a
paragraph that is only a link to a `.py` file beside it is that exercise. A fence without an ID is merely
shown. Links to other lessons are relative (`../other-lesson/lesson.md`), so that they work wherever the
files are browsed. The front matter is YAML::

    title: Find induction heads
    step: 3                     # the number of a step of path.toml, or the id of a node
    summary: One sentence for the map.
    minutes: 60
    concepts: [induction-head]  # ids of path.toml
    needs: [tooling]            # lessons, or nodes of path.toml, that come first
    predict:                    # asked before the cell or exercise of this id may show anything
      knockout:
        question: What happens to the loss?
        choices: [It stays, It doubles]
      repeated:
        question: What will the loss be?
        unit: nats
    limits: {train: 40}         # seconds a live cell may take; the others have 10
    device: {train: gpu}        # cells that go to a GPU where one is; or `device: gpu`, for the whole lesson
    uses: [attention]           # exercises of earlier lessons: the learner's answers stand above all cells
    test_out: [find_the_heads]  # who passes these has proven the whole lesson
    criteria:                   # the checklist at its end
      - {text: You can name the heads., exercise: find_the_heads}   # proven by passing it
      - {text: You could explain it to a friend.}                   # for the learner to judge
    resources:                  # to read elsewhere, and what to get from it
      - {title: …, url: "https://…", note: …}

**An exercise** is a Python file, cut here by `ast`. Its stem is its id, unique in the whole course::

    \"\"\"Title in the first line.

    The question, in Markdown.
    \"\"\"
    import torch
    from jaxtyping import Float
    from torch import Tensor
    from workers import lab

    HINTS = ["…", "…", "…"]          # three rungs; the last all but says it
    USES = ["repeated_tokens"]       # earlier exercises it calls by name: their passed answers stand above it
    MINUTES = 10                     # after an attempt, or this long, the solution opens
    CONCEPTS = ["induction-head"]    # lit when passed
    DETERMINISTIC = True             # the same call has to return the same value twice
    PURPOSE = "…"                    # what it is for, and where it returns
    WHY = "…"                        # why the reference is written so: shown beside it
    DIFFICULTY = 2                   # 1 to 5, and so is
    IMPORTANCE = 4
    SHAPES = ["scores: head query key"]   # tensors between arguments and result, for the picture of shapes
    STYLE = {"loop": "…"}            # notes on what a right answer holds: a loop, or a call of that name
    FRONTIER = {"size": "heads", "faithfulness": "faithfulness"}   # what checks note with `answer.measured`:
                                     # a cost, then a merit; everybody's answers are drawn over the two
    SEE = {"mistake_off_by_one__induction_score": "indexing"}   # mistake → the exercise that mends it


    def induction_score(pattern: Float[Tensor, "head query key"], period: int) -> Float[Tensor, "head"]:
        \"\"\"What to write.\"\"\"       # the starter ends here
        return …

    def check_planted_head(answer):
        \"\"\"What is tested, in a sentence.\"\"\"
        lab.same(answer.induction_score(…), …)

    def probe_with_hook(model_name, tokens): …
    def mistake_off_by_one__induction_score(pattern, period): …   # its docstring is what the learner is told
    def also_right_loop__induction_score(pattern, period): …

- *The answer* is every public function and class above the first `check_`. One with a docstring is to be
  written; one without is given whole, like the imports, constants and helpers the answer uses, and `torch`
  and `lab` always.
- *Examples* (`>>> double(2)`) in the docstring of what is to be written are seen with the starter, and have
  to be true of the reference.
- *Checks* run in the file's order until one fails. `answer.f(…)` asks the learner's function; what it
  returns is held against the annotation of the reference (shapes with names bound by the arguments;
  `2*period` may count with whole-number arguments) and must be finite. `lab.same(got, want, tol)` compares,
  `assert …, "message"` tells. Every check starts from a seed that the learner's process never sees:
  `torch.rand` is enough for hidden inputs.
- *Measures*: `answer.measured(size=3, faithfulness=0.9)` notes numbers of this answer with its attempt,
  passed or not. Where the exercise has a `FRONTIER`, its page draws them among everybody's.
- *Probes* run beside the answer, for what cannot travel (models that are not shipped, caches, hooks):
  `answer.probe_with_hook(…)`. A probe travels with what it uses of the file, but never with the reference.
  Within `with away(f, "patch_heads"):` (`workers.lab.away`) the answer has to do without `lab.patch_heads`.
- *Mistakes* replace one part of the answer and have to fail; the docstring is what a learner is told whose
  answer behaves the same. *Also right* ones have to pass. In both, the name of what they replace means the
  reference: `return induction_score(pattern, period + 1)`.
- *A form* has annotated constants instead of functions, each followed by its label; their values are the
  right answer, and `answer.heads` is the learner's::

      heads: list[tuple[int, int]] = [(1, 0), (1, 2)]
      \"\"\"Which heads look one period back?\"\"\"

  `Literal["a", "b"]` is a choice; `bool`, `int`, `float`, `str` and `list[tuple[int, int]]` (heads) are the
  other kinds. A form's mistakes are functions without arguments that return the value.
"""

from app.lessons.loading import Course, course, edition, load, newest, read, read_now, reading
from app.lessons.parts import (
    Block,
    Cell,
    Check,
    CourseError,
    Criterion,
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
    "Criterion",
    "Exercise",
    "Field",
    "Lesson",
    "Prediction",
    "Prose",
    "Runnable",
    "Variant",
    "course",
    "edition",
    "load",
    "newest",
    "read",
    "read_now",
    "reading",
]
