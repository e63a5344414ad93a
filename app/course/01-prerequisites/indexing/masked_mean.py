"""Mean of what counts

Average each row over the entries that count. Whatever stands elsewhere must not matter, also if it is `inf`
or `NaN`; and a row in which nothing counts has mean 0. `values` itself must stay as it was.

The values are compared to within 1e-4.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workers import lab

HINTS = [
    "A mean is a sum over a count. Both are over the last axis, and both are only of what counts.",
    "`torch.where(keep, values, 0.0)` chooses, so it does not matter what stands where `keep` is False. For "
    "the count: truth values can be summed.",
    "`torch.where(keep, values, 0.0).sum(-1) / keep.sum(-1).clamp(min=1)`",
]
PURPOSE = (
    "The loss over a batch of texts of different lengths, the activation of a head over the second copy "
    "only, the mean that a head's output is replaced by: all of them are means over some positions and not "
    "others."
)
DIFFICULTY = 2
IMPORTANCE = 3
SHAPES = ["chosen: *batch pos", "count: *batch"]
MINUTES = 6
CONCEPTS = ["broadcasting"]
DETERMINISTIC = True
WHY = """
*Choose, then add up, then divide by how many there are.*

- `torch.where` chooses. `values * keep` multiplies, and `inf * 0` and `NaN * 0` are `NaN`. Log-probabilities
  of impossible tokens are −∞, so this is not far-fetched.
- `keep.sum(-1)` counts each row apart. `values[keep].mean()` is one number for the whole batch; it lets long
  texts speak louder than short ones. That may be what you want, but then say so.
- `clamp(min=1)` settles rows in which nothing counts. Without it they are 0/0.
"""
STYLE = {"loop": "A loop over the rows is right. `torch.where` and two sums do all of them at once."}
SEE = {"mistake_in_place__masked_mean": "normalise_rows", "mistake_wrong_axis__masked_mean": "einops_eight"}


def masked_mean(
    values: Float[Tensor, "*batch pos"], keep: Bool[Tensor, "*batch pos"]
) -> Float[Tensor, "*batch"]:
    """The mean over the last axis of the values where `keep` is True; 0 where it never is.

    >>> keep = torch.tensor([[True, True, False], [False, True, False]])
    >>> masked_mean(torch.tensor([[1., 3., 9.], [9., 5., float("nan")]]), keep)
    tensor([2., 5.])
    """
    return torch.where(keep, values, 0.0).sum(-1) / keep.sum(-1).clamp(min=1)


def check_square(answer):
    """Square tables, where the wrong axis goes unnoticed (to within 1e-4)."""
    values, keep = torch.randn(5, 5) + 2, _some(5, 5)
    lab.same(answer.masked_mean(values, keep), masked_mean(values, keep), name="the means of a 5 × 5 table")


def check_any_shape(answer):
    """Crooked shapes, rows with one entry, one row alone, batch axes."""
    for shape in ((3, 7), (1, 4), (4, 1), (6,), (2, 3, 5)):
        values, keep = torch.randn(shape) + 1, _some(*shape)
        got, want = answer.masked_mean(values, keep), masked_mean(values, keep)
        lab.same(got, want, name=f"the means of a tensor {shape}")


def check_nothing_counts(answer):
    """A row in which nothing counts has mean 0."""
    values, keep = torch.randn(4, 6), _some(4, 6)
    keep[2] = False
    lab.same(
        answer.masked_mean(values, keep), masked_mean(values, keep), name="the means, one row being empty"
    )


def check_anything_elsewhere(answer):
    """Where it does not count there may be inf and NaN."""
    values, keep = torch.randn(3, 6), _some(3, 6)
    odd = torch.tensor([torch.inf, -torch.inf, torch.nan])[torch.randint(3, (3, 6))]
    values = torch.where(keep, values, odd)
    lab.same(
        answer.masked_mean(values, keep), masked_mean(values, keep), name="the means, with inf beside them"
    )


def check_leaves_its_input_alone(answer):
    """The values that were handed over are as they were."""
    values, keep = torch.randn(3, 5), _some(3, 5)
    after = answer.probe_values_after(values, keep)
    lab.same(after, values, name="`values`, after `masked_mean(values, keep)` was called")


def probe_values_after(values, keep) -> Float[Tensor, "row pos"]:
    masked_mean(values, keep)
    return values


def _some(*shape: int) -> Bool[Tensor, "*batch pos"]:
    """A random mask that keeps something in every row, and leaves something out where it can."""
    keep = torch.rand(shape) < 0.6
    keep[..., 0] = False
    keep[..., -1] = True
    return keep


def mistake_all_places__masked_mean(values, keep):
    """The sum is right, but you divide by the length of the whole row. Divide by the number of entries that
    count: `keep.sum(-1)`."""
    return torch.where(keep, values, 0.0).mean(-1)


def mistake_wrong_axis__masked_mean(values, keep):
    """You average over the rows, axis 0. The positions are the last axis, −1."""
    return torch.where(keep, values, 0.0).sum(0) / keep.sum(0).clamp(min=1)


def mistake_one_for_all__masked_mean(values, keep):
    """`values[keep].mean()` is one mean over the whole batch. Each row has a mean of its own."""
    return values[keep].mean().expand(values.shape[:-1])


def mistake_the_others__masked_mean(values, keep):
    """You average what does *not* count: True means keep."""
    return torch.where(keep, 0.0, values).sum(-1) / (~keep).sum(-1).clamp(min=1)


def mistake_empty_row__masked_mean(values, keep):
    """Where nothing counts you divide 0 by 0, and get NaN. Divide by at least 1."""
    return torch.where(keep, values, 0.0).sum(-1) / keep.sum(-1)


def mistake_times_nought__masked_mean(values, keep):
    """Multiplying by the mask does not silence everything: `inf * 0` and `NaN * 0` are NaN. Choose with
    `torch.where(keep, values, 0.0)`."""
    return (values * keep).sum(-1) / keep.sum(-1).clamp(min=1)


def mistake_in_place__masked_mean(values, keep):
    """The means are right, but you wrote noughts into the tensor that you were given, and whoever called you
    has lost those values. `torch.where` makes a new tensor."""
    values[~keep] = 0
    return values.sum(-1) / keep.sum(-1).clamp(min=1)


def also_right_masked_fill__masked_mean(values, keep):
    return values.masked_fill(~keep, 0).sum(-1) / keep.float().sum(-1).clamp(min=1)


def also_right_nanmean__masked_mean(values, keep):
    return values.masked_fill(~keep, torch.nan).nanmean(-1).nan_to_num()


def also_right_loop__masked_mean(values, keep):
    rows, kept = values.reshape(-1, values.shape[-1]), keep.reshape(-1, keep.shape[-1])
    means = torch.zeros(len(rows))
    for n, (row, some) in enumerate(zip(rows, kept, strict=True)):
        if some.any():
            means[n] = row[some].mean()
    return means.reshape(values.shape[:-1])
