"""Eight small tasks

One line each, and no number that counts an axis: name the axes, and say what you want. Any way that gives the
right values passes, but try `rearrange`, `reduce` and `repeat` first.

The values are compared to within 1e-4, on sizes that are all different, and some of them 1.
"""

import torch
from einops import rearrange, reduce, repeat
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "Write down the names of the axes that come in, then an arrow, then the names that should come out. A "
    "name that vanishes needs `reduce`, a new one needs `repeat`, and for all else there is `rearrange`.",
    "Brackets join on the right and split on the left, and the right-most name in a bracket changes fastest. "
    "To split you say how many: `rearrange(x, 'batch pos (head d_head) -> …', head=n_heads)`.",
    "The harder ones: split_heads is `batch pos (head d_head) -> batch head pos d_head` with "
    "`head=n_heads`; largest_in_blocks is `reduce(image, '(row a) (column b) -> row column', 'max', a=size, "
    "b=size)`; say_twice is `repeat(tokens, 'batch pos -> batch (times pos)', times=2)`.",
]
PURPOSE = (
    "Moving axes about is much of the typing in interpretability. `split_heads` and `merge_heads` turn one "
    "wide vector into attention heads and back; `mean_pattern` precedes nearly every picture of a head; "
    "`say_twice` makes the texts on which induction heads show themselves."
)
DIFFICULTY = 2
IMPORTANCE = 4
MINUTES = 10
CONCEPTS = ["einops-and-einsum"]
DETERMINISTIC = True
WHY = """
Every one of these is a sentence about names, and the sentence is the code. Three things to take along:

- **Order in a bracket is the whole difference** between `(head d_head)` and `(d_head head)`. Both run, both
  have the right shape, and only one is what the weights were trained for.
- **`reshape` joins neighbours.** `flat_texts` could be a `reshape`, because `batch` and `pos` stand side by
  side. `merge_heads` could not: `pos` stands between `head` and `d_head`, so something has to move first.
- einops checks what you claim. If `width` cannot be split into `n_heads` equal parts you get an error with
  the names in it, not a wrong tensor.
"""
STYLE = {
    "loop": "A loop is right, and slow. Each of these is one call of `rearrange`, `reduce` or `repeat`.",
    "view": "`view` is right where it joins or splits neighbours. `rearrange` says which axes those are.",
    "permute": "`permute` makes a reader count axes. `rearrange` says the same in names.",
}


def side_by_side(letters: Float[Tensor, "letter row column"]) -> Float[Tensor, "row letter*column"]:
    """The letters next to each other in one picture, first letter on the left.

    >>> side_by_side(torch.tensor([[[1., 2.], [3., 4.]], [[5., 6.], [7., 8.]]]))
    tensor([[1., 2., 5., 6.],
            [3., 4., 7., 8.]])
    """
    return rearrange(letters, "letter row column -> row (letter column)")


def flat_texts(logits: Float[Tensor, "batch pos d_vocab"]) -> Float[Tensor, "batch*pos d_vocab"]:
    """All positions of all texts as one long list: the first text's, then the second's, and so on."""
    return rearrange(logits, "batch pos d_vocab -> (batch pos) d_vocab")


def split_heads(
    x: Float[Tensor, "batch pos width"], n_heads: int
) -> Float[Tensor, "batch n_heads pos width//n_heads"]:
    """The last axis cut into n_heads equal pieces, one a head; head 0 has the first piece.

    >>> split_heads(torch.tensor([[[1., 2., 3., 4.], [5., 6., 7., 8.]]]), 2)
    tensor([[[[1., 2.],
              [5., 6.]],
    <BLANKLINE>
             [[3., 4.],
              [7., 8.]]]])
    """
    return rearrange(x, "batch pos (head d_head) -> batch head pos d_head", head=n_heads)


def merge_heads(z: Float[Tensor, "batch head pos d_head"]) -> Float[Tensor, "batch pos head*d_head"]:
    """The way back: at each position, the pieces of all heads one after another."""
    return rearrange(z, "batch head pos d_head -> batch pos (head d_head)")


def mean_pattern(pattern: Float[Tensor, "batch head query key"]) -> Float[Tensor, "head query key"]:
    """Each head's attention pattern, averaged over the texts of the batch."""
    return reduce(pattern, "batch head query key -> head query key", "mean")


