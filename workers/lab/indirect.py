"""Prompts for indirect object identification, with the places of everything in them, and spoilt copies.

The task, the names of its positions and the kinds of spoilt prompts follow Wang et al. 2022,
"Interpretability in the Wild" (arXiv 2211.00593).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from workers.lab.models import load
from workers.training.giving import FRAMES, NAMES, NEW_FRAMES, WORDS, giving

MODEL = "indirect-objects"
Spoilt = Literal["swapped", "other", "three"]


@dataclass(frozen=True)
class Prompts:
    """Prompts that end just before the name that receives. Each row of `tokens` begins with BOS and is filled
    up with it behind the prompt, which no earlier position can see."""

    text: list[str]
    names: list[tuple[str, str]]  # who receives, who gives
    tokens: Int[Tensor, "prompt pos"]
    receiver: Int[Tensor, "prompt"]  # the right next token, IO
    giver: Int[Tensor, "prompt"]  # the wrong one, S
    IO: Int[Tensor, "prompt"]  # position of the receiver
    S1: Int[Tensor, "prompt"]  # position where the giver is first named
    S2: Int[Tensor, "prompt"]  # position where the giver is named again
    END: Int[Tensor, "prompt"]  # position of the last token, after which the name is to come

    def __len__(self) -> int:
        return len(self.text)

    def spoilt(self, kind: Spoilt, seed: int = 0) -> Int[Tensor, "prompt pos"]:
        """The same prompts with other names in the same places.

        kind: "swapped" exchanges giver and receiver everywhere, so that the right answer becomes the wrong
        one; "other" names the receiver at S2, with the same effect, but leaves the first two names as they
        were; "three" names somebody new at S2, so that nobody is repeated and no answer is better than
        another.

        >>> prompts = indirect_objects(5)
        >>> (prompts.spoilt("other") != prompts.tokens).sum().item()
        5
        """
        if kind not in ("swapped", "other", "three"):
            raise ValueError(f'There is no kind {kind!r}. Take "swapped", "other" or "three".')
        tokens, row = self.tokens.clone(), torch.arange(len(self))
        if kind == "swapped":
            tokens[row, self.IO], tokens[row, self.S1] = self.giver, self.receiver
        tokens[row, self.S2] = self._strangers(seed) if kind == "three" else self.receiver
        return tokens

    def _strangers(self, seed: int) -> Int[Tensor, "prompt"]:
        """For each prompt somebody whom it does not name."""
        random, ids = Random(f"strangers {seed}"), list(_ids().values())
        return torch.tensor([random.choice([i for i in ids if i not in row]) for row in self.tokens.tolist()])


def indirect_objects(
    count: int = 32, seed: int = 0, *, frame: int | None = 0, new_frames: bool = False
) -> Prompts:
    """`count` prompts in which somebody gives something to somebody, for the model "indirect-objects".

    The two names have never stood together in the model's training. frame: all prompts follow the sentence of
    that number, and are equally long (position by position the same part of the sentence); None: a mixture.
    new_frames: sentences the model has not met in training, either.

    >>> indirect_objects(1, seed=3, frame=0).names[0][0] in NAMES
    True
    """
    frames = NEW_FRAMES if new_frames else FRAMES
    if count < 1:
        raise ValueError(f"{count} prompts are none: ask for one at least.")
    if frame is not None and not 0 <= frame < len(frames):
        raise ValueError(f"There is no frame {frame}: they are numbered from 0 to {len(frames) - 1}.")
    chosen = frames if frame is None else [frames[frame].replace("{gift}", "the {thing}")]
    random = Random(f"prompts {seed}")
    drawn = [giving(random, chosen, held_out=True, words=_words()) for _ in range(count)]
    texts, names = [each.text for each in drawn], [(each.receiver, each.giver) for each in drawn]
    return _placed(texts, names)


def _placed(texts: list[str], names: list[tuple[str, str]]) -> Prompts:
    rows = [[0, *_encode(text)] for text in texts]
    longest, ids = max(map(len, rows)), _ids()
    tokens = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    receiver, giver = (torch.tensor([ids[pair[i]] for pair in names]) for i in (0, 1))
    given = (tokens == giver[:, None]).int()
    return Prompts(
        text=texts,
        names=names,
        tokens=tokens,
        receiver=receiver,
        giver=giver,
        IO=(tokens == receiver[:, None]).int().argmax(1),
        S1=given.argmax(1),
        S2=longest - 1 - given.flip(1).argmax(1),
        END=torch.tensor([len(row) - 1 for row in rows]),
    )


def _encode(text: str) -> list[int]:
    ids: list[int] = load(MODEL).tokenizer.encode(text, add_special_tokens=False)
    return ids


@cache
def _ids() -> dict[str, int]:
    """Each name's one token, the space before it included."""
    return {name: _encode(f" {name}")[0] for name in NAMES}


@cache
def _words() -> dict[str, list[str]]:
    """The words for each field of a sentence, all of one length in tokens, the shortest that three or more
    have: so all prompts of a frame are equally long."""
    return {field: _equally_long(words) for field, words in WORDS.items()}


def _equally_long(words: Sequence[str]) -> list[str]:
    by_length: dict[int, list[str]] = {}
    for word in words:
        by_length.setdefault(len(_encode(f" {word}")), []).append(word)
    return next(by_length[length] for length in sorted(by_length) if len(by_length[length]) >= 3)