def largest_in_blocks(
    image: Float[Tensor, "row column"], size: int
) -> Float[Tensor, "row//size column//size"]:
    """The largest number of each square block of `size` by `size`. Both sides are multiples of size.

    >>> largest_in_blocks(torch.tensor([[1., 2., 7., 0.], [3., 4., 0., 5.]]), 2)
    tensor([[4., 7.]])
    """
    return reduce(image, "(row a) (column b) -> row column", "max", a=size, b=size)


def for_every_text(positions: Float[Tensor, "pos d_model"], batch: int) -> Float[Tensor, "batch pos d_model"]:
    """The same table once for each of `batch` texts."""
    return repeat(positions, "pos d_model -> batch pos d_model", batch=batch)


def say_twice(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch 2*pos"]:
    """Each text, and then the same text again.

    >>> say_twice(torch.tensor([[7, 8, 9]]))
    tensor([[7, 8, 9, 7, 8, 9]])
    """
    return repeat(tokens, "batch pos -> batch (times pos)", times=2)


def check_side_by_side(answer):
    """`side_by_side`: letters of 1 to 6 rows and columns (to within 1e-4)."""
    for sizes in ((3, 5, 4), (2, 1, 3), (5, 4, 1)):
        letters = torch.rand(sizes)
        lab.same(answer.side_by_side(letters), side_by_side(letters), name=f"`side_by_side` of {sizes}")


def check_flat_texts(answer):
    """`flat_texts`: all positions, text after text."""
    for sizes in ((3, 4, 5), (1, 6, 2), (4, 1, 3)):
        logits = torch.randn(sizes)
        lab.same(answer.flat_texts(logits), flat_texts(logits), name=f"`flat_texts` of {sizes}")


def check_split_heads(answer):
    """`split_heads`: each head gets its own stretch of the last axis."""
    for batch, pos, n_heads, d_head in ((2, 5, 3, 4), (1, 3, 2, 1), (3, 1, 4, 2), (2, 7, 1, 5)):
        x = torch.randn(batch, pos, n_heads * d_head)
        got, want = answer.split_heads(x, n_heads), split_heads(x, n_heads)
        lab.same(got, want, name=f"`split_heads` of {tuple(x.shape)} into {n_heads} heads")


def check_merge_heads(answer):
    """`merge_heads`: undoes the split."""
    for sizes in ((2, 3, 5, 4), (1, 2, 4, 1), (3, 1, 2, 6)):
        z = torch.randn(sizes)
        lab.same(answer.merge_heads(z), merge_heads(z), name=f"`merge_heads` of {sizes}")


def check_mean_pattern(answer):
    """`mean_pattern`: over the texts, for each head apart; also where there are as many texts as heads."""
    for sizes in ((4, 3, 6, 6), (3, 3, 5, 5), (1, 2, 4, 4)):
        pattern = torch.randn(sizes).softmax(-1)
        lab.same(answer.mean_pattern(pattern), mean_pattern(pattern), name=f"`mean_pattern` of {sizes}")


def check_largest_in_blocks(answer):
    """`largest_in_blocks`: blocks of several sizes, negative numbers too."""
    for rows, columns, size in ((2, 3, 2), (1, 2, 3), (4, 2, 1)):
        image = torch.randn(rows * size, columns * size) - 3
        got, want = answer.largest_in_blocks(image, size), largest_in_blocks(image, size)
        lab.same(got, want, name=f"`largest_in_blocks` of {tuple(image.shape)}, size {size}")


def check_for_every_text(answer):
    """`for_every_text`: the table, once a text."""
    for pos, d_model, batch in ((4, 3, 5), (1, 6, 2), (3, 2, 1)):
        table = torch.randn(pos, d_model)
        got, want = answer.for_every_text(table, batch), for_every_text(table, batch)
        lab.same(got, want, name=f"`for_every_text` of {(pos, d_model)} for {batch} texts")


def check_say_twice(answer):
    """`say_twice`: the whole text, and then the whole text again."""
    for batch, pos in ((3, 5), (1, 4), (4, 2)):
        tokens = torch.randint(1, 100, (batch, pos))
        lab.same(answer.say_twice(tokens), say_twice(tokens), name=f"`say_twice` of {(batch, pos)}")


def mistake_reshape_letters__side_by_side(letters):
    """`reshape` keeps the order: it reads letter after letter and only breaks the line elsewhere. Here
    `row` has to come before `letter`, so axes must change places: `rearrange` does that."""
    letter, row, column = letters.shape
    return letters.reshape(row, letter * column)


def mistake_woven_letters__side_by_side(letters):
    """You have joined the axes as `(column letter)`: all first columns, then all second ones. The name that
    should change slowly comes first: `(letter column)`."""
    return rearrange(letters, "letter row column -> row (column letter)")


def mistake_position_first__flat_texts(logits):
    """Your list has the first position of every text, then the second of every text. The texts should stay
    together: `(batch pos)`, with the slow name first."""
    return rearrange(logits, "batch pos d_vocab -> (pos batch) d_vocab")


def mistake_view_for_transpose__split_heads(x, n_heads):
    """The shape is right, but the numbers sit in wrong places: `view` only breaks the line elsewhere, so your
    heads hold pieces of several positions. Split the last axis first, then move `head` to the front:
    `batch pos (head d_head) -> batch head pos d_head` does both."""
    return x.reshape(x.shape[0], n_heads, x.shape[1], -1)


def mistake_heads_inside__split_heads(x, n_heads):
    """You split as `(d_head head)`: head 0 gets every n-th number. The heads lie one after another, so the
    slow name comes first: `(head d_head)`."""
    return rearrange(x, "batch pos (d_head head) -> batch head pos d_head", head=n_heads)


def mistake_reshape_heads__merge_heads(z):
    """You join `head` and `d_head`, but `pos` still stands between them, so positions get mixed up. Move the
    axes first: `batch head pos d_head -> batch pos (head d_head)`."""
    batch, head, pos, d_head = z.shape
    return z.reshape(batch, pos, head * d_head)


def mistake_over_heads__mean_pattern(pattern):
    """That is the mean over the heads, one pattern a text. Average over the texts: it is `batch` that has to
    vanish on the right."""
    return pattern.mean(1)


def mistake_sum__mean_pattern(pattern):
    """You add the texts up. Rows of a pattern sum to 1, and yours now sum to the number of texts. Divide, or
    use "mean"."""
    return pattern.sum(0)


def mistake_mean_of_blocks__largest_in_blocks(image, size):
    """That is the mean of each block. Asked for is its largest number: "max"."""
    return reduce(image, "(row a) (column b) -> row column", "mean", a=size, b=size)


def mistake_strided_blocks__largest_in_blocks(image, size):
    """You split as `(a row)`, so a “block” holds numbers far apart from each other. Neighbours are what
    changes fastest: `(row a)`."""
    return reduce(image, "(a row) (b column) -> row column", "max", a=size, b=size)


def mistake_each_token_twice__say_twice(tokens):
    """You say each token twice in a row: 7 7 8 8 9 9. The whole text should come again: 7 8 9 7 8 9. In
    `(times pos)` the name on the right changes fastest."""
    return repeat(tokens, "batch pos -> batch (pos times)", times=2)


def mistake_texts_twice__say_twice(tokens):
    """You have doubled the number of texts. Each text itself should get longer: join along `pos`, the last
    axis."""
    return torch.cat([tokens, tokens], dim=0)


def also_right_cat__side_by_side(letters):
    return torch.cat(list(letters), dim=-1)


def also_right_reshape__flat_texts(logits):
    return logits.reshape(-1, logits.shape[-1])


def also_right_view__split_heads(x, n_heads):
    batch, pos, width = x.shape
    return x.view(batch, pos, n_heads, width // n_heads).transpose(1, 2)


def also_right_loop__split_heads(x, n_heads):
    size = x.shape[-1] // n_heads
    return torch.stack([x[..., n * size : (n + 1) * size] for n in range(n_heads)], dim=1)


def also_right_torch__merge_heads(z):
    return z.permute(0, 2, 1, 3).flatten(2)


def also_right_loop__mean_pattern(pattern):
    total = torch.zeros(pattern.shape[1:])
    for text in pattern:
        total += text
    return total / len(pattern)


def also_right_loop__largest_in_blocks(image, size):
    rows, columns = image.shape[0] // size, image.shape[1] // size
    largest = torch.empty(rows, columns)
    for r in range(rows):
        for c in range(columns):
            largest[r, c] = image[r * size : (r + 1) * size, c * size : (c + 1) * size].max()
    return largest


def also_right_unfold__largest_in_blocks(image, size):
    return image.unfold(0, size, size).unfold(1, size, size).amax((-1, -2))


def also_right_expand__for_every_text(positions, batch):
    return positions.expand(batch, -1, -1)


def also_right_cat__say_twice(tokens):
    return torch.cat([tokens, tokens], dim=1)
